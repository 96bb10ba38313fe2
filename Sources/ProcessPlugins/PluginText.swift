import Language

/// A sentence of a plugin: one text, or `{"en": …, "ja": …}`.
struct PluginText: Decodable {
  let phrase: Phrase

  static let longest = 1000

  private enum Key: String, CodingKey, CaseIterable { case en, ja }

  init(from decoder: any Decoder) throws {
    let (en, ja): (String, String)
    if let text = try? decoder.singleValueContainer().decode(String.self) {
      (en, ja) = (text, text)
    } else {
      try decoder.refuseKeys(beside: Key.self)
      let container = try decoder.container(keyedBy: Key.self)
      (en, ja) = (
        try container.decode(String.self, forKey: .en), try container.decode(String.self, forKey: .ja)
      )
    }
    guard !en.isEmpty, !ja.isEmpty else { throw Misunderstanding(reason: "a sentence is empty") }
    phrase = Phrase(en: Self.printable(en, Self.longest), ja: Self.printable(ja, Self.longest))
  }

  /// Whether a text may be shown as it is. Lines and tabs may be in it.
  static func isShowable(_ text: String) -> Bool {
    text.unicodeScalars.allSatisfy { scalar in
      scalar == "\n" || scalar == "\t" || scalar.properties.generalCategory != .control
    }
  }

  /// Without what would steer a terminal or forge a line of a log.
  static func printable(_ text: String, _ longest: Int) -> String {
    String(
      String.UnicodeScalarView(
        text.unicodeScalars.prefix(longest).map { scalar in
          switch scalar.properties.generalCategory {
          case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate: " "
          default: scalar
          }
        }))
  }
}
