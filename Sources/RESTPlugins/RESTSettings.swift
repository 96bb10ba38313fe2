public import ConfigurationFile
public import DeviceRequests
import FirewallKit
import FoundationEssentials
import Language

/// What the configuration says about a firewall that a description tells how to drive.
public struct RESTSettings: Sendable {
  public var description: RESTDescription
  public var endpoint: DeviceEndpoint
  /// The words for the description's own settings, by name.
  var words: [String: String]

  /// Keys of the configuration that are not the description's.
  static let ownKeys: Set<String> = [
    "url", "ca", "pin", "client-certificate", "client-key", "requests-per-second", "description",
  ]

  public init(description: RESTDescription, endpoint: DeviceEndpoint, words: [String: String] = [:]) {
    self.description = description
    self.endpoint = endpoint
    self.words = Dictionary(description.settings.map { ($0.name, words[$0.name] ?? $0.usual) }) { a, _ in a }
  }

  /// Reads the settings of one firewall; `nil` after what is wrong was reported to the section.
  public init?(from section: ConfigurationSection, description: RESTDescription) {
    defer { section.finish() }
    let endpoint = DeviceEndpoint(
      from: section, secrets: description.secrets.map { SecretSetting($0) },
      example: "https://fw.example.org", requestsPerSecond: description.requestsPerSecond)
    var words: [String: String] = [:]
    var isRight = true
    for setting in description.settings {
      guard let word = section.text(setting.name) else { continue }
      words[setting.name] = word
      if Self.isWord(word) { continue }
      section.report(.invalid, setting.name, Self.wordsOnly(word))
      isRight = false
    }
    guard isRight, let endpoint else { return nil }
    self.init(description: description, endpoint: endpoint, words: words)
    for (key, name) in clashes() {
      section.report(
        .invalid, key,
        Phrase(
          en: "What is blocked and what is allowed would be kept in one list (\(name)). Use two.",
          ja: "遮断と許可が同じリスト（\(name)）になります。別々にしてください。"))
      isRight = false
    }
    guard isRight else { return nil }
  }

  /// The same with `description:`, a file beside the configuration.
  /// - Parameter taken: names of adapters that a description must not bear.
  public init?(from section: ConfigurationSection, taken: [String]) {
    guard let place = section.requiredText("description", example: "my-firewall.yaml") else { return nil }
    let base = URL(filePath: section.location.file).deletingLastPathComponent()
    let path = URL(filePath: place, relativeTo: base).standardizedFileURL.path
    guard let bytes = try? Data(contentsOf: URL(filePath: path)),
      let text = String(validating: bytes, as: UTF8.self)
    else {
      section.report(
        .unreadable, "description",
        Phrase(
          en: "\(path) cannot be read as text. Give the description's path, from here or absolute.",
          ja: "\(path) をテキストとして読み取れません。記述ファイルのパス（このファイルからの相対、または絶対）を指定してください。"))
      return nil
    }
    let description: RESTDescription
    do throws(ConfigurationError) {
      description = try RESTDescription(parsing: text, file: path)
    } catch {
      for problem in error.problems { section.problems.report(problem) }
      return nil
    }
    guard !taken.contains(description.manifest.name) else {
      section.report(
        .duplicate, "description",
        Phrase(
          en: "The description calls itself “\(description.manifest.name)”, which is an adapter of this "
            + "program. Rename it.",
          ja: "記述の名前「\(description.manifest.name)」は組み込みのアダプターと同じです。別の名前にしてください。"))
      return nil
    }
    self.init(from: section, description: description)
  }

  /// Lists to block and to allow that would be the same place: the setting that says so, and the name.
  private func clashes() -> [(key: String, name: String)] {
    let lists = description.lists
    let allows = lists.filter { allow in
      allow.role == .allow && lists.contains { $0.role == .block && places(of: $0) == places(of: allow) }
    }
    return Set(
      allows.map { list in
        Clash(
          key: list.name.names.first.map { String($0.dropFirst("setting.".count)) } ?? "",
          name: list.name.filled(settingPlaces))
      }
    ).map { ($0.key, $0.name) }.sorted { $0.name < $1.name }
  }

  private struct Clash: Hashable {
    var key: String
    var name: String
  }

  /// What stands at the places of settings and of a list.
  func places(of list: RESTDescription.List) -> [String: String] {
    var places = settingPlaces
    var own = ["list.name": list.name.filled(settingPlaces)]
    for (key, template) in list.values { own["list.\(key)"] = template.filled(settingPlaces) }
    places.merge(own) { _, new in new }
    return places
  }

  var settingPlaces: [String: String] {
    Dictionary(words.map { ("setting.\($0.key)", $0.value) }) { a, _ in a }
  }

  // MARK: Words

  /// Whether a text can stand in an address, a body and a script alike, whatever surrounds it.
  static func isWord(_ text: String) -> Bool {
    (1...64).contains(text.utf8.count)
      && text.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
          true
        default: false
        }
      }
  }

  static func wordsOnly(_ text: String) -> Phrase {
    Phrase(
      en: "“\(text.prefix(80))” is no word of 1 to 64 letters, digits, “-”, “_” and “.”.",
      ja: "「\(text.prefix(80))」は使えません。英数字と「-」「_」「.」を 1〜64 文字で書いてください。")
  }

  static func permits(adapterName name: String) -> Bool {
    (1...40).contains(name.utf8.count)
      && name.utf8.allSatisfy { $0 == 0x2D || (0x30...0x39).contains($0) || (0x61...0x7A).contains($0) }
  }
}
