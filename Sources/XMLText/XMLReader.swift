/// Why bytes are not XML that is read here.
public struct XMLError: Error, Sendable, Hashable {
  public enum Code: String, Sendable, Codable, CaseIterable {
    case notUTF8
    case ended
    case character
    case name
    case attribute
    case reference
    case mismatch
    /// A document type. It could define text that grows without bound, or names files to read.
    case documentType
    case tooDeep
    case tooManyNodes
    case rest
  }

  public var code: Code
  /// Where, in bytes from the beginning.
  public var offset: Int

  public init(code: Code, offset: Int) {
    self.code = code
    self.offset = offset
  }
}

/// Reads XML 1.0 as devices write it: UTF-8, no document type, no entities but the five of XML itself.
public struct XMLReader {
  /// Elements inside one another.
  public static let deepest = 64

  private let bytes: [UInt8]
  private var index = 0
  private var nodesLeft: Int

  private init(_ bytes: [UInt8], maximumNodes: Int) {
    self.bytes = bytes
    nodesLeft = maximumNodes
  }

  /// The root of a document.
  /// - Parameter maximumNodes: elements and attributes together.
  public static func root(_ bytes: [UInt8], maximumNodes: Int = 1 << 20) throws(XMLError) -> XMLNode {
    guard String(validating: bytes, as: UTF8.self) != nil else { throw XMLError(code: .notUTF8, offset: 0) }
    var reader = XMLReader(bytes, maximumNodes: maximumNodes)
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { reader.index = 3 }
    reader.skipSpace()
    if reader.take("<?xml") { try reader.skip(past: "?>") }
    try reader.skipMiscellany()
    let node = try reader.element(depth: 1)
    try reader.skipMiscellany()
    guard reader.index == bytes.count else { throw reader.failure(.rest) }
    return node
  }

  /// Whether XML 1.0 can hold a character (section 2.2).
  static func isCharacter(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x9, 0xA, 0xD, 0x20...0xD7FF, 0xE000...0xFFFD, 0x10000...0x10FFFF: true
    default: false
    }
  }

  private func failure(_ code: XMLError.Code) -> XMLError { XMLError(code: code, offset: index) }

  private func next() throws(XMLError) -> UInt8 {
    guard index < bytes.count else { throw failure(.ended) }
    return bytes[index]
  }

  private func isAt(_ word: StaticString) -> Bool {
    let length = word.utf8CodeUnitCount
    guard index + length <= bytes.count else { return false }
    return word.withUTF8Buffer { buffer in
      for offset in 0..<length where bytes[index + offset] != buffer[offset] { return false }
      return true
    }
  }

  private mutating func take(_ word: StaticString) -> Bool {
    guard isAt(word) else { return false }
    index += word.utf8CodeUnitCount
    return true
  }

  private mutating func skip(past end: StaticString) throws(XMLError) {
    while !take(end) {
      guard index < bytes.count else { throw failure(.ended) }
      index += 1
    }
  }

  private static func isSpace(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09
  }

  @discardableResult
  private mutating func skipSpace() -> Bool {
    let start = index
    while index < bytes.count, Self.isSpace(bytes[index]) { index += 1 }
    return index > start
  }

  /// Comments and white space around the root.
  private mutating func skipMiscellany() throws(XMLError) {
    while true {
      if skipSpace() { continue }
      if take("<!--") {
        try skip(past: "-->")
      } else if isAt("<!DOCTYPE") {
        throw failure(.documentType)
      } else {
        return
      }
    }
  }

  private mutating func name() throws(XMLError) -> String {
    let start = index
    while index < bytes.count {
      switch bytes[index] {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"),
        UInt8(ascii: ":"), 0x80...:
        index += 1
        continue
      case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."):
        guard index > start else { throw failure(.name) }
        index += 1
        continue
      default: break
      }
      break
    }
    guard index > start else { throw failure(.name) }
    return String(decoding: bytes[start..<index], as: UTF8.self)
  }

  private mutating func countNode() throws(XMLError) {
    nodesLeft -= 1
    if nodesLeft < 0 { throw failure(.tooManyNodes) }
  }

  private mutating func element(depth: Int) throws(XMLError) -> XMLNode {
    guard depth <= Self.deepest else { throw failure(.tooDeep) }
    try countNode()
    guard take("<") else { throw failure(index < bytes.count ? .character : .ended) }
    var node = XMLNode(try name())
    while true {
      let isApart = skipSpace()
      if take("/>") { return node }
      if take(">") { break }
      guard isApart else { throw failure(index < bytes.count ? .attribute : .ended) }
      let attribute = try attribute()
      guard node.attribute(attribute.name) == nil else { throw failure(.attribute) }
      node.attributes.append(attribute)
    }
    var text: [UInt8] = []
    while true {
      let byte = try next()
      if byte == UInt8(ascii: "&") {
        text += try reference().utf8
      } else if byte != UInt8(ascii: "<") {
        text.append(try character())
      } else if take("</") {
        guard try name() == node.name else { throw failure(.mismatch) }
        skipSpace()
        guard take(">") else { throw failure(index < bytes.count ? .character : .ended) }
        node.text = String(decoding: text, as: UTF8.self)
        return node
      } else if take("<!--") {
        try skip(past: "-->")
      } else if take("<![CDATA[") {
        while !take("]]>") {
          _ = try next()
          text.append(try character())
        }
      } else {
        node.children.append(try element(depth: depth + 1))
      }
    }
  }

  /// One byte of text.
  private mutating func character() throws(XMLError) -> UInt8 {
    let byte = bytes[index]
    guard byte >= 0x20 || Self.isSpace(byte) else { throw failure(.character) }
    index += 1
    return byte
  }

  private mutating func attribute() throws(XMLError) -> XMLNode.Attribute {
    try countNode()
    let name = try name()
    skipSpace()
    guard take("=") else { throw failure(index < bytes.count ? .attribute : .ended) }
    skipSpace()
    let quote = try next()
    guard quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") else { throw failure(.attribute) }
    index += 1
    var value: [UInt8] = []
    while true {
      let byte = try next()
      if byte == quote {
        index += 1
        return XMLNode.Attribute(name, String(decoding: value, as: UTF8.self))
      }
      if byte == UInt8(ascii: "&") {
        value += try reference().utf8
      } else if byte == UInt8(ascii: "<") {
        throw failure(.attribute)
      } else {
        value.append(try character())
      }
    }
  }

  /// `&amp;` and its like, or a character by its number.
  private mutating func reference() throws(XMLError) -> String {
    let start = index
    let longest = 12
    var end = index
    while end < bytes.count, end - start < longest, bytes[end] != UInt8(ascii: ";"), bytes[end] > 0x20 {
      end += 1
    }
    guard end < bytes.count, bytes[end] == UInt8(ascii: ";") else {
      throw failure(end < bytes.count ? .reference : .ended)
    }
    let word = String(decoding: bytes[(start + 1)..<end], as: UTF8.self)
    index = end + 1
    switch word {
    case "amp": return "&"
    case "lt": return "<"
    case "gt": return ">"
    case "quot": return "\""
    case "apos": return "'"
    default:
      let digits = word.hasPrefix("#x") ? word.dropFirst(2) : word.dropFirst()
      guard word.hasPrefix("#"), !digits.hasPrefix("+"),
        let value = UInt32(digits, radix: word.hasPrefix("#x") ? 16 : 10),
        let scalar = Unicode.Scalar(value), Self.isCharacter(scalar)
      else {
        index = start
        throw failure(.reference)
      }
      return String(Character(scalar))
    }
  }
}
