import FirewallKit
import Synchronization

/// What goes wrong, and when: shared by a `FaultyAdapter` and whoever plans its failures.
public final class Faults: Sendable {
  /// What happens instead of performing an operation.
  public enum Performing: String, Sendable, CaseIterable {
    /// The error comes first and nothing is done.
    case throwsBefore
    /// It is done, and an error is told.
    case throwsAfter
    /// Nothing is done and no answer comes.
    case hangs
    /// No answer comes, and it is done when `FaultyAdapter.finishLate()` is called.
    case hangsThenApplies
    /// Nothing is done and success is told.
    case saysYes
  }

  /// What happens instead of reading.
  public enum Reading: String, Sendable, CaseIterable {
    case throwsError, hangs
    /// Every second block is left out of the answer.
    case cut
  }

  private struct State {
    var performing: [Int: Performing] = [:]
    var reading: [Int: Reading] = [:]
    var performed = 0
    var read = 0
    var late: [Operation] = []
    /// Calls that hang and were not given up yet.
    var hanging = 0
  }

  private let state = Mutex(State())

  /// Faults by the number of the call, counted from 0 over all calls of its kind.
  public init(performing: [Int: Performing] = [:], reading: [Int: Reading] = [:]) {
    state.withLock {
      $0.performing = performing
      $0.reading = reading
    }
  }

  /// Calls of `perform` so far.
  public var performed: Int { state.withLock(\.performed) }
  /// Calls of `state` so far.
  public var read: Int { state.withLock(\.read) }

  /// Plans faults by the number of the call counted from now; what was planned before is forgotten.
  public func plan(performing: [Int: Performing] = [:], reading: [Int: Reading] = [:]) {
    state.withLock { state in
      let (performed, read) = (state.performed, state.read)
      state.performing = Dictionary(uniqueKeysWithValues: performing.map { ($0.key + performed, $0.value) })
      state.reading = Dictionary(uniqueKeysWithValues: reading.map { ($0.key + read, $0.value) })
    }
  }

  func nextPerforming() -> Performing? {
    state.withLock { state in
      defer { state.performed += 1 }
      return state.performing[state.performed]
    }
  }

  func nextReading() -> Reading? {
    state.withLock { state in
      defer { state.read += 1 }
      return state.reading[state.read]
    }
  }

  /// Returns when the patience of an engine has run out: at once when a call hangs as planned, because
  /// waiting longer would prove nothing. What takes long by itself has all of it.
  public func runOut(_ patience: Duration) async throws {
    let end = ContinuousClock.now + patience
    while ContinuousClock.now < end {
      let isHanging = state.withLock { state in
        defer { state.hanging = max(0, state.hanging - 1) }
        return state.hanging > 0
      }
      if isHanging { return }
      try await Task.sleep(for: .milliseconds(1))
    }
  }

  func hang() { state.withLock { $0.hanging += 1 } }

  func postpone(_ operation: Operation) { state.withLock { $0.late.append(operation) } }

  func takeLate() -> [Operation] {
    state.withLock { state in
      defer { state.late = [] }
      return state.late
    }
  }
}
