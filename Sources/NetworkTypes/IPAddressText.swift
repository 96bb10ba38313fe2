extension IPAddress: LosslessStringConvertible {
  /// Parses dotted decimal IPv4 or any IPv6 form of RFC 4291 section 2.2.
  ///
  /// Refused: octets with leading zeros (some systems read them as octal), missing octets, zone
  /// identifiers, and anything around the address.
  public init?(_ text: String) {
    self.init(parsing: text.utf8Span.span)
  }

  /// As `init(_:)`, over ASCII bytes: what feeds and packets hold, without making a `String`.
  public init?(parsing bytes: Span<UInt8>) {
    guard bytes.count >= 2, bytes.count <= 45 else { return nil }
    for index in bytes.indices where bytes[index] == UInt8(ascii: ":") {
      self.init(ipv6Text: bytes)
      return
    }
    guard let value = Self.dottedDecimal(bytes, from: 0) else { return nil }
    self.init(ipv4: value)
  }

  /// The address in the form of RFC 5952: lower case, the longest run of zero groups shortened
  /// (the first of equals, never a single group). IPv4, mapped or not, is dotted decimal.
  public var description: String {
    if let ipv4 {
      return
        "\(ipv4 >> 24).\(ipv4 >> 16 & 0xFF).\(ipv4 >> 8 & 0xFF).\(ipv4 & 0xFF)"
    }
    let groups = (0..<8).map { group($0) }
    var best = 0..<0
    var start = 0
    while start < 8 {
      var end = start
      while end < 8, groups[end] == 0 { end += 1 }
      if end - start > best.count { best = start..<end }
      start = max(end, start + 1)
    }
    func joined(_ range: Range<Int>) -> String {
      range.map { String(groups[$0], radix: 16) }.joined(separator: ":")
    }
    guard best.count >= 2 else { return joined(0..<8) }
    return joined(0..<best.lowerBound) + "::" + joined(best.upperBound..<8)
  }

  private func group(_ index: Int) -> UInt16 {
    let half = index < 4 ? high : low
    return UInt16(truncatingIfNeeded: half >> (48 - 16 * UInt64(index % 4)))
  }

  /// Four decimal octets that fill `bytes` from `start` to its end.
  private static func dottedDecimal(_ bytes: Span<UInt8>, from start: Int) -> UInt32? {
    var value: UInt32 = 0
    var octet: UInt32 = 0
    var digits = 0
    var octets = 0
    var index = start
    while index <= bytes.count {
      if index == bytes.count || bytes[index] == UInt8(ascii: ".") {
        guard digits > 0, octet <= 255, octets < 4 else { return nil }
        value = value << 8 | octet
        octets += 1
        octet = 0
        digits = 0
      } else {
        let digit = bytes[index] &- UInt8(ascii: "0")
        guard digit <= 9, digits < 3, !(digits > 0 && octet == 0) else { return nil }
        octet = octet * 10 + UInt32(digit)
        digits += 1
      }
      index += 1
    }
    return octets == 4 ? value : nil
  }

  private init?(ipv6Text bytes: Span<UInt8>) {
    let colon = UInt8(ascii: ":")
    var words = InlineArray<8, UInt16>(repeating: 0)
    var count = 0
    var gap: Int?
    var index = 0
    if bytes[0] == colon {
      guard bytes[1] == colon else { return nil }
      gap = 0
      index = 2
    }
    while index < bytes.count {
      let start = index
      var word: UInt16 = 0
      while index < bytes.count, let digit = Self.hexDigit(bytes[index]) {
        guard index - start < 4 else { return nil }
        word = word << 4 | digit
        index += 1
      }
      if index < bytes.count, bytes[index] == UInt8(ascii: ".") {
        guard count <= 6, let tail = Self.dottedDecimal(bytes, from: start) else { return nil }
        words[count] = UInt16(truncatingIfNeeded: tail >> 16)
        words[count + 1] = UInt16(truncatingIfNeeded: tail)
        count += 2
        index = bytes.count
        break
      }
      guard index > start, count < 8 else { return nil }
      words[count] = word
      count += 1
      guard index < bytes.count else { break }
      guard bytes[index] == colon else { return nil }
      index += 1
      if index < bytes.count, bytes[index] == colon {
        guard gap == nil else { return nil }
        gap = count
        index += 1
      } else if index == bytes.count {
        return nil
      }
    }
    // "::" stands for at least one group (RFC 4291 section 2.2).
    guard gap == nil ? count == 8 : count <= 7 else { return nil }
    let shift = 8 - count
    var high: UInt64 = 0
    var low: UInt64 = 0
    for position in 0..<8 {
      var word: UInt16 = 0
      let gapStart = gap ?? 8
      if position < gapStart {
        word = words[position]
      } else if position >= gapStart + shift {
        word = words[position - shift]
      }
      if position < 4 { high = high << 16 | UInt64(word) } else { low = low << 16 | UInt64(word) }
    }
    self.init(high: high, low: low)
  }

  private static func hexDigit(_ byte: UInt8) -> UInt16? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt16(byte - UInt8(ascii: "0"))
    case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt16(byte - UInt8(ascii: "a") + 10)
    case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt16(byte - UInt8(ascii: "A") + 10)
    default: nil
    }
  }
}

extension IPAddress: Codable {
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    guard let address = IPAddress(text) else {
      throw DecodingError.dataCorruptedError(
        in: container, debugDescription: "“\(text)” is not an IPv4 or IPv6 address")
    }
    self = address
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
