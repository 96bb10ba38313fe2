import ArgumentParser
import Capture
import Detection
import Feeds
import Gateway
import Language
import NetworkTypes
import Reputation

struct ReplayCommand: SekishoCommand {
  static let configuration = CommandConfiguration(
    commandName: "replay",
    abstract: "Show what a capture would have led to: verdicts, blocks, and what they would have cut.",
    discussion: "Uses the lists and the policy of the configuration. No firewall is touched.")

  @Argument(help: "A pcap or pcapng file.") var file: String
  @Flag(help: "Explain each verdict.") var explain = false
  @OptionGroup var global: GlobalOptions

  private struct BlockView: Encodable {
    var kind = "block"
    var target: IPAddress
    var time: Timestamp
    var until: Timestamp
    var packetsCut: Int
    var terminals: [IPAddress]
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
    let index: ReputationIndex
    do throws(FeedError) {
      index = try configuration.loadReputation().index
    } catch {
      throw CommandFailure(.failed, error.message)
    }
    let replay: Replay
    do throws(CaptureError) {
      replay = try Replay.run(file, index: index, policy: configuration.policy)
    } catch {
      throw CommandFailure(.failed, error.message)
    }
    if console.json {
      for block in replay.blocks {
        try console.object(
          BlockView(
            target: block.target, time: block.at, until: block.until, packetsCut: block.packetsCut,
            terminals: block.terminals.sorted(), verdict: block.verdict))
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
    let terminals = replay.blocks.reduce(into: Set<IPAddress>()) { $0.formUnion($1.terminals) }
    console.say(
      Phrase(
        en:
          "\(replay.packets) packets: \(replay.blocks.count) destinations would have been blocked, which would have cut \(cut) packets of \(terminals.count) terminals; \(replay.held.count) held by policy.",
        ja:
          "パケット \(replay.packets) 件: 遮断となる宛先 \(replay.blocks.count) 件（止まるパケット \(cut) 件、影響を受ける端末 \(terminals.count) 台）、ポリシーによる保留 \(replay.held.count) 件。"
      ), .bold)
    if !replay.blocks.isEmpty {
      console.table(
        [
          Phrase(en: "Time", ja: "時刻"), Phrase(en: "Target", ja: "対象"), Phrase(en: "Cut", ja: "遮断数"),
          Phrase(en: "Why", ja: "根拠"),
        ],
        replay.blocks.prefix(100).map { block in
          [
            String(block.at.description.dropFirst(11).prefix(12)), block.target.description,
            "\(block.packetsCut)", Detector.reason(block.verdict),
          ]
        })
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
