import ArgumentParser
import Foundation
import Language
import PluginTemplate
import ProcessPlugins

struct AdapterNew: SekishoCommand {
  static let configuration = CommandConfiguration(
    commandName: "new",
    abstract: "Start a plugin of your own: a folder with a program in Python that works as it is.",
    discussion: """
      The plugin keeps a text file, so that it can be tried at once. What reads and writes that file is to \
      be replaced by what reads and writes your firewall.
      """)

  @Argument(help: "The plugin's name: lower-case letters, digits and hyphens.") var name: String
  @Option(help: "The folder to make. Default: one with the plugin's name, here.") var folder: String?
  @OptionGroup var global: GlobalOptions

  private struct View: Encodable {
    var name: String
    var folder: String
    var files: [String]
  }

  func perform() async throws(CommandFailure) -> ExitStatus {
    let console = global.console
    guard PluginFolder.permits(name: name) else {
      throw CommandFailure(
        .usage,
        Phrase(
          en: "“\(name)” cannot be a plugin's name: 1 to 40 lower-case letters, digits and hyphens, such as "
            + "my-firewall.",
          ja: "「\(name)」はプラグイン名に使えません。my-firewall のように、英小文字・数字・ハイフンで 40 文字以内にしてください。"))
    }
    let path = URL(filePath: folder ?? name).standardizedFileURL.path
    do throws(PluginTemplateError) {
      try PluginTemplate.write(named: name, to: path)
    } catch {
      throw CommandFailure(.failed, error.message)
    }
    do throws(PluginFolderError) {
      _ = try PluginFolder(path)
    } catch {
      throw CommandFailure(.failed, error.message)
    }
    if console.json {
      try console.object(
        View(name: name, folder: path, files: PluginTemplate.files(named: name).map(\.name)))
      return .done
    }
    console.say(
      Phrase(
        en: "\(name) is a plugin now. It keeps a text file in its folder until you teach it your firewall.",
        ja: "プラグイン \(name) を作成しました。実際のファイアウォールに合わせて書き換えるまでは、フォルダー内のテキストファイルを操作します。"),
      .green)
    console.say(Phrase(en: "Next:", ja: "次の手順:"))
    console.line("  $ cd \(path)")
    console.line("  $ python3 -m unittest")
    console.line("  $ sekisho adapter check \(name) --config sekisho.yaml")
    console.say(
      Phrase(
        en: "Then change adapter.py, and plugin.json, which declares what the plugin can do. "
          + "Docs/Plugin-protocol.md tells all of it.",
        ja: "その後、adapter.py と、対応機能を宣言する plugin.json を書き換えてください。詳しくは Docs/Plugin-protocol.md を参照してください。"))
    return .done
  }
}
