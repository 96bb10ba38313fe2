/// A JSON value (RFC 8259). Numbers stay text: identifiers of 63 bits do not fit a `Double`.
indirect enum JSONValue: Sendable {
  case null
  case bool(Bool)
  case number(String)
  case string(String)
  case array([JSONValue])
  case object([String: JSONValue])

  /// The member of an object; `nil` for every other value, and for an absent or null member.
  subscript(key: String) -> JSONValue? {
    guard case .object(let members) = self, let value = members[key] else { return nil }
    if case .null = value { return nil }
    return value
  }

  var text: String? {
    if case .string(let text) = self { text } else { nil }
  }

  var flag: Bool? {
    if case .bool(let flag) = self { flag } else { nil }
  }

  var elements: [JSONValue]? {
    if case .array(let elements) = self { elements } else { nil }
  }

  /// A whole number; also one in quotes, as MISP writes its times.
  var integer: Int64? {
    switch self {
    case .number(let text): Int64(text)
    case .string(let text): Int64(text)
    default: nil
    }
  }
}

/// Why bytes are no JSON, and where.
struct JSONFault: Error, Hashable {
  enum Reason: Hashable {
    case endsEarly, syntax, tooDeep, tooLarge, invalidText
  }

  var reason: Reason
  /// Counted from 1.
  var line: Int
}

enum JSONText {
  /// A text as JSON writes it, in its quotes, on one line.
  static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\u{2028}", "\u{2029}", "\u{0}"..."\u{1F}":
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
