import CFloors
import NetworkTypes

/// What libnftables takes with nothing around it, on a hash set with timers as ours, in a table of
/// its own.
final class LibnftablesFloor {
  private let library: OpaquePointer

  init() throws {
    guard let library = nft_floor_open() else { throw BenchmarkError("libnftables cannot be opened") }
    self.library = library
  }

  deinit { nft_floor_close(library) }

  func run(_ commands: String) throws {
    guard nft_floor_run(library, commands) == 0 else {
      throw BenchmarkError("libnftables refused: \(commands.prefix(200))")
    }
  }

  /// The text that adds addresses as one transaction.
  static func addition(of addresses: some Sequence<IPAddress>) -> String {
    let elements = addresses.lazy.map { "\($0) timeout 3600s" }.joined(separator: ", ")
    return "add element inet floor s { \(elements) }"
  }

  /// An empty set; what was in it is gone.
  func clear() throws {
    try run(
      """
      add table inet floor
      delete table inet floor
      add table inet floor
      add set inet floor s { type ipv4_addr; flags timeout; }
      """)
  }
}
