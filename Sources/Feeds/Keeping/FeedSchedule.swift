import NetworkTypes

/// When a feed is asked again.
enum FeedSchedule {
  /// The pause after a first failure; it doubles with each further one, up to the feed's interval.
  static let firstPause = Duration.seconds(30)
  /// The longest wait that a server's answer can bring about: one wrong field must not end a feed.
  static let longestWait = Duration.seconds(86_400)

  /// The earliest moment of the next attempt; `nil` when there was none: at once.
  ///
  /// - Parameter jitter: 0...1. Up to a tenth of the pause is added by it, so that gateways that were
  ///   started together do not ask together.
  static func nextAttempt(of source: FeedSource, _ state: FeedState, jitter: Double) -> Timestamp? {
    guard let last = state.lastAttempt else { return nil }
    var pause = source.every
    if state.failures > 0 {
      let doubled = firstPause * (1 << min(state.failures - 1, 20))
      pause = min(source.every, doubled)
    }
    pause = max(pause, source.minimumInterval)
    let due = last + pause + pause * (jitter / 10)
    return max(due, state.notBefore ?? due)
  }
}
