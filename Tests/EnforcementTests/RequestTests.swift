import FirewallConformance
import FirewallKit
import NetworkTypes
import Policy
import Testing

@testable import Enforcement

@Suite struct RequestTests {
  @Test func ofTwoOrdersOnOneTargetTheLongerCounts() async throws {
    let host = Host()
    let report = try await host.engine().block(
      host.orders("192.0.2.1", seconds: 60) + host.orders("192.0.2.1", seconds: 900), cause: host.cause)
    #expect(report.plan.orders.map(\.deadline) == [host.clock.now + .seconds(900)])
  }

  @Test func aFullFirewallStillTakesALongerTimeForWhatItHolds() async throws {
    let clock = AdjustableClock()
    let device = MemoryDevice<SmallMemory>(clock: { clock.now })
    let engine = FirewallEngine(
      name: "edge", adapter: MemoryFirewall(device: device, clock: { clock.now }), journal: MemoryJournal(),
      policy: Policy(name: "test", mode: .enforce), mode: .enforce, protection: { [] }, clock: { clock.now })
    let cause = Cause(origin: .person, actor: "tester", reason: "")
    let addresses = (1...41).compactMap { BlockTarget("192.0.2.\($0)") }
    let report = try await engine.block(addresses.map { BlockOrder(target: $0) }, cause: cause)
    #expect(report.plan.refused.map(\.rule) == ["capacity"] && device.list().blocks.count == 40)
    let longer = try await engine.block(
      [BlockOrder(target: addresses[0], timeToLive: .seconds(9000))], cause: cause)
    #expect(longer.receipt?.outcome == .applied && longer.plan.changes.map(\.kind) == [.extend])
  }

  @Test func aHungValidationDoesNotHoldTheEngine() async throws {
    let host = Host()
    let plan = try await host.engine(HangingValidator(base: host.adapter)).previewBlock(
      host.orders("192.0.2.1"), cause: host.cause)
    #expect(plan.warnings.count == 1)
  }
}

/// A device that never answers when asked to check a plan.
private struct HangingValidator: DeviceValidating {
  static var manifest: AdapterManifest { MemoryFirewall<GenerousMemory>.manifest }
  let base: MemoryFirewall<GenerousMemory>
  var scaffold: Scaffold { base.scaffold }

  func state(in scope: Scope) throws(AdapterError) -> FirewallState { try base.state(in: scope) }
  func operations(from current: FirewallState, to goal: FirewallState) throws(AdapterError) -> [Operation] {
    try base.operations(from: current, to: goal)
  }
  func perform(_ operation: Operation) throws(AdapterError) { try base.perform(operation) }
  func validate(_ operations: [Operation]) async throws(AdapterError) {
    try? await Task.sleep(for: .seconds(86_400))
  }
}
