import ArgumentParser
import Capture
import Detection
import Gateway
import Language
import NetworkTypes

struct ReplayCommand: SekishoCommand {
  static let configuration = CommandConfiguration(
    commandName: "replay",
    abstract: "Show what a capture would have led to: verdicts, blocks, and what they would have cut.",
    discussion:
      "Uses the lists, the model, the guards and the policy of the configuration. No firewall is touched.")

  @Argument(help: "A pcap or pcapng file.") var file: String
  @Flag(help: "Explain each verdict.") var explain = false
  @OptionGroup var global: GlobalOptions

  private struct BlockView: Encodable {
    var kind = "block"
    var target: IPAddress
    var time: Timestamp
    var until: Timestamp
    var packetsCut: Int
    var connectionsCut: Int
    var terminals: [IPAddress]
    var reason: String
    var verdict: Verdict
  }

  private struct HeldView: Encodable {
    var kind = "held"
    var target: IPAddress
    var time: Timestamp
    var rule: String
    var reason: String
  }

  func perform() async throws(CommandFailure) -> ExitStatus {
    let configuration = try global.loadConfiguration()
    let console = global.console
    let index = try await global.openIndex(configuration)
    let parts = try global.loadDetector(configuration)
    let replay: Replay
    do throws(CaptureError) {
      replay = try Replay.run(file, index: index, parts: parts, policy: configuration.policy)
    } catch {
      throw CommandFailure(.failed, error.message)
    }
    if console.json {
      for block in replay.blocks {
        try console.object(
          BlockView(
            target: block.target, time: block.at, until: block.until, packetsCut: block.packetsCut,
            connectionsCut: block.connections.count, terminals: block.terminals.sorted(),
            reason: console.text(Detector.reasonPhrase(block.verdict)), verdict: block.verdict))
      }
      for held in replay.held {
        try console.object(
          HeldView(
            target: held.target, time: held.at, rule: held.rule,
            reason: held.reason.text(in: console.language)))
      }
    } else {
      show(replay, console)
    }
    if let early = replay.endedEarly { throw CommandFailure(.failed, early.message) }
    return .done
  }

  private func show(_ replay: Replay, _ console: Console) {
    let cut = replay.blocks.reduce(0) { $0 + $1.packetsCut }
    let connections = replay.blocks.reduce(0) { $0 + $1.connections.count }
    let terminals = replay.blocks.reduce(into: Set<IPAddress>()) { $0.formUnion($1.terminals) }
    console.say(
      Phrase(
        en:
          "\(replay.packets) packets: \(replay.blocks.count) destinations would have been blocked, which would have cut \(connections) connections (\(cut) packets) of \(terminals.count) terminals; \(replay.held.count) held back.",
        ja:
          "パケット \(replay.packets) 件: 遮断となる宛先 \(replay.blocks.count) 件（止まる接続 \(connections) 件・パケット \(cut) 件、影響を受ける端末 \(terminals.count) 台）、保留 \(replay.held.count) 件。"
      ), .bold)
    for block in replay.blocks.prefix(100) {
      let time = block.at.description.dropFirst(11).prefix(12)
      let (connections, terminals) = (block.connections.count, block.terminals.count)
      console.say(
        Phrase(
          en: "\(time) \(block.target), cutting \(connections) connections of \(terminals) terminals:",
          ja: "\(time) \(block.target)（止まる接続 \(connections) 件、端末 \(terminals) 台）:"), indent: 2)
      console.say(Detector.reasonPhrase(block.verdict), indent: 4)
    }
    for held in replay.held.prefix(20) {
      console.say(
        Phrase(
          en: "held: \(held.target) by \(held.rule): \(held.reason.en)",
          ja: "保留: \(held.target)（\(held.rule)）: \(held.reason.ja)"),
        indent: 2, .yellow)
    }
    if explain {
      for block in replay.blocks {
        console.line()
        console.line(block.verdict.explanation(in: console.language))
      }
    }
    console.say(Phrase(en: "Nothing was changed on any firewall.", ja: "ファイアウォールは変更していません。"), .dim)
  }
}
