import ArgumentParser
import Detection
import Foundation
import Gateway
import Language
import NetworkTypes

struct ScoreCommand: SekishoCommand {
  static let configuration = CommandConfiguration(
    commandName: "score",
    abstract:
      "Read names and addresses from standard input and print each with its score, a tab between them.",
    discussion: """
      One in 10,000 ordinary names or addresses reaches 80, one in 100 reaches 40. Of a name only the \
      registered domain counts, of an address what was listed around it. IPv6 addresses and single labels \
      have no score and get 0. For lists and guards as well: sekisho explain NAME.
      標準入力の名前やアドレス 1 行ごとに、名前・タブ・評価値を同じ順序で出力します。
      """)

  @OptionGroup var choice: ModelOption
  @Flag(help: "Show the terms that make up each score.") var explain = false
  @OptionGroup var global: GlobalOptions

  func perform() async throws(CommandFailure) -> ExitStatus {
    let model = try choice.load(global).model
    let addresses = try choice.loadAddresses(global)?.model
    if explain {
      try explainLines(model, addresses, global.console)
    } else {
      scoreLines(model, addresses)
    }
    return .done
  }

  private func scoreLines(_ model: NameModel, _ addresses: AddressModel?) {
    var lines = ScoreLines(model, addresses: addresses)
    var output: [UInt8] = []
    while true {
      let part = [UInt8](FileHandle.standardInput.availableData)
      if part.isEmpty { break }
      lines.take(part.span, to: &output)
      FileHandle.standardOutput.write(Data(output))
      output.removeAll(keepingCapacity: true)
    }
    lines.finish(to: &output)
    FileHandle.standardOutput.write(Data(output))
  }

  private struct AddressView: Encodable {
    struct Term: Encodable {
      var table: String
      var value: Double
    }
    var address: String
    var score: Double
    var probability: Double
    var terms: [Term]
    var model: String
  }

  private struct View: Encodable {
    struct Term: Encodable {
      struct Entry: Encodable {
        var text: String
        var value: Double
      }
      var table: String
      var value: Double
      var entries: [Entry]
    }
    var name: String
    var registered: String
    var score: Double
    var probability: Double
    var head: String
    var terms: [Term]
    var model: String
  }

  private func explainLines(
    _ model: NameModel, _ addresses: AddressModel?, _ console: Console
  ) throws(CommandFailure) {
    while let line = readLine() {
      if let addresses, let address = IPAddress(line), let score = addresses.score(address) {
        try explain(address, score, addresses, console)
        continue
      }
      guard let name = DomainName(line), IPAddress(line) == nil, let told = model.explanation(of: name) else {
        if !line.isEmpty {
          console.error(
            Phrase(
              en: "“\(line)” has no score: it is no registered name and no IPv4 address.",
              ja: "「\(line)」は登録名でも IPv4 アドレスでもないため、評価値がありません。"))
        }
        continue
      }
      if console.json {
        try console.object(
          View(
            name: told.name, registered: told.registered, score: told.score.points,
            probability: model.probability(told.score), head: told.head.rawValue,
            terms: told.terms.map { term in
              View.Term(
                table: term.table.identifier, value: Double(term.value) / 100,
                entries: term.entries.map { .init(text: $0.text, value: Double($0.value) / 100) })
            }, model: model.identifier))
      } else {
        console.show(told, model)
      }
    }
  }
}

extension ScoreCommand {
  private func explain(
    _ address: IPAddress, _ score: AddressScore, _ model: AddressModel, _ console: Console
  ) throws(CommandFailure) {
    guard console.json else { return console.show(address, score, model) }
    try console.object(
      AddressView(
        address: "\(address)", score: Double(score.hundredths) / 100,
        probability: model.probability(score),
        terms: [.init(table: "base", value: Double(score.base) / 100)]
          + score.terms.map { .init(table: $0.table, value: Double($0.value) / 100) },
        model: model.identifier))
  }
}

extension Console {
  /// An address's score taken apart: one line a table.
  func show(_ address: IPAddress, _ score: AddressScore, _ model: AddressModel) {
    line(coloured("\(address)\t\(Self.points(score.hundredths))", .bold))
    let percent = String(format: "%.1f", model.probability(score) * 100)
    say(
      Phrase(
        en: "Scored by what was listed around it; probability \(percent) %.",
        ja: "周辺の掲載状況による評価、確率 \(percent) %。"), indent: 2)
    func row(_ value: Int, _ phrase: Phrase) {
      let number = Self.points(value)
      line(String(repeating: " ", count: max(0, 10 - number.count)) + number + "  " + text(phrase))
    }
    row(score.base, Phrase(en: "Base value", ja: "基本の値"))
    for term in score.terms where term.value != 0 { row(term.value, term.phrase) }
    say(
      Phrase(
        en: "Sum \(Self.points(score.hundredths)) by model \(model.identifier).",
        ja: "合計 \(Self.points(score.hundredths))、モデル \(model.identifier)。"), indent: 2)
    line()
  }

  /// A name's score taken apart: one line a table that counts.
  func show(_ told: NameExplanation, _ model: NameModel) {
    let percent = String(format: "%.1f", model.probability(told.score) * 100)
    line(coloured("\(told.name)\t\(Self.points(told.score.hundredths))", .bold))
    say(
      Phrase(
        en: "Scored: \(told.registered), as \(told.head.phrase.en); probability \(percent) %.",
        ja: "評価の対象: \(told.registered)、判定の種類: \(told.head.phrase.ja)、確率 \(percent) %。"), indent: 2)
    for term in told.terms where term.value != 0 {
      line(
        String(repeating: " ", count: max(0, 10 - Self.points(term.value).count)) + Self.points(term.value)
          + "  " + text(term.table.phrase))
      guard term.table.binCount == nil else { continue }
      let entries = term.entries.map { "\($0.text) \(Self.points($0.value))" }.joined(separator: ", ")
      say(Phrase(verbatim: entries), indent: 14, .dim)
    }
    say(
      Phrase(
        en: "Sum \(Self.points(told.sum)) by model \(model.identifier).",
        ja: "合計 \(Self.points(told.sum))、モデル \(model.identifier)。"), indent: 2)
    line()
  }

  static func points(_ hundredths: Int) -> String { String(format: "%.2f", Double(hundredths) / 100) }
}
