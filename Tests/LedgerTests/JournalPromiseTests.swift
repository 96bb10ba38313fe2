import Enforcement
import FirewallKit
import Language
import NetworkTypes
import Testing

@testable import Ledger

struct JournalPromiseTests {
  let place: Place
  let ledger: Ledger

  init() throws {
    place = try Place()
    ledger = try place.open()
  }

  @Test func aKeptPlanComesBackEqual() async throws {
    let plan = Sample.plan()
    try await ledger.keep(plan)
    #expect(try await ledger.plan(digest: plan.digest) == plan)
    #expect(try await ledger.plan(digest: "abcd1234") == plan)
    #expect(try await ledger.plan(digest: "ABCD12340") == plan)
  }

  @Test func aPlanOfAHundredThousandChangesComesBackEqual() async throws {
    let plan = Sample.plan(changes: 100_000)
    try await ledger.keep(plan)
    #expect(try await ledger.plan(digest: plan.digest) == plan)
  }

  @Test func aShortOrAmbiguousBeginningOfADigestFindsNoPlan() async throws {
    try await ledger.keep(Sample.plan(0x1234_5678_A))
    try await ledger.keep(Sample.plan(0x1234_5678_B))
    #expect(try await ledger.plan(digest: "1234567") == nil)
    #expect(try await ledger.plan(digest: "12345678") == nil)
    #expect(try await ledger.plan(digest: "12345678b") != nil)
    #expect(try await ledger.plan(digest: "%%%%%%%%") == nil)
    #expect(try await ledger.plan(digest: "") == nil)
  }

  @Test func keepingAPlanTwiceChangesNothing() async throws {
    try await ledger.keep(Sample.plan())
    let before = try await ledger.picture()
    try await ledger.keep(Sample.plan())
    #expect(try await ledger.picture() == before)
  }

  @Test func anActionHasItsOwnPlanThoughALaterOneHasTheSameDigest() async throws {
    let first = Sample.plan()
    var second = first
    second.madeAt = first.madeAt + .seconds(60)
    let action = try await ledger.begin(Sample.intent([]), plan: first)
    try await ledger.keep(second)
    #expect(try await ledger.plan(digest: first.digest) == second)
    #expect(try await ledger.plan(of: action.id) == first)
    #expect(try await ledger.openActions(on: "edge").first?.1 == first)
  }

  @Test func decisionsAreInForceFromTheIntentOn() async throws {
    let wanted = [
      Sample.decision("192.0.2.7"), Sample.decision("2001:db8::/64", verdict: "{\"score\":9}"),
      Sample.decision("bad.example.org"), Sample.decision("192.0.2.7"), Sample.decision("192.0.2.8"),
    ]
    let begun = try await ledger.begin(Sample.intent(wanted), plan: Sample.plan())
    #expect(begun.decisions.count == 5)
    let expected = zip(wanted, begun.decisions).map { decision, id in
      var decision = decision
      decision.id = id
      decision.action = begun.id
      return decision
    }
    #expect(try await ledger.decisionsInForce(on: "edge") == expected)
    #expect(try await ledger.decisionsInForce(on: "core") == [])
    #expect(try await ledger.decisions([begun.decisions.lowerBound + 1, 999]) == [expected[1]])
    #expect(try await ledger.openActions(on: "edge").map(\.0.began) == [Array(begun.decisions)])
  }

