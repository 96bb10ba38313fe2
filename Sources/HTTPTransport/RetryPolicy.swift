/// When a request may be sent again. The default is never: a repetition is the caller's knowledge of
/// the device, not a habit.
public struct RetryPolicy: Sendable, Hashable {
  /// How often it is sent at most, the first time included.
  public var attempts: Int
  /// Answers by which the device says that it did nothing and can be asked again, such as 429 and 503.
  public var statuses: Set<Int>
  /// Whether it is tried again when nothing was sent.
  public var retriesNotSent: Bool
  /// Sending it twice does no more than sending it once. Only then is it repeated when its fate is
  /// unknown, also by libcurl on a fresh connection when a kept one proved dead.
  public var isRepeatable: Bool
  /// Waiting before the second attempt; doubles with each further one.
  public var firstDelay: Duration
  public var longestDelay: Duration
  /// A `Retry-After` beyond this is not waited for: the answer goes to the caller at once.
  public var longestRetryAfter: Duration

  public init(
    attempts: Int, statuses: Set<Int> = [], retriesNotSent: Bool = false, isRepeatable: Bool = false,
    firstDelay: Duration = .milliseconds(500), longestDelay: Duration = .seconds(30),
    longestRetryAfter: Duration = .seconds(120)
  ) {
    self.attempts = attempts
    self.statuses = statuses
    self.retriesNotSent = retriesNotSent
    self.isRepeatable = isRepeatable
    self.firstDelay = firstDelay
    self.longestDelay = longestDelay
    self.longestRetryAfter = longestRetryAfter
  }

  public static let never = RetryPolicy(attempts: 1)

  /// Waiting before the next attempt: a random part of an exponentially growing bound, so that many who
  /// failed together do not come back together.
  /// - Parameter draw: 0 ..< 1.
  func delay(afterAttempt attempt: Int, draw: Double) -> Duration {
    let doublings = min(max(attempt - 1, 0), 30)
    let bound = min(firstDelay * (1 << doublings), longestDelay)
    // At least half of it: a delay near zero would make the attempt worthless.
    return bound * (0.5 + draw / 2)
  }

  func repeats(_ error: HTTPError) -> Bool {
    switch error.code {
    case .cancelled, .closed, .invalidRequest, .plainTextRefused, .redirectRefused, .bodyTooLarge,
      .headersTooLarge, .destinationFailed, .tlsUntrusted, .tlsExpired, .tlsWrongHost, .tlsPinMismatch,
      .tlsClientCertificate, .tlsSettings:
      // The same again will end the same.
      false
    case .nameNotResolved, .notConnected, .connectTimedOut, .proxyFailed, .tlsFailed, .timedOut, .stalled,
      .cut, .malformed, .other:
      switch error.fate {
      case .notSent: retriesNotSent
      case .unknown: isRepeatable
      }
    }
  }
}
