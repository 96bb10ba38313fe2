import Language
public import Logging
import NetworkTypes
import Reputation
public import ServiceLifecycle

/// Keeps feeds current, each by its own schedule, and hands on all lists whenever one of them changes.
///
/// At the start the last good lists are handed on as they are kept, before anything is asked. A feed that
/// fails or hangs delays no other. Changes that come close together are handed on together.
public struct FeedKeeper: Service, CustomStringConvertible {
  private let sources: [FeedSource]
  private let updater: FeedUpdater
  private let logger: Logger
  private let draw: @Sendable () -> Double
  private let held: [FeedContent]?
  private let onChange: @Sendable ([FeedContent]) async -> Void

  /// - Parameters:
  ///   - held: what is in force already, when the last good lists were loaded before; it is not handed on
  ///     again.
  ///   - draw: 0...1, spreads the requests of many gateways.
  ///   - onChange: gets the content of every feed that has one, in the order of `sources`; never called
  ///     twice at the same time. It builds an index and publishes it.
  public init(
    _ sources: [FeedSource], holding held: [FeedContent]? = nil, updater: FeedUpdater, logger: Logger,
    draw: @escaping @Sendable () -> Double = { .random(in: 0...1) },
    onChange: @escaping @Sendable ([FeedContent]) async -> Void
  ) {
    self.sources = sources
    self.held = held
    self.updater = updater
    self.logger = logger
    self.draw = draw
    self.onChange = onChange
  }

  /// Stands for the service in logs.
  public var description: String { "sekisho feeds" }

  public func run() async throws {
    let board = FeedBoard(order: sources.map(\.id))
    for content in held ?? [] { await board.hold(content) }
    for source in sources where held == nil {
      if let content = await updater.lastGood(of: source) { await board.put(content, of: source.id) }
    }
    await cancelWhenGracefulShutdown {
      await withDiscardingTaskGroup { group in
        group.addTask { await publish(board) }
        for source in sources { group.addTask { await keep(source, board) } }
      }
    }
  }

  /// Hands on what the board holds, after each change of it; several changes at once are one.
  private func publish(_ board: FeedBoard) async {
    for await _ in board.changes { await onChange(await board.contents()) }
  }

  private func keep(_ source: FeedSource, _ board: FeedBoard) async {
    while !Task.isCancelled {
      let status = updater.status(of: source)
      if let next = status.nextAttempt {
        let wait = next - updater.now() + source.every * (draw() / 10)
        if wait > .zero {
          // Short sleeps, as the wall clock may be set meanwhile.
          guard (try? await Task.sleep(for: min(wait, .seconds(60)))) != nil else { return }
          if wait > .seconds(60) { continue }
        }
      }
      let update = await updater.update(source)
      guard !Task.isCancelled else { return }
      report(update.status)
      if let content = update.content { await board.put(content, of: source.id) }
      if update.status.lastAttempt == status.lastAttempt {
        // Nothing was asked: busy elsewhere, or the publisher wants to be left alone.
        guard (try? await Task.sleep(for: .seconds(5))) != nil else { return }
      }
    }
  }

  private func report(_ status: FeedStatus) {
    var metadata: Logger.Metadata = ["feed": "\(status.id)", "health": "\(status.health.rawValue)"]
    if let summary = status.summary { metadata["indicators"] = "\(summary.indicators)" }
    if let error = status.error {
      metadata["error"] = "\(error.message.en)"
      logger.error("feed not updated", metadata: metadata)
    } else {
      logger.info("feed updated", metadata: metadata)
    }
  }
}

/// The content of every feed, and word of its changes.
private actor FeedBoard {
  nonisolated let changes: AsyncStream<Void>
  private let signal: AsyncStream<Void>.Continuation
  private let order: [String]
  private var contentOf: [String: FeedContent] = [:]

  init(order: [String]) {
    self.order = order
    // One pending word is enough: it means “look again”.
    (changes, signal) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
  }

  func hold(_ content: FeedContent) { contentOf[content.list.source.id] = content }

  func put(_ content: FeedContent, of id: String) {
    contentOf[id] = content
    signal.yield()
  }

  func contents() -> [FeedContent] { order.compactMap { contentOf[$0] } }
}
