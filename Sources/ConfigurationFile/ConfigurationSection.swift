public import Language
public import NetworkTypes

/// The problems found so far while one configuration is read.
public final class ConfigurationProblems {
  public private(set) var found: [ConfigurationProblem] = []

  public init() {}

  public func report(_ problem: ConfigurationProblem) { found.append(problem) }

  /// Throws everything that was reported, in the order of the file; returns when nothing was.
  public func throwIfAny() throws(ConfigurationError) {
    guard found.isEmpty else {
      throw ConfigurationError(
        problems: found.sorted {
          ($0.location.line, $0.location.column) < ($1.location.line, $1.location.column)
        })
    }
  }
}

/// A map of a configuration while it is read.
///
/// Every accessor names one key, and reports a problem instead of throwing, so that one pass finds
/// everything that is wrong. `finish()` reports the keys that nobody asked for.
public final class ConfigurationSection {
  public let location: SourceLocation
  public let path: String
  public let problems: ConfigurationProblems
  private let entries: [(key: String, keyLocation: SourceLocation, value: ConfigurationNode)]
  private var known: Set<String> = []

  /// A section over a map node; anything else is reported and read as an empty map.
  public init(_ node: ConfigurationNode, problems: ConfigurationProblems) {
    self.location = node.location
    self.path = node.path
    self.problems = problems
    switch node.content {
    case .map(let entries):
      self.entries = entries
    case .null:
      self.entries = []
    case .scalar, .list:
      self.entries = []
      problems.report(
        .init(
          code: .wrongType, location: node.location, key: node.path,
          message: Phrase(
            en: "Keys with values are expected here (key: value).",
            ja: "ここには「キー: 値」の形の設定が必要です。")))
    }
  }

  /// The keys that stand in the file, in its order.
  public var keys: [String] { entries.map(\.key) }

  /// The raw value of a key; `nil` when it is absent or null.
  public func node(_ key: String) -> ConfigurationNode? {
    known.insert(key)
    guard let value = entries.first(where: { $0.key == key })?.value else { return nil }
    if case .null = value.content { return nil }
    return value
  }

  public func contains(_ key: String) -> Bool { node(key) != nil }

  /// Reports a problem with the value of `key` (or with the section, when the key is absent).
  public func report(_ code: ConfigurationProblem.Code, _ key: String, _ message: Phrase) {
    let place = entries.first { $0.key == key }?.value.location ?? location
    let fullPath = key.isEmpty ? path : path.isEmpty ? key : "\(path).\(key)"
    problems.report(.init(code: code, location: place, key: fullPath, message: message))
  }

  /// A text. Numbers are texts too when they stand where a text is expected.
  public func text(_ key: String) -> String? {
    guard let value = node(key) else { return nil }
    guard case .scalar(let text, _) = value.content else {
      report(.wrongType, key, Phrase(en: "One word or text is expected.", ja: "文字列を 1 つ書いてください。"))
      return nil
    }
    return text
  }

  /// A text that must be there.
  public func requiredText(_ key: String, example: String) -> String? {
    if let value = text(key) { return value }
    if !contains(key) {
      report(
        .missingKey, key,
        Phrase(
          en: "This key is required, for example: \(key): \(example)",
          ja: "このキーは必須です。例: \(key): \(example)"))
    }
    return nil
  }

  /// Where a secret is kept, as `Reference` reads it; never the secret itself.
  /// - Parameter example: a reference for the message that a required one is missing.
  public func secret<Reference: LosslessStringConvertible>(
    _ key: String, as type: Reference.Type, isRequired: Bool = false, example: String = ""
  ) -> Reference? {
    guard let text = isRequired ? requiredText(key, example: example) : text(key) else { return nil }
    if let reference = Reference(text) { return reference }
    // The value is not repeated: it may be the secret itself.
    report(
      .invalid, key,
      Phrase(
        en: "A reference is expected, never the secret: file:/path, env:NAME or credential:NAME.",
        ja: "値そのものではなく参照を書いてください（file:/path、env:NAME、credential:NAME）。"))
    return nil
  }

  /// `true` or `false` (also yes/no and on/off, as YAML 1.1 writes them).
  public func flag(_ key: String) -> Bool? {
    guard let word = text(key) else { return nil }
    switch word.lowercased() {
    case "true", "yes", "on": return true
    case "false", "no", "off": return false
    default:
      report(
        .wrongType, key,
        Phrase(
          en: "“\(word)” is neither true nor false.", ja: "「\(word)」は true でも false でもありません。"))
      return nil
    }
  }

  /// A whole number within a range. Underscores and thousands separators are not accepted.
  public func integer(_ key: String, in range: ClosedRange<Int>) -> Int? {
    guard let word = text(key) else { return nil }
    guard let value = Int(word), range.contains(value) else {
      report(
        Int(word) == nil ? .wrongType : .outOfRange, key,
        Phrase(
          en: "“\(word)” is not a whole number from \(range.lowerBound) to \(range.upperBound).",
          ja: "「\(word)」は \(range.lowerBound) から \(range.upperBound) までの整数ではありません。"))
      return nil
    }
    return value
  }

  /// A number within a range.
  public func number(_ key: String, in range: ClosedRange<Double>) -> Double? {
    guard let word = text(key) else { return nil }
    guard let value = Double(word), range.contains(value) else {
      report(
        Double(word) == nil ? .wrongType : .outOfRange, key,
        Phrase(
          en: "“\(word)” is not a number from \(range.lowerBound) to \(range.upperBound).",
          ja: "「\(word)」は \(range.lowerBound) から \(range.upperBound) までの数ではありません。"))
      return nil
    }
    return value
  }

