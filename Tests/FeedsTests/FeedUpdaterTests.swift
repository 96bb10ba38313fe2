import Feeds
import Foundation
import HTTPTransport
import Language
import NetworkTypes
import Reputation
import Testing

@Suite struct FeedUpdaterTests {
  @Test func anUnchangedListIsNotSentAgain() async throws {
    let trial = try FeedTrial()
    try trial.publish(names(10))
    let source = try trial.source()
    let updater = trial.updater()
    let first = await updater.update(source)
    #expect(first.content?.texts == names(10))
    #expect(first.status.health == .current && first.status.summary?.indicators == 10)
    #expect(first.status.lastSuccess == june && first.status.lastChange == june)
    trial.pass(.seconds(600))
    let second = await updater.update(source)
    #expect(second.content == nil)
    #expect(second.status.health == .current && second.status.lastChange == june)
    #expect(second.status.lastSuccess == june + .seconds(600))
    #expect(trial.server.requests == ["/list.txt - - 200", "/list.txt match - 304"])
  }

  @Test func evidenceRefersToTheKeptList() async throws {
    let trial = try FeedTrial()
    try trial.publish(names(3))
    let source = try trial.source()
    let content = try #require(await trial.updater().update(source).content)
    let index = try ReputationIndex([content.list], seed: 1)
    let evidence = index.evidence(concerning: try #require(DomainName("bad1.example.org")))
    let found = try #require(evidence.first)
    let lines = try String(contentsOfFile: found.file, encoding: .utf8).split(separator: "\n")
    #expect(lines[found.line - 1] == "bad1.example.org")
  }

  /// What comes in the place of a good list of ten, what is said of it, and how the feed stands then.
  static let refusals: [(lines: [String], meta: String, code: FeedError.Code, health: FeedStatus.Health)] = [
    ([], "{}", .empty, .refused),
    (["# nothing today"], "{}", .empty, .refused),
    (names(4), "{}", .shrunk, .refused),
    (["<html><body>Sign in</body></html>"], "{}", .notAList, .refused),
    (names(11), #"{"cut":true}"#, .unreachable, .failing),
    (names(10), #"{"status":404}"#, .httpStatus, .failing),
    (names(10), #"{"status":500}"#, .httpStatus, .failing),
    (names(10), #"{"status":403}"#, .notAuthorized, .failing),
    (names(10), #"{"status":302,"headers":{"Location":"/elsewhere"}}"#, .unreachable, .failing),
    (names(80_000), "{}", .tooLarge, .failing),
    (["\u{FEFF}"], "{}", .empty, .refused),
  ]

  @Test(arguments: refusals.indices)
  func aBadAnswerLeavesTheLastGoodListInForce(number: Int) async throws {
    let refusal = Self.refusals[number]
    let trial = try FeedTrial()
    try trial.publish(names(10))
    let source = try trial.source()
    let updater = trial.updater()
    #expect(await updater.update(source).content?.list.count == 10)
    try trial.publish(refusal.lines, meta: refusal.meta)
    for failures in 1...2 {
      trial.pass(.seconds(600))
      let update = await updater.update(source)
      #expect(update.content == nil)
      #expect(update.status.error?.code == refusal.code, "\(update.status.error?.message.en ?? "")")
      #expect(update.status.health == refusal.health && update.status.failures == failures)
      #expect(update.status.summary?.indicators == 10)
    }
    #expect(await trial.updater().lastGood(of: source)?.texts == names(10))
    // It recovers by itself.
    try trial.publish(names(9), meta: "{}")
    let better = await updater.update(source)
    #expect(better.content?.list.count == 9 && better.status.health == .current)
    #expect(better.status.failures == 0 && better.status.error == nil)
  }

  @Test func aPersonCanAcceptASmallerList() async throws {
    let trial = try FeedTrial()
    try trial.publish(names(10))
    let source = try trial.source()
    let updater = trial.updater()
    _ = await updater.update(source)
    try trial.publish(names(2))
    #expect(await updater.update(source).status.health == .refused)
    let accepted = await updater.update(source, acceptsShrinking: true)
    #expect(accepted.content?.list.count == 2 && accepted.status.health == .current)
  }

  @Test func theGuardsShareIsTheSources() async throws {
    let trial = try FeedTrial()
    try trial.publish(names(100))
    var source = try trial.source()
    source.smallestShare = 0.9
    let updater = trial.updater()
    _ = await updater.update(source)
    try trial.publish(names(89))
    #expect(await updater.update(source).status.error?.code == .shrunk)
    try trial.publish(names(90))
    #expect(await updater.update(source).content?.list.count == 90)
    source.smallestShare = 0
    try trial.publish(names(1))
    #expect(await updater.update(source).content?.list.count == 1)
  }

  @Test func aLocalFileIsGuardedToo() async throws {
    let trial = try FeedTrial()
    let folder = try Folder()
    try folder.write(names(10).joined(separator: "\n"), to: "own.txt")
    var source = try trial.source()
    source.origin = .file(folder.path + "/own.txt")
    let updater = trial.updater()
    let first = try #require(await updater.update(source).content)
    #expect(first.list.source.file == folder.path + "/own.txt")
    try folder.write("", to: "own.txt")
    #expect(await updater.update(source).status.error?.code == .empty)
    try FileManager.default.removeItem(atPath: folder.path + "/own.txt")
    #expect(await updater.update(source).status.error?.code == .storage)
    #expect(await trial.updater().lastGood(of: source)?.list.count == 10)
  }

  @Test func theLastGoodListSurvivesARestartAndItsValidatorsToo() async throws {
    let trial = try FeedTrial()
    try trial.publish(names(10))
    let source = try trial.source()
    _ = await trial.updater().update(source)
    let restarted = trial.updater()
    #expect(await restarted.lastGood(of: source)?.texts == names(10))
    #expect(restarted.status(of: source).summary?.indicators == 10)
    #expect(await restarted.update(source).content == nil)
    #expect(trial.server.requests.last == "/list.txt match - 304")
  }

  /// Between the renaming of the list and that of the state a process can die.
  @Test func aProcessThatDiesBetweenItsTwoFilesLosesNothing() async throws {
    let trial = try FeedTrial()
    try trial.publish(names(10))
    let source = try trial.source()
    _ = await trial.updater().update(source)
    let oldState = try #require(trial.state.text("feeds/feed.json"))
    try trial.publish(names(12))
    _ = await trial.updater().update(source)
    try trial.state.write(oldState, to: "feeds/feed.json")
    try trial.state.write("half a li", to: "feeds/feed.list.new")
    let restarted = trial.updater()
    #expect(await restarted.lastGood(of: source)?.list.count == 12)
    let update = await restarted.update(source)
    #expect(update.status.health == .current)
    #expect(trial.server.requests.last == "/list.txt match - 200", "the old validators ask once more")
    #expect(await restarted.lastGood(of: source)?.list.count == 12)
  }

  @Test(arguments: ["", "{", "{\"identity\":7}", "\u{0}\u{0}"])
  func adamagedStateIsAnewBeginning(text: String) async throws {
    let trial = try FeedTrial()
    try trial.publish(names(10))
    let source = try trial.source()
    _ = await trial.updater().update(source)
    try trial.state.write(text, to: "feeds/feed.json")
    let update = await trial.updater().update(source)
    #expect(update.content?.list.count == 10)
    #expect(trial.server.requests.last == "/list.txt - - 200")
  }

  @Test func aLostListIsFetchedWithoutCondition() async throws {
    let trial = try FeedTrial()
    try trial.publish(names(10))
    let source = try trial.source()
    _ = await trial.updater().update(source)
    try FileManager.default.removeItem(atPath: trial.store.listPath(of: "feed"))
    let restarted = trial.updater()
    #expect(await restarted.lastGood(of: source) == nil)
    #expect(await restarted.update(source).content?.list.count == 10)
  }

  @Test func anotherAddressIsAnotherFeed() async throws {
    let trial = try FeedTrial()
    try trial.publish(names(10))
    try trial.publish(names(2), as: "other.txt")
    _ = await trial.updater().update(try trial.source())
    let moved = try trial.source("/other.txt")
    #expect(trial.updater().status(of: moved).health == .absent)
    #expect(await trial.updater().update(moved).content?.list.count == 2)
  }

  @Test func theScheduleBacksOffAndObeysThePublisher() async throws {
    let trial = try FeedTrial()
    try trial.publish(names(10))
    let source = try trial.source()
    let updater = trial.updater()
    #expect(updater.status(of: source).nextAttempt == nil, "at once")
    #expect(await updater.update(source).status.nextAttempt == june + .seconds(600))
    try trial.publish(names(10), meta: #"{"status":500}"#)
    for pause in [30, 60, 120, 240, 480, 600, 600] {
      #expect(await updater.update(source).status.nextAttempt == june + .seconds(pause))
    }
    try trial.publish(names(10), meta: #"{"status":503,"headers":{"Retry-After":"4000"}}"#)
    #expect(await updater.update(source).status.nextAttempt == june + .seconds(4000))
    let count = trial.server.requests.count
    #expect(await updater.update(source).status.error?.code == .notYet)
    #expect(trial.server.requests.count == count, "nothing was asked")
    trial.pass(.seconds(4000))
    try trial.publish(names(11), meta: #"{"headers":{"Cache-Control":"public, max-age=3600"}}"#)
    #expect(await updater.update(source).status.nextAttempt == june + .seconds(7600))
    trial.pass(.seconds(3600))
    try trial.publish(names(12), meta: #"{"headers":{"Cache-Control":"max-age=99999999"}}"#)
    #expect(await updater.update(source).status.nextAttempt == june + .seconds(7600 + 86_400))
  }

  @Test func anOldListIsCalledStaleAndAMissingOneAbsent() async throws {
    let trial = try FeedTrial()
    let source = try trial.source()
    let updater = trial.updater()
    #expect(await updater.update(source).status.health == .absent)
    try trial.publish(names(10))
    #expect(await updater.update(source).status.health == .current)
    trial.pass(source.staleAfter)
    #expect(updater.status(of: source).health == .current)
    trial.pass(.seconds(1))
    let status = updater.status(of: source)
    #expect(status.health == .stale && status.age(at: june + source.staleAfter) == source.staleAfter)
  }

  @Test func keysAreSentAndNeverTold() async throws {
    let trial = try FeedTrial()
    let secrets = try Folder()
    try secrets.write("hunter2hunter2\n", to: "key")
    #expect(chmod(secrets.path + "/key", 0o600) == 0)
    try trial.publish(names(3), meta: #"{"status":401}"#)
    let source = try trial.source {
      $0.credential = .key(field: "X-Api-Key", .file(path: secrets.path + "/key"))
    }
    let update = await trial.updater().update(source)
    #expect(update.status.error?.code == .notAuthorized)
    #expect(trial.server.requests == ["/list.txt - hunter2hunter2 401"])
    let told = "\(update.status)" + (trial.state.text("feeds/feed.json") ?? "")
    #expect(!told.contains("hunter2") && told.contains("401"))

    #expect(chmod(secrets.path + "/key", 0o644) == 0)
    let refused = await trial.updater().update(source)
    #expect(refused.status.error?.code == .notAuthorized)
    #expect(trial.server.requests.count == 1, "a key that others can read is not sent")
  }

  @Test func anUpdateEndsInTime() async throws {
    let trial = try FeedTrial()
    try trial.publish(names(3), meta: #"{"delay":20}"#)
    let limits = FeedLimits(list: ListLimits(bytes: 1 << 20), time: .milliseconds(200))
    let update = await trial.updater().update(try trial.source(limits: limits))
    #expect(update.status.error?.code == .tooLate)
  }

  @Test func whatAnotherProcessFetchedIsTakenUp() async throws {
    let trial = try FeedTrial()
    try trial.publish(names(10))
    let source = try trial.source()
    let service = trial.updater()
    _ = await service.update(source)
    try trial.publish(names(11))
    _ = await trial.updater().update(source)
    #expect(await service.update(source).content?.list.count == 11)
  }

  @Test func oneFeedIsUpdatedByOneProcessAtATime() async throws {
    let trial = try FeedTrial()
    try trial.publish(names(10), meta: #"{"delay":0.5}"#)
    let source = try trial.source()
    let (first, second) = (trial.updater(), trial.updater())
    async let a = first.update(source)
    async let b = second.update(source)
    let codes = await [a.status.error?.code, b.status.error?.code]
    #expect(codes.contains(.busy) && codes.contains(nil))
  }

  @Test(arguments: ["a/../../x", "日本", "a.b%20", String(repeating: "x", count: 64)])
  func anIdentifierNeverLeavesTheDirectory(id: String) async throws {
    let trial = try FeedTrial()
    try trial.publish(names(3))
    #expect(await trial.updater().update(try trial.source(id: id)).status.health == .current)
    let files = try FileManager.default.contentsOfDirectory(atPath: trial.state.path + "/feeds")
    #expect(files.count == 3)
  }
}
