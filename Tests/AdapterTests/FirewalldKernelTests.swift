import Enforcement
import FirewallConformance
import FirewallKit
import Foundation
import HostPrograms
import Language
import NetworkTypes
import Testing

@testable import Firewalld

private func goal(_ adapter: FirewalldAdapter, _ blocks: [String], allowed: [String] = []) -> FirewallState {
  var state = FirewallState(readAt: Timestamp.now(), scaffold: adapter.scaffold)
  for text in blocks { state.blocks[BlockTarget(text)!] = .untimed }
  state.allowed = Set(allowed.map { IPPrefix($0)! })
  return state
}

extension FirewalldAdapter {
  fileprivate func reach(_ goal: FirewallState) async throws {
    for operation in try operations(from: try await state(in: .everything), to: goal) {
      try await perform(operation)
    }
  }

  fileprivate func differences(from goal: FirewallState) async throws -> [StateDifference] {
    try await state(in: .everything).differences(from: goal, at: Timestamp.now(), slack: .seconds(1))
  }
}

private let nothing = FirewallState(readAt: Timestamp.now())

private let mixed = [
  "203.0.113.7", "203.0.113.8", "198.51.100.0/24", "0.0.0.0/3", "2001:db8::1", "2001:db8:1::/48", "::1.2.3.4",
]

extension KernelTests {
  /// The adapter against Debian's firewalld, on the kernel of this namespace.
  @Suite(.serialized, .enabled(if: FirewallDaemon.isInstalled, "needs firewalld, dbus-daemon and busctl"))
  struct FirewalldKernelTests {
    @Test func whatAPlanAsksForIsReadBackSurvivesAReloadAndOthersStayByteForByte() async throws {
      let daemon = try await FirewallDaemon()
      let adapter = daemon.adapter()
      let foreign = try await daemon.foreign()
      #expect(foreign.contains("@others") && foreign.contains("203.0.113.200"))
      #expect(try await adapter.state(in: .everything).isEmpty)

      let first = goal(adapter, mixed, allowed: ["192.0.2.0/24", "192.0.2.7", "198.51.100.64/26"])
      try await adapter.reach(first)
      #expect(try await adapter.differences(from: first).isEmpty)
      #expect(try await daemon.foreign() == foreign)
      let kernel = try await daemon.run("nft", "list", "set", "inet", "firewalld", "sekisho-net4")
      #expect(kernel.contains("198.51.100.0/26") && kernel.contains("198.51.100.128/25"))
      #expect(!kernel.contains("198.51.100.64/26"))

      try await daemon.run("firewall-cmd", "--reload")
      #expect(try await adapter.differences(from: first).isEmpty)

      let scope = Scope.targets([BlockTarget("198.51.100.0/24")!, BlockTarget("192.0.2.50")!])
      #expect(try await adapter.state(in: scope).blocks.count == 1)

      let second = goal(
        adapter, ["203.0.113.8", "198.51.100.0/25", "2001:db8:1::/49"], allowed: ["2001:db8:1::5"])
      try await adapter.reach(second)
      #expect(try await adapter.differences(from: second).isEmpty)
      let state = try await adapter.state(in: .everything)
      #expect(try adapter.operations(from: state, to: state).isEmpty)

      try await adapter.reach(nothing)
      #expect(try await adapter.state(in: .everything).isEmpty)
      #expect(try await daemon.foreign() == foreign)
    }

    /// What others do to our sets, policies and to the kernel.
    static let accidents: [[[String]]] = [
      [["firewall-cmd", "--ipset=sekisho-host4", "--remove-entry=203.0.113.7"]],
      [["firewall-cmd", "--permanent", "--ipset=sekisho-host4", "--remove-entry=203.0.113.7"]],
      [["firewall-cmd", "--ipset=sekisho-note4", "--remove-entry=198.51.100.255,udp:24"]],
      [["nft", "flush", "set", "inet", "firewalld", "sekisho-host4"]],
      [["nft", "add", "element", "inet", "firewalld", "sekisho-host6", "{ 2001:db8::99 }"]],
      [["nft", "flush", "chain", "inet", "firewalld", "filter_FWD_policy_sekisho-fwd_deny"]],
      [["nft", "flush", "ruleset"]],
      [["firewall-cmd", "--permanent", "--delete-policy=sekisho-out"], ["firewall-cmd", "--reload"]],
    ]

