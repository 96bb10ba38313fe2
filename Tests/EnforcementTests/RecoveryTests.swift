import FirewallConformance
import FirewallKit
import Language
import NetworkTypes
import Policy
import Testing

@testable import Enforcement

/// A firewall in memory with an engine, made anew as often as a test lets the process die.
struct Host {
  let clock = AdjustableClock()
  let device: MemoryDevice<GenerousMemory>
  let journal = MemoryJournal()
  let cause = Cause(origin: .person, actor: "tester", reason: "test")

  init() {
    let clock = clock
    device = MemoryDevice(clock: { clock.now })
  }

  var adapter: MemoryFirewall<GenerousMemory> {
    let clock = clock
    return MemoryFirewall(device: device, clock: { clock.now })
  }

  func engine(
    _ adapter: (any FirewallAdapter)? = nil, _ journal: (any Journal)? = nil, dryRun: Bool = false,
    protection: @escaping @Sendable () -> [ProtectedNetwork] = { [] }
  ) -> FirewallEngine {
    let clock = clock
    return FirewallEngine(
      name: "edge", adapter: adapter ?? self.adapter, journal: journal ?? self.journal,
      policy: Policy(name: "test", mode: .enforce), mode: dryRun ? .dryRun : .enforce, protection: protection,
      patience: .milliseconds(200), clock: { clock.now })
  }

  func orders(_ targets: String..., seconds: Int64 = 3600) -> [BlockOrder] {
    targets.compactMap { BlockTarget($0) }.map { BlockOrder(target: $0, timeToLive: .seconds(seconds)) }
  }

  var blocked: Set<String> { Set(device.list().blocks.keys.map(\.description)) }

  /// What the journal says is in force.
  var decided: Set<String> {
    get throws { Set(try journal.decisionsInForce(on: "edge").map(\.target.description)) }
  }
}

@Suite struct RecoveryTests {
  enum Request: CaseIterable { case block, unblock, rollback, allow, expire }

  private func prepare(_ host: Host) async throws {
    let engine = host.engine()
    _ = try await engine.block(host.orders("192.0.2.1", "198.51.100.0/24"), cause: host.cause)
    _ = try await engine.block(host.orders("192.0.2.3", seconds: 60), cause: host.cause)
  }

  private func send(_ request: Request, to engine: FirewallEngine, of host: Host) async {
    let one = BlockTarget("192.0.2.1")
    switch request {
    case .block: _ = try? await engine.block(host.orders("192.0.2.2", "2001:db8::1"), cause: host.cause)
    case .unblock: _ = try? await engine.unblock([one].compactMap(\.self), cause: host.cause)
    case .rollback: _ = try? await engine.rollback(1, cause: host.cause)
    case .allow: _ = try? await engine.allow([one].compactMap(\.self), remove: false, cause: host.cause)
    case .expire: _ = try? await engine.expire()
    }
  }

  @Test(arguments: Request.allCases)
  func deathAtAnyBoundaryLeavesDeviceAndLedgerEqualAfterRestart(request: Request) async throws {
    var boundary = 0
    var boundaries: [String] = []
    while true {
      let host = Host()
      try await prepare(host)
      host.clock.advance(by: .seconds(100))
      let before = try host.decided
      let tripwire = Tripwire(at: boundary)
      let dying = host.engine(
        TripwireAdapter(host.adapter, tripwire), TripwireJournal(host.journal, tripwire))
      await send(request, to: dying, of: host)
      boundaries = tripwire.passed
      guard tripwire.tripped else { break }

      let engine = host.engine()
      try await engine.recover()
      _ = try await engine.expire()
      let status = try await engine.status()
      #expect(status.drift.isEmpty, "after death at \(boundaries[boundary]): \(status.drift)")
      #expect(try host.journal.openActions(on: "edge").isEmpty)
      let after = try host.decided
      let expected: Set<Set<String>> = [
        before.subtracting(["192.0.2.3"]),
        {
          switch request {
          case .block: before.subtracting(["192.0.2.3"]).union(["192.0.2.2", "2001:db8::1"])
          case .unblock: before.subtracting(["192.0.2.3", "192.0.2.1"])
          case .rollback: before.subtracting(["192.0.2.3", "192.0.2.1", "198.51.100.0/24"])
          case .allow, .expire: before.subtracting(["192.0.2.3"])
          }
        }(),
      ]
      #expect(expected.contains(after), "decisions lost or invented: \(after)")
      boundary += 1
    }
    #expect(boundaries.contains("before begin") && boundaries.contains("after finish"))
    #expect(boundary >= 8)
  }

  @Test func whatAnEnforcingProcessLeftHalfDoneIsTakenBackInDryRun() async throws {
    let host = Host()
    try await prepare(host)
    let blocked = host.blocked
    let tripwire = Tripwire(at: 5)
    let dying = host.engine(TripwireAdapter(host.adapter, tripwire), TripwireJournal(host.journal, tripwire))
    _ = try? await dying.block(host.orders("192.0.2.2"), cause: host.cause)
    #expect(tripwire.passed.last == "after operation" && host.blocked.contains("192.0.2.2"))
    try await host.engine(dryRun: true).recover()
    #expect(host.blocked == blocked)
    #expect(try host.decided == blocked)
  }

  @Test func aReceiptTheLedgerCouldNotTakeIsRecordedLater() async throws {
    let host = Host()
    let journal = FinishFailsOnce(host.journal)
    let engine = host.engine(nil, journal)
    let report = try await engine.block(host.orders("192.0.2.1"), cause: host.cause)
    #expect(report.receipt?.outcome == .applied && report.unrecorded != nil)
    try await engine.recover()
    #expect(try host.journal.openActions(on: "edge").isEmpty)
    #expect(host.blocked == ["192.0.2.1"])
  }

  @Test func aJournalThatCannotBeginStopsTheChange() async throws {
    let host = Host()
    try await prepare(host)
    let writes = host.device.writes
    let engine = host.engine(nil, TripwireJournal(host.journal, Tripwire(at: 0)))
    await #expect(throws: EngineError.self) {
      try await engine.block(host.orders("192.0.2.9"), cause: host.cause)
    }
    #expect(host.device.writes == writes)
  }
}
