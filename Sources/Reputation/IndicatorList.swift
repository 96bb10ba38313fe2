import Language
public import NetworkTypes

/// One indicator as its source lists it.
public struct ListedIndicator: Hashable, Sendable {
  public let indicator: Indicator
  /// Counted from 1.
  public let line: Int
  /// First seen, to the second, as far as the list says.
  public let since: Timestamp?
}

/// Bounds on what is read from one list.
public struct ListLimits: Hashable, Sendable {
  /// Largest list, in bytes. At most 2 GiB, whatever is given.
  public var bytes: Int
  public var indicators: Int
  /// Longest line or CSV record, in bytes.
  public var lineBytes: Int
  /// Problems kept in full; the rest is counted.
  public var problems: Int

  public init(
    bytes: Int = 512 << 20, indicators: Int = 20_000_000, lineBytes: Int = 8192, problems: Int = 100
  ) {
    self.bytes = min(bytes, Int(Int32.max))
    self.indicators = indicators
    self.lineBytes = lineBytes
    self.problems = problems
  }
}

/// The content of one list: its indicators in the order of the file, and what was wrong with it.
public struct IndicatorList: Sendable {
  public let source: ReputationSource
  /// The first problems, in the order of the file, up to the limit.
  public internal(set) var problems: [IndicatorProblem] = []
  /// All problems, those beyond the limit included.
  public internal(set) var problemCount = 0

  /// Flat, because a list of a million names as a million objects costs more than reading it.
  struct Row: BitwiseCopyable {
    enum Kind: UInt8 { case prefix, name, nameWithSubdomains }
    var kind: Kind
    /// Bits of a prefix, bytes of a name.
    var length: UInt8
    var line: UInt32
    /// Seconds since 1970, 0 for unknown; suffices until 2106.
    var since: UInt32
    /// The address of a prefix; of a name `low` is its offset in `text`.
    var high: UInt64
    var low: UInt64
  }
  var rows: [Row] = []
  /// The names, one after the other.
  var text: [UInt8] = []

  init(source: ReputationSource) { self.source = source }

  /// How many indicators there are, repetitions included.
  public var count: Int { rows.count }

  /// The indicator at a position, 0..<count.
  public subscript(position: Int) -> ListedIndicator {
    let row = rows[position]
    let since = row.since == 0 ? nil : Timestamp(seconds: Int64(row.since))
    return ListedIndicator(indicator: indicator(of: row), line: Int(row.line), since: since)
  }

  private func indicator(of row: Row) -> Indicator {
    switch row.kind {
    case .prefix:
      let address = IPAddress(high: row.high, low: row.low)
      guard let prefix = IPPrefix(address, length: Int(row.length)), !prefix.isHost else {
        return .address(address)
      }
      return .prefix(prefix)
    case .name, .nameWithSubdomains:
      let start = Int(row.low)
      let text = String(decoding: text[start..<start + Int(row.length)], as: UTF8.self)
      guard let name = DomainName(text) else { preconditionFailure("a row holds a checked name") }
      return .domain(name, includingSubdomains: row.kind == .nameWithSubdomains)
    }
  }

  /// Reads a list from its bytes, by the source's format.
  ///
  /// A line that cannot be used becomes a problem and reading goes on. A byte order mark, CRLF and a
  /// missing last line end are no problems.
  /// - Throws: `tooLarge`, `tooManyIndicators`, `encoding`, `missingColumn`, `invalidSource`.
  public static func read(
    _ bytes: Span<UInt8>, from source: ReputationSource, limits: ListLimits = ListLimits()
  ) throws(ReputationError) -> IndicatorList {
    guard source.confidence >= 0, source.confidence <= 1 else {
      throw .invalidSource(
        source,
        reason: .init(
          en: "the confidence \(source.confidence) is outside 0...1",
          ja: "信頼度 \(source.confidence) が 0～1 の範囲にありません"))
    }
    guard bytes.count <= limits.bytes else {
      throw .tooLarge(source, bytes: bytes.count, limit: limits.bytes)
    }
    var start = 0
    if bytes.count >= 2 {
      let mark = (bytes[0], bytes[1])
      if mark == (0xFF, 0xFE) || mark == (0xFE, 0xFF) { throw .encoding(source) }
      if mark == (0xEF, 0xBB), bytes.count >= 3, bytes[2] == 0xBF { start = 3 }
    }
    var collector = IndicatorCollector(source: source, limits: limits)
    let content = bytes.extracting(start..<bytes.count)
    switch source.format {
    case .plain: collector.readPlain(content)
    case .csv(let layout): try collector.readCSV(content, layout)
    case .hosts: collector.readHosts(content)
    }
    guard !collector.isFull else { throw .tooManyIndicators(source, limit: limits.indicators) }
    return collector.list
  }
}