    @Test func whatOthersBreakIsSeenAndRepaired() async throws {
      let daemon = try await FirewallDaemon()
      let adapter = daemon.adapter()
      let foreign = try await daemon.foreign()
      let goal = goal(adapter, ["203.0.113.7", "198.51.100.0/24"], allowed: ["198.51.100.64/26"])
      try await adapter.reach(goal)
      for accident in Self.accidents {
        for command in accident { _ = try await daemon.programs.run(command[0], Array(command.dropFirst())) }
        #expect(try await !adapter.differences(from: goal).isEmpty, "\(accident) is not seen")
        try await adapter.reach(goal)
        #expect(try await adapter.differences(from: goal).isEmpty, "\(accident) is not repaired")
      }
      #expect(try await daemon.foreign() == foreign)
    }

    /// The sender is told at once when its own host drops a datagram.
    @Test func packetsToWhatIsBlockedAreDroppedAndAllowedOnesPass() async throws {
      try await EmptyKernel.empty()
      let daemon = try await FirewallDaemon()
      try await daemon.run("ip", "link", "add", "sekisho0", "type", "veth", "peer", "name", "sekisho1")
      let addresses = ["203.0.113.7", "203.0.113.129", "203.0.113.130", "203.0.113.8", "2001:db8:7::7"]
      func passes(_ address: String) async -> Bool {
        (try? await daemon.run("bash", "-c", "echo x > /dev/udp/$0/9", address)) != nil
      }
      var passed: [[String]] = []
      do {
        for end in ["sekisho0", "sekisho1"] { try await daemon.run("ip", "link", "set", end, "up") }
        try await daemon.run("ip", "address", "add", "203.0.113.1/24", "dev", "sekisho0")
        try await daemon.run("ip", "address", "add", "2001:db8:7::1/64", "dev", "sekisho0", "nodad")
        let adapter = daemon.adapter()
        for step in 0..<3 {
          if step == 1 {
            try await adapter.reach(
              goal(
                adapter, ["203.0.113.7", "203.0.113.128/25", "2001:db8:7::/64"], allowed: ["203.0.113.130"]))
          } else if step == 2 {
            try await adapter.reach(nothing)
          }
          var now: [String] = []
          for address in addresses where await passes(address) { now.append(address) }
          passed.append(now)
        }
      } catch {
        try await daemon.run("ip", "link", "del", "sekisho0")
        throw error
      }
      try await daemon.run("ip", "link", "del", "sekisho0")
      #expect(passed == [addresses, ["203.0.113.130", "203.0.113.8"], addresses])
    }

    @Test func whatOthersSetAtRunTimeOnlyIsNotLostByOurReload() async throws {
      let daemon = try await FirewallDaemon()
      let adapter = daemon.adapter()
      try await daemon.run("firewall-cmd", "--zone=public", "--add-service=http")
      let goal = goal(adapter, ["203.0.113.7"])
      let error = await #expect(throws: AdapterError.self) { try await adapter.reach(goal) }
      #expect(error?.code == .conflict)
      #expect(error?.message.en.contains("public") == true)
      #expect(try await daemon.run("firewall-cmd", "--zone=public", "--list-services").contains("http"))
      try await daemon.run("firewall-cmd", "--runtime-to-permanent")
      try await adapter.reach(goal)
      #expect(try await adapter.differences(from: goal).isEmpty)
      #expect(try await daemon.run("firewall-cmd", "--zone=public", "--list-services").contains("http"))
    }

    @Test func aSetOfOurNameWithoutOurMarkIsForeign() async throws {
      let daemon = try await FirewallDaemon()
      try await daemon.run("firewall-cmd", "--permanent", "--new-ipset=sekisho-host4", "--type=hash:ip")
      let error = await #expect(throws: AdapterError.self) {
        try await daemon.adapter().state(in: .everything)
      }
      #expect(error?.code == .foreign)
    }

