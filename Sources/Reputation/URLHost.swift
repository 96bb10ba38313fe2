import NetworkTypes

/// The host of an absolute URL (RFC 3986 section 3.2), as far as it can be an indicator.
public struct URLHost: Hashable, Sendable {
  /// The host; of an address that the URL gives a port, `address:port`.
  public let text: String
  /// Whether the URL means all of the host: it has no path but `/`, no query, no fragment, and a name has
  /// no port.
  public let isWhole: Bool

  /// `nil` for anything that is not `scheme://host`.
  public init?(parsing url: Span<UInt8>) {
    guard url.count <= 8192, let start = Self.authorityStart(in: url) else { return nil }
    var end = start
    while end < url.count, ![UInt8(ascii: "/"), UInt8(ascii: "?"), UInt8(ascii: "#")].contains(url[end]) {
      end += 1
    }
    var first = start
    for index in start..<end where url[index] == UInt8(ascii: "@") { first = index + 1 }
    var colon = end
    var index = first < end && url[first] == UInt8(ascii: "[") ? end : first
    while index < end {
      if url[index] == UInt8(ascii: ":") { colon = index }
      index += 1
    }
    if colon == end, first < end, url[first] == UInt8(ascii: "[") {
      // [2001:db8::1] or [2001:db8::1]:443
      guard let bracket = (first..<end).first(where: { url[$0] == UInt8(ascii: "]") }) else { return nil }
      guard bracket + 1 == end || url[bracket + 1] == UInt8(ascii: ":") else { return nil }
      colon = bracket + 1
    }
    let isBracketed = first < end && url[first] == UInt8(ascii: "[")
    let hostRange = isBracketed ? (first + 1)..<(colon - 1) : first..<colon
    guard !hostRange.isEmpty else { return nil }
    let host = url.extracting(hostRange)
    let portDigits = colon < end ? url.extracting((colon + 1)..<end) : url.extracting(0..<0)
    guard portDigits.indices.allSatisfy({ portDigits[$0] &- UInt8(ascii: "0") < 10 }), portDigits.count <= 5
    else { return nil }
    let hasPage = end < url.count && !(end + 1 == url.count && url[end] == UInt8(ascii: "/"))

    let name = Self.string(host)
    if let address = IPAddress(parsing: host) {
      let port = UInt16(Self.string(portDigits)).flatMap { $0 == 0 ? nil : $0 }
      text = port.map { Endpoint(address: address, port: $0).description } ?? address.description
      isWhole = !hasPage
    } else {
      guard !isBracketed else { return nil }
      text = name
      isWhole = !hasPage && portDigits.isEmpty
    }
  }

  /// The place after `scheme://`.
  private static func authorityStart(in url: Span<UInt8>) -> Int? {
    var index = 0
    while index < url.count, isOfScheme(url[index]) { index += 1 }
    guard index > 0, index <= 32, index + 3 <= url.count, url[index] == UInt8(ascii: ":"),
      url[index + 1] == UInt8(ascii: "/"), url[index + 2] == UInt8(ascii: "/")
    else { return nil }
    return index + 3
  }

  private static func isOfScheme(_ byte: UInt8) -> Bool {
    (byte | 0x20) &- UInt8(ascii: "a") < 26 || byte &- UInt8(ascii: "0") < 10 || byte == UInt8(ascii: "+")
      || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
  }

  private static func string(_ bytes: Span<UInt8>) -> String {
    var result: [UInt8] = []
    for index in bytes.indices { result.append(bytes[index]) }
    return String(decoding: result, as: UTF8.self)
  }
}
