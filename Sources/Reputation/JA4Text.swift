/// The form of a JA4 TLS client fingerprint (FoxIO, "JA4: TLS Client Fingerprinting"), such as
/// `t13d1516h2_8daaf6152771_02713d6af862`.
enum JA4Text {
  static let byteCount = 36

  /// Whether the bytes are a fingerprint as it is computed, its digits in lower case.
  static func isValid(_ bytes: Span<UInt8>) -> Bool {
    guard bytes.count == byteCount else { return false }
    for index in bytes.indices where !isAllowed(bytes[index], at: index) { return false }
    return true
  }

  /// The fingerprint with its hashes in lower case, as some lists have them in upper case; `nil` for
  /// any other text.
  static func normalised(_ bytes: Span<UInt8>) -> [UInt8]? {
    guard bytes.count == byteCount, bytes[10] == separator, bytes[23] == separator else { return nil }
    let text = bytes.indices.map { index in
      index > 10 && bytes[index] &- UInt8(ascii: "A") < 26 ? bytes[index] | 0x20 : bytes[index]
    }
    return isValid(text.span) ? text : nil
  }

  private static let separator = UInt8(ascii: "_")

  private static func isAllowed(_ byte: UInt8, at index: Int) -> Bool {
    let isDigit = byte &- UInt8(ascii: "0") < 10
    switch index {
    case 0: return byte == UInt8(ascii: "t") || byte == UInt8(ascii: "q") || byte == UInt8(ascii: "d")
    case 1, 2: return isDigit || byte == UInt8(ascii: "s") || byte == UInt8(ascii: "d")
    case 3: return byte == UInt8(ascii: "d") || byte == UInt8(ascii: "i")
    case 4...7: return isDigit
    // The ends of an application protocol's name, which knows upper case.
    case 8, 9: return isDigit || (byte | 0x20) &- UInt8(ascii: "a") < 26
    case 10, 23: return byte == separator
    default: return isDigit || byte &- UInt8(ascii: "a") < 6
    }
  }
}
