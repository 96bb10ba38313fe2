/// The SHA-1 or SHA-256 of a certificate's DER encoding: what blocklists call its fingerprint.
public struct CertificateHash: Hashable, Sendable {
  public enum Algorithm: String, Hashable, Sendable, Codable, CaseIterable {
    case sha1
    case sha256

    /// Bytes of a hash.
    public var byteCount: Int { self == .sha1 ? 20 : 32 }
  }

  public let algorithm: Algorithm
  /// Big-endian, the first byte uppermost; zero after the hash's end.
  private let words: InlineWords

  private struct InlineWords: Hashable, Sendable {
    var first: UInt64 = 0
    var second: UInt64 = 0
    var third: UInt64 = 0
    var fourth: UInt64 = 0
  }

  /// A hash from its 20 or 32 bytes, which tell the algorithm; `nil` for any other count.
  public init?(bytes: Span<UInt8>) {
    guard let algorithm = Algorithm.allCases.first(where: { $0.byteCount == bytes.count }) else {
      return nil
    }
    func word(_ number: Int) -> UInt64 {
      var value: UInt64 = 0
      for index in (number * 8)..<(number * 8 + 8) {
        value = value << 8 | (index < bytes.count ? UInt64(bytes[index]) : 0)
      }
      return value
    }
    self.algorithm = algorithm
    words = InlineWords(first: word(0), second: word(1), third: word(2), fourth: word(3))
  }

  /// Parses 40 or 64 hexadecimal digits of either case, with or without a colon between all bytes.
  public init?(parsing text: Span<UInt8>) {
    guard text.count == 40 || text.count == 64 || text.count == 59 || text.count == 95 else { return nil }
    let stride = text.count == 59 || text.count == 95 ? 3 : 2
    var bytes: [UInt8] = []
    for start in Swift.stride(from: 0, to: text.count, by: stride) {
      guard let high = Self.digit(text[start]), let low = Self.digit(text[start + 1]) else { return nil }
      if stride == 3, start + 2 < text.count, text[start + 2] != UInt8(ascii: ":") { return nil }
      bytes.append(high << 4 | low)
    }
    self.init(bytes: bytes.span)
  }

  /// The bytes of the hash: 20 for SHA-1, 32 for SHA-256.
  public var bytes: [UInt8] {
    [words.first, words.second, words.third, words.fourth].flatMap { word in
      (0..<8).map { UInt8(truncatingIfNeeded: word >> (56 - 8 * UInt64($0))) }
    }.dropLast(32 - algorithm.byteCount)
  }

  private static func digit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}

extension CertificateHash: LosslessStringConvertible {
  public init?(_ text: String) { self.init(parsing: text.utf8Span.span) }

  /// Lower-case hexadecimal digits without colons.
  public var description: String {
    let digits = Array("0123456789abcdef".utf8)
    return String(
      decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }
}
