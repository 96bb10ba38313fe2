import FirewallKit
import Synchronization

/// The generations of the ruleset that our own transactions made.
///
/// The kernel raises the generation by one for each transaction in the network namespace and tells
/// it to listeners. Telling our own transactions by this number needs no process numbers, which mean
/// something else in each process namespace.
final class OwnGenerations: Sendable {
  /// Older ones are forgotten: a listener that is so far behind reports a change.
  private static let remembered = 4096

  private let numbers = Mutex<[UInt32]>([])

  /// Runs a change of ours; its result is the generation that it made.
  ///
  /// A listener that asks meanwhile waits until the answer is known.
  func duringOwnChange(_ change: () throws(AdapterError) -> UInt32) throws(AdapterError) {
    try numbers.withLock { numbers throws(AdapterError) in
      numbers.append(try change())
      if numbers.count > Self.remembered { numbers.removeFirst(numbers.count - Self.remembered) }
    }
  }

  func contains(_ generation: UInt32) -> Bool {
    numbers.withLock { $0.contains(generation) }
  }

  /// Whether all generations after `first` up to what `last` answers are ours, and that answer.
  ///
  /// Asked under the lock, so that a change of ours that is under way counts in full or not at all.
  func areAll(
    after first: UInt32, upTo last: () throws(AdapterError) -> UInt32
  ) throws(AdapterError) -> (Bool, UInt32) {
    try numbers.withLock { numbers throws(AdapterError) in
      let end = try last()
      let distance = end &- first
      guard distance <= UInt32(numbers.count) else { return (false, end) }
      let own = Set(numbers)
      return ((0..<distance).allSatisfy { own.contains(first &+ 1 &+ $0) }, end)
    }
  }
}
