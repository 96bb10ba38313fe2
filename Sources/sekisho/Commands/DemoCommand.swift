import ArgumentParser
import FirewallKit
import FirewallSimulators
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

  /// What is in every kernel. firewalld needs its daemon, which the laboratory does not have.
  private static let own = ["nftables", "iptables"]

  @Option(
    help: "Only with this adapter; one of a device, such as panos, on a simulator. Default: this host's own.")
  var adapter: String?
  @OptionGroup var global: GlobalOptions

  func perform() async throws(CommandFailure) -> ExitStatus {
    let names = Self.own + LabDevice.names
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
    for name in adapter.map({ [$0] }) ?? Self.own {
      if let device = LabDevice(named: name) {
        try await DeviceDemonstration(adapter: name, device: device, console: global.console).run()
      } else {
        try await Demonstration(stage: DemonstrationStage(adapter: name, console: global.console)).run()
      }
    }
    return .done
  }
}
