/// An element of XML 1.0 with what is in it. Comments are left out, and text of an element with children
/// is kept in one piece, so it is for data and not for documents.
public struct XMLNode: Sendable, Hashable {
  public struct Attribute: Sendable, Hashable {
    public var name: String
    public var value: String

    public init(_ name: String, _ value: String) {
      self.name = name
      self.value = value
    }
  }

  /// As written, with its prefix if it has one.
  public var name: String
  /// In the order in which they were written.
  public var attributes: [Attribute]
  public var children: [XMLNode]
  /// All character data directly in this element.
  public var text: String

  public init(_ name: String, attributes: [Attribute] = [], children: [XMLNode] = [], text: String = "") {
    self.name = name
    self.attributes = attributes
    self.children = children
    self.text = text
  }

  /// The value of an attribute; `nil` when there is none.
  public func attribute(_ name: String) -> String? { attributes.first { $0.name == name }?.value }

  /// The first child with this name.
  public func child(_ name: String) -> XMLNode? { children.first { $0.name == name } }

  /// The first element on the way down by these names.
  public func descendant(_ path: String...) -> XMLNode? {
    var node: XMLNode? = self
    for name in path { node = node?.child(name) }
    return node
  }

  /// The character data without the white space around it.
  public var trimmed: String {
    var scalars = text.unicodeScalars[...]
    let isSpace: (Unicode.Scalar) -> Bool = { $0 == " " || $0 == "\n" || $0 == "\t" || $0 == "\r" }
    while let first = scalars.first, isSpace(first) { scalars.removeFirst() }
    while let last = scalars.last, isSpace(last) { scalars.removeLast() }
    return String(scalars)
  }

  /// All character data of the element and of those in it, joined by spaces: a device's words.
  public var words: String {
    ([trimmed] + children.map(\.words)).filter { !$0.isEmpty }.joined(separator: " ")
  }
}

extension XMLNode: CustomStringConvertible {
  /// As XML without a declaration and without white space of its own.
  public var description: String {
    var text = ""
    write(to: &text)
    return text
  }

  private func write(to text: inout String) {
    text += "<\(name)"
    for attribute in attributes { text += " \(attribute.name)=\"\(Self.escaped(attribute.value))\"" }
    guard !children.isEmpty || !self.text.isEmpty else {
      text += "/>"
      return
    }
    text += ">\(Self.escaped(self.text))"
    for child in children { child.write(to: &text) }
    text += "</\(name)>"
  }

  /// Fit to stand in an element or in the quotes of an attribute. Characters that XML cannot hold are
  /// replaced by U+FFFD.
  public static func escaped(_ text: String) -> String {
    let plain: (UInt8) -> Bool = { byte in
      byte >= 0x20 && byte != 0x26 && byte != 0x3C && byte != 0x3E && byte != 0x22 && byte < 0x7F
    }
    if text.utf8.allSatisfy(plain) { return text }
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "\t", "\n", "\r": result += "&#\(scalar.value);"
      default: result.unicodeScalars.append(XMLReader.isCharacter(scalar) ? scalar : "\u{FFFD}")
      }
    }
    return result
  }
}
