/// How a secret is written into the text around it, so that no character of it can end that text.
enum SecretEncoding: Sendable {
  case verbatim
  /// RFC 8259, section 7.
  case json
  /// XML 1.0, section 2.4.
  case xml
  /// Percent-encoding of all but RFC 3986's unreserved characters.
  case form

  func encoded(_ secret: Secret) -> [UInt8] {
    secret.reveal { bytes in
      var result: [UInt8] = []
      result.reserveCapacity(bytes.count)
      for index in bytes.indices { append(bytes[index], to: &result) }
      return result
    }
  }

  private func append(_ byte: UInt8, to result: inout [UInt8]) {
    switch (self, byte) {
    case (.verbatim, _): result.append(byte)
    case (.json, UInt8(ascii: "\"")), (.json, UInt8(ascii: "\\")): result += [UInt8(ascii: "\\"), byte]
    case (.json, ..<0x20): result += Array("\\u00".utf8) + Self.hexadecimal(byte)
    case (.json, _): result.append(byte)
    case (.xml, UInt8(ascii: "&")): result += Array("&amp;".utf8)
    case (.xml, UInt8(ascii: "<")): result += Array("&lt;".utf8)
    case (.xml, UInt8(ascii: ">")): result += Array("&gt;".utf8)
    case (.xml, UInt8(ascii: "\"")): result += Array("&quot;".utf8)
    case (.xml, UInt8(ascii: "'")): result += Array("&apos;".utf8)
    case (.xml, _): result.append(byte)
    case (.form, _):
      if PercentEncoding.isUnreserved(byte) {
        result.append(byte)
      } else {
        result += [UInt8(ascii: "%")] + Self.hexadecimal(byte)
      }
    }
  }

  private static func hexadecimal(_ byte: UInt8) -> [UInt8] {
    let digits = Array("0123456789ABCDEF".utf8)
    return [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
  }
}

/// Percent-encoding (RFC 3986, section 2.1).
enum PercentEncoding {
  static func isUnreserved(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
      UInt8(ascii: "~"):
      true
    default: false
    }
  }

  /// All but unreserved characters encoded, and those of `also`.
  static func encoded(_ text: String, keeping also: String = "") -> String {
    let kept = Array(also.utf8)
    var result: [UInt8] = []
    for byte in text.utf8 {
      if isUnreserved(byte) || kept.contains(byte) {
        result.append(byte)
      } else {
        let digits = Array("0123456789ABCDEF".utf8)
        result += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: result, as: UTF8.self)
  }
}

/// Base64 (RFC 4648, section 4).
enum Base64 {
  static func encoded(_ bytes: [UInt8]) -> [UInt8] {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    var result: [UInt8] = []
    result.reserveCapacity((bytes.count + 2) / 3 * 4)
    var index = 0
    while index < bytes.count {
      let rest = bytes.count - index
      let group =
        UInt32(bytes[index]) << 16 | (rest > 1 ? UInt32(bytes[index + 1]) << 8 : 0)
        | (rest > 2 ? UInt32(bytes[index + 2]) : 0)
      result.append(alphabet[Int(group >> 18)])
      result.append(alphabet[Int(group >> 12 & 63)])
      result.append(rest > 1 ? alphabet[Int(group >> 6 & 63)] : UInt8(ascii: "="))
      result.append(rest > 2 ? alphabet[Int(group & 63)] : UInt8(ascii: "="))
      index += 3
    }
    return result
  }
}
