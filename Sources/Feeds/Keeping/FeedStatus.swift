public import Language
public import NetworkTypes
public import Reputation

/// How a feed stands: what is in force, how old it is, and what the last attempt came to.
public struct FeedStatus: Hashable, Sendable, Codable {
  public enum Health: String, Hashable, Sendable, Codable, CaseIterable {
    case current
    /// The last attempt failed; the list in force is recent enough.
    case failing
    /// The last list was refused; an older one stays in force.
    case refused
    /// The list in force is older than it may be.
    case stale
    /// There is no list in force.
    case absent
  }

  public var id: String
  public var name: String
  public var category: ReputationCategory
  public var confidence: Double
  public var licence: String
  public var format: FeedFormatWord
  /// The address without its query, or the path.
  public var origin: String
  public var health: Health
  public var lastAttempt: Timestamp?
  public var lastSuccess: Timestamp?
  public var lastChange: Timestamp?
  public var nextAttempt: Timestamp?
  /// Failures since the last success.
  public var failures: Int
  public var error: FeedError?
  /// Of the list in force.
  public var summary: FeedSummary?

  init(_ source: FeedSource, _ state: FeedState, now: Timestamp) {
    id = source.id
    name = source.reputation.name
    category = source.reputation.category
    confidence = source.reputation.confidence
    licence = source.reputation.licence
    format = source.format.word
    origin = source.origin.text
    lastAttempt = state.lastAttempt
    lastSuccess = state.lastSuccess
    lastChange = state.lastChange
    nextAttempt = FeedSchedule.nextAttempt(of: source, state, jitter: 0)
    failures = state.failures
    error = state.error
    summary = state.summary
    let isRefusal = state.error.map {
      [.empty, .shrunk, .notAList, .malformed, .incomplete].contains($0.code)
    }
    if state.summary == nil {
      health = .absent
    } else if state.lastSuccess.map({ now - $0 > source.staleAfter }) != false {
      health = .stale
    } else if let isRefusal {
      health = isRefusal ? .refused : .failing
    } else {
      health = .current
    }
  }

  /// How long ago the feed last answered with something usable.
  public func age(at now: Timestamp) -> Duration? { lastSuccess.map { now - $0 } }
}

extension FeedStatus.Health {
  public var phrase: Phrase {
    switch self {
    case .current: Phrase(en: "current", ja: "最新")
    case .failing: Phrase(en: "FAILING", ja: "取得失敗")
    case .refused: Phrase(en: "REFUSED", ja: "不採用")
    case .stale: Phrase(en: "STALE", ja: "期限切れ")
    case .absent: Phrase(en: "ABSENT", ja: "未取得")
    }
  }
}