  @Test func aNameThatLooksLikeAnAddressStaysAName() async throws {
    let name = BlockTarget.name(try #require(DomainName("192.0.2.7")))
    var decision = Sample.decision("192.0.2.7")
    decision.target = name
    _ = try await ledger.begin(Sample.intent([decision]), plan: Sample.plan())
    #expect(try await ledger.decisionsInForce(on: "edge").map(\.target) == [name])
    #expect(try await ledger.verifyAudit().isIntact)
  }

  @Test func anAppliedActionKeepsWhatItChanged() async throws {
    let begun = try await ledger.begin(Sample.intent([Sample.decision("192.0.2.7")]), plan: Sample.plan())
    try await ledger.finish(begun.id, receipt: Sample.receipt())
    #expect(try await ledger.decisionsInForce(on: "edge").count == 1)
    #expect(try await ledger.openActions(on: "edge").isEmpty)
    #expect(try await ledger.action(begun.id)?.receipt == Sample.receipt())
    #expect(try await ledger.action(begun.id + 1) == nil)
  }

  @Test(arguments: Sample.takingBack)
  func anActionThatFailedIsTakenBack(_ outcome: Outcome) async throws {
    let old = try await ledger.begin(
      Sample.intent(
        [Sample.decision("192.0.2.7"), Sample.decision("192.0.2.8")],
        allows: [Sample.allow("203.0.113.1"), Sample.allow("203.0.113.2")]), plan: Sample.plan())
    try await ledger.finish(old.id, receipt: Sample.receipt())
    let ended = old.decisions.lowerBound
    let end = try await ledger.begin(
      Sample.intent([], kind: .unblock, ends: [ended]), plan: Sample.plan())
    try await ledger.finish(end.id, receipt: Sample.receipt())
    let decisions = try await ledger.decisionsInForce(on: "edge")
    let allowed = try await ledger.allowEntries(on: "edge")

    let failing = try await ledger.begin(
      Sample.intent(
        [Sample.decision("192.0.2.9")], ends: [ended + 1], reinstates: [ended],
        allows: [Sample.allow("203.0.113.3"), Sample.allow("203.0.113.2", reason: "again")],
        disallows: ["203.0.113.1"]), plan: Sample.plan())
    #expect(try await ledger.decisionsInForce(on: "edge").map(\.id) == [ended, failing.decisions.lowerBound])
    #expect(
      try await ledger.allowEntries(on: "edge").map(\.target.description) == ["203.0.113.3", "203.0.113.2"])
    try await ledger.finish(failing.id, receipt: Sample.receipt(outcome))

    #expect(try await ledger.decisionsInForce(on: "edge") == decisions)
    #expect(try await ledger.allowEntries(on: "edge") == allowed)
    #expect(try await ledger.openActions(on: "edge").isEmpty)
    let recorded = try #require(try await ledger.action(failing.id))
    #expect(recorded.receipt?.outcome == outcome)
    #expect(recorded.disallowed.map(\.target.description) == ["203.0.113.1", "203.0.113.2"])
    let failed = try await ledger.decisions(of: failing.id).last
    #expect(failed?.end == .init(action: failing.id, ending: .failed))
    #expect(try await ledger.verifyAudit().isIntact)
  }

  @Test func anUnknownOutcomeLeavesTheActionOpenUntilOneDecides() async throws {
    let begun = try await ledger.begin(Sample.intent([Sample.decision("192.0.2.7")]), plan: Sample.plan())
    let unknown = Sample.receipt(.unknown(cause: Sample.failure))
    try await ledger.finish(begun.id, receipt: unknown)
    try await ledger.finish(begun.id, receipt: unknown)
    #expect(try await ledger.openActions(on: "edge").map(\.0.id) == [begun.id])
    #expect(try await ledger.action(begun.id)?.receipt == nil)
    #expect(try await ledger.decisionsInForce(on: "edge").count == 1)
    try await ledger.finish(begun.id, receipt: Sample.receipt())
    #expect(try await ledger.openActions(on: "edge").isEmpty)
    #expect(try await ledger.receipts(of: begun.id) == [unknown, unknown, Sample.receipt()])
  }

