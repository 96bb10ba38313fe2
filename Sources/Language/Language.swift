/// The languages everything that people see is written in.
public enum Language: String, Sendable, Codable, CaseIterable {
  case english = "en"
  case japanese = "ja"
}

/// One meaning in every language of the product.
///
/// Both sentences stand side by side where they are written, so that neither can be forgotten and
/// no key has to be looked up. Programs never parse a phrase: errors and rules have codes for that.
public struct Phrase: Hashable, Sendable, Codable {
  public var en: String
  public var ja: String

  public init(en: String, ja: String) {
    self.en = en
    self.ja = ja
  }

  /// A text that is the same in every language: an address, a name, a device's own words.
  public init(verbatim text: String) {
    self.init(en: text, ja: text)
  }

  /// The sentence in one language.
  public func text(in language: Language) -> String {
    switch language {
    case .english: en
    case .japanese: ja
    }
  }
}