  /// A duration with its unit: `30s`, `15m`, `1h`, `7d`.
  public func duration(_ key: String, in range: ClosedRange<Duration>) -> Duration? {
    guard let word = text(key) else { return nil }
    guard let value = Duration(text: word), range.contains(value) else {
      report(
        .outOfRange, key,
        Phrase(
          en:
            "“\(word)” is not a duration from \(range.lowerBound.text) to \(range.upperBound.text); write a number and s, m, h or d, for example 1h.",
          ja:
            "「\(word)」は \(range.lowerBound.text) から \(range.upperBound.text) までの期間ではありません。数値と s・m・h・d のいずれかで書いてください（例: 1h）。"
        ))
      return nil
    }
    return value
  }

  /// One of a fixed set of words.
  public func choice<Word: RawRepresentable & CaseIterable>(_ key: String, of type: Word.Type) -> Word?
  where Word.RawValue == String {
    text(key).flatMap { word($0, of: type, key: key, at: node(key)?.location ?? location) }
  }

  /// A list of words from a fixed set, without repetition; a single word is a list of one.
  public func choices<Word: RawRepresentable & CaseIterable & Hashable>(_ key: String, of type: Word.Type)
    -> [Word]?
  where Word.RawValue == String {
    guard contains(key) else { return nil }
    var seen: Set<Word> = []
    return texts(key).compactMap { word($0.text, of: type, key: key, at: $0.location) }
      .filter { seen.insert($0).inserted }
  }

  private func word<Word: RawRepresentable & CaseIterable>(
    _ text: String, of type: Word.Type, key: String, at place: SourceLocation
  ) -> Word? where Word.RawValue == String {
    if let value = Word(rawValue: text) { return value }
    let words = Word.allCases.map(\.rawValue)
    let hint = NearestKey.suggestion(for: text, among: words)
    problems.report(
      .init(
        code: .invalid, location: place, key: path.isEmpty ? key : "\(path).\(key)",
        message: Phrase(
          en: "“\(text)” is not known here; one of \(words.joined(separator: ", ")) is expected."
            + (hint.map { " Did you mean “\($0)”?" } ?? ""),
          ja: "「\(text)」は使えません。\(words.joined(separator: "、")) のいずれかを書いてください。"
            + (hint.map { "「\($0)」ではありませんか。" } ?? ""))))
    return nil
  }

  /// A list of texts with their places; a single text is a list of one, an absent key is empty.
  public func texts(_ key: String) -> [(text: String, location: SourceLocation)] {
    guard let value = node(key) else { return [] }
    switch value.content {
    case .scalar(let text, _):
      return [(text, value.location)]
    case .list(let items):
      return items.compactMap { item in
        if case .scalar(let text, _) = item.content { return (text, item.location) }
        problems.report(
          .init(
            code: .wrongType, location: item.location, key: item.path,
            message: Phrase(en: "One word or text is expected.", ja: "文字列を 1 つ書いてください。")))
        return nil
      }
    case .map, .null:
      report(.wrongType, key, Phrase(en: "A list is expected: [a, b].", ja: "リストを書いてください（例: [a, b]）。"))
      return []
    }
  }

  /// A list of addresses and prefixes.
  public func prefixes(_ key: String) -> [IPPrefix] {
    texts(key).compactMap { item in
      if let prefix = IPPrefix(item.text) { return prefix }
      problems.report(
        .init(
          code: .invalid, location: item.location, key: path.isEmpty ? key : "\(path).\(key)",
          message: Phrase(
            en: "“\(item.text)” is not an address or a prefix such as 192.0.2.0/24 or 2001:db8::/32.",
            ja: "「\(item.text)」はアドレスでもプレフィックスでもありません（例: 192.0.2.0/24、2001:db8::/32）。")))
      return nil
    }
  }

  /// The map under a key; an absent key is an empty map.
  public func section(_ key: String) -> ConfigurationSection {
    ConfigurationSection(
      node(key)
        ?? ConfigurationNode(
          content: .map([]), location: location, path: path.isEmpty ? key : "\(path).\(key)"),
      problems: problems)
  }

  /// The maps of a list; an absent key is an empty list.
  public func sections(_ key: String) -> [ConfigurationSection] {
    guard let value = node(key) else { return [] }
    guard case .list(let items) = value.content else {
      report(
        .wrongType, key,
        Phrase(en: "A list of entries is expected, each after a dash.", ja: "「-」で始まる項目のリストを書いてください。"))
      return []
    }
    return items.map { ConfigurationSection($0, problems: problems) }
  }

  /// Reports every key of the file that no accessor asked for, with the nearest one that is known.
  public func finish() {
    for entry in entries where !known.contains(entry.key) {
      let hint = NearestKey.suggestion(for: entry.key, among: known)
      let list = known.sorted().joined(separator: ", ")
      problems.report(
        .init(
          code: .unknownKey, location: entry.keyLocation,
          key: path.isEmpty ? entry.key : "\(path).\(entry.key)",
          message: hint.map {
            Phrase(
              en: "This key is not known. Did you mean “\($0)”?",
              ja: "このキーはありません。「\($0)」ではありませんか。")
          }
            ?? Phrase(
              en: "This key is not known. Known here: \(list).",
              ja: "このキーはありません。ここで使えるキー: \(list)")))
    }
  }
}
