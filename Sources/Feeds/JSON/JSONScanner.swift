/// Reads JSON from front to back, so that a long array is never in memory as a whole.
///
/// A fault ends the reading; where it stood is in the fault. Depth, and the number of values that are
/// taken into memory at once, are bounded.
struct JSONScanner {
  let bytes: [UInt8]
  private(set) var position: Int
  /// The line of `position`, counted from 1.
  private(set) var line = 1
  private var values = 0

  static let maximumDepth = 32
  /// Values in one that is taken into memory.
  static let maximumValues = 200_000

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
    position = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
  }

  /// Skips blanks; says whether nothing follows.
  mutating func isAtEnd() -> Bool {
    skipBlanks()
    return position >= bytes.count
  }

  /// The first byte of the next value.
  mutating func peek() throws(JSONFault) -> UInt8 {
    skipBlanks()
    guard position < bytes.count else { throw fault(.endsEarly) }
    return bytes[position]
  }

  /// Calls `body` before each member's value, which it must read or skip.
  mutating func members(
    _ body: (inout JSONScanner, String) throws(JSONFault) -> Void
  ) throws(JSONFault) {
    try expect(UInt8(ascii: "{"))
    if try peek() == UInt8(ascii: "}") {
      position += 1
      return
    }
    while true {
      guard try peek() == UInt8(ascii: "\"") else { throw fault(.syntax) }
      let key = try string()
      try expect(UInt8(ascii: ":"))
      try body(&self, key)
      guard try isFollowedByComma(closing: UInt8(ascii: "}")) else { return }
    }
  }

  /// Calls `body` before each element, which it must read or skip.
  mutating func elements(_ body: (inout JSONScanner) throws(JSONFault) -> Void) throws(JSONFault) {
    try expect(UInt8(ascii: "["))
    if try peek() == UInt8(ascii: "]") {
      position += 1
      return
    }
    while true {
      try body(&self)
      guard try isFollowedByComma(closing: UInt8(ascii: "]")) else { return }
    }
  }

  /// The next value, taken into memory.
  mutating func value() throws(JSONFault) -> JSONValue {
    values = 0
    return try value(depth: 0)
  }

  /// Passes over the next value, which is checked all the same; where it stands in `bytes`.
  @discardableResult
  mutating func skip() throws(JSONFault) -> Range<Int> {
    _ = try peek()
    let start = position
    try skip(depth: 0)
    return start..<position
  }

  // MARK: Values

  private mutating func value(depth: Int) throws(JSONFault) -> JSONValue {
    values += 1
    guard depth < Self.maximumDepth else { throw fault(.tooDeep) }
    guard values <= Self.maximumValues else { throw fault(.tooLarge) }
    switch try peek() {
    case UInt8(ascii: "{"):
      var object: [String: JSONValue] = [:]
      try members { (scanner, key) throws(JSONFault) in
        object[key] = try scanner.value(depth: depth + 1)
      }
      return .object(object)
    case UInt8(ascii: "["):
      var array: [JSONValue] = []
      try elements { (scanner) throws(JSONFault) in array.append(try scanner.value(depth: depth + 1)) }
      return .array(array)
    case UInt8(ascii: "\""):
      return .string(try string())
    default:
      return try scalar()
    }
  }

  private mutating func skip(depth: Int) throws(JSONFault) {
    guard depth < Self.maximumDepth else { throw fault(.tooDeep) }
    switch try peek() {
    case UInt8(ascii: "{"):
      try members { (scanner, _) throws(JSONFault) in try scanner.skip(depth: depth + 1) }
    case UInt8(ascii: "["):
      try elements { (scanner) throws(JSONFault) in try scanner.skip(depth: depth + 1) }
    case UInt8(ascii: "\""):
      _ = try string()
    default:
      _ = try scalar()
    }
  }

  private mutating func scalar() throws(JSONFault) -> JSONValue {
    let start = position
    while position < bytes.count, Self.isOfScalar(bytes[position]) { position += 1 }
    guard position > start else { throw fault(.syntax) }
    guard position - start <= 64 else { throw fault(.tooLarge) }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    switch text {
    case "true": return .bool(true)
    case "false": return .bool(false)
    case "null": return .null
    default:
      guard let first = text.utf8.first, first == UInt8(ascii: "-") || first &- UInt8(ascii: "0") < 10,
        Double(text)?.isFinite == true
      else {
        // A word cut off in the middle is a document cut off in the middle.
        throw fault(position == bytes.count ? .endsEarly : .syntax)
      }
      return .number(text)
    }
  }

  private static func isOfScalar(_ byte: UInt8) -> Bool {
    byte &- UInt8(ascii: "0") < 10 || (byte | 0x20) &- UInt8(ascii: "a") < 26 || byte == UInt8(ascii: "-")
      || byte == UInt8(ascii: "+") || byte == UInt8(ascii: ".")
  }

  private mutating func string() throws(JSONFault) -> String {
    position += 1
    let start = position
    while position < bytes.count {
      switch bytes[position] {
      case UInt8(ascii: "\""):
        guard let text = String(validating: bytes[start..<position], as: UTF8.self) else {
          throw fault(.invalidText)
        }
        position += 1
        return text
      case UInt8(ascii: "\\"):
        return try escapedString(from: start)
      case 0..<0x20:
        throw fault(.syntax)
      default:
        position += 1
      }
    }
    throw fault(.endsEarly)
  }

  private mutating func escapedString(from start: Int) throws(JSONFault) -> String {
    var text = Array(bytes[start..<position])
    while position < bytes.count {
      let byte = bytes[position]
      position += 1
      switch byte {
      case UInt8(ascii: "\""):
        guard let text = String(validating: text, as: UTF8.self) else { throw fault(.invalidText) }
        return text
      case UInt8(ascii: "\\"):
        guard position < bytes.count else { throw fault(.endsEarly) }
        let escape = bytes[position]
        position += 1
        switch escape {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(escape)
        case UInt8(ascii: "b"): text.append(8)
        case UInt8(ascii: "f"): text.append(12)
        case UInt8(ascii: "n"): text.append(10)
        case UInt8(ascii: "r"): text.append(13)
        case UInt8(ascii: "t"): text.append(9)
        case UInt8(ascii: "u"): text += String(try escapedScalar()).utf8
        default: throw fault(.syntax)
        }
      case 0..<0x20:
        throw fault(.syntax)
      default:
        text.append(byte)
      }
    }
    throw fault(.endsEarly)
  }

  /// The character after `\u`, and after a second `\u` where the first is half of one. A lone half is
  /// U+FFFD.
  private mutating func escapedScalar() throws(JSONFault) -> Character {
    let first = try fourDigits()
    guard (0xD800..<0xDC00).contains(first) else {
      return Character(Unicode.Scalar(first) ?? "\u{FFFD}")
    }
    guard position + 1 < bytes.count, bytes[position] == UInt8(ascii: "\\"),
      bytes[position + 1] == UInt8(ascii: "u")
    else { return "\u{FFFD}" }
    let before = position
    position += 2
    let second = try fourDigits()
    guard (0xDC00..<0xE000).contains(second) else {
      position = before
      return "\u{FFFD}"
    }
    let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
    return Character(scalar ?? "\u{FFFD}")
  }

  private mutating func fourDigits() throws(JSONFault) -> UInt32 {
    guard position + 4 <= bytes.count else { throw fault(.endsEarly) }
    var value: UInt32 = 0
    for byte in bytes[position..<position + 4] {
      guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue else { throw fault(.syntax) }
      value = value << 4 | UInt32(digit)
    }
    position += 4
    return value
  }

  // MARK: Marks

  private mutating func isFollowedByComma(closing: UInt8) throws(JSONFault) -> Bool {
    let byte = try peek()
    guard byte == closing || byte == UInt8(ascii: ",") else { throw fault(.syntax) }
    position += 1
    return byte != closing
  }

  private mutating func expect(_ byte: UInt8) throws(JSONFault) {
    guard try peek() == byte else { throw fault(.syntax) }
    position += 1
  }

  private mutating func skipBlanks() {
    while position < bytes.count {
      switch bytes[position] {
      case UInt8(ascii: "\n"): line += 1
      case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"): break
      default: return
      }
      position += 1
    }
  }

  private func fault(_ reason: JSONFault.Reason) -> JSONFault { JSONFault(reason: reason, line: line) }
}
