/// A domain name in its A-label form: lower case ASCII, no final dot (RFC 1035, RFC 5890).
///
/// Letters, digits, hyphen and underscore; labels of 1 to 63 bytes, 253 in all. The underscore is
/// no host name by RFC 1123, but names that are looked up and listed have it.
public struct DomainName: Hashable, Sendable {
  /// The text, lower case, without the final dot.
  public let text: String

  /// Parses A-labels, or Unicode labels, which are lower-cased and encoded by Punycode (RFC 3492).
  ///
  /// A final dot is dropped. `nil` for empty or overlong labels and for any other character.
  /// There is no Unicode normalisation: a name in an unusual composed form stays another name.
  public init?(_ text: String) {
    // No name is this long in any spelling, and encoding takes time by the square of the length.
    guard text.utf8.count <= 1024 else { return nil }
    let trimmed = text.utf8.last == UInt8(ascii: ".") ? String(text.dropLast()) : text
    guard trimmed.utf8.allSatisfy({ $0 < 0x80 }) else {
      self.init(unicodeLabels: trimmed)
      return
    }
    let lowered = trimmed.lowercased()
    guard Self.isValid(lowered.utf8Span.span) else { return nil }
    self.init(unchecked: lowered)
  }

  private init?(unicodeLabels text: String) {
    var labels: [String] = []
    // U+3002 and its kin are label separators too (RFC 3490 section 3.1): Japanese keyboards make them.
    let separators: Set<Character> = [".", "\u{3002}", "\u{FF0E}", "\u{FF61}"]
    for label in text.lowercased().split(
      omittingEmptySubsequences: false, whereSeparator: separators.contains)
    {
      if label.utf8.allSatisfy({ $0 < 0x80 }) {
        labels.append(String(label))
      } else {
        guard let encoded = Punycode.encode(label.unicodeScalars) else { return nil }
        labels.append("xn--" + encoded)
      }
    }
    let joined = labels.joined(separator: ".")
    guard Self.isValid(joined.utf8Span.span) else { return nil }
    self.init(unchecked: joined)
  }

  /// Whether the bytes are lower-case A-labels joined by single dots, within the length limits.
  public static func isValid(_ bytes: Span<UInt8>) -> Bool {
    guard bytes.count >= 1, bytes.count <= 253 else { return false }
    var labelLength = 0
    for index in bytes.indices {
      switch bytes[index] {
      case UInt8(ascii: "."):
        guard labelLength > 0 else { return false }
        labelLength = 0
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
        UInt8(ascii: "-"), UInt8(ascii: "_"):
        labelLength += 1
        guard labelLength <= 63 else { return false }
      default:
        return false
      }
    }
    return labelLength > 0
  }

  /// The name without its first label; `nil` for a single label.
  public var parent: DomainName? {
    guard let dot = text.utf8.firstIndex(of: UInt8(ascii: ".")) else { return nil }
    return DomainName(unchecked: String(text[text.index(after: dot)...]))
  }

  /// The labels, first to last.
  public var labels: [Substring] { text.split(separator: ".") }

  /// Whether `other` is this name or lies under it.
  public func contains(_ other: DomainName) -> Bool {
    other.text == text || other.text.hasSuffix("." + text)
  }

  private init(unchecked text: String) { self.text = text }
}

extension DomainName: Comparable, LosslessStringConvertible {
  public static func < (a: DomainName, b: DomainName) -> Bool { a.text < b.text }
  public var description: String { text }
}

extension DomainName: Codable {
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    guard let name = DomainName(text) else {
      throw DecodingError.dataCorruptedError(
        in: container, debugDescription: "“\(text)” is not a domain name")
    }
    self = name
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(text)
  }
}
