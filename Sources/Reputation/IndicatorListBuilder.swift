import Language
public import NetworkTypes

/// Builds a list from what a reader finds: turns fields into indicators and faults into problems.
///
/// For readers of formats that are not a `ListFormat`. Every indicator passes the same checks, whichever
/// way it comes: no top-level domain, no special address, private addresses only where the source accepts
/// them, no prefix wider than one holder can have.
public struct IndicatorListBuilder {
  private(set) var list: IndicatorList
  let limits: ListLimits
  /// Set when an indicator beyond the limit was met; a reader can stop then, as `finish()` will throw.
  public private(set) var isFull = false

  /// - Throws: `invalidSource` for a confidence outside 0...1.
  public init(source: ReputationSource, limits: ListLimits = ListLimits()) throws(ReputationError) {
    guard source.confidence >= 0, source.confidence <= 1 else {
      throw .invalidSource(
        source,
        reason: .init(
          en: "the confidence \(source.confidence) is outside 0...1",
          ja: "信頼度 \(source.confidence) が 0～1 の範囲にありません"))
    }
    list = IndicatorList(source: source)
    self.limits = limits
  }

  /// All faults so far, those beyond the limit included.
  public var problemCount: Int { list.problemCount }

  /// The list of everything added.
  /// - Throws: `tooManyIndicators` when there was more than the limits allow.
  public consuming func finish() throws(ReputationError) -> IndicatorList {
    guard !isFull else { throw .tooManyIndicators(list.source, limit: limits.indicators) }
    return list
  }

  /// Records a fault; beyond the limit it is only counted.
  /// - Parameter text: what is wrong; the excerpt is bounded and escaped.
  public mutating func report(_ code: IndicatorProblem.Code, line: Int, _ text: Span<UInt8>) {
    list.problemCount += 1
    guard list.problems.count < limits.problems else { return }
    list.problems.append(
      IndicatorProblem(
        code: code, file: list.source.file, line: line, excerpt: IndicatorProblem.excerpt(of: text)))
  }

  /// Adds the one indicator that `field` is, or reports why it is none: an address, a prefix, an address
  /// with its port, a domain name, a JA4 fingerprint, the hash of a certificate, or a URL that means its
  /// whole host.
  /// - Parameters:
  ///   - line: counted from 1.
  ///   - since: when the indicator was first seen.
  ///   - confidence: that of this indicator, 0...1; by default the source's.
  public mutating func add(
    _ field: Span<UInt8>, line: Int, since: Timestamp? = nil, confidence: Double? = nil
  ) {
    let row = row(line: line, since: since, confidence: confidence, field)
    if let prefix = IPPrefix(parsing: field) {
      add(prefix, row, field)
    } else if let (address, port) = IndicatorText.endpoint(field) {
      add(address, port: port, row, field)
    } else if field.count == JA4Text.byteCount, let text = JA4Text.normalised(field) {
      append(row, .ja4, text: text)
    } else if field.count >= 40, let hash = CertificateHash(parsing: field) {
      append(row, .certificate, text: hash.bytes)
    } else if let host = URLHost(parsing: field) {
      guard host.isWhole || list.source.acceptsURLHosts else { return report(.url, line: line, field) }
      // A host holds no "://", so this is the only step.
      add(host.text, line: line, since: since, confidence: confidence)
    } else {
      add(name: field, row, includingSubdomains: nil)
    }
  }

  /// As `add(_:line:since:confidence:)` over bytes.
  public mutating func add(
    _ field: String, line: Int, since: Timestamp? = nil, confidence: Double? = nil
  ) {
    add(field.utf8Span.span, line: line, since: since, confidence: confidence)
  }

  /// Adds the name that `field` is; an address is none.
  /// - Parameter includingSubdomains: by default what the source says, or a `*.` or `.` before the name.
  public mutating func add(
    name field: Span<UInt8>, includingSubdomains: Bool? = nil, line: Int, since: Timestamp? = nil,
    confidence: Double? = nil
  ) {
    let row = row(line: line, since: since, confidence: confidence, field)
    add(name: field, row, includingSubdomains: includingSubdomains)
  }

  /// Adds an indicator that a reader has made itself, or reports why it is refused.
  public mutating func add(
    _ indicator: Indicator, line: Int, since: Timestamp? = nil, confidence: Double? = nil
  ) {
    let text = indicator.text
    let field = text.utf8Span.span
    let row = row(line: line, since: since, confidence: confidence, field)
    switch indicator {
    case .address(let address): add(IPPrefix(address), row, field)
    case .prefix(let prefix): add(prefix, row, field)
    case .domain(_, let includingSubdomains): add(name: field, row, includingSubdomains: includingSubdomains)
    case .addressPort(let address, let port) where port > 0: add(address, port: port, row, field)
    case .certificate(let hash): append(row, .certificate, text: hash.bytes)
    case .ja4, .addressPort:
      guard let text = JA4Text.normalised(field) else {
        return report(.notAnIndicator, line: line, field)
      }
      append(row, .ja4, text: text)
    }
  }

