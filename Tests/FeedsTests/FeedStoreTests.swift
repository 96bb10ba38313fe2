import Feeds
import Foundation
import NetworkTypes
import Testing

@Suite struct FeedStoreTests {
  @Test func whatWasNeverFetchedIsToldAsAbsent() async throws {
    let trial = try FeedTrial()
    let source = try trial.source()
    #expect(code { () throws(FeedError) in try trial.store.kept(of: source, now: june) } == .absent)
    try trial.publish(names(3))
    _ = await trial.updater().update(source)
    #expect(try trial.store.kept(of: source, now: june).texts == names(3))
    try Data("<html>".utf8).write(to: URL(filePath: trial.store.listPath(of: "feed")))
    #expect(code { () throws(FeedError) in try trial.store.kept(of: source, now: june) } == .notAList)
    #expect(trial.store.lastGood(of: source, now: june) == nil)
  }

  @Test func aDirectoryThatCannotBeWrittenIsTold() async throws {
    let trial = try FeedTrial()
    try trial.publish(names(3))
    try trial.state.write("a file in the way", to: "feeds")
    let update = await trial.updater().update(try trial.source())
    #expect(update.status.error?.code == .storage && update.content == nil)
  }
}