    @Test func otherSettingsMakeTheFrameAnew() async throws {
      let daemon = try await FirewallDaemon()
      let before = daemon.adapter()
      try await before.reach(goal(before, mixed))
      let after = daemon.adapter(FirewalldSettings(hooks: [.forward], direction: .outbound, setSize: 2048))
      let wanted = goal(after, mixed)
      #expect(try await !after.differences(from: wanted).isEmpty)
      try await after.reach(wanted)
      #expect(try await after.differences(from: wanted).isEmpty)
    }

    @Test func aDaemonThatIsGoneIsAnErrorThatSaysSo() async throws {
      let daemon = try await FirewallDaemon()
      let adapter = daemon.adapter()
      let goal = goal(adapter, ["203.0.113.7"])
      try await adapter.reach(goal)
      let operations = try adapter.operations(from: goal, to: nothing)
      daemon.stop()
      let error = await #expect(throws: AdapterError.self) { try await adapter.state(in: .everything) }
      #expect(error?.code == .unavailable)
      #expect(error?.message.en.contains("systemctl start firewalld") == true)
      let refused = await #expect(throws: AdapterError.self) { try await adapter.perform(operations[0]) }
      #expect(refused?.code == .unavailable)
    }

    @Test func tenThousandComeAndGoInFewProcesses() async throws {
      let daemon = try await FirewallDaemon()
      let adapter = daemon.adapter()
      let many = (0..<10_000).map { "100.\(64 + $0 / 2500).\($0 / 250 % 10).\($0 % 250 + 1)" }
      let goal = goal(adapter, many)
      let operations = try adapter.operations(from: nothing, to: goal)
      #expect(operations.count == 3)
      let clock = ContinuousClock()
      let taken = try await clock.measure {
        for operation in operations { try await adapter.perform(operation) }
      }
      var differences: [StateDifference] = []
      let reading = try await clock.measure { differences = try await adapter.differences(from: goal) }
      #expect(differences.isEmpty)
      // The engine waits 30 s for each operation.
      #expect(taken < .seconds(30) && reading < .seconds(10), "\(taken) to write, \(reading) to read")
      if getenv("SEKISHO_FIGURES") != nil { print("10,000 entries: \(taken) to write, \(reading) to read") }
      try await adapter.reach(nothing)
      #expect(try await adapter.state(in: .everything).isEmpty)
    }

    /// The ipsets have no timers, so their time can be moved.
    private func subject(_ daemon: FirewallDaemon) -> ConformanceSubject {
      let clock = AdjustableClock()
      let adapter = daemon.adapter(clock: { clock.now })
      return ConformanceSubject(
        name: "firewalld", makeAdapter: { adapter }, clock: { clock.now }, wait: { clock.advance(by: $0) },
        foreignContent: { try await daemon.foreign() })
    }

    /// Each command of firewalld takes a third of a second, so the whole kit takes many minutes.
    private static let isLong = getenv("SEKISHO_LONG") != nil
    private static let usualLaws: Set<String> = ["reading-repeats", "no-change-no-operation", "last-one-out"]

    @Test func itKeepsTheLaws() async throws {
      let daemon = try await FirewallDaemon()
      let laws = Conformance.laws.filter { Self.isLong || Self.usualLaws.contains($0.name) }
      let report = try await Conformance.run(subject(daemon), laws: laws)
      for line in report.broken { Issue.record("\(line.law): \(line.finding)") }
      #expect(report.lines.filter { $0.finding == .held }.count >= Self.usualLaws.count)
    }

    @Test(.enabled(if: isLong, "takes minutes; set SEKISHO_LONG=1"))
    func itAgreesWithTheLedgerWhateverHappens() async throws {
      let daemon = try await FirewallDaemon()
      do throws(RandomWalk.Misstep) {
        try await RandomWalk(sequences: 4, seed: 1).run(subject(daemon))
      } catch {
        Issue.record("seed \(error.seed): \(error.because.en)\n\(error.trail.joined(separator: "\n"))")
      }
    }
  }
}
