import ArgumentParser
import FirewallSimulators
import Foundation
import Language
import UnixSignals

struct LabCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lab", abstract: "Firewalls that exist in memory, to try adapters against.",
    subcommands: [LabDeviceCommand.self])
}

struct LabDeviceCommand: SekishoCommand {
  static let configuration = CommandConfiguration(
    commandName: "device",
    abstract: "Run a simulated firewall on this host until interrupted.",
    discussion: "It listens on 127.0.0.1 only. Its files are removed at its end.")

  @Argument(help: "Which one: \(LabDevice.names.joined(separator: ", ")).") var name: String
  @Option(help: "The port. Default: a free one.") var port: UInt16 = 0
  @OptionGroup var global: GlobalOptions

  func perform() async throws(CommandFailure) -> ExitStatus {
    guard let lab = LabDevice(named: name) else {
      let names = LabDevice.names.joined(separator: ", ")
      throw CommandFailure(
        .usage,
        Phrase(
          en: "There is no simulator “\(name)”; known are \(names).",
          ja: "シミュレーター「\(name)」はありません。使えるもの: \(names)"))
    }
    let folder = FileManager.default.temporaryDirectory
      .appending(path: "sekisho-lab-\(name)-\(ProcessInfo.processInfo.processIdentifier)")
    defer { try? FileManager.default.removeItem(at: folder) }
    let server: DeviceServer
    let reach: DeviceReach
    do {
      server = try await DeviceServer(lab.device, port: Int(port))
      reach = try DeviceReach(server, lab, in: folder)
    } catch {
      throw CommandFailure(
        .failed,
        Phrase(en: "The simulator cannot be started: \(error)", ja: "シミュレーターを起動できません: \(error)"))
    }
    // Listened to before anybody is told, so that whoever reads this may end it at once.
    let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
    try tell(reach, lab)
    for await _ in signals { break }
    await server.close()
    for violation in lab.device.violations { global.console.line(violation) }
    return .done
  }

  private func tell(_ reach: DeviceReach, _ lab: LabDevice) throws(CommandFailure) {
    let console = global.console
    if console.json {
      try console.object(reach)
    } else {
      console.say(
        Phrase(
          en: "A simulated \(name) listens on \(reach.url). Interrupt to end it. To drive it:",
          ja: "シミュレーター \(name) が \(reach.url) で待ち受けています。中断すると終了します。設定例:"))
      console.line("  - name: \(name)-lab")
      console.line("    adapter: \(name)")
      console.line("    settings:")
      for line in reach.settings { console.line("      " + line) }
      for (key, value) in lab.secrets.sorted(by: { $0.key < $1.key }) {
        console.say(Phrase(en: "For other clients, \(key):", ja: "ほかのクライアント用の \(key):"))
        console.line("  \(value)")
      }
    }
    fflush(nil)
  }
}
