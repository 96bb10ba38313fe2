public import Reputation

/// What a feed said: its indicators, its exceptions, and everything that gave neither.
public struct FeedContent: Sendable {
  public var list: IndicatorList
  /// What the feed says must not be blocked (`rpz-passthru.`, `@@`). Never in `list`, and no wider entry
  /// of `list` covers one.
  public var allowed: IndicatorList
  /// The first problems in the order of the feed, up to the limit.
  public var problems: [FeedProblem]
  /// All problems, those beyond the limit included.
  public var problemCount: Int
  public var omissions: [FeedOmission: Int]
}
