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
    let contents: [FeedContent]
    do throws(FeedError) {
      contents = try await configuration.takeFeeds(by: updater)
    } catch {
      throw CommandFailure(.failed, error.message)
    }
    for content in contents where content.problemCount > 0 {
      logger.warning(
        "lines not understood",
        metadata: [
          "source": "\(content.list.source.id)", "lines": "\(content.problemCount)",
          "first": "\(content.problems.first.map { $0.message.text(in: global.language) } ?? "")",
        ])
    }
    let index = try openIndex(gateway, contents, logger)
    let parts = try global.loadDetector(configuration)
    let service = GatewayService(
      gateway, index: index, parts: parts, logger: logger, clock: clock, feeds: (updater, contents))
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

  private func openIndex(
    _ gateway: Gateway, _ contents: [FeedContent], _ logger: Logger
  ) throws(CommandFailure) -> ReputationIndex {
    do throws(ReputationError) {
      let (index, origin) = try gateway.indexFile.open(for: contents)
      if case .replaced(let reason) = origin {
        logger.error(
          "the compiled index could not be used; compiled anew",
          metadata: ["error": "\(reason.text(in: global.language))"])
      }
      logger.notice(
        origin == .kept ? "compiled index opened" : "index compiled",
        metadata: ["file": "\(gateway.indexFile.path)", "indicators": "\(index.count)"])
      return index
    } catch {
      throw CommandFailure(.failed, error.message)
    }
  }
}
