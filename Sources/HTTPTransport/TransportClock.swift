public import NetworkTypes

/// Time as this room needs it, so that tests decide how it passes.
public struct TransportClock: Sendable {
  /// The wall clock, for dates that servers name.
  public var now: @Sendable () -> Timestamp
  /// Time that only goes forward, from any origin.
  public var elapsed: @Sendable () -> Duration
  /// Returns after at least this time, or throws when the task is cancelled.
  public var sleep: @Sendable (Duration) async throws(CancellationError) -> Void

  public init(
    now: @escaping @Sendable () -> Timestamp, elapsed: @escaping @Sendable () -> Duration,
    sleep: @escaping @Sendable (Duration) async throws(CancellationError) -> Void
  ) {
    self.now = now
    self.elapsed = elapsed
    self.sleep = sleep
  }

  public static let system: TransportClock = {
    let start = ContinuousClock.now
    return TransportClock(
      now: { Timestamp.now() },
      elapsed: { ContinuousClock.now - start },
      sleep: { (duration) async throws(CancellationError) in
        do {
          try await Task.sleep(for: duration)
        } catch {
          throw CancellationError()
        }
      })
  }()
}
