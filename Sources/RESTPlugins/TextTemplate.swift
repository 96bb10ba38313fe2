import NetworkTypes

/// Text with places that are filled in: `{address}`, `{setting.alias}`. Everything else, other braces too,
/// stands for itself.
struct TextTemplate: Sendable, Equatable {
  enum Piece: Sendable, Equatable {
    case text(String)
    case value(String)
  }

  private(set) var pieces: [Piece] = []

  init(_ text: String) {
    var rest = text[...]
    var plain = ""
    while let opening = rest.firstIndex(of: "{") {
      plain += rest[..<opening]
      rest = rest[opening...]
      let name = rest.dropFirst().prefix { Self.mayStandInName($0) }
      let end = rest.index(opening, offsetBy: name.count + 1)
      if let first = name.first, first.isLowercase, end < rest.endIndex, rest[end] == "}" {
        append(plain)
        plain = ""
        pieces.append(.value(String(name)))
        rest = rest[rest.index(after: end)...]
      } else {
        plain.append("{")
        rest = rest.dropFirst()
      }
    }
    append(plain + rest)
  }

  private static func mayStandInName(_ character: Character) -> Bool {
    character.isASCII && (character.isLowercase || character.isNumber || character == "-" || character == ".")
  }

  private mutating func append(_ text: String) {
    if !text.isEmpty { pieces.append(.text(text)) }
  }

  /// The places, in order.
  var names: [String] {
    pieces.compactMap { piece in
      if case .value(let name) = piece { name } else { nil }
    }
  }

  /// The text with these values; a place without one stays as it is written.
  func filled(_ values: [String: String]) -> String {
    var text = ""
    for piece in pieces {
      switch piece {
      case .text(let plain): text += plain
      case .value(let name): text += values[name] ?? "{\(name)}"
      }
    }
    return text
  }

  /// The same with some places filled for good.
  func bound(_ values: [String: String]) -> TextTemplate { TextTemplate(filled(values)) }

  // MARK: Recognizing what was made of it

  /// What may stand in a place.
  enum Content: Sendable {
    /// An address or prefix; `isEncoded` with `:` and `/` percent-encoded.
    case address(isEncoded: Bool)
    case digits
    /// A part that may be absent.
    case optional(TextTemplate)
    /// A part, so often.
    case repeated(TextTemplate, separator: String, most: Int)
  }

  /// Whether a text is one that this template makes with such contents.
  func makes(_ text: String, _ contents: [String: Content]) -> Bool {
    rest(of: text.utf8[...], contents)?.isEmpty == true
  }

  /// What follows the beginning that this template makes; `nil` when there is no such beginning.
  private func rest(of text: Substring.UTF8View, _ contents: [String: Content]) -> Substring.UTF8View? {
    var text = text
    for piece in pieces {
      switch piece {
      case .text(let plain):
        guard text.starts(with: plain.utf8) else { return nil }
        text = text.dropFirst(plain.utf8.count)
      case .value(let name):
        guard let content = contents[name], let rest = Self.rest(of: text, content, contents) else {
          return nil
        }
        text = rest
      }
    }
    return text
  }

  private static func rest(
    of text: Substring.UTF8View, _ content: Content, _ contents: [String: Content]
  ) -> Substring.UTF8View? {
    switch content {
    case .digits:
      let digits = text.prefix { (0x30...0x39).contains($0) }
      return digits.isEmpty || digits.count > 18 ? nil : text.dropFirst(digits.count)
    case .address(let isEncoded):
      let run = text.prefix {
        switch $0 {
        case 0x30...0x39, 0x61...0x66, 0x2E: true
        case 0x3A, 0x2F: !isEncoded
        case 0x25, 0x41, 0x46: isEncoded
        default: false
        }
      }
      let word = isEncoded ? String(Substring(run)).addressDecoded : String(Substring(run))
      return IPPrefix(word) == nil ? nil : text.dropFirst(run.count)
    case .optional(let part):
      return part.rest(of: text, contents) ?? text
    case .repeated(let part, let separator, let most):
      guard var rest = part.rest(of: text, contents) else { return nil }
      for _ in 1..<max(most, 1) {
        guard rest.starts(with: separator.utf8),
          let next = part.rest(of: rest.dropFirst(separator.utf8.count), contents)
        else { break }
        rest = next
      }
      return rest
    }
  }
}

extension String {
  /// An address as it stands in a path or a query.
  var addressEncoded: String { replacing(":", with: "%3A").replacing("/", with: "%2F") }
  fileprivate var addressDecoded: String { replacing("%3A", with: ":").replacing("%2F", with: "/") }
}
