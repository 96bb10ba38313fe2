public import ArgumentParser
import ConfigurationFile
import Enforcement
import Feeds
import Foundation
import Gateway
import HTTPTransport
public import Language
import Ledger
import Logging
import Reputation

extension Language: ExpressibleByArgument {}

/// The options every command takes.
struct GlobalOptions: ParsableArguments {
  @Option(name: .long, help: "The configuration file.")
  var config = Self.standardConfiguration

  @Option(name: .long, help: "The directory of the ledger.")
  var state = "/var/lib/sekisho"

  @Flag(name: .long, help: "Print JSON for programs: one object, or one a line.")
  var json = false

  @Option(name: .long, help: "The language of what is printed: en or ja. Default: by the LANG variable.")
  var language: Language = .ofEnvironment

  @Flag(name: .shortAndLong, help: "Tell more on standard error.")
  var verbose = false

  var console: Console { Console(language: language, json: json) }

  /// The configuration and everything it names.
  func loadConfiguration() throws(CommandFailure) -> GatewayConfiguration {
    do throws(ConfigurationError) {
      return try GatewayConfiguration.load(config)
    } catch {
      throw CommandFailure(
        .usage,
        lines: error.problems.map { problem in
          Phrase(en: problem.text(in: .english), ja: problem.text(in: .japanese))
        })
    }
  }

  /// The configured gateway with its ledger open.
  func openGateway() throws(CommandFailure) -> Gateway {
    let configuration = try loadConfiguration()
    do throws(JournalError) {
      return try Gateway(configuration, state: state, actor: Self.actor)
    } catch {
      throw CommandFailure(.failed, error.message)
    }
  }

  /// The engines that get a block: the named one, or those that the policy names.
  func engines(toBlockOn gateway: Gateway, named name: String?) throws(CommandFailure) -> [FirewallEngine] {
    name == nil ? gateway.enginesOfPolicy : try engines(of: gateway, named: name)
  }

  /// The engines a command is about: the named one, or all.
  func engines(of gateway: Gateway, named name: String?) throws(CommandFailure) -> [FirewallEngine] {
    guard let name else { return gateway.engines }
    guard let engine = gateway.engine(named: name) else {
      let known = gateway.engines.map(\.name).joined(separator: ", ")
      throw CommandFailure(
        .usage,
        Phrase(
          en: "There is no firewall “\(name)” in \(config). Known: \(known)",
          ja: "\(config) にファイアウォール「\(name)」はありません。登録済み: \(known)"))
    }
    return [engine]
  }

  /// The index of what the feeds list, for a command that only asks: the gateway's own where it is of the
  /// same lists. Feeds from the web count as far as they were fetched.
  func openIndex(_ configuration: GatewayConfiguration) async throws(CommandFailure) -> ReputationIndex {
    let contents: [FeedContent]
    do throws(FeedError) {
      contents = try await configuration.readFeeds(keptBy: feedUpdater)
    } catch {
      throw CommandFailure(.failed, error.message)
    }
    do throws(ReputationError) {
      return try IndexFile(state: state).openUnchanged(for: contents)
    } catch {
      throw CommandFailure(.failed, error.message)
    }
  }

  /// What updates feeds, and keeps them in the state directory.
  var feedUpdater: FeedUpdater {
    FeedUpdater(store: FeedStore(directory: state + "/feeds"), sender: HTTPClient())
  }

  /// Who is at the keyboard: the person behind sudo, not root.
  static var actor: String {
    let environment = ProcessInfo.processInfo.environment
    let account = ProcessInfo.processInfo.userName
    return environment["SUDO_USER"] ?? (account.isEmpty ? "uid \(getuid())" : account)
  }

  func cause(_ reason: String?) -> Cause {
    Cause(origin: .person, actor: Self.actor, reason: reason ?? "")
  }
}

extension Language {
  /// Japanese where the locale says so, otherwise English.
  static var ofEnvironment: Language {
    let environment = ProcessInfo.processInfo.environment
    let locale = environment["LC_ALL"] ?? environment["LC_MESSAGES"] ?? environment["LANG"] ?? ""
    return locale.hasPrefix("ja") ? .japanese : .english
  }
}
