public import NetworkTypes

/// One indicator as its source lists it.
public struct ListedIndicator: Hashable, Sendable {
  public let indicator: Indicator
  /// Counted from 1.
  public let line: Int
  /// First seen, to the second, as far as the list says.
  public let since: Timestamp?
  /// That of this indicator, 0...1, where the list has its own; otherwise the source's counts.
  public let confidence: Double?
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
    enum Kind: UInt8 { case prefix, name, nameWithSubdomains, addressPort, ja4, certificate }
    var kind: Kind
    /// Bits of a prefix, bytes in `text`.
    var length: UInt8
    /// Of an address with a port.
    var port: UInt16
    var line: UInt32
    /// Seconds since 1970, 0 for unknown; suffices until 2106.
    var since: UInt32
    /// In parts of `confidenceUnits`, or `sourceConfidence`.
    var confidence: UInt16
    /// The address; where there is none, `low` is an offset in `text`.
    var high: UInt64
    var low: UInt64

    static let confidenceUnits = 10_000.0
    static let sourceConfidence = UInt16.max

    var ownConfidence: Double? { Self.confidence(confidence) }

    /// 0...1, whatever the units; `nil` for that of the source.
    static func confidence(_ units: UInt16) -> Double? {
      units == sourceConfidence ? nil : min(1, Double(units) / confidenceUnits)
    }
  }
  var rows: [Row] = []
  /// Names, fingerprints and the bytes of hashes, one after the other.
  var text: [UInt8] = []

  init(source: ReputationSource) { self.source = source }

  /// How many indicators there are, repetitions included.
  public var count: Int { rows.count }

  /// The indicator at a position, 0..<count.
  public subscript(position: Int) -> ListedIndicator {
    let row = rows[position]
    let since = row.since == 0 ? nil : Timestamp(seconds: Int64(row.since))
    return ListedIndicator(
      indicator: indicator(of: row), line: Int(row.line), since: since, confidence: row.ownConfidence)
  }

  private func indicator(of row: Row) -> Indicator {
    switch row.kind {
    case .prefix:
      let address = IPAddress(high: row.high, low: row.low)
      guard let prefix = IPPrefix(address, length: Int(row.length)), !prefix.isHost else {
        return .address(address)
      }
      return .prefix(prefix)
    case .addressPort:
      return .addressPort(IPAddress(high: row.high, low: row.low), port: row.port)
    case .ja4:
      return .ja4(String(decoding: text(of: row), as: UTF8.self))
    case .certificate:
      guard let hash = CertificateHash(bytes: text(of: row).span) else {
        preconditionFailure("a row holds a checked hash")
      }
      return .certificate(hash)
    case .name, .nameWithSubdomains:
      guard let name = DomainName(String(decoding: text(of: row), as: UTF8.self)) else {
        preconditionFailure("a row holds a checked name")
      }
      return .domain(name, includingSubdomains: row.kind == .nameWithSubdomains)
    }
  }

  private func text(of row: Row) -> ArraySlice<UInt8> {
    text[Int(row.low)..<(Int(row.low) + Int(row.length))]
  }

  /// Reads a list from its bytes, by the source's format.
  ///
  /// A line that cannot be used becomes a problem and reading goes on. A byte order mark, CRLF and a
  /// missing last line end are no problems.
  /// - Throws: `tooLarge`, `tooManyIndicators`, `encoding`, `missingColumn`, `invalidSource`.
  public static func read(
    _ bytes: Span<UInt8>, from source: ReputationSource, limits: ListLimits = ListLimits()
  ) throws(ReputationError) -> IndicatorList {
    var builder = try IndicatorListBuilder(source: source, limits: limits)
    guard bytes.count <= limits.bytes else {
      throw .tooLarge(source, bytes: bytes.count, limit: limits.bytes)
    }
    var start = 0
    if bytes.count >= 2 {
      let mark = (bytes[0], bytes[1])
      if mark == (0xFF, 0xFE) || mark == (0xFE, 0xFF) { throw .encoding(source) }
      if mark == (0xEF, 0xBB), bytes.count >= 3, bytes[2] == 0xBF { start = 3 }
    }
    let content = bytes.extracting(start..<bytes.count)
    switch source.format {
    case .plain: builder.readPlain(content)
    case .csv(let layout): try builder.readCSV(content, layout)
    case .hosts: builder.readHosts(content)
    }
    return try builder.finish()
  }
}
