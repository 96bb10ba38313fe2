import ArgumentParser
import Detection
import Foundation
import Gateway
import Language
import NetworkTypes
import Training

struct DiscloseCommand: SekishoCommand {
  static let configuration = CommandConfiguration(
    commandName: "disclose",
    abstract: "Write the document that tells how names are judged, as HTML that prints well and as Markdown.",
    discussion: """
      The model file, which is readable text, is the document's annex and is copied beside it. The language is \
      that of --language.
      お客様向けのアルゴリズム開示書を作成します（--language ja）。
      """)

  @OptionGroup var choice: ModelOption
  @Option(help: "The directory to write to.") var out = "."
  @Option(help: "The name of the worked example.") var example = "secure-login-update24.top"
  @OptionGroup var global: GlobalOptions

  func perform() async throws(CommandFailure) -> ExitStatus {
    let console = global.console
    guard let name = DomainName(example) else {
      throw CommandFailure(
        .usage,
        Phrase(
          en: "“\(example)” is no domain name. Name another with --example.",
          ja: "「\(example)」はドメイン名ではありません。--example で指定してください。"))
    }
    let file = try choice.load(global)
    let disclosure: Disclosure
    do throws(NameModelError) {
      disclosure = try Disclosure(model: file.bytes)
    } catch {
      throw CommandFailure(.failed, error.message)
    }
    let stem = "disclosure.\(console.language.rawValue)"
    let files = [
      (stem + ".html", Data(disclosure.html(console.language, example: name).utf8)),
      (stem + ".md", Data(disclosure.markdown(console.language, example: name).utf8)),
      ("names.model", Data(file.bytes)),
      ("names.model.sha256", Data(NameModelFile.hashLine(file.model.digest, of: "names.model").utf8)),
    ]
    for (file, content) in files {
      let path = URL(filePath: out).appending(path: file)
      do {
        try content.write(to: path, options: .atomic)
      } catch {
        throw CommandFailure(
          .failed,
          Phrase(en: "\(path.path) cannot be written: \(error)", ja: "\(path.path) に書き込めません: \(error)"))
      }
      if !console.json { console.line(path.path) }
    }
    if console.json { try console.object(["files": files.map(\.0)]) }
    return .done
  }
}
