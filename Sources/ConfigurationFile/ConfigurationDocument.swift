import Language
import Yams

/// A YAML file as a tree of values that remember where they stand.
public struct ConfigurationDocument: Sendable {
  /// Bytes beyond which a file is not parsed: a configuration this long is a mistake.
  public static let maximumBytes = 4 << 20

  public let root: ConfigurationNode

  /// Parses `text`, which came from `file` (used in messages only).
  ///
  /// Throws `ConfigurationError` when it is not YAML, repeats a key, uses aliases, or nests too deep.
  /// An empty document is an empty map.
  public init(parsing text: String, file: String) throws(ConfigurationError) {
    let top = SourceLocation(file: file, line: 1, column: 1)
    func problem(_ code: ConfigurationProblem.Code, _ at: SourceLocation, _ message: Phrase)
      -> ConfigurationError
    {
      ConfigurationError(problems: [.init(code: code, location: at, key: "", message: message)])
    }
    guard text.utf8.count <= Self.maximumBytes else {
      throw problem(
        .tooLarge, top,
        Phrase(
          en: "The file has \(text.utf8.count) bytes; at most \(Self.maximumBytes) are read.",
          ja: "ファイルが \(text.utf8.count) バイトあります。読み込めるのは \(Self.maximumBytes) バイトまでです。"))
    }
    // Nodes hold their anchors weakly; the parser owns them, and has to live until they were looked at.
    let parser: Parser
    let node: Node?
    do {
      parser = try Parser(yaml: text)
      node = try parser.singleRoot()
    } catch let error as YamlError {
      throw ConfigurationError(problems: [Self.explain(error, text: text, file: file)])
    } catch {
      throw problem(.notYAML, top, Phrase(en: "This is not valid YAML.", ja: "YAML として読めません。"))
    }
    defer { withExtendedLifetime(parser) {} }
    guard let node else {
      root = ConfigurationNode(content: .map([]), location: top, path: "")
      return
    }
    root = try ConfigurationNode(node, file: file, path: "", depth: 0)
  }

  private static func explain(_ error: YamlError, text: String, file: String) -> ConfigurationProblem {
    func notYAML(_ line: Int, _ column: Int, _ reason: String) -> ConfigurationProblem {
      let advice =
        startsWithTab(line: line, of: text)
        ? Phrase(
          en: "This line is indented with a tab; YAML wants spaces.",
          ja: "この行はタブで字下げされています。YAML では空白を使ってください。")
        : Phrase(
          en: "Check the indentation and quotes near this line.",
          ja: "この行の付近の字下げと引用符を確認してください。")
      return ConfigurationProblem(
        code: .notYAML, location: SourceLocation(file: file, line: line, column: column), key: "",
        message: Phrase(
          en: "This is not valid YAML: \(reason). \(advice.en)", ja: "YAML として読めません: \(reason)。\(advice.ja)"))
    }
    switch error {
    case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
      .composer(_, let problem, let mark, _):
      return notYAML(mark.line, mark.column, problem)
    case .reader(let problem, let offset, _, _):
      let before = text.prefix(offset ?? 0)
      let line = before.count(where: \.isNewline) + 1
      let column = (before.lastIndex(where: \.isNewline).map { before[$0...].count - 1 } ?? before.count) + 1
      return notYAML(line, column, problem)
    case .duplicatedKeysInMapping(let duplicates, let context):
      let key = duplicates.first ?? "?"
      return ConfigurationProblem(
        code: .duplicate,
        location: SourceLocation(file: file, line: context.mark.line, column: context.mark.column), key: key,
        message: Phrase(
          en: "This key stands twice in one place, first here. Keep one of the two.",
          ja: "同じ場所に同じキーが 2 回書かれています（1 つ目がここ）。どちらかを消してください。"))
    default:
      return notYAML(1, 1, "\(error)")
    }
  }

  private static func startsWithTab(line: Int, of text: String) -> Bool {
    let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    guard lines.indices.contains(line - 1) else { return false }
    return lines[line - 1].prefix { $0 == " " || $0 == "\t" }.contains("\t")
  }
}

/// One value of a configuration file.
public struct ConfigurationNode: Sendable {
  public enum Content: Sendable {
    case null
    /// A scalar as it stands in the file. `quoted` scalars are text whatever they look like.
    case scalar(String, quoted: Bool)
    case list([ConfigurationNode])
    case map([(key: String, keyLocation: SourceLocation, value: ConfigurationNode)])
  }

  public let content: Content
  public let location: SourceLocation
  /// The path from the top, as in `ConfigurationProblem.key`.
  public let path: String

  public init(content: Content, location: SourceLocation, path: String) {
    self.content = content
    self.location = location
    self.path = path
  }

  init(_ node: Node, file: String, path: String, depth: Int) throws(ConfigurationError) {
    let mark = node.mark
    let location = SourceLocation(file: file, line: mark?.line ?? 1, column: mark?.column ?? 1)
    func refuse(_ message: Phrase) -> ConfigurationError {
      ConfigurationError(problems: [
        .init(code: .invalid, location: location, key: path, message: message)
      ])
    }
    guard depth < 32 else {
      throw refuse(
        Phrase(
          en: "Values are nested more than 32 deep here.", ja: "ここで値の入れ子が 32 段を超えています。"))
    }
    // Yams puts the anchored value in the place of its alias, so an alias is never seen here; without
    // anchors there are none, and no value can be repeated until memory runs out.
    guard node.anchor == nil, node.mapping?.keys.allSatisfy({ $0.anchor == nil }) != false else {
      throw refuse(
        Phrase(
          en: "Anchors (&name) and aliases (*name) are not used here; write the value out.",
          ja: "アンカー（&name）と別名（*name）は使えません。値をそのまま書いてください。"))
    }
    self.location = location
    self.path = path
    switch node {
    case .scalar(let scalar):
      let quoted = scalar.style == .doubleQuoted || scalar.style == .singleQuoted
      content =
        !quoted && ["", "~", "null"].contains(scalar.string)
        ? .null : .scalar(scalar.string, quoted: quoted)
    case .sequence(let sequence):
      var items: [ConfigurationNode] = []
      for (index, item) in sequence.enumerated() {
        items.append(
          try ConfigurationNode(item, file: file, path: "\(path)[\(index)]", depth: depth + 1))
      }
      content = .list(items)
    case .mapping(let mapping):
      var entries: [(key: String, keyLocation: SourceLocation, value: ConfigurationNode)] = []
      for (key, value) in mapping {
        guard let name = key.scalar?.string else {
          throw refuse(Phrase(en: "A key must be a word.", ja: "キーは単語でなければなりません。"))
        }
        let place = SourceLocation(
          file: file, line: key.mark?.line ?? location.line, column: key.mark?.column ?? location.column)
        let child = try ConfigurationNode(
          value, file: file, path: path.isEmpty ? name : "\(path).\(name)", depth: depth + 1)
        entries.append((name, place, child))
      }
      content = .map(entries)
    case .alias:
      preconditionFailure("Yams composes no alias nodes: they are only made for emitting")
    }
  }
}
