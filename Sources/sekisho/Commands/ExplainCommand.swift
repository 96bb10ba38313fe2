import ArgumentParser
import Detection
import Enforcement
import Foundation
import Gateway
import Language
import Ledger
import NetworkTypes
import Reputation

struct ExplainCommand: SekishoCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain",
    abstract: "Explain a verdict term by term: that of an action, computed again, or one made now.",
    discussion: """
      With the number of an action (as `status` shows it) the kept verdict is computed again from its kept \
      evidence and the model file that it names by hash; both must be equal to the last bit. With a name or an \
      address the lists and the model of the configuration are asked now.
      操作の番号を指定すると、保存された根拠から判定を計算し直して照合します。名前やアドレスなら、その場で判定します。
      """)

  @Argument(help: "The number of an action, a name, or an address.") var subject: String
  @OptionGroup var choice: ModelOption
  @OptionGroup var global: GlobalOptions

  private struct View: Encodable {
    var action: ActionID?
    /// `identical`, `different`, `model-missing`, or `now`.
    var recomputation: String
    var verdict: Verdict
    var recomputed: Verdict?
    var neededModel: String?
  }

  func perform() async throws(CommandFailure) -> ExitStatus {
    if let action = ActionID(subject) { return try await explainKept(action) }
    return try await explainNow()
  }

  // MARK: Now

  private func explainNow() async throws(CommandFailure) -> ExitStatus {
    let destination: Destination
    if let address = IPAddress(subject) {
      destination = Destination(address: address)
    } else if let name = DomainName(subject) {
      destination = Destination(name: name)
    } else {
      throw CommandFailure(
        .usage,
        Phrase(
          en: "“\(subject)” is no number of an action, no name and no address.",
          ja: "「\(subject)」は操作の番号でも、名前でも、アドレスでもありません。"))
    }
    let console = global.console
    let settings = try choice.settings(global)
    var index: ReputationIndex?
    // Without any configuration there are no lists, and the name or address alone is judged.
    if FileManager.default.fileExists(atPath: global.config) || global.namesConfiguration {
      index = try await global.openIndex(try global.loadConfiguration())
    }
    let judge: Judge
    do throws(SharedFileError) {
      judge = try settings.load().judge
    } catch {
      throw CommandFailure(.failed, error.message)
    }
    let verdict =
      if let index { judge.verdict(on: destination, in: index) } else {
        judge.verdict(on: destination, evidence: [])
      }
    if console.json {
      try console.object(View(recomputation: "now", verdict: verdict))
    } else {
      console.line(verdict.explanation(in: console.language))
    }
    return .done
  }

  // MARK: Kept

  private func explainKept(_ action: ActionID) async throws(CommandFailure) -> ExitStatus {
    let kept = try await keptVerdicts(of: action)
    guard !kept.isEmpty else {
      throw CommandFailure(
        .failed,
        Phrase(
          en:
            "Action \(action) has no verdict: it is unknown here, or a person ordered it. See `sekisho audit`.",
          ja: "操作 \(action) に判定はありません。番号が存在しないか、人の指示によるものです。sekisho audit で確認してください。"))
    }
    var status = ExitStatus.done
    for verdict in kept { if try explain(verdict, action) != .done { status = .failed } }
    return status
  }

  private func keptVerdicts(of action: ActionID) async throws(CommandFailure) -> [Verdict] {
    let gateway = try global.openGateway()
    let texts: [String]
    do throws(JournalError) {
      texts = try await gateway.ledger.decisions(of: action).compactMap(\.decision.verdict)
      try gateway.ledger.close()
    } catch {
      throw CommandFailure(.failed, error.message)
    }
    var verdicts: [Verdict] = []
    for text in Set(texts).sorted() {
      do {
        verdicts.append(try JSONDecoder().decode(Verdict.self, from: Data(text.utf8)))
      } catch {
        throw CommandFailure(
          .failed,
          Phrase(
            en: "The verdict kept with action \(action) cannot be read: \(error)",
            ja: "操作 \(action) に保存された判定を読み取れません: \(error)"))
      }
    }
    return verdicts
  }

  private func explain(_ kept: Verdict, _ action: ActionID) throws(CommandFailure) -> ExitStatus {
    let console = global.console
    let needed = kept.basis?.model
    var names: ModelFile<NameModel>?
    var addresses: ModelFile<AddressModel>?
    var problem: CommandFailure?
    if needed != nil {
      do throws(CommandFailure) {
        if kept.destination.name == nil {
          addresses = try choice.loadAddresses(global)
        } else {
          names = try choice.load(global)
        }
      } catch {
        problem = error
      }
    }
    let file = names.map { ($0.path, $0.model.digest) } ?? addresses.map { ($0.path, $0.model.digest) }
    guard let again = Judge.recomputed(kept, with: names?.model, addresses?.model) else {
      if console.json {
        try console.object(
          View(action: action, recomputation: "model-missing", verdict: kept, neededModel: needed))
      } else {
        console.line(kept.explanation(in: console.language))
        console.line()
      }
      for line in problem?.lines ?? [] { console.error(line) }
      let here = file.map { "\($0): \($1)" } ?? "-"
      let option = kept.destination.name == nil ? "--address-model" : "--model"
      console.error(
        Phrase(
          en:
            "NOT recomputed: the verdict was made by the model with SHA-256 \(needed ?? "?"), and the model at "
            + "hand is another (\(here)). What is shown is as it was kept. Name the right file with \(option).",
          ja: "再計算していません: この判定は SHA-256 が \(needed ?? "?") のモデルによるもので、手元のモデルとは異なります"
            + "（\(here)）。表示は保存された内容です。\(option) で該当するファイルを指定してください。"))
      return .failed
    }
    let isSame = again.isIdentical(to: kept)
    if console.json {
      try console.object(
        View(
          action: action, recomputation: isSame ? "identical" : "different", verdict: kept,
          recomputed: isSame ? nil : again, neededModel: needed))
    } else {
      console.line(kept.explanation(in: console.language))
      console.line()
    }
    guard isSame else {
      if !console.json { console.line(again.explanation(in: console.language)) }
      console.error(
        Phrase(
          en: "The verdict kept with action \(action) and the one computed again DIFFER; both are shown. "
            + "Check the ledger with `sekisho audit verify`.",
          ja: "操作 \(action) に保存された判定と、再計算した判定が一致しません。両方を表示しました。"
            + "sekisho audit verify で台帳を検証してください。"))
      return .failed
    }
    if !console.json {
      console.say(
        Phrase(
          en: "Computed again from the kept evidence"
            + (file.map { " and \($0) (SHA-256 \($1.prefix(12)))" } ?? "")
            + ": identical to the last bit.",
          ja: "保存された根拠" + (file.map { "と \($0)（SHA-256 \($1.prefix(12))）" } ?? "")
            + "から再計算し、最後の 1 ビットまで一致しました。"), .green)
    }
    return .done
  }
}
