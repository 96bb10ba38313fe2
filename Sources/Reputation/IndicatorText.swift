import NetworkTypes

/// How an indicator's text is taken apart where its kind is not plain.
enum IndicatorText {
  /// An address and a port above 0: `192.0.2.1:443`, `[2001:db8::1]:443` (RFC 5952 section 6).
  static func endpoint(_ bytes: Span<UInt8>) -> (IPAddress, port: UInt16)? {
    guard bytes.count >= 4, let colon = portColon(bytes) else { return nil }
    var port = 0
    for index in (colon + 1)..<bytes.count { port = port * 10 + Int(bytes[index] - UInt8(ascii: "0")) }
    guard port > 0, let port = UInt16(exactly: port), bytes[colon + 1] != UInt8(ascii: "0") else {
      return nil
    }
    if bytes[0] == UInt8(ascii: "[") {
      guard colon >= 2, bytes[colon - 1] == UInt8(ascii: "]"),
        let address = IPAddress(parsing: bytes.extracting(1..<(colon - 1)))
      else { return nil }
      return (address, port)
    }
    guard let address = IPAddress(parsing: bytes.extracting(0..<colon)), address.isIPv4 else { return nil }
    return (address, port)
  }

  /// The colon before one to five digits at the end.
  private static func portColon(_ bytes: Span<UInt8>) -> Int? {
    var index = bytes.count - 1
    while index > 0, bytes[index] &- UInt8(ascii: "0") < 10 { index -= 1 }
    let digits = bytes.count - 1 - index
    return bytes[index] == UInt8(ascii: ":") && digits >= 1 && digits <= 5 ? index : nil
  }

  /// The likeliest reason for a text that is neither an address nor a name.
  static func fault(of bytes: Span<UInt8>) -> IndicatorProblem.Code {
    var colons = 0
    var slash = false
    for index in bytes.indices {
      if bytes[index] == UInt8(ascii: ":") { colons += 1 }
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
    guard colons == 1, bytes[0] != UInt8(ascii: "["), let colon = portColon(bytes),
      IPAddress(parsing: bytes.extracting(0..<colon)) == nil
    else { return .notAnIndicator }
    return .nameWithPort
  }
}
