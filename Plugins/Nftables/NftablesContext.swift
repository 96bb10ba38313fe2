import CNFTables
import FirewallKit
import Glibc
import Language
import NetworkTypes

/// Everything that faces the kernel, on one thread of its own.
///
/// The sockets are opened at the first use, on that thread, and so in the network namespace in which
/// the context was made.
actor NftablesContext {
  private let table: String
  private let clock: @Sendable () -> Timestamp
  private let thread = DedicatedThread()
  nonisolated let generations = OwnGenerations()
  private var library: Library?
  private var socket: NetlinkSocket?

  init(table: String, clock: @escaping @Sendable () -> Timestamp) {
    self.table = table
    self.clock = clock
  }

  deinit { thread.stop() }

  nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

  func state(in scope: Scope) throws(AdapterError) -> FirewallState {
    try reading { reading throws(AdapterError) in try reading.state(in: scope) }
  }

  func counters() throws(AdapterError) -> NftablesCounters? {
    try reading { reading throws(AdapterError) in try reading.counters() }
  }

  /// Runs a command list as one transaction, and remembers the generation that it made.
  func perform(_ commands: String) throws(AdapterError) {
    let library = try openLibrary()
    try generations.duringOwnChange { () throws(AdapterError) -> UInt32? in
      let before = try reading { reading throws(AdapterError) in try reading.generation() }
      try library.run(commands, check: false)
      // The change is made: what fails from here on must not look like its failure.
      let after = try? reading { reading throws(AdapterError) in try reading.generation() }
      // With any other distance someone else was in between, and which step was whose is unknown.
      return after == before &+ 1 ? after : nil
    }
  }

  /// Lets the kernel check a command list without committing it.
  ///
  /// In a library context of its own: one that has checked the making of a set believes that its
  /// elements are there, and refuses the same commands when they are run (nftables 1.0.6).
  func check(_ commands: String) throws(AdapterError) {
    try Library().run(commands, check: true)
  }

  private func openLibrary() throws(AdapterError) -> Library {
    if let library { return library }
    let opened = try Library()
    library = opened
    return opened
  }

  private func openSocket() throws(AdapterError) -> NetlinkSocket {
    if let socket { return socket }
    let opened = try NetlinkSocket()
    socket = opened
    return opened
  }

  private func reading<Result>(
    _ body: (KernelReading) throws(AdapterError) -> Result
  ) throws(AdapterError) -> Result {
    do throws(AdapterError) {
      return try body(KernelReading(socket: openSocket(), table: table, clock: clock))
    } catch {
      // The rest of an answer may still come; a fresh socket knows nothing of it.
      socket = nil
      throw error
    }
  }
}

extension NftablesContext {
  /// A libnftables context: command lists in, error texts out.
  private final class Library {
    private let context: OpaquePointer

    init() throws(AdapterError) {
      guard let context = nft_ctx_new(UInt32(NFT_CTX_DEFAULT)) else {
        throw AdapterError(kernel: errno, during: .opening)
      }
      self.context = context
      // The library takes JSON only where it would also give it.
      nft_ctx_output_set_flags(context, UInt32(NFT_CTX_OUTPUT_JSON))
      guard nft_ctx_buffer_error(context) == 0, nft_ctx_buffer_output(context) == 0 else {
        nft_ctx_free(context)
        throw AdapterError(kernel: ENOMEM, during: .opening)
      }
    }

    deinit { nft_ctx_free(context) }

    /// - Parameter check: the kernel only says whether it would take the commands.
    func run(_ commands: String, check: Bool) throws(AdapterError) {
      nft_ctx_set_dry_run(context, check)
      let status = nft_run_cmd_from_buffer(context, commands)
      // Reading the buffers also empties them for the next run.
      let words = nft_ctx_get_error_buffer(context).map { String(cString: $0) } ?? ""
      _ = nft_ctx_get_output_buffer(context)
      if status != 0 { throw AdapterError(libnftables: words) }
    }
  }
}
