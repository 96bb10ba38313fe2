import Feeds
import Foundation
import Logging
import NetworkTypes
import Synchronization
import Testing

@Suite struct FeedKeeperTests {
  @Test func aBadFeedStopsNoOtherAndChangesAreHandedOn() async throws {
    let trial = try FeedTrial()
    try trial.publish(names(5), as: "good.txt")
    try trial.publish(names(5), as: "hanging.txt", meta: #"{"delay":30}"#)
    func quick(_ path: String, _ id: String) throws -> FeedSource {
      var source = try trial.source(path, id: id)
      source.every = .milliseconds(50)
      source.minimumInterval = .milliseconds(20)
      return source
    }
    let sources = [
      try quick("/absent.txt", "absent"), try quick("/good.txt", "good"),
      try quick("/hanging.txt", "hanging"),
    ]
    let updater = FeedUpdater(store: trial.store, sender: trial.client)
    let seen = Mutex<[[String]]>([])
    let keeper = FeedKeeper(
      sources, updater: updater, logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
    ) {
      contents in seen.withLock { $0.append(contents.flatMap(\.texts)) }
    }
    let task = Task { try await keeper.run() }
    #expect(await eventually { seen.withLock { $0.last == names(5) } })
    try trial.publish(names(7), as: "good.txt")
    #expect(await eventually { seen.withLock { $0.last == names(7) } })
    try trial.publish(["<html>"], as: "good.txt")
    #expect(await eventually { updater.status(of: sources[1]).health == .refused })
    #expect(seen.withLock { $0.last == names(7) })
    task.cancel()
    try await task.value

    // After a restart the kept list is in force before anything is asked.
    let later = Mutex<[[String]]>([])
    let before = trial.server.requests.count
    var slow = sources[1]
    slow.every = .seconds(3600)
    let restarted = FeedKeeper(
      [slow], updater: FeedUpdater(store: trial.store, sender: trial.client),
      logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
    ) {
      contents in later.withLock { $0.append(contents.flatMap(\.texts)) }
    }
    let second = Task { try await restarted.run() }
    #expect(await eventually { later.withLock { $0.last == names(7) } })
    #expect(trial.server.requests.count - before <= 1)
    second.cancel()
    try await second.value
  }
}
