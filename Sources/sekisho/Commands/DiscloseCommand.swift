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
    abstract:
      "Write the document that tells how destinations are judged, as HTML that prints well and as Markdown.",
    discussion: """
      The model files, which are readable text, are the document's annex and are copied beside it. The \
      language is that of --language.
      お客様向けのアルゴリズム開示書を作成します（--language ja）。
      """)

  @OptionGroup var choice: ModelOption
  @Option(help: "The directory to write to.") var out = "."
  @Option(help: "The name of the worked example.") var example = "secure-login-update24.top"
  @Option(help: "The address of the worked example.") var exampleAddress = "\(Disclosure.exampleAddress)"
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
    guard let address = IPAddress(exampleAddress), address.isIPv4 else {
      throw CommandFailure(
        .usage,
        Phrase(
          en: "“\(exampleAddress)” is no IPv4 address. Name another with --example-address.",
          ja: "「\(exampleAddress)」は IPv4 アドレスではありません。--example-address で指定してください。"))
    }
    let file = try choice.load(global)
    let addresses = try choice.loadAddresses(global)
    let disclosure: Disclosure
    do throws(ModelFileError) {
      disclosure = try Disclosure(model: file.bytes, addresses: addresses?.bytes)
    } catch {
      throw CommandFailure(.failed, error.message)
    }
    let stem = "disclosure.\(console.language.rawValue)"
    var files = [
      (stem + ".html", Data(disclosure.html(console.language, example: name, address: address).utf8)),
      (stem + ".md", Data(disclosure.markdown(console.language, example: name, address: address).utf8)),
      ("names.model", Data(file.bytes)),
      ("names.model.sha256", Data(ModelHash.line(file.model.digest, of: "names.model").utf8)),
    ]
    if let addresses {
      let hash = ModelHash.line(addresses.model.digest, of: "addresses.model")
      files += [
        ("addresses.model", Data(addresses.bytes)), ("addresses.model.sha256", Data(hash.utf8)),
      ]
    }
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
