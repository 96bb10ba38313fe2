import ArgumentParser
import Capture
import Enforcement
import Feeds
import Foundation
import Gateway
import Language
import Logging
import NetworkTypes
import Policy
import Reputation
import ServiceLifecycle
import UnixSignals

struct RunCommand: SekishoCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract:
      "Watch the traffic, block what is listed or named like harm, and keep the firewalls as they should be.")

  @OptionGroup var global: GlobalOptions

  func perform() async throws(CommandFailure) -> ExitStatus {
    let configuration = try global.loadConfiguration()
    let clock = Timestamp.steadyClock()
    let gateway: Gateway
    do throws(JournalError) {
      gateway = try Gateway(configuration, state: global.state, actor: "sekisho run", clock: clock)
    } catch {
      throw CommandFailure(.failed, error.message)
    }
    var logger = Logger(label: "sekisho", factory: { StreamLogHandler.standardError(label: $0) })
    logger.logLevel = global.verbose ? .debug : .notice
    let updater = global.feedUpdater
    let loaded: (index: ReputationIndex, contents: [FeedContent])
    do throws(FeedError) {
      loaded = try await configuration.loadReputation(by: updater)
    } catch {
      throw CommandFailure(.failed, error.message)
    }
    for content in loaded.contents where content.problemCount > 0 {
      logger.warning(
        "lines not understood",
        metadata: [
          "source": "\(content.list.source.id)", "lines": "\(content.problemCount)",
          "first": "\(content.problems.first.map { $0.message.text(in: global.language) } ?? "")",
        ])
    }
    let parts = try global.loadDetector(configuration)
    let service = GatewayService(
      gateway, index: loaded.index, parts: parts, logger: logger, clock: clock,
      feeds: (updater, loaded.contents))
    let group = ServiceGroup(
      configuration: .init(
        services: [.init(service: service)], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
    do {
      try await group.run()
    } catch let error as CaptureError {
      throw CommandFailure(.failed, error.message)
    } catch {
      throw CommandFailure(.failed, Phrase(verbatim: "\(error)"))
    }
    return .done
  }
}
