import NetworkTypes

/// Gathers what a reader finds: turns fields into indicators and faults into problems.
struct IndicatorCollector {
  private(set) var list: IndicatorList
  let limits: ListLimits
  /// Set when an indicator beyond the limit was met; readers stop then.
  private(set) var isFull = false

  init(source: ReputationSource, limits: ListLimits) {
    list = IndicatorList(source: source)
    self.limits = limits
  }

  mutating func report(_ code: IndicatorProblem.Code, line: Int, _ text: Span<UInt8>) {
    list.problemCount += 1
    guard list.problems.count < limits.problems else { return }
    list.problems.append(
      IndicatorProblem(
        code: code, file: list.source.file, line: line, excerpt: IndicatorProblem.excerpt(of: text)))
  }

  /// Adds the one indicator that `field` is, or says why it is none.
  mutating func add(_ field: Span<UInt8>, line: Int, since: UInt32 = 0) {
    if let prefix = IPPrefix(parsing: field) {
      let code = IndicatorScope.refusal(
        of: prefix, acceptingPrivate: list.source.acceptsPrivateAddresses)
      if let code { return report(code, line: line, field) }
      append(
        .init(
          kind: .prefix, length: UInt8(prefix.length), line: UInt32(line), since: since,
          high: prefix.address.high, low: prefix.address.low))
    } else {
      addName(field, line: line, since: since)
    }
  }

  /// Adds the name that `field` is; an address is none.
  mutating func addName(_ field: Span<UInt8>, line: Int, since: UInt32 = 0) {
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
      return report(code, line: line, field)
    }
    append(
      .init(
        kind: includesSubdomains ? .nameWithSubdomains : .name, length: UInt8(list.text.count - start),
        line: UInt32(line), since: since, high: 0, low: UInt64(start)))
  }

  private mutating func append(_ row: IndicatorList.Row) {
    guard list.rows.count < limits.indicators else {
      isFull = true
      return
    }
    list.rows.append(row)
  }

  /// Appends the A-labels of a name to the text; says why it is none.
  private mutating func appendName(_ bytes: Span<UInt8>) -> IndicatorProblem.Code? {
    let start = list.text.count
    var isASCII = true
    for index in bytes.indices {
      let byte = bytes[index]
      isASCII = isASCII && byte < 0x80
      list.text.append(byte &- UInt8(ascii: "A") < 26 ? byte | 0x20 : byte)
    }
    if !isASCII {
      guard let text = String(validating: list.text[start...], as: UTF8.self) else { return .invalidText }
      guard let name = DomainName(text) else { return Self.fault(of: bytes) }
      list.text.removeLast(list.text.count - start)
      list.text.append(contentsOf: name.text.utf8)
    }
    guard DomainName.isValid(list.text.span.extracting(start..<list.text.count)) else {
      return Self.fault(of: bytes)
    }
    guard let dot = list.text[start...].lastIndex(of: UInt8(ascii: ".")) else { return .topLevelDomain }
    // No top-level domain is a number (RFC 3696 section 2): such a text is a misspelt address.
    let isNumeric = list.text[(dot + 1)...].allSatisfy { $0 &- UInt8(ascii: "0") < 10 }
    return isNumeric ? .notAnIndicator : nil
  }

  /// The likeliest reason for a text that is neither an address nor a name.
  private static func fault(of bytes: Span<UInt8>) -> IndicatorProblem.Code {
    var colons = 0
    var lastColon = 0
    var slash = false
    for index in bytes.indices {
      if bytes[index] == UInt8(ascii: ":") {
        colons += 1
        lastColon = index
      }
      slash = slash || bytes[index] == UInt8(ascii: "/")
    }
    if slash {
      // "192.0.2.0/99" is a misspelt prefix, "example.org/path" a URL without its scheme.
      let isNumeric = bytes.indices.allSatisfy { index in
        let byte = bytes[index]
        return byte &- UInt8(ascii: "0") < 10 || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "/")
          || byte == UInt8(ascii: ":") || (byte | 0x20) &- UInt8(ascii: "a") < 6
      }
      return isNumeric ? .notAnIndicator : .url
    }
    let bracketed = bytes.count > 2 && bytes[0] == UInt8(ascii: "[")
    guard colons == 1 || bracketed, lastColon + 1 < bytes.count else { return .notAnIndicator }
    let port = (lastColon + 1)..<bytes.count
    return port.allSatisfy { bytes[$0] &- UInt8(ascii: "0") < 10 } ? .addressWithPort : .notAnIndicator
  }
}
