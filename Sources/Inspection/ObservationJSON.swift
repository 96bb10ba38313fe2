import NetworkTypes

extension Observation {
  /// The observation as one line of `inspect --json`, without the line end.
  public var json: String {
    var line: [UInt8] = []
    appendJSON(to: &line)
    return String(decoding: line, as: UTF8.self)
  }

  /// Appends the observation as one JSON object (RFC 8259), without a line end. The order of the keys
  /// is fixed; what the packet does not have has no key.
  public func appendJSON(to line: inout [UInt8]) {
    var object = JSONLine(line)
    object.begin()
    object.add("time", time.description)
    object.add("kind", kind.rawValue)
    object.add("transport", transport.name)
    object.add("source", source)
    object.add("destination", destination)
    if nameService != .dns { object.add("protocol", nameService.rawValue) }
    if let name { object.add("name", name) }
    if let ja4 { object.add("ja4", ja4) }
    let alpn = alpn
    if !alpn.isEmpty { object.add("alpn", alpn) }
    let versions = tlsVersions
    if !versions.isEmpty { object.add("versions", versions.map(TLSVersionName.name)) }
    if hasEncryptedClientHello { object.add("ech", true) }
    if let certificateSHA256 { object.add("certificateSHA256", certificateSHA256) }
    if let certificateSHA1 { object.add("certificateSHA1", certificateSHA1) }
    if kind == .tlsCertificate { object.add("names", certificateNames) }
    if certificateNamesOmitted > 0 { object.add("namesOmitted", certificateNamesOmitted) }
    if let recordType { object.add("recordType", recordType.description) }
    if kind == .dnsAnswer {
      if responseCode != 0 { object.add("responseCode", DNS.name(ofResponseCode: responseCode)) }
      object.add("addresses", addresses.map(\.description))
      object.add("aliases", aliases)
    } else if addressCount > 0 {
      object.add("addresses", addresses.map(\.description))
    }
    if addressesOmitted > 0 { object.add("addressesOmitted", addressesOmitted) }
    if aliasesOmitted > 0 { object.add("aliasesOmitted", aliasesOmitted) }
    if let method { object.add("method", method) }
    if let path { object.add("path", path) }
    if pathIsCut { object.add("pathIsCut", true) }
    if let userAgent { object.add("userAgent", userAgent) }
    object.end()
    line = object.bytes
  }
}

/// Writes one flat JSON object. Keys are ours and need no escaping.
private struct JSONLine {
  private(set) var bytes: [UInt8]
  private var isFirst = true

  init(_ bytes: consuming [UInt8]) { self.bytes = bytes }

  mutating func begin() { bytes.append(UInt8(ascii: "{")) }
  mutating func end() { bytes.append(UInt8(ascii: "}")) }

  mutating func add(_ key: StaticString, _ value: String) {
    add(key)
    append(value)
  }

  mutating func add(_ key: StaticString, _ value: Int) {
    add(key)
    bytes += String(value).utf8
  }

  mutating func add(_ key: StaticString, _ value: Bool) {
    add(key)
    bytes += String(value).utf8
  }

  mutating func add(_ key: StaticString, _ values: [String]) {
    add(key)
    bytes.append(UInt8(ascii: "["))
    for (index, value) in values.enumerated() {
      if index > 0 { bytes.append(UInt8(ascii: ",")) }
      append(value)
    }
    bytes.append(UInt8(ascii: "]"))
  }

  mutating func add(_ key: StaticString, _ value: Endpoint) {
    add(key)
    bytes += "{\"address\":\"\(value.address)\",\"port\":\(value.port)}".utf8
  }

  private mutating func add(_ key: StaticString) {
    if !isFirst { bytes.append(UInt8(ascii: ",")) }
    isFirst = false
    bytes += "\"\(key)\":".utf8
  }

  /// A string with everything escaped that could end it, break the line or steer a terminal: control
  /// characters of both sets, and the line and paragraph separators.
  private mutating func append(_ text: String) {
    bytes.append(UInt8(ascii: "\""))
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": bytes += "\\\"".utf8
      case "\\": bytes += "\\\\".utf8
      case "\u{0}"..."\u{1F}", "\u{7F}"..."\u{9F}", "\u{2028}", "\u{2029}":
        let digits = String(scalar.value, radix: 16)
        bytes += "\\u".utf8
        bytes += String(repeating: "0", count: 4 - digits.utf8.count).utf8
        bytes += digits.utf8
      default: bytes += UTF8.encode(scalar)!
      }
    }
    bytes.append(UInt8(ascii: "\""))
  }
}
