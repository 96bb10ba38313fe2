public import ConfigurationFile
import FirewallKit
import HTTPTransport
import Language

extension RESTDescription {
  /// The version of the format that is read.
  public static let format = 1

  /// Reads a description. Throws everything that is wrong with it, each with its line and key.
  /// - Parameter file: where it came from, for messages.
  public init(parsing text: String, file: String) throws(ConfigurationError) {
    let problems = ConfigurationProblems()
    let document = try ConfigurationDocument(parsing: text, file: file)
    let description = DescriptionReader(ConfigurationSection(document.root, problems: problems)).description()
    try problems.throwIfAny()
    guard let description else {
      throw ConfigurationError(problems: [
        .init(
          code: .invalid, location: SourceLocation(file: file), key: "",
          message: Phrase(en: "This is no description of a firewall.", ja: "ファイアウォールの記述ではありません。"))
      ])
    }
    self = description
  }
}

/// From the sections of a file to a description; what is wrong is reported to them.
struct DescriptionReader {
  let top: ConfigurationSection

  init(_ top: ConfigurationSection) { self.top = top }

  /// `nil` after something was reported.
  func description() -> RESTDescription? {
    defer { top.finish() }
    if top.requiredText("format", example: "1") != nil { _ = top.integer("format", in: 1...1) }
    let requests = RequestReader(top)
    let manifest = ManifestReader(top).manifest()
    let settings = settings()
    let secrets = secrets(beside: settings)
    let headers = headers(secrets)
    let rate = top.number("requests-per-second", in: 0.1...1000) ?? 20
    let known = Set(settings.map { "setting.\($0.name)" })
    let lists = lists(known)
    // A place that only some lists have a word for would stay empty in the others.
    var common = Set(lists.first?.values.keys.map { "list.\($0)" } ?? [])
    for list in lists { common.formIntersection(list.values.keys.map { "list.\($0)" }) }
    let places = known.union(common).union(["list.name"])
    let requirements = top.sections("requires").compactMap { requests.requirement($0, known) }
    let isTimed = manifest?.capabilities.expiry == .device
    let reading = requests.reading(places, isTimed: isTimed)
    let add = requests.change("add", places, isTimed: isTimed, isRequired: true)
    let renew = requests.change("renew", places, isTimed: isTimed)
    let remove = requests.change("remove", places, isTimed: false, isRequired: true)
    let errors = ErrorRuleReader(top).rules()
    let words = top.texts("words").compactMap { RequestReader.path($0.text, "words", in: top) }
    guard let manifest, let reading, let add, let remove else { return nil }
    return RESTDescription(
      manifest: manifest, settings: settings, secrets: secrets, headers: headers, requestsPerSecond: rate,
      requirements: requirements, lists: lists, reading: reading, add: add, renew: renew, remove: remove,
      errors: errors, words: words)
  }

  private func settings() -> [RESTDescription.Setting] {
    let section = top.section("settings")
    return section.keys.compactMap { (name: String) -> RESTDescription.Setting? in
      guard let usual = section.text(name) else { return nil }
      let own = RESTSettings.ownKeys
      let list = own.sorted().joined(separator: ", ")
      guard TextTemplate("{\(name)}").names == [name], !name.contains("."), !own.contains(name) else {
        section.report(
          .invalid, name,
          Phrase(
            en: "A setting has lower-case letters, digits and hyphens, and none of the names \(list).",
            ja: "設定名には小文字の英字・数字・ハイフンを使い、次の名前は使わないでください: \(list)"))
        return nil
      }
      guard RESTSettings.isWord(usual) else {
        section.report(.invalid, name, RESTSettings.wordsOnly(usual))
        return nil
      }
      return RESTDescription.Setting(name: name, usual: usual)
    }
  }

