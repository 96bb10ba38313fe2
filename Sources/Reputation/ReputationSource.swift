/// A list of indicators: who publishes it, what it is about, how far it is trusted, how to read it.
public struct ReputationSource: Hashable, Sendable, Codable {
  /// Unique among the sources of one index; stands in verdicts and logs.
  public var id: String
  /// The name people know the source by.
  public var name: String
  public var category: ReputationCategory
  /// How far a listing alone is trusted, 0...1. It enters the score as it stands.
  public var confidence: Double
  /// Under which terms the list may be used; shown in the disclosure, never interpreted.
  public var licence: String
  /// Path of the list.
  public var file: String
  public var format: ListFormat
  /// Whether a listed name stands for the names under it as well. A `*.` in the list says so for
  /// one entry even when this is off.
  public var includesSubdomains: Bool
  /// Whether private addresses (RFC 1918, RFC 4193, RFC 6598) may be listed. A public feed that has
  /// them is wrong or poisoned; a list of one's own may mean them.
  public var acceptsPrivateAddresses: Bool

  /// Whether the URL of one page lists its whole host. Otherwise such a URL is a problem, and only one
  /// without a path lists its host: a page is bad on many a good host.
  public var acceptsURLHosts: Bool

  public init(
    id: String, name: String, category: ReputationCategory, confidence: Double, licence: String = "",
    file: String, format: ListFormat = .plain, includesSubdomains: Bool = true,
    acceptsPrivateAddresses: Bool = false, acceptsURLHosts: Bool = false
  ) {
    self.id = id
    self.name = name
    self.category = category
    self.confidence = confidence
    self.licence = licence
    self.file = file
    self.format = format
    self.includesSubdomains = includesSubdomains
    self.acceptsPrivateAddresses = acceptsPrivateAddresses
    self.acceptsURLHosts = acceptsURLHosts
  }
}

/// How a list is written.
public enum ListFormat: Hashable, Sendable, Codable {
  /// One indicator a line; comments by `#`, `;`, `!` or `//` at its start, by `#` or `;` after a space.
  case plain
  /// Separated values with the quoting of RFC 4180; comment lines start with `#`.
  case csv(CSVLayout)
  /// `0.0.0.0 name [name...]`: names that are answered with an unusable address.
  case hosts
}

/// Where in a CSV record the indicator is.
public struct CSVLayout: Hashable, Sendable, Codable {
  public enum Column: Hashable, Sendable, Codable {
    /// Counted from 1.
    case number(Int)
    /// By its name in the header, without regard to ASCII case. Publishers also write the header as a
    /// comment, which is understood.
    case name(String)
  }

  public var indicator: Column
  /// The port that goes with the indicator, where the two stand apart. An address is then listed with its
  /// port; a value of 0 or none lists the address alone.
  public var port: Column?
  /// When the indicator was first seen: RFC 3339, `YYYY-MM-DD HH:MM:SS` in UTC, or a date.
  public var since: Column?
  /// One ASCII byte, neither a quote nor a line end.
  public var separator: UInt8
  /// Whether the first record names the columns. Always so when a column is given by name.
  public var hasHeader: Bool

  public init(
    indicator: Column, port: Column? = nil, since: Column? = nil, separator: UInt8 = UInt8(ascii: ","),
    hasHeader: Bool = false
  ) {
    self.indicator = indicator
    self.port = port
    self.since = since
    self.separator = separator
    self.hasHeader = hasHeader
  }
}
