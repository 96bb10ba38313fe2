import ArgumentParser
import FirewallKit
import Foundation
import Gateway
import Language
import NetworkTypes
import ProcessPlugins

struct AdapterCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "adapter", abstract: "The firewalls this gateway can drive, and what each can do.",
    subcommands: [
      AdapterListCommand.self, AdapterDescribe.self, AdapterCheck.self, AdapterNew.self,
    ])
}

struct AdapterListCommand: SekishoCommand {
  static let configuration = CommandConfiguration(commandName: "list", abstract: "List the adapters.")

  @Flag(help: "As a table in Markdown: Docs/Adapters.md.") var markdown = false
  @OptionGroup var global: GlobalOptions

  func perform() async throws(CommandFailure) -> ExitStatus {
    let console = global.console
    let manifests = AdapterList.entries.map(\.manifest) + configuredPlugins()
    if markdown {
      console.line(AdapterMatrix.markdown(manifests, in: console.language))
      return .done
    }
    if console.json {
      for manifest in manifests { try console.object(manifest) }
      return .done
    }
    for manifest in manifests {
      console.say(Phrase(verbatim: manifest.name), .bold)
      console.say(manifest.summary, indent: 2)
    }
    console.say(
      Phrase(en: "More about one: sekisho adapter describe NAME", ja: "詳細: sekisho adapter describe 名前"), .dim
    )
    return .done
  }

  /// What the plugins of the configuration declare. Without a good configuration there are none: it is not
  /// needed to list what is built in, and `config check` tells what is wrong with it.
  private func configuredPlugins() -> [AdapterManifest] {
    guard let configuration = try? GatewayConfiguration.load(global.config) else { return [] }
    var manifests: [AdapterManifest] = []
    for firewall in configuration.firewalls {
      let manifest = firewall.make(Timestamp.now).manifest
      if manifest.name != firewall.adapter.manifest.name, !manifests.contains(manifest) {
        manifests.append(manifest)
      }
    }
    return manifests
  }
}

struct AdapterDescribe: SekishoCommand {
  static let configuration = CommandConfiguration(
    commandName: "describe", abstract: "Tell what an adapter can do.")

  @Argument(help: "The adapter, for example nftables; or the folder of a plugin, for example ./my-firewall.")
  var name: String
  @OptionGroup var global: GlobalOptions

  func perform() async throws(CommandFailure) -> ExitStatus {
    let console = global.console
    let manifest = try manifest()
    if console.json {
      try console.object(manifest)
      return .done
    }
    let able = manifest.capabilities
    console.say(Phrase(verbatim: manifest.name), .bold)
    console.say(manifest.summary, indent: 2)
    let rows: [(Phrase, String)] = [
      (Phrase(en: "targets", ja: "対象"), able.kinds.sorted().map(\.rawValue).joined(separator: ", ")),
      (Phrase(en: "takes effect as one", ja: "一括適用の単位"), able.atomicity.rawValue),
      (Phrase(en: "read back", ja: "読み戻し"), able.readBack.rawValue),
      (Phrase(en: "timers on the device", ja: "実機側の期限"), able.expiry.rawValue),
      (Phrase(en: "check before applying", ja: "適用前の検証"), able.validation.rawValue),
      (Phrase(en: "overlapping prefixes", ja: "重なるプレフィックス"), able.prefixes.rawValue),
      (Phrase(en: "drift is found by", ja: "差異の検出"), able.driftDetection.rawValue),
      (Phrase(en: "most blocks", ja: "遮断の上限"), able.maximumBlocks.map(String.init) ?? "-"),
      (Phrase(en: "longest block", ja: "最長の期限"), able.maximumTimeToLiveSeconds.map { "\($0) s" } ?? "-"),
      (Phrase(en: "survives a restart", ja: "再起動後の保持"), able.survivesRestart ? "yes" : "no"),
    ]
    for (label, value) in rows {
      console.line("  " + DisplayWidth.padded(console.text(label), to: 24) + value)
    }
    return .done
  }

  private func manifest() throws(CommandFailure) -> AdapterManifest {
    if let entry = AdapterList.entry(named: name) { return entry.manifest }
    guard !name.contains("/"), name != ".", name != ".." else {
      do throws(PluginFolderError) {
        return try PluginFolder(URL(filePath: name).standardizedFileURL.path).manifest
      } catch {
        throw CommandFailure(.usage, error.message)
      }
    }
    let names = AdapterList.entries.map(\.manifest.name).joined(separator: ", ")
    throw CommandFailure(
      .usage,
      Phrase(
        en:
          "There is no adapter “\(name)”; known are \(names), and the folder of a plugin, such as ./\(name).",
        ja: "アダプター「\(name)」はありません。使えるもの: \(names)、またはプラグインのフォルダー（例: ./\(name)）"))
  }
}