  private func secrets(beside settings: [RESTDescription.Setting]) -> [String] {
    guard top.contains("secrets") else { return [] }
    return top.texts("secrets").compactMap { item in
      let name = item.text
      guard TextTemplate("{\(name)}").names == [name], !name.contains("."),
        !RESTSettings.ownKeys.contains(name), !settings.contains(where: { $0.name == name })
      else {
        top.report(
          .invalid, "secrets",
          Phrase(
            en: "“\(name)” cannot be the name of a secret: lower-case letters, digits and hyphens, and no "
              + "name of another setting.",
            ja: "「\(name)」はシークレットの名前にできません。小文字の英字・数字・ハイフンを使い、ほかの設定と重ならない名前にしてください。"))
        return nil
      }
      return name
    }
  }

  private func headers(_ secrets: [String]) -> [RESTDescription.Header] {
    let section = top.section("headers")
    return section.keys.compactMap { name in
      guard let text = section.text(name) else { return nil }
      let framing = ["host", "content-length", "content-type", "user-agent", "accept"]
      let isToken = !name.isEmpty && name.utf8.allSatisfy { Self.mayStandInField($0) }
      guard isToken, !framing.contains(name.lowercased()), !text.contains("‹"),
        text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F })
      else {
        section.report(
          .invalid, name,
          Phrase(en: "This field of a request is not permitted here.", ja: "このヘッダーフィールドはここでは使えません。"))
        return nil
      }
      let template = TextTemplate(text)
      RequestReader.check(template, permitted: Set(secrets.map { "secret.\($0)" }), name, in: section)
      return RESTDescription.Header(name: name, value: template)
    }
  }

  private static func mayStandInField(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"):
      true
    default: false
    }
  }

  private func lists(_ settings: Set<String>) -> [RESTDescription.List] {
    let sections = top.sections("lists")
    let lists = sections.compactMap { section -> RESTDescription.List? in
      defer { section.finish() }
      let role = section.choice("role", of: RESTDescription.List.Role.self)
      if !section.contains("role") { _ = section.requiredText("role", example: "block") }
      let kinds = section.choices("kinds", of: RESTDescription.Kind.self)
      if kinds == nil { _ = section.requiredText("kinds", example: "[address4, prefix4]") }
      let name = section.requiredText("name", example: "\"{setting.list}\"").map { TextTemplate($0) }
      let spelling = section.choice("spelling", of: RESTDescription.List.Spelling.self)
      let words = section.section("values")
      var values: [String: TextTemplate] = [:]
      for key in words.keys {
        guard let text = words.text(key) else { continue }
        values[key] = TextTemplate(text)
        RequestReader.check(TextTemplate(text), permitted: settings, key, in: words)
        if key == "name" || TextTemplate("{\(key)}").names != [key] || !RESTSettings.isWord(bareWord(text)) {
          words.report(.invalid, key, RESTSettings.wordsOnly(text))
        }
      }
      guard let role, let kinds, let name else { return nil }
      RequestReader.check(name, permitted: settings, "name", in: section)
      if !RESTSettings.isWord(bareWord(name.filled([:]))) {
        section.report(.invalid, "name", RESTSettings.wordsOnly(name.filled([:])))
      }
      return RESTDescription.List(
        role: role, kinds: Set(kinds), name: name, spelling: spelling ?? .address, values: values)
    }
    for role in RESTDescription.List.Role.allCases where lists.count == sections.count {
      for kind in RESTDescription.Kind.allCases {
        let count = lists.count { $0.role == role && $0.kinds.contains(kind) }
        let wanted = top.section("capabilities").texts("kinds").contains { $0.text == kind.rawValue } ? 1 : 0
        guard count != wanted else { continue }
        top.report(
          .invalid, "lists",
          Phrase(
            en: "\(count) lists hold \(kind.rawValue) to \(role.rawValue); by the capabilities it must be "
              + "\(wanted).",
            ja: "\(role.rawValue) の \(kind.rawValue) を保持するリストが \(count) 件あります。capabilities によれば "
              + "\(wanted) 件でなければなりません。"))
      }
    }
    return lists
  }

  /// Places stand for words.
  private func bareWord(_ text: String) -> String {
    let template = TextTemplate(text)
    return template.filled(Dictionary(template.names.map { ($0, "x") }) { a, _ in a })
  }
}
