import FirewallConformance
import FirewallKit
import Language
import NetworkTypes
import Policy
import Testing

@testable import Enforcement

@Suite struct KeptPlanTests {
  private func code(_ body: () async throws(EngineError) -> ActionReport?) async -> EngineError.Code? {
    do throws(EngineError) {
      _ = try await body()
      return nil
    } catch {
      return error.code
    }
  }

  @Test func theShownPlanIsTheOneThatRuns() async throws {
    let host = Host()
    let engine = host.engine()
    let plan = try await engine.previewBlock(host.orders("192.0.2.1"), cause: host.cause)
    #expect(host.device.writes == 0)
    let report = try #require(
      try await engine.apply(digest: String(plan.digest.prefix(8)), cause: host.cause))
    #expect(report.receipt?.outcome == .applied && report.plan == plan)
    #expect(host.blocked == ["192.0.2.1"])
  }

  /// Whoever writes to the ledger behind our back does not decide what is sent under a digest people saw.
  @Test func aKeptPlanThatWasAlteredIsAConflictAndSendsNothing() async throws {
    let host = Host()
    let engine = host.engine()
    let plan = try await engine.previewBlock(host.orders("192.0.2.1"), cause: host.cause)
    let other = try await engine.previewBlock(host.orders("192.0.2.2"), cause: host.cause)
    var (otherOperations, otherOrders) = (plan, plan)
    otherOperations.operations = other.operations
    otherOrders.orders = other.orders
    for altered in [otherOperations, otherOrders] {
      try host.journal.keep(altered)
      #expect(
        await code { () async throws(EngineError) in
          try await engine.apply(digest: plan.digest, cause: host.cause)
        } == .conflict)
    }
    #expect(host.device.writes == 0 && host.blocked.isEmpty)
    try host.journal.keep(plan)
    #expect(try await engine.apply(digest: plan.digest, cause: host.cause)?.receipt?.outcome == .applied)
  }

  @Test func aPlanForAnotherLedgerIsAConflictAndChangesNothing() async throws {
    let host = Host()
    let engine = host.engine()
    let first = try await engine.block(host.orders("192.0.2.1"), cause: host.cause)
    let plan = try await engine.previewUnblock(host.orders("192.0.2.1").map(\.target), cause: host.cause)
    _ = try await engine.block(host.orders("192.0.2.2"), cause: host.cause)
    // It would take the table away, and 192.0.2.2 with it.
    #expect(
      await code { () async throws(EngineError) in
        try await engine.apply(digest: plan.digest, cause: host.cause)
      } == .conflict)
    #expect(host.blocked == ["192.0.2.1", "192.0.2.2"])
    #expect(first.receipt?.outcome == .applied)
  }

  @Test func thePlanOfARollbackCannotRunBehindTheLedgersBack() async throws {
    let host = Host()
    let engine = host.engine()
    let block = try await engine.block(host.orders("192.0.2.1"), cause: host.cause)
    let rollback = try await engine.rollback(try #require(block.action), cause: host.cause)
    #expect(host.blocked.isEmpty)
    _ = try await engine.block(host.orders("192.0.2.1"), cause: host.cause)
    #expect(
      await code { () async throws(EngineError) in
        try await engine.apply(digest: rollback.plan.digest, cause: host.cause)
      } == .conflict)
    #expect(host.blocked == ["192.0.2.1"])
    #expect(try host.decided == ["192.0.2.1"])
  }

  @Test func aPlanWithNothingToDoIsAConflictWhenThatIsNoLongerSo() async throws {
    let host = Host()
    let engine = host.engine()
    _ = try await engine.block(host.orders("192.0.2.1", "192.0.2.2"), cause: host.cause)
    let plan = try await engine.previewBlock(host.orders("192.0.2.1"), cause: host.cause)
    #expect(plan.isEmpty)
    try host.device.run("delete 192.0.2.1")
    #expect(
      await code { () async throws(EngineError) in
        try await engine.apply(digest: plan.digest, cause: host.cause)
      } == .conflict)
  }

  @Test func anOldPlanIsRefused() async throws {
    let host = Host()
    let engine = host.engine()
    let plan = try await engine.previewBlock(host.orders("192.0.2.1", seconds: 9000), cause: host.cause)
    host.clock.advance(by: .seconds(3601))
    #expect(
      await code { () async throws(EngineError) in
        try await engine.apply(digest: plan.digest, cause: host.cause)
      } == .conflict)
    #expect(host.device.writes == 0)
  }

  @Test func whatIsProtectedByNowIsRefused() async throws {
    let host = Host()
    let plan = try await host.engine().previewBlock(host.orders("192.0.2.1"), cause: host.cause)
    let network = ProtectedNetwork(
      try #require(IPPrefix("192.0.2.0/24")), because: Phrase(en: "the administrator", ja: "管理者"))
    let engine = host.engine(protection: { [network] })
    #expect(
      await code { () async throws(EngineError) in
        try await engine.apply(digest: plan.digest, cause: host.cause)
      } == .refused)
    let dry = host.engine(dryRun: true)
    #expect(
      await code { () async throws(EngineError) in
        try await dry.apply(digest: plan.digest, cause: host.cause)
      } == .refused)
    #expect(
      await code { () async throws(EngineError) in
        try await dry.apply(digest: "00000000", cause: host.cause)
      } == .missing)
    #expect(host.device.writes == 0)
  }

  @Test func dryRunKeepsThePlanAndStillUnblocks() async throws {
    let host = Host()
    _ = try await host.engine().block(host.orders("192.0.2.1"), cause: host.cause)
    let writes = host.device.writes
    let dry = host.engine(dryRun: true)
    let report = try await dry.block(host.orders("192.0.2.2"), cause: host.cause)
    #expect(report.action == nil && report.mode == .dryRun && host.device.writes == writes)
    #expect(try host.journal.plan(digest: report.plan.digest) == report.plan)
    _ = try await dry.unblock(host.orders("192.0.2.1").map(\.target), cause: host.cause)
    #expect(host.blocked.isEmpty)
  }

  @Test func rollingBackSinceAMomentRestoresThatMomentThroughRollbacksOfRollbacks() async throws {
    let host = Host()
    let engine = host.engine()
    _ = try await engine.block(host.orders("192.0.2.1"), cause: host.cause)
    host.clock.advance(by: .seconds(10))
    let moment = host.clock.now
    let unblock = try await engine.unblock(host.orders("192.0.2.1").map(\.target), cause: host.cause)
    _ = try await engine.rollback(try #require(unblock.action), cause: host.cause)
    _ = try await engine.block(host.orders("192.0.2.2"), cause: host.cause)
    _ = try await engine.rollback(since: moment, cause: host.cause)
    #expect(host.blocked == ["192.0.2.1"])
    #expect(try host.decided == ["192.0.2.1"])
  }

  @Test func strandedIsLoudAndCarriesWhatIsLeft() async throws {
    let host = Host()
    let faults = Faults()
    let engine = host.engine(FaultyAdapter(host.adapter, faults: faults))
    faults.plan(performing: [0: .throwsAfter, 1: .throwsBefore])
    let report = try await engine.block(host.orders("192.0.2.1"), cause: host.cause)
    guard case .stranded(_, let residue, let remaining) = report.receipt?.outcome else {
      Issue.record("\(String(describing: report.receipt))")
      return
    }
    #expect(!residue.isEmpty)
    for operation in remaining { try host.adapter.perform(operation) }
    #expect(host.device.list().table == nil)
    #expect(try await engine.status().health == .stranded)
  }

  @Test func digestsAreStableAndSeeEveryDifference() throws {
    let moment = Timestamp(seconds: 1_767_225_600)
    let target = try #require(BlockTarget("192.0.2.1"))
    let operation = Operation(summary: Phrase(verbatim: "s"), step: .message("add 192.0.2.1"))
    func digest(
      firewall: String = "edge", adapter: String = "memory", at: Timestamp = moment, basis: String = "a",
      goal: String = "b", orders: [Order] = [Order(verb: .block, target: target, deadline: moment)],
      operations: [Operation] = [operation]
    ) -> String {
      PlanDigest.plan(
        firewall: firewall, adapter: adapter, madeAt: at, basisDigest: basis, goalDigest: goal,
        orders: orders, operations: operations)
    }
    let other = try #require(BlockTarget("192.0.2.0/25"))
    let variants = [
      digest(), digest(firewall: "edg", adapter: "ememory"), digest(at: moment + .seconds(1)),
      digest(basis: "ab", goal: ""), digest(orders: []),
      digest(orders: [Order(verb: .unblock, target: target, deadline: moment)]),
      digest(orders: [Order(verb: .block, target: other, deadline: moment)]),
      digest(orders: [Order(verb: .block, target: target, deadline: moment, verdict: "{}")]),
      digest(operations: []), digest(operations: [operation, operation]),
      digest(operations: [Operation(summary: operation.summary, step: .nftables(commands: "add 192.0.2.1"))]),
    ]
    #expect(Set(variants).count == variants.count)
    #expect(digest() == digest() && digest().count == 64)
  }
}
