import ArgumentParser
import ConfigurationFile
import Feeds
import FirewallKit
import Foundation
import Gateway
import Language
import NetworkTypes
import Policy
import Reputation

struct ConfigCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "config", abstract: "Check a configuration without touching a firewall.",
    subcommands: [ConfigCheck.self])
}

struct ConfigCheck: SekishoCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Find everything that is wrong with a configuration, its policy and its lists.")

  @Argument(help: "The file. Default: that of --config.") var file: String?
  @OptionGroup var global: GlobalOptions

  private struct View: Encodable {
    var file: String
    var valid: Bool
    var problems: [ConfigurationProblemView]
  }

  private struct ConfigurationProblemView: Encodable {
    var file: String
    var line: Int
    var column: Int
    var key: String
    var code: String
    var message: String
  }

  func perform() async throws(CommandFailure) -> ExitStatus {
    let console = global.console
    let path = file ?? global.config
    var problems: [ConfigurationProblemView] = []
    var lines: [Phrase] = []
    func add(_ file: String, _ line: Int, _ column: Int, _ key: String, _ code: String, _ message: Phrase) {
      problems.append(
        ConfigurationProblemView(
          file: file, line: line, column: column, key: key, code: code,
          message: message.text(in: console.language)))
      let place = "\(file):\(line):\(column)" + (key.isEmpty ? "" : ": \(key)")
      lines.append(Phrase(en: "\(place): \(message.en)", ja: "\(place): \(message.ja)"))
    }
    var counts = Phrase(verbatim: "")
    do throws(ConfigurationError) {
      let configuration = try GatewayConfiguration.load(path)
      var indicators = 0
      for feed in configuration.feeds {
        // What comes from the web is none of the configuration's mistakes: `sekisho feeds verify`.
        guard case .file(let path) = feed.origin, feed.format.word != .misp else { continue }
        do throws(FeedError) {
          let content = try FeedReader.read(fileOf: feed, now: Timestamp.now())
          indicators += content.list.count
          for problem in content.problems {
            add(
              problem.file, problem.line, 1, "", problem.code,
              Phrase(
                en: "“\(problem.excerpt)”: \(problem.expected.en)",
                ja: "「\(problem.excerpt)」: \(problem.expected.ja)"))
          }
        } catch {
          add(path, 1, 1, "", error.code.rawValue, error.message)
        }
      }
      do throws(SharedFileError) {
        _ = try configuration.detector.load()
      } catch {
        add(error.file, error.line ?? 1, 1, "detector", error.code.rawValue, error.message)
      }
      for firewall in configuration.firewalls {
        guard let adapter = firewall.make(Timestamp.now) as? any ReadinessChecking else { continue }
        do throws(AdapterError) {
          try await adapter.checkReadiness()
        } catch {
          let words = Phrase(en: error.text(in: .english), ja: error.text(in: .japanese))
          let place = firewall.location
          add(place.file, place.line, place.column, firewall.name, error.code.rawValue, words)
        }
      }
      let firewalls = configuration.firewalls.count
      let sources = configuration.feeds.count
      counts = Phrase(
        en:
          "\(firewalls) firewall\(firewalls == 1 ? "" : "s"), policy “\(configuration.policy.name)”, \(indicators) indicator\(indicators == 1 ? "" : "s") from \(sources) source\(sources == 1 ? "" : "s"), mode \(configuration.mode.rawValue).",
        ja:
          "ファイアウォール \(firewalls) 台、ポリシー「\(configuration.policy.name)」、情報源 \(sources) 件から脅威指標 \(indicators) 件、モード \(configuration.mode.rawValue)。"
      )
    } catch {
      for problem in error.problems {
        add(
          problem.location.file, problem.location.line, problem.location.column, problem.key,
          problem.code.rawValue, problem.message)
      }
    }
    if console.json {
      try console.object(View(file: path, valid: problems.isEmpty, problems: problems))
    } else if problems.isEmpty {
      console.say(Phrase(en: "\(path) is good: \(counts.en)", ja: "\(path) に問題はありません: \(counts.ja)"), .green)
    } else {
      for line in lines { console.say(line) }
      console.say(
        Phrase(
          en: "\(problems.count) problems. Nothing was changed.",
          ja: "問題が \(problems.count) 件あります。何も変更していません。"), .red)
    }
    return problems.isEmpty ? .done : .usage
  }
}
