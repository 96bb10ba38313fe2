public import ConfigurationFile
import FirewallKit
import FoundationEssentials
public import HTTPTransport
import Language
public import NetworkTypes

/// What the configuration says about a firewall that a plugin drives.
public struct PluginSettings: Sendable {
  public static let usualDeadline: Duration = .seconds(10)
  /// The engine gives up on a call after 30 s.
  static let permittedDeadlines: ClosedRange<Duration> = .milliseconds(100)...(.seconds(25))

  public var folder: PluginFolder
  /// How long each answer may take before the process is ended.
  public var deadline: Duration
  /// Which way blocked traffic goes, by the policy.
  public var direction: TrafficDirection
  /// What the plugin itself is told, as it stands in the configuration.
  var settings: SettingValue
  /// Where the secrets are kept that the plugin gets, by the name it gets them under.
  public var secrets: [String: SecretReference]

  public init(
    folder: PluginFolder, deadline: Duration = Self.usualDeadline, direction: TrafficDirection = .both,
    settings: ConfigurationNode? = nil, secrets: [String: SecretReference] = [:]
  ) {
    self.folder = folder
    self.deadline = deadline
    self.direction = direction
    self.settings = settings.map { SettingValue($0) } ?? .map([:])
    self.secrets = secrets
  }

  /// Reads the settings of one firewall and the plugin's declaration; `nil` after what is wrong was
  /// reported to the section. Nothing of the plugin is run.
  /// - Parameter taken: names of adapters that a plugin must not bear.
  public init?(from section: ConfigurationSection, direction: TrafficDirection, taken: [String] = []) {
    defer { section.finish() }
    let place = section.requiredText("folder", example: "plugins/my-firewall")
    let deadline = section.duration("deadline", in: Self.permittedDeadlines)
    let settings = section.node("settings")
    if let settings, !settings.isMap {
      section.report(
        .wrongType, "settings",
        Phrase(en: "Keys with values are expected here (key: value).", ja: "ここには「キー: 値」の形の設定が必要です。"))
    }
    let secrets = Self.secrets(section.section("secrets"))
    guard let place else { return nil }
    // Beside the configuration that names it, as policies are.
    let base = URL(filePath: section.location.file).deletingLastPathComponent()
    let path = URL(filePath: place, relativeTo: base).standardizedFileURL.path
    let folder: PluginFolder
    do throws(PluginFolderError) {
      folder = try PluginFolder(path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path)
    } catch {
      section.report(.invalid, "folder", error.message)
      return nil
    }
    guard !taken.contains(folder.manifest.name) else {
      section.report(
        .duplicate, "folder",
        Phrase(
          en:
            "The plugin calls itself “\(folder.manifest.name)”, which is an adapter of this program. Rename it.",
          ja: "プラグインの名前「\(folder.manifest.name)」は組み込みのアダプターと同じです。別の名前にしてください。"))
      return nil
    }
    guard settings?.isMap != false else { return nil }
    self.init(
      folder: folder, deadline: deadline ?? Self.usualDeadline, direction: direction, settings: settings,
      secrets: secrets)
  }

  private static func secrets(_ section: ConfigurationSection) -> [String: SecretReference] {
    var secrets: [String: SecretReference] = [:]
    for key in section.keys {
      guard let text = section.text(key) else { continue }
      if let reference = SecretReference(text) {
        secrets[key] = reference
      } else {
        // The text is not shown: it may be the secret itself.
        section.report(
          .invalid, key,
          Phrase(
            en: "Say where the secret is kept: file:/path, env:VARIABLE or credential:name. "
              + "The secret itself does not belong here.",
            ja: "シークレットの保管場所を file:/パス、env:変数名、credential:名前 のいずれかで指定してください。"
              + "シークレットそのものはここに書けません。"))
      }
    }
    return secrets
  }
}

extension ConfigurationNode {
  fileprivate var isMap: Bool {
    switch content {
    case .map, .null: true
    case .scalar, .list: false
    }
  }
}