  /// A row with everything but its indicator.
  private mutating func row(
    line: Int, since: Timestamp?, confidence: Double?, _ field: Span<UInt8>
  ) -> IndicatorList.Row {
    var units = IndicatorList.Row.sourceConfidence
    if let confidence {
      if confidence >= 0, confidence <= 1 {
        units = UInt16((confidence * IndicatorList.Row.confidenceUnits).rounded())
      } else {
        report(.invalidConfidence, line: line, field)
      }
    }
    let seconds = since.flatMap { $0.seconds > 0 ? UInt32(exactly: $0.seconds) : nil }
    return IndicatorList.Row(
      kind: .prefix, length: 0, port: 0, line: UInt32(clamping: line), since: seconds ?? 0,
      confidence: units, high: 0, low: 0)
  }

  private mutating func add(_ prefix: IPPrefix, _ row: IndicatorList.Row, _ field: Span<UInt8>) {
    if let code = IndicatorScope.refusal(of: prefix, acceptingPrivate: list.source.acceptsPrivateAddresses) {
      return report(code, line: Int(row.line), field)
    }
    var row = row
    row.length = UInt8(prefix.length)
    row.high = prefix.address.high
    row.low = prefix.address.low
    append(row)
  }

  private mutating func add(
    _ address: IPAddress, port: UInt16, _ row: IndicatorList.Row, _ field: Span<UInt8>
  ) {
    let scope = IPPrefix(address)
    if let code = IndicatorScope.refusal(of: scope, acceptingPrivate: list.source.acceptsPrivateAddresses) {
      return report(code, line: Int(row.line), field)
    }
    var row = row
    row.kind = .addressPort
    row.port = port
    row.high = address.high
    row.low = address.low
    append(row)
  }

  private mutating func add(
    name field: Span<UInt8>, _ row: IndicatorList.Row, includingSubdomains: Bool?
  ) {
    var first = 0
    var end = field.count
    var includesSubdomains = list.source.includesSubdomains
    if end >= 2, field[0] == UInt8(ascii: "*"), field[1] == UInt8(ascii: ".") {
      (first, includesSubdomains) = (2, true)
    } else if end >= 2, field[0] == UInt8(ascii: ".") {
      (first, includesSubdomains) = (1, true)
    }
    if end - first >= 2, field[end - 1] == UInt8(ascii: ".") { end -= 1 }
    let start = list.text.count
    if let code = appendName(field.extracting(first..<end)) {
      list.text.removeLast(list.text.count - start)
      return report(code, line: Int(row.line), field)
    }
    var row = row
    row.kind = includingSubdomains ?? includesSubdomains ? .nameWithSubdomains : .name
    row.length = UInt8(list.text.count - start)
    row.low = UInt64(start)
    append(row)
  }

  private mutating func append(
    _ row: IndicatorList.Row, _ kind: IndicatorList.Row.Kind, text: [UInt8]
  ) {
    var row = row
    row.kind = kind
    row.length = UInt8(text.count)
    row.low = UInt64(list.text.count)
    list.text += text
    append(row)
  }

  private mutating func append(_ row: IndicatorList.Row) {
    guard list.rows.count < limits.indicators, list.text.count <= limits.bytes else {
      isFull = true
      return
    }
    list.rows.append(row)
  }

  /// Appends the A-labels of a name to the text; says why it is none.
  private mutating func appendName(_ bytes: Span<UInt8>) -> IndicatorProblem.Code? {
    // No name is this long in any spelling.
    guard bytes.count <= 1024 else { return IndicatorText.fault(of: bytes) }
    let start = list.text.count
    var isASCII = true
    for index in bytes.indices {
      let byte = bytes[index]
      isASCII = isASCII && byte < 0x80
      list.text.append(byte &- UInt8(ascii: "A") < 26 ? byte | 0x20 : byte)
    }
    if !isASCII {
      guard let text = String(validating: list.text[start...], as: UTF8.self) else { return .invalidText }
      guard let name = DomainName(text) else { return IndicatorText.fault(of: bytes) }
      list.text.removeLast(list.text.count - start)
      list.text.append(contentsOf: name.text.utf8)
    }
    guard DomainName.isValid(list.text.span.extracting(start..<list.text.count)) else {
      return IndicatorText.fault(of: bytes)
    }
    guard let dot = list.text[start...].lastIndex(of: UInt8(ascii: ".")) else { return .topLevelDomain }
    // No top-level domain is a number (RFC 3696 section 2): such a text is a misspelt address.
    let isNumeric = list.text[(dot + 1)...].allSatisfy { $0 &- UInt8(ascii: "0") < 10 }
    return isNumeric ? .notAnIndicator : nil
  }
}