  @Test func anActionEndsOnceAndTheSameReceiptMayBeRepeated() async throws {
    let begun = try await ledger.begin(Sample.intent([Sample.decision("192.0.2.7")]), plan: Sample.plan())
    try await ledger.finish(begun.id, receipt: Sample.receipt())
    let before = try await ledger.picture()
    try await ledger.finish(begun.id, receipt: Sample.receipt())
    let error = await #expect(throws: JournalError.self) {
      try await ledger.finish(begun.id, receipt: Sample.receipt(Sample.takingBack[0]))
    }
    #expect(error?.code == .missing)
    #expect(try await ledger.picture() == before)
    await #expect(throws: JournalError.self) { try await ledger.finish(99, receipt: Sample.receipt()) }
  }

  @Test func anIntentMadeOfAnOldReadingIsRefusedWhole() async throws {
    let begun = try await ledger.begin(Sample.intent([Sample.decision("192.0.2.7")]), plan: Sample.plan())
    let id = begun.decisions.lowerBound
    _ = try await ledger.begin(Sample.intent([], ends: [id]), plan: Sample.plan())
    let before = try await ledger.picture()
    let stale = [
      Sample.intent([Sample.decision("192.0.2.9")], ends: [id]),
      Sample.intent([Sample.decision("192.0.2.9")], ends: [77]),
      Sample.intent([Sample.decision("192.0.2.9")], reinstates: [77]),
      Sample.intent([Sample.decision("192.0.2.9")], disallows: ["203.0.113.9"]),
      Sample.intent([Sample.decision("192.0.2.9")], rollbackOf: 77),
      Sample.intent([Sample.decision("192.0.2.9", on: "core")]),
      Sample.intent([Sample.decision("192.0.2.9", cause: Cause(origin: .person, actor: "", reason: ""))]),
    ]
    for intent in stale {
      await #expect(throws: JournalError.self) { try await ledger.begin(intent, plan: Sample.plan(7)) }
      #expect(try await ledger.picture() == before)
      #expect(try await ledger.plan(digest: Sample.digest(7)) == nil)
    }
  }

  @Test func actionsComeNewestFirstByNumberThoughTheClockJumpedBack() async throws {
    var ids: [ActionID] = []
    for seconds in [500, 100, 300] as [Int64] {
      let begun = try await ledger.begin(
        Sample.intent([], startedAt: Sample.moment + .seconds(seconds)), plan: Sample.plan())
      ids.append(begun.id)
    }
    _ = try await ledger.begin(Sample.intent([], on: "core"), plan: Sample.plan())
    #expect(try await ledger.actions(on: "edge", since: nil, limit: 9).map(\.id) == ids.reversed())
    #expect(
      try await ledger.actions(on: "edge", since: Sample.moment + .seconds(300), limit: 9).map(\.id)
        == [ids[2], ids[0]])
    #expect(try await ledger.actions(on: nil, since: nil, limit: 2).map(\.id) == [ids[2] + 1, ids[2]])
    #expect(try await ledger.actions(on: "nowhere", since: nil, limit: 9).isEmpty)
  }

  @Test func theRevisionOfAFirewallGrowsByOneWithEachBeginAndFinishOfWhomever() async throws {
    let other = try place.open()
    #expect(try await ledger.revision(on: "edge") == 0)
    let begun = try await other.begin(Sample.intent([]), plan: Sample.plan())
    #expect(try await ledger.revision(on: "edge") == 1)
    try await ledger.finish(begun.id, receipt: Sample.receipt())
    #expect(try await other.revision(on: "edge") == 2)
    #expect(try await other.revision(on: "core") == 0)
    _ = try await ledger.begin(Sample.intent([], on: "core"), plan: Sample.plan())
    #expect(try await other.revision(on: "edge") == 2)
  }

  @Test func aCancelledTaskStillRecords() async throws {
    let ledger = ledger
    let task = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      let begun = try await ledger.begin(Sample.intent([Sample.decision("192.0.2.7")]), plan: Sample.plan())
      try await ledger.finish(begun.id, receipt: Sample.receipt())
      return begun.id
    }
    let id = try await task.value
    #expect(try await ledger.action(id)?.receipt == Sample.receipt())
  }

  @Test func aReasonWithANulIsStoredWithAReplacementCharacter() async throws {
    let cause = Cause(origin: .detector, actor: "detector", reason: "asked for a\u{0}b")
    _ = try await ledger.begin(
      Sample.intent([Sample.decision("192.0.2.7", cause: cause)]), plan: Sample.plan())
    #expect(try await ledger.decisionsInForce(on: "edge").map(\.cause.reason) == ["asked for a\u{FFFD}b"])
    #expect(try await ledger.verifyAudit().isIntact)
  }

  @Test func theHistoryOfATargetAndOfRollbacksIsTold() async throws {
    let begun = try await ledger.begin(Sample.intent([Sample.decision("192.0.2.7")]), plan: Sample.plan())
    try await ledger.finish(begun.id, receipt: Sample.receipt())
    let back = try await ledger.begin(
      Sample.intent(
        [], kind: .rollback, ends: Array(begun.decisions), ending: .rolledBack, rollbackOf: begun.id),
      plan: Sample.plan())
    let again = try await ledger.begin(Sample.intent([Sample.decision("192.0.2.7")]), plan: Sample.plan())
    #expect(try await ledger.rollbacks(of: begun.id).map(\.id) == [back.id])
    let history = try await ledger.decisions(about: Sample.target("192.0.2.7"), limit: 9)
    #expect(history.map(\.beganBy) == [again.id, begun.id])
    #expect(history.map(\.end) == [nil, .init(action: back.id, ending: .rolledBack)])
    #expect(try await ledger.countsInForce() == ["edge": 1])
    #expect(try await ledger.decisions(of: back.id).map(\.decision.id) == Array(begun.decisions))
  }
}
