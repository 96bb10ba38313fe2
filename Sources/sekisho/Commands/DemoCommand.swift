import ArgumentParser
import FirewallKit
import Gateway
import Lab
import Language

struct DemoCommand: SekishoCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo",
    abstract:
      "Show the whole story on real traffic in a network of its own: dry run, block, read-back, undo.",
    discussion:
      "Nothing outside the demonstration's own network namespaces is touched. Not zero when any step is false."
  )

  @Option(help: "Only with this adapter. Default: every adapter, one after the other.") var adapter: String?
  @OptionGroup var global: GlobalOptions

  func perform() async throws(CommandFailure) -> ExitStatus {
    // A demonstration has no device but this host's own firewalls to tell settings of.
    let names = AdapterList.entries.filter(\.needsNoSettings).map(\.manifest.name)
    if let adapter, !names.contains(adapter) {
      throw CommandFailure(
        .usage,
        Phrase(
          en: "There is no adapter “\(adapter)”; known are \(names.joined(separator: ", ")).",
          ja: "アダプター「\(adapter)」はありません。使えるもの: \(names.joined(separator: "、"))"))
    }
    if !LabEntry.isInside {
      do throws(LabError) {
        try LabEntry.enter()
      } catch {
        throw CommandFailure(.failed, Phrase(en: error.text(in: .english), ja: error.text(in: .japanese)))
      }
    }
    for name in adapter.map({ [$0] }) ?? names {
      try await Demonstration(adapter: name, console: global.console).run()
    }
    return .done
  }
}
