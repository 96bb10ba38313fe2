public import NetworkTypes
import Synchronization

/// A clock that stands still until it is moved.
public final class AdjustableClock: Sendable {
  private let moment: Mutex<Timestamp>

  /// Starts at 2026-01-01T00:00:00Z unless told otherwise.
  public init(at start: Timestamp = Timestamp(seconds: 1_767_225_600)) { moment = Mutex(start) }

  public var now: Timestamp { moment.withLock { $0 } }

  public func advance(by duration: Duration) { moment.withLock { $0 = $0 + duration } }
}
