/// A value of JSON (RFC 8259) as a device answered it.
///
/// Read strictly and within bounds: what nests deeper than `deepest`, repeats a key, or goes on after its
/// end is no value.
enum JSONValue: Sendable, Equatable {
  case null
  case flag(Bool)
  /// As it stands in the text.
  case number(String)
  case text(String)
  case list([JSONValue])
  case object([String: JSONValue])

  static let deepest = 32

  /// `nil` when the bytes are not one value.
  init?(_ bytes: [UInt8]) {
    var parser = JSONParser(bytes[...])
    guard let value = parser.value(depth: 0), parser.isAtEnd else { return nil }
    self = value
  }

  /// A text, number or truth value as text.
  var scalar: String? {
    switch self {
    case .text(let text), .number(let text): text
    case .flag(let value): value ? "true" : "false"
    case .null, .list, .object: nil
    }
  }

  /// The value at a path; `nil` when something on the way is absent.
  func value(at path: FieldPath) -> JSONValue? {
    var found = self
    for key in path.keys {
      guard case .object(let entries) = found, let next = entries[key] else { return nil }
      found = next
    }
    return found
  }
}

/// A place in an answer: keys of objects, outermost first, written with dots between them.
struct FieldPath: Sendable, Equatable {
  let keys: [String]

  /// An empty text means the answer itself. `nil` when a key is empty.
  init?(_ text: String) {
    keys = text.isEmpty ? [] : text.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    guard keys.allSatisfy({ !$0.isEmpty }) else { return nil }
  }
}

private struct JSONParser {
  private var rest: ArraySlice<UInt8>

  init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

  var isAtEnd: Bool {
    mutating get {
      skipSpace()
      return rest.isEmpty
    }
  }

  private mutating func skipSpace() {
    while let byte = rest.first, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
      rest.removeFirst()
    }
  }

  private mutating func take(_ byte: UInt8) -> Bool {
    skipSpace()
    guard rest.first == byte else { return false }
    rest.removeFirst()
    return true
  }

  private mutating func take(_ word: StaticString, _ value: JSONValue) -> JSONValue? {
    guard rest.starts(with: "\(word)".utf8) else { return nil }
    rest = rest.dropFirst(word.utf8CodeUnitCount)
    return value
  }

  mutating func value(depth: Int) -> JSONValue? {
    guard depth < JSONValue.deepest else { return nil }
    skipSpace()
    switch rest.first {
    case UInt8(ascii: "{"): return object(depth: depth)
    case UInt8(ascii: "["): return list(depth: depth)
    case UInt8(ascii: "\""): return text().map(JSONValue.text)
    case UInt8(ascii: "t"): return take("true", .flag(true))
    case UInt8(ascii: "f"): return take("false", .flag(false))
    case UInt8(ascii: "n"): return take("null", .null)
    default: return number()
    }
  }

  private mutating func list(depth: Int) -> JSONValue? {
    rest.removeFirst()
    var items: [JSONValue] = []
    if take(UInt8(ascii: "]")) { return .list(items) }
    repeat {
      guard let item = value(depth: depth + 1) else { return nil }
      items.append(item)
    } while take(UInt8(ascii: ","))
    return take(UInt8(ascii: "]")) ? .list(items) : nil
  }

  private mutating func object(depth: Int) -> JSONValue? {
    rest.removeFirst()
    var entries: [String: JSONValue] = [:]
    if take(UInt8(ascii: "}")) { return .object(entries) }
    repeat {
      skipSpace()
      guard rest.first == UInt8(ascii: "\""), let key = text(), take(UInt8(ascii: ":")),
        let item = value(depth: depth + 1), entries.updateValue(item, forKey: key) == nil
      else { return nil }
    } while take(UInt8(ascii: ","))
    return take(UInt8(ascii: "}")) ? .object(entries) : nil
  }

  private mutating func number() -> JSONValue? {
    let digits = rest.prefix {
      (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || "+-.eE".utf8.contains($0)
    }
    let text = String(decoding: digits, as: UTF8.self)
    guard let first = digits.first, first != UInt8(ascii: "+"), Double(text) != nil else { return nil }
    rest = rest[digits.endIndex...]
    return .number(text)
  }

  private mutating func text() -> String? {
    rest.removeFirst()
    var bytes: [UInt8] = []
    while let byte = rest.popFirst() {
      switch byte {
      case UInt8(ascii: "\""): return String(validating: bytes, as: UTF8.self)
      case UInt8(ascii: "\\"):
        guard let escaped = escape() else { return nil }
        bytes += escaped
      case 0..<0x20: return nil
      default: bytes.append(byte)
      }
    }
    return nil
  }

  private mutating func escape() -> [UInt8]? {
    switch rest.popFirst() {
    case UInt8(ascii: "\""): return [0x22]
    case UInt8(ascii: "\\"): return [0x5C]
    case UInt8(ascii: "/"): return [0x2F]
    case UInt8(ascii: "b"): return [0x08]
    case UInt8(ascii: "f"): return [0x0C]
    case UInt8(ascii: "n"): return [0x0A]
    case UInt8(ascii: "r"): return [0x0D]
    case UInt8(ascii: "t"): return [0x09]
    case UInt8(ascii: "u"):
      guard var code = unit() else { return nil }
      if (0xD800..<0xDC00).contains(code) {
        guard rest.popFirst() == UInt8(ascii: "\\"), rest.popFirst() == UInt8(ascii: "u"), let low = unit(),
          (0xDC00..<0xE000).contains(low)
        else { return nil }
        code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
      }
      return Unicode.Scalar(code).map { Array(String($0).utf8) }
    default: return nil
    }
  }

  private mutating func unit() -> UInt32? {
    let digits = rest.prefix(4)
    guard digits.count == 4 else { return nil }
    rest = rest.dropFirst(4)
    return UInt32(String(decoding: digits, as: UTF8.self), radix: 16)
  }
}
