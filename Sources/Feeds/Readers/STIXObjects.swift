import Language
import NetworkTypes
import Reputation

/// An indicator object of STIX 2.1, as far as it matters here.
struct STIXIndicator {
  var id: String
  var modified: Timestamp
  var isRevoked: Bool
  var validFrom: Timestamp?
  var validUntil: Timestamp?
  /// 0...100.
  var confidence: Int?
  var isBenign: Bool
  /// `nil` in another language than STIX patterns.
  var pattern: String?
  var line: Int

  /// `nil` when a required member is missing or of another type.
  init?(_ object: JSONValue, line: Int) {
    guard let id = object["id"]?.text, let pattern = object["pattern"]?.text, id.utf8.count <= 256,
      let modified = (object["modified"] ?? object["created"])?.text.flatMap({ Timestamp($0) })
    else { return nil }
    // Withdrawn validity that cannot be read must not become validity without end.
    for key in ["valid_from", "valid_until"] {
      if let value = object[key], value.text.flatMap({ Timestamp($0) }) == nil { return nil }
    }
    self.id = id
    self.modified = modified
    isRevoked = object["revoked"]?.flag ?? false
    validFrom = object["valid_from"]?.text.flatMap { Timestamp($0) }
    validUntil = object["valid_until"]?.text.flatMap { Timestamp($0) }
    confidence = object["confidence"]?.integer.map { Int(clamping: $0) }
    isBenign = object["indicator_types"]?.elements?.contains { $0.text == "benign" } ?? false
    self.pattern = (object["pattern_type"]?.text ?? "stix") == "stix" ? pattern : nil
    self.line = line
  }
}

extension FeedCollector {
  /// Bundles, TAXII envelopes, single objects, arrays of objects, one after the other.
  ///
  /// Of several versions of an indicator the last modified counts. An object that is no indicator lists
  /// nothing: to have been seen is not to be bad.
  mutating func readSTIX(
    _ bytes: [UInt8], now: Timestamp, minimumConfidence: Int, sourceConfidence: Double
  ) throws(JSONFault) {
    var newest: [String: Int] = [:]
    var indicators: [STIXIndicator] = []
    var scanner = JSONScanner(bytes)
    try scanner.eachObject { (scanner, line, _) throws(JSONFault) in
      self.line = line
      let object = try scanner.value()
      guard object["type"]?.text == "indicator" else { return omit(.observation) }
      self.object = object["id"]?.text
      defer { self.object = nil }
      guard let indicator = STIXIndicator(object, line: line) else {
        return report(.missingMember, object["pattern"]?.text ?? "")
      }
      if let known = newest[indicator.id] {
        omit(.superseded)
        if indicators[known].modified < indicator.modified { indicators[known] = indicator }
      } else {
        newest[indicator.id] = indicators.count
        indicators.append(indicator)
      }
    }
    for indicator in indicators where !isFull {
      line = indicator.line
      object = indicator.id
      add(
        indicator, now: now, minimumConfidence: minimumConfidence, sourceConfidence: sourceConfidence)
    }
    object = nil
  }

  private mutating func add(
    _ indicator: STIXIndicator, now: Timestamp, minimumConfidence: Int, sourceConfidence: Double
  ) {
    if indicator.isRevoked { return omit(.revoked) }
    if let end = indicator.validUntil, end <= now { return omit(.expired) }
    if let start = indicator.validFrom, start > now { return omit(.notYetValid) }
    if indicator.isBenign { return omit(.benign) }
    if let confidence = indicator.confidence, confidence < minimumConfidence {
      return omit(.lowConfidence)
    }
    guard let text = indicator.pattern else { return omit(.otherType) }
    guard let pattern = STIXPattern(text) else { return report(.unsupportedPattern, text) }
    // The publisher can doubt an entry more than its feed is doubted here, and not trust it more.
    let own = indicator.confidence.map { min(sourceConfidence, Double(min(max($0, 0), 100)) / 100) }
    for value in pattern.values {
      switch value {
      case .address(let text): add(address: text, since: indicator.validFrom, confidence: own)
      case .name(let text):
        add(name: text.utf8Span.span, since: indicator.validFrom, confidence: own)
      case .url(let text): add(url: text, since: indicator.validFrom, confidence: own)
      case .endpoint(let text, let port):
        guard let address = IPAddress(text) else { continue }
        add(.addressPort(address, port: port), since: indicator.validFrom, confidence: own)
      }
    }
  }
}

extension JSONScanner {
  /// Calls `body` before each STIX object of bundles, envelopes, arrays and bare objects up to the end,
  /// with its line and the place of its first byte. The body reads or skips the object.
  mutating func eachObject(
    _ body: (inout JSONScanner, Int, Int) throws(JSONFault) -> Void
  ) throws(JSONFault) {
    func walk(_ scanner: inout JSONScanner) throws(JSONFault) {
      _ = try scanner.peek()
      try body(&scanner, scanner.line, scanner.position)
    }
    while !isAtEnd() {
      if try peek() == UInt8(ascii: "[") {
        try elements(walk)
        continue
      }
      var probe = self
      var isEnvelope = false
      try probe.members { (scanner, key) throws(JSONFault) in
        if key == "objects", try scanner.peek() == UInt8(ascii: "[") { isEnvelope = true }
        try scanner.skip()
      }
      let isEmpty = bytes[position..<probe.position].count { $0 > 0x20 } == 2
      if isEnvelope {
        try members { (scanner, key) throws(JSONFault) in
          if key == "objects", try scanner.peek() == UInt8(ascii: "[") {
            try scanner.elements(walk)
          } else {
            try scanner.skip()
          }
        }
      } else if isEmpty {
        // An envelope without objects is `{}`.
        self = probe
      } else {
        try walk(&self)
      }
    }
  }
}
