import ArgumentParser
import Detection
import Foundation
import Gateway
import Language
import Training

struct TrainCommand: SekishoCommand {
  static let configuration = CommandConfiguration(
    commandName: "train",
    abstract: "Train a model and measure it on what it never saw.",
    discussion: """
      Writes the model, its hash (.sha256), its report (.report.md) and the reliability plot \
      (.reliability.svg). The same data gives the same bytes.
      評価モデルを学習し、学習に使っていない名前で品質を測ります。
      """)

  enum Kind: String, ExpressibleByArgument, CaseIterable { case names, addresses }

  @Option(help: "What the model is to judge: names, or addresses without a name.") var kind = Kind.names
  @Option(help: "The directory of the training data.") var data: String
  @Option(help: "The Public Suffix List, for names.") var suffixes = Trainer.standardSuffixes
  @Option(help: "The model file to write.") var out: String
  @OptionGroup var global: GlobalOptions

  private struct View: Encodable {
    var model: String
    var digest: String
    var bytes: Int
    var seconds: Double
    var qualities: [Quality]
  }

  func perform() async throws(CommandFailure) -> ExitStatus {
    let console = global.console
    let start = ContinuousClock.now
    let bar = ProgressLine(console: console, start: start)
    let result: TrainingResult
    do throws(TrainingError) {
      let directory = URL(filePath: data)
      switch kind {
      case .names:
        let list = URL(filePath: suffixes)
        result = try Trainer(directory: directory, publicSuffixes: list, progress: { bar.show($0) }).run()
      case .addresses: result = try AddressTrainer(directory: directory, progress: { bar.show($0) }).run()
      }
    } catch {
      throw CommandFailure(.failed, error.message)
    }
    bar.clear()
    let report = out + ".report.md"
    try write(result.model, out)
    let plot = URL(filePath: out).lastPathComponent + ".reliability.svg"
    try write(result.report.replacing("](reliability.svg)", with: "](\(plot))"), report)
    try write(result.reliability, out + ".reliability.svg")
    let model: any ScoringModel
    do throws(ModelFileError) {
      let bytes = Array(result.model.utf8)
      switch kind {
      case .names: model = try NameModel(bytes.span)
      case .addresses: model = try AddressModel(bytes.span)
      }
    } catch {
      throw CommandFailure(.failed, error.message)
    }
    try write(ModelHash.line(model.digest, of: out), ModelHash.path(of: out))
    let took = ContinuousClock.now - start
    let seconds = Double(took.components.seconds) + Double(took.components.attoseconds) / 1e18
    if console.json {
      try console.object(
        View(
          model: out, digest: model.digest, bytes: result.model.utf8.count, seconds: seconds,
          qualities: result.qualities))
    } else {
      console.say(
        Phrase(
          en:
            "\(out): model \(model.identifier), \(result.model.utf8.count) bytes, made in \(Int(seconds)) s.",
          ja: "\(out): モデル \(model.identifier)、\(result.model.utf8.count) バイト、\(Int(seconds)) 秒で作成。"), .green)
      console.table(
        [
          Phrase(en: "held out", ja: "検証データ"), Phrase(en: "harmful", ja: "件数"), Phrase(verbatim: "AUC"),
          Phrase(verbatim: "1 %"), Phrase(verbatim: "0.1 %"), Phrase(verbatim: "0.01 %"),
          Phrase(en: "families, 0.1 %", ja: "系統平均 0.1 %"),
        ],
        result.qualities.map { quality in
          [quality.split, "\(quality.harmfulCount)", String(format: "%.4f", quality.area)]
            + (quality.found + [quality.familyMean[1]]).map { String(format: "%.3f", $0) }
        })
      console.say(Phrase(en: "The whole report is in \(report).", ja: "詳しい報告は \(report) にあります。"))
    }
    return .done
  }

  private func write(_ text: String, _ path: String) throws(CommandFailure) {
    do {
      try Data(text.utf8).write(to: URL(filePath: path), options: .atomic)
    } catch {
      throw CommandFailure(
        .failed, Phrase(en: "\(path) cannot be written: \(error)", ja: "\(path) に書き込めません: \(error)"))
    }
  }
}

/// One line on standard error that is written over, and only on a terminal.
private struct ProgressLine {
  let console: Console
  let start: ContinuousClock.Instant

  func show(_ progress: TrainingProgress) {
    guard isatty(STDERR_FILENO) == 1 else { return }
    let elapsed = Double((ContinuousClock.now - start).components.seconds)
    let left = progress.share > 0.02 ? Int(elapsed / progress.share * (1 - progress.share)) : nil
    let rest = left.map { console.text(Phrase(en: ", \($0) s left", ja: "、残り約 \($0) 秒")) } ?? ""
    let text = "\r\u{1B}[K\(Int(progress.share * 100)) %  \(console.text(progress.phase))\(rest)"
    FileHandle.standardError.write(Data(text.utf8))
  }

  func clear() {
    if isatty(STDERR_FILENO) == 1 { FileHandle.standardError.write(Data("\r\u{1B}[K".utf8)) }
  }
}
