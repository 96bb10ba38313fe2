import Detection
import Enforcement
import FirewallConformance
import FirewallKit
import Logging
import NetworkTypes
import Policy
import Reputation
import Synchronization
import Testing

@testable import Gateway

/// What the detector wants blocked, on its way to firewalls that are there, away, or away for a while.
@Suite struct FirewallLaneTests {
  /// A firewall in memory, the faults of its adapter, and its lane.
  private struct Site {
    let device: MemoryDevice<GenerousMemory>
    let faults: Faults
    let lane: FirewallLane
    let reports = Reports()

    init(_ name: String, lifetime: Duration = .seconds(3600)) {
      let device = MemoryDevice<GenerousMemory>(clock: Timestamp.now)
      let faults = Faults()
      let policy = Policy(name: "test", mode: .enforce, timeToLive: lifetime)
      let reports = reports
      self.device = device
      self.faults = faults
      lane = FirewallLane(
        engine: FirewallEngine(
          name: name,
          adapter: FaultyAdapter(MemoryFirewall(device: device, clock: Timestamp.now), faults: faults),
          journal: MemoryJournal(), policy: policy, mode: .enforce, protection: { [] }, clock: Timestamp.now),
        policy: policy, logger: Logger(label: name, factory: { _ in SwiftLogNoOpLogHandler() }),
        clock: Timestamp.now, firstPause: .milliseconds(5), onReport: { _, told in reports.add(told) })
    }

    /// Nobody can read it any more.
    func goAway() {
      faults.plan(reading: Dictionary(uniqueKeysWithValues: (0..<100_000).map { ($0, .throwsError) }))
    }
    func comeBack() { faults.plan() }

    var blocked: Set<BlockTarget> { Set(device.list().blocks.keys) }
  }

  private final class Reports: Sendable {
    private let state = Mutex<[ActionReport]>([])
    func add(_ reports: [ActionReport]) { state.withLock { $0 += reports } }
    var all: [ActionReport] { state.withLock { $0 } }
  }

  private func finding(_ address: String) throws -> Detector.Finding {
    let address = try #require(IPAddress(address))
    let sighting = Sighting(
      destination: Destination(address: address), addresses: [address], time: Timestamp.now(), isListed: true,
      terminal: address)
    let detector = Detector(slot: ReputationIndexSlot(try ReputationIndex([])))
    var finding = detector.finding(for: sighting)
    finding.orders = [BlockOrder(target: .prefix(IPPrefix(address)), confidence: 1)]
    return finding
  }

  private func comesAbout(_ holds: () -> Bool) async throws -> Bool {
    let end = ContinuousClock.now + .seconds(20)
    while ContinuousClock.now < end {
      if holds() { return true }
      try await Task.sleep(for: .milliseconds(2))
    }
    return holds()
  }

  @Test func oneThatIsAwayHoldsUpNoOtherAndGetsItsBlocksWhenItIsBack() async throws {
    let (there, away) = (Site("there"), Site("away"))
    away.goAway()
    let dispatcher = BlockDispatcher(
      lanes: [away.lane, there.lane],
      logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }), clock: Timestamp.now)
    async let first: Void = away.lane.run()
    async let second: Void = there.lane.run()
    for address in ["192.0.2.1", "192.0.2.2"] { await dispatcher.dispatch(try finding(address)) }
    let wanted: Set<BlockTarget> = [
      try #require(BlockTarget("192.0.2.1")), try #require(BlockTarget("192.0.2.2")),
    ]
    #expect(try await comesAbout { there.blocked == wanted && there.lane.waiting == 0 })
    #expect(away.blocked.isEmpty && away.lane.waiting == 2)
    away.comeBack()
    #expect(try await comesAbout { away.blocked == wanted && away.lane.waiting == 0 })
    away.lane.finish()
    there.lane.finish()
    _ = await (first, second)
  }

  @Test func whatWasLedBackIsTriedAgain() async throws {
    let site = Site("edge")
    site.faults.plan(performing: [0: .throwsBefore])
    #expect(site.lane.offer(try finding("192.0.2.1")))
    async let work: Void = site.lane.run()
    #expect(try await comesAbout { site.reports.all.count == 2 })
    #expect(site.reports.all.map(\.receipt?.outcome.word) == ["restored", "applied"])
    site.lane.finish()
    await work
  }

  @Test func whatWaitsAlreadyDoesNotWaitTwice() async throws {
    let site = Site("edge")
    for _ in 1...3 { #expect(site.lane.offer(try finding("192.0.2.1"))) }
    #expect(site.lane.waiting == 1)
    site.lane.finish()
    await site.lane.run()
    #expect(site.reports.all.compactMap(\.action).count == 1 && site.lane.waiting == 0)
  }

  @Test func aFullLaneSaysSoAndTakesMoreLater() async throws {
    let site = Site("edge")
    for number in 0..<FirewallLane.capacity {
      #expect(site.lane.offer(try finding("10.1.\(number / 256).\(number % 256)")))
    }
    #expect(!site.lane.offer(try finding("192.0.2.1")))
    #expect(site.lane.waiting == FirewallLane.capacity)
    async let work: Void = site.lane.run()
    #expect(try await comesAbout { site.lane.waiting < FirewallLane.capacity })
    #expect(site.lane.offer(try finding("192.0.2.1")))
    site.goAway()
    site.lane.finish()
    await work
  }

  @Test func aStopDoesNotWaitForAFirewallThatIsAway() async throws {
    let site = Site("edge")
    site.goAway()
    for number in 1...20 { #expect(site.lane.offer(try finding("192.0.2.\(number)"))) }
    async let work: Void = site.lane.run()
    #expect(try await comesAbout { site.faults.read > 0 })
    site.lane.finish()
    await work
    #expect(site.blocked.isEmpty && site.lane.waiting == 0)
  }

  @Test func aBlockThatWouldHaveEndedIsGivenUp() async throws {
    let site = Site("edge", lifetime: .milliseconds(200))
    site.goAway()
    #expect(site.lane.offer(try finding("192.0.2.1")))
    async let work: Void = site.lane.run()
    #expect(try await comesAbout { site.lane.waiting == 0 })
    #expect(site.reports.all.isEmpty)
    site.lane.finish()
    await work
  }
}
