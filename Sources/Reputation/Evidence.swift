public import NetworkTypes

/// An indicator that covers a destination, and the source that lists it.
public struct Evidence: Hashable, Sendable, Codable {
  /// How the indicator covers the destination.
  public enum Match: String, Hashable, Sendable, Codable {
    /// The destination's own address or name is listed.
    case itself
    /// A domain above the name is listed with its sub-domains.
    case parentDomain = "parent-domain"
    /// A prefix around the address is listed.
    case containingPrefix = "containing-prefix"
  }

  public var indicator: Indicator
  public var match: Match
  /// Identifier of the source.
  public var source: String
  public var sourceName: String
  public var category: ReputationCategory
  /// The source's confidence when it was read, 0...1.
  public var confidence: Double
  public var file: String
  /// Counted from 1.
  public var line: Int
  /// First seen, as far as the list says.
  public var since: Timestamp?

  public init(
    indicator: Indicator, match: Match, source: String, sourceName: String,
    category: ReputationCategory, confidence: Double, file: String, line: Int, since: Timestamp? = nil
  ) {
    self.indicator = indicator
    self.match = match
    self.source = source
    self.sourceName = sourceName
    self.category = category
    self.confidence = confidence
    self.file = file
    self.line = line
    self.since = since
  }
}
