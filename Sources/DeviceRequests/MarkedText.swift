import HTTPTransport

/// Text with marks in the place of secrets.
enum MarkedText {
  /// Where it stands, which decides how a secret is spelled there.
  enum Place {
    case field, json, xml, form, plain

    init(_ contentType: String) {
      let type = contentType.prefix { $0 != ";" }.lowercased()
      if type == "application/x-www-form-urlencoded" {
        self = .form
      } else if type.hasSuffix("json") {
        self = .json
      } else if type.hasSuffix("xml") {
        self = .xml
      } else {
        self = .plain
      }
    }
  }

  /// The value of a field of the head. In `Authorization: Basic ‹secret:name›` the secret is a user and a
  /// password with a colon between them, and is sent in base64 as RFC 7617 wants it.
  static func field(_ name: String, _ value: String, with secrets: [String: Secret]) -> SensitiveText {
    let opening = "Basic ‹secret:"
    if name.lowercased() == "authorization", value.hasPrefix(opening), value.hasSuffix("›"),
      let secret = secrets[String(value.dropFirst(opening.count).dropLast())]
    {
      return .basic(credentials: secret)
    }
    return filled(value, with: secrets, in: .field)
  }

  /// Marks of names that are not among the secrets stay as they are.
  static func filled(_ text: String, with secrets: [String: Secret], in place: Place) -> SensitiveText {
    let opening = "‹secret:"
    var result = SensitiveText("")
    var rest = text[...]
    while let start = rest.firstRange(of: opening) {
      let after = rest[start.upperBound...]
      guard let end = after.firstIndex(of: "›"), let secret = secrets[String(after[..<end])] else {
        result = result + SensitiveText(String(rest[..<start.upperBound]))
        rest = after
        continue
      }
      result = result + SensitiveText(String(rest[..<start.lowerBound]))
      switch place {
      case .field, .plain: result = result + "\(secret)"
      case .json: result = result + "\(json: secret)"
      case .xml: result = result + "\(xml: secret)"
      case .form: result = result + "\(form: secret)"
      }
      rest = after[after.index(after: end)...]
    }
    return result + SensitiveText(String(rest))
  }
}
