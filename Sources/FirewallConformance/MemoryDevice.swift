import FirewallKit
public import NetworkTypes
import Synchronization

/// A firewall that lives in memory: entries of others, and one table for us.
///
/// It knows nothing of adapters. It takes commands in lines of text, refuses what is not right, counts
/// what changes it, and ends blocks by its own timers.
///
///     create table <marks>        destroy table
///     add <target> <seconds>      delete <target>
///     allow <prefix>              disallow <prefix>
public final class MemoryDevice<Model: MemoryModel>: Sendable {
  /// What the device says when it does not do something.
  public struct Refusal: Error, Sendable, Equatable {
    public enum Kind: Sendable { case malformed, exists, absent, overlaps, full }
    public var kind: Kind
    public var line: String
  }

  /// What the device lists.
  public struct Listing: Sendable, Equatable {
    /// The marks of our table; `nil` when there is none.
    public var table: String?
    public var allowed: Set<IPPrefix> = []
    /// When each block ends by the device's timer; `nil` without a timer.
    public var blocks: [BlockTarget: Timestamp?] = [:]
  }

  private struct State {
    var foreign: [String] = ["accept from 203.0.113.250", "drop to 198.51.100.250"]
    var ours = Listing()
    var writes = 0
  }

  private let state = Mutex(State())
  private let clock: @Sendable () -> Timestamp

  public init(clock: @escaping @Sendable () -> Timestamp) { self.clock = clock }

  /// How many commands have changed something.
  public var writes: Int { state.withLock(\.writes) }

  /// The entries of others, as the device prints them.
  public var foreignContent: String { state.withLock { $0.foreign.joined(separator: "\n") } }

  /// What stands in our table now.
  public func list() -> Listing {
    state.withLock { state in
      Self.expire(&state, at: clock())
      return state.ours
    }
  }

  /// Removes our table and everything in it, as a restart or somebody's flush does.
  public func lose() { state.withLock { $0.ours = Listing() } }

  /// Runs the lines of a message in order. All of them count or none, unless the model takes entries
  /// one by one: then those before the refused line stay.
  public func run(_ message: String) throws(Refusal) {
    let now = clock()
    let refusal = state.withLock { state -> Refusal? in
      Self.expire(&state, at: now)
      let before = state
      for line in message.split(separator: "\n") {
        do throws(Refusal) {
          let old = state.ours
          try Self.run(String(line), on: &state.ours, at: now)
          if state.ours != old { state.writes += 1 }
        } catch {
          if Model.atomicity != .entry { state = before }
          return error
        }
      }
      return nil
    }
    if let refusal { throw refusal }
  }

  private static func run(_ line: String, on ours: inout Listing, at now: Timestamp) throws(Refusal) {
    let words = line.split(separator: " ", maxSplits: 2).map(String.init)
    func refuse(_ kind: Refusal.Kind) -> Refusal { Refusal(kind: kind, line: line) }
    guard words.count >= 2 else { throw refuse(.malformed) }
    if words[0] == "create", words[1] == "table", words.count == 3 {
      guard ours.table == nil else { throw refuse(.exists) }
      ours.table = words[2]
      return
    }
    guard ours.table != nil else { throw refuse(.absent) }
    if line == "destroy table" {
      ours = Listing()
      return
    }
    guard let target = BlockTarget(words[1]) else { throw refuse(.malformed) }
    switch words[0] {
    case "add":
      guard words.count == 3, let seconds = Int64(words[2]), seconds >= 0 else { throw refuse(.malformed) }
      if ours.blocks[target] == nil {
        guard ours.blocks.count < Model.capacity ?? .max else { throw refuse(.full) }
        guard Model.prefixes == .overlapping || !overlapsPrefix(target, in: ours) else {
          throw refuse(.overlaps)
        }
      }
      ours.blocks.updateValue(Model.hasTimers ? now + .seconds(seconds) : nil, forKey: target)
    case "delete":
      guard ours.blocks.removeValue(forKey: target) != nil else { throw refuse(.absent) }
    case "allow":
      guard let prefix = target.prefix else { throw refuse(.malformed) }
      guard ours.allowed.insert(prefix).inserted else { throw refuse(.exists) }
    case "disallow":
      guard let prefix = target.prefix, ours.allowed.remove(prefix) != nil else { throw refuse(.absent) }
    default:
      throw refuse(.malformed)
    }
  }

  /// Single addresses stand apart from prefixes, as in kernel sets, and may lie inside one.
  private static func overlapsPrefix(_ target: BlockTarget, in ours: Listing) -> Bool {
    guard let prefix = target.prefix, !prefix.isHost else { return false }
    return ours.blocks.keys.contains { other in
      guard let other = other.prefix, !other.isHost else { return false }
      return other.overlaps(prefix)
    }
  }

  private static func expire(_ state: inout State, at now: Timestamp) {
    state.ours.blocks = state.ours.blocks.filter { $0.value.map { $0 > now } ?? true }
  }
}
