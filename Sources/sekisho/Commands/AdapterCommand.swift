import ArgumentParser
import Configuration
import Enforcement
import FirewallConformance
import FirewallKit
import Foundation
import Gateway
import Language
import NetworkTypes
import Policy
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

  @OptionGroup var global: GlobalOptions

  func perform() async throws(CommandFailure) -> ExitStatus {
    let console = global.console
    let manifests = AdapterList.entries.map(\.manifest) + configuredPlugins()
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

struct AdapterCheck: SekishoCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Try the laws of the adapter contract on a configured firewall, with documentation addresses.",
    discussion: """
      Blocks and unblocks addresses that are reserved for documentation, provokes faults, reads back, and \
      leaves nothing behind. The firewall must hold no blocks of ours.
      """)

  @Argument(help: "The firewall, by its name in the configuration.") var firewall: String
  @OptionGroup var global: GlobalOptions

  func perform() async throws(CommandFailure) -> ExitStatus {
    let configuration = try global.loadConfiguration()
    let console = global.console
    guard let entry = configuration.firewalls.first(where: { $0.name == firewall }) else {
      let known = configuration.firewalls.map(\.name).joined(separator: ", ")
      throw CommandFailure(
        .usage,
        Phrase(
          en: "There is no firewall “\(firewall)” in \(global.config). Known: \(known)",
          ja: "\(global.config) にファイアウォール「\(firewall)」はありません。登録済み: \(known)"))
    }
    guard entry.mode == .enforce, configuration.policy.mode == .enforce else {
      throw CommandFailure(
        .refused,
        Phrase(
          en: "\(firewall) is in dry run: nothing may be sent to it. The check needs mode: enforce.",
          ja: "\(firewall) は予行（ドライラン）中のため、何も送信できません。検証には mode: enforce が必要です。"))
    }
    let subject = ConformanceSubject(
      name: firewall, makeAdapter: { entry.make(Timestamp.now) }, clock: Timestamp.now,
      patience: .seconds(2))
    let report: ConformanceReport
    do throws(EngineError) {
      report = try await Conformance.run(subject)
    } catch {
      throw CommandFailure(error)
    }
    if console.json {
      try console.object(report)
    } else {
      for line in report.lines {
        switch line.finding {
        case .held:
          console.say(Phrase(en: "held    \(line.statement.en)", ja: "成立    \(line.statement.ja)"), .green)
        case .notApplicable(let because):
          console.say(
            Phrase(
              en: "n/a     \(line.statement.en) (\(because.en))",
              ja: "対象外  \(line.statement.ja)（\(because.ja)）"), .dim)
        case .broken(let because):
          console.say(
            Phrase(
              en: "BROKEN  \(line.statement.en): \(because.en)",
              ja: "不成立  \(line.statement.ja): \(because.ja)"), .red)
        }
      }
      console.say(
        report.holds
          ? Phrase(
            en: "\(firewall) keeps every law that applies to it.", ja: "\(firewall) は該当するすべての要件を満たしています。")
          : Phrase(
            en: "\(firewall) breaks the contract; do not block with it.",
            ja: "\(firewall) は要件を満たしていません。遮断に使用しないでください。"),
        report.holds ? .green : .red)
    }
    return report.holds ? .done : .failed
  }
}
