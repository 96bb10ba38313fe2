import FirewallKit
import Foundation
import HostPrograms
import Language
import NetworkTypes
import Testing

@testable import Iptables

/// One host with rules of its own, and the adapter on it.
private struct Host {
  let backend: IptablesSettings.Backend
  let adapter: IptablesAdapter
  private let programs = HostPrograms.iptables(directories: HostPrograms.usualDirectories)

  init(_ backend: IptablesSettings.Backend, _ settings: IptablesSettings = IptablesSettings()) async throws {
    self.backend = backend
    var settings = settings
    settings.backend = backend
    adapter = IptablesAdapter(settings: settings)
    try await run("ipset", "create", "others", "hash:ip")
    try await run("ipset", "add", "others", "192.0.2.99")
    try await run("ipset", "create", "sekisho-host4x", "hash:net", "family", "inet6")
    try await run("ipset", "add", "sekisho-host4x", "2001:db8:f::/48")
    try await iptables("-N", "SEKISHO2")
    try await iptables(
      "-A", "SEKISHO2", "-m", "comment", "--comment", "it's \"SEKISHO\" -j SEKISHO", "-j", "RETURN")
    try await iptables("-A", "INPUT", "-i", "lo", "-j", "ACCEPT")
    try await iptables("-A", "FORWARD", "-m", "set", "--match-set", "others", "src", "-j", "SEKISHO2")
    try await iptables(
      "-A", "FORWARD", "-p", "tcp", "--dport", "22", "-m", "comment", "--comment", "two  words", "-j",
      "ACCEPT")
    try await run("ip6tables-\(backend.rawValue)", "-A", "FORWARD", "-s", "2001:db8:e::/48", "-j", "DROP")
  }

  @discardableResult
  func run(_ program: String, _ arguments: String..., input: String = "") async throws -> String {
    String(decoding: try await programs.run(program, arguments, input: input), as: UTF8.self)
  }

  func iptables(_ arguments: String...) async throws {
    _ = try await programs.run("iptables-\(backend.rawValue)", arguments)
  }

  /// The rules and sets of others, byte for byte.
  func foreign() async throws -> String {
    var text = ""
    for command in ["iptables", "ip6tables"] {
      text += try await run("\(command)-\(backend.rawValue)-save", "-t", "filter")
    }
    text += try await run("ipset", "save")
    return text.split(separator: "\n", omittingEmptySubsequences: false).filter { line in
      let words = line.split(separator: " ")
      return !line.hasPrefix("#") && line.first != ":" || line.hasPrefix(":SEKISHO2")
        ? !(words.contains("SEKISHO") && words.contains("sekisho"))
          && !(words.contains("sekisho") && words.contains("DROP"))
          && !(words.count > 1
            && IptablesScaffold(settings: adapter.settings).setNames[String(words[1])] != nil)
        : false
    }
    .joined(separator: "\n")
  }

  func state() async throws -> FirewallState { try await adapter.state(in: .everything) }

  /// A goal with the adapter's scaffold; deadlines from now.
  func goal(
    _ blocks: [String: Int64], allowed: Set<String> = [], scaffold: Scaffold? = nil
  ) throws -> FirewallState {
    var state = FirewallState(readAt: now, scaffold: scaffold ?? adapter.scaffold)
    for (text, seconds) in blocks { state.blocks[try #require(BlockTarget(text))] = now + .seconds(seconds) }
    for text in allowed { state.allowed.insert(try #require(IPPrefix(text))) }
    return state
  }

  var now: Timestamp { Timestamp(microseconds: Int64(Date().timeIntervalSince1970 * 1_000_000)) }

  func reach(_ goal: FirewallState) async throws {
    for operation in try adapter.operations(from: try await state(), to: goal) {
      try await adapter.perform(operation)
    }
  }

  func differences(from goal: FirewallState) async throws -> [StateDifference] {
    try await state().differences(from: goal, at: now, slack: .seconds(3))
  }
}

private let backends: [IptablesSettings.Backend] = [.nft, .legacy]

private let mixed: [String: Int64] = [
  "203.0.113.7": 600, "203.0.113.8": 7_200, "198.51.100.0/24": 3_600, "198.51.0.0/16": 60,
  "198.51.100.9": 60, "0.0.0.0/1": 30, "2001:db8::1": 600, "2001:db8::/32": 900, "2001:db8::/48": 86_400,
  "2000::/3": 2_147_000,
]

extension KernelTests {
  @Suite(.serialized) struct IptablesKernelTests {
    @Test(arguments: backends)
    func whatAPlanAsksForIsWhatIsReadBackAndOthersStayByteForByte(backend: IptablesSettings.Backend)
      async throws
    {
      let host = try await Host(backend)
      let foreign = try await host.foreign()
      #expect(
        foreign.contains("SEKISHO2") && foreign.contains("two  words") && foreign.contains("sekisho-host4x"))
      #expect(try await host.state().isEmpty)

      let goal = try host.goal(mixed, allowed: ["192.0.2.0/24", "192.0.2.7", "2001:db8:5::/64"])
      try await host.reach(goal)
      #expect(try await host.differences(from: goal).isEmpty)
      #expect(try await host.foreign() == foreign)

      let less = try host.goal(
        ["203.0.113.7": 60, "198.51.100.0/24": 7_200, "2001:db8::/32": 30], allowed: ["192.0.2.7"])
      try await host.reach(less)
      #expect(try await host.differences(from: less).isEmpty)
      #expect(try await host.foreign() == foreign)

      let nothing = try host.goal([:], scaffold: [:])
      try await host.reach(nothing)
      #expect(try await host.state().isEmpty)
      #expect(try await host.foreign() == foreign)
    }

    @Test(arguments: backends)
    func everyHookAndDirectionHolds(backend: IptablesSettings.Backend) async throws {
      for direction in TrafficDirection.allCases {
        for hooks: Set<IptablesSettings.Hook> in [
          [.prerouting], [.input, .output], Set(IptablesSettings.Hook.allCases),
        ] {
          try await EmptyKernel.empty()
          let host = try await Host(backend, IptablesSettings(hooks: hooks, direction: direction))
          let goal = try host.goal(["203.0.113.7": 600])
          try await host.reach(goal)
          #expect(try await host.differences(from: goal).isEmpty)
          #expect(try await host.adapter.operations(from: try host.state(), to: try host.state()).isEmpty)
        }
      }
    }

    @Test(arguments: backends)
    func changedHooksLeaveNothingOfTheFormerOnes(backend: IptablesSettings.Backend) async throws {
      let before = try await Host(backend, IptablesSettings(hooks: [.forward, .prerouting]))
      try await before.reach(try before.goal(["203.0.113.7": 600]))
      var settings = IptablesSettings(hooks: [.input], direction: .inbound)
      settings.backend = backend
      let after = IptablesAdapter(settings: settings)
      let now = try await after.state(in: .everything)
      #expect(now.scaffold["jump/ipv4/filter/FORWARD"] != nil && now.scaffold["chain/ipv6/raw"] != nil)
      var goal = now
      goal.scaffold = after.scaffold
      for operation in try after.operations(from: now, to: goal) { try await after.perform(operation) }
      #expect(try await after.state(in: .everything).scaffold == after.scaffold)
      #expect(try await after.state(in: .everything).blocks.count == 1)
    }

    @Test(arguments: backends)
    func nothingIsDoneForEqualStatesAndTwiceDoesNoHarm(backend: IptablesSettings.Backend) async throws {
      let host = try await Host(backend)
      let foreign = try await host.foreign()
      let goal = try host.goal(mixed, allowed: ["192.0.2.0/24"])
      for from in [try await host.state(), try host.goal([:], scaffold: [:])] {
        for operation in try host.adapter.operations(from: from, to: goal) {
          try await host.adapter.perform(operation)
          // Refused or repeated, never half of something.
          _ = try? await host.adapter.perform(operation)
        }
        #expect(try await host.differences(from: goal).isEmpty)
        let removal = try host.adapter.operations(
          from: try await host.state(), to: try host.goal([:], scaffold: [:]))
        for operation in removal {
          try await host.adapter.perform(operation)
          _ = try? await host.adapter.perform(operation)
        }
        #expect(try await host.state().isEmpty)
      }
      #expect(try await host.foreign() == foreign)
      try await host.reach(goal)
      let now = try await host.state()
      #expect(try host.adapter.operations(from: now, to: now).isEmpty)
    }

    /// The sender is told at once when its own host drops a datagram.
    @Test(arguments: backends)
    func packetsToWhatIsBlockedAreDroppedAndAllowedOnesPass(backend: IptablesSettings.Backend) async throws {
      let host = try await Host(backend, IptablesSettings(hooks: [.output], direction: .outbound))
      try await host.run("ip", "link", "set", "lo", "up")
      try await host.run("ip", "addr", "replace", "203.0.113.1/24", "dev", "lo")
      try await host.run("ip", "addr", "replace", "2001:db8::1/64", "dev", "lo", "nodad")
      try await host.run("ip", "-6", "route", "replace", "local", "2001:db8::/64", "dev", "lo")
      func passes(_ address: String) async -> Bool {
        (try? await host.run("bash", "-c", "echo x > /dev/udp/$0/9", address)) != nil
      }
      let addresses = [
        "203.0.113.7", "203.0.113.129", "203.0.113.130", "203.0.113.8", "2001:db8::7", "2001:db8::8:1",
      ]
      for address in addresses { #expect(await passes(address), "\(address) before") }
      // Our own network is allowed, as it usually is: that must not open the way to what is blocked in it.
      let goal = try host.goal(
        ["203.0.113.7": 600, "203.0.113.128/25": 600, "2001:db8::7": 600, "2001:db8::8:0/112": 600],
        allowed: ["203.0.113.130", "203.0.113.1", "2001:db8::1"])
      try await host.reach(goal)
      var passed: [String] = []
      for address in addresses where await passes(address) { passed.append(address) }
      #expect(passed == ["203.0.113.130", "203.0.113.8"])
      try await host.reach(try host.goal([:], scaffold: [:]))
      for address in addresses { #expect(await passes(address), "\(address) after") }
    }

    @Test(arguments: backends)
    func deadlinesMoveInBothDirections(backend: IptablesSettings.Backend) async throws {
      let host = try await Host(backend)
      for seconds: Int64 in [600, 60, 86_400, 5] {
        let goal = try host.goal([
          "203.0.113.7": seconds, "198.51.100.0/24": seconds, "2001:db8::/32": seconds,
        ])
        try await host.reach(goal)
        #expect(try await host.differences(from: goal).isEmpty)
      }
    }

    @Test(arguments: backends)
    func aReadingOfTargetsHasOnlyThem(backend: IptablesSettings.Backend) async throws {
      let host = try await Host(backend)
      let goal = try host.goal(mixed, allowed: ["192.0.2.0/24"])
      try await host.reach(goal)
      let scope = Scope.targets([
        try #require(BlockTarget("198.51.100.0/24")), try #require(BlockTarget("192.0.2.50")),
      ])
      let state = try await host.adapter.state(in: scope)
      #expect(state.differences(from: goal.restricted(to: scope), at: host.now, slack: .seconds(3)).isEmpty)
      #expect(state.blocks.count == 1)
      #expect(state.scaffold == host.adapter.scaffold)
    }

    /// What others do to a host, and the parts of us that suffer.
    static let accidents: [[String]] = [
      ["iptables", "-F"], ["iptables", "-F", "SEKISHO"], ["iptables", "-F", "FORWARD"],
      ["iptables", "-I", "FORWARD", "-s", "192.0.2.1", "-j", "ACCEPT"],
      ["iptables", "-A", "FORWARD", "-m", "comment", "--comment", "sekisho", "-j", "SEKISHO"],
      ["iptables", "-I", "SEKISHO", "-s", "192.0.2.1", "-j", "ACCEPT"],
      [
        "iptables-restore",
        "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD DROP [0:0]\n-A FORWARD -i lo -j ACCEPT\nCOMMIT\n",
      ],
      ["ipset", "flush"], ["ipset", "flush", "sekisho-host4"], ["ipset", "flush", "sekisho-blocked6"],
      ["ipset", "del", "sekisho-host4", "203.0.113.7"], ["ipset", "add", "sekisho-host4", "203.0.113.99"],
      ["ipset", "add", "sekisho-net4", "203.0.113.99"], ["ipset", "add", "sekisho-blocked4", "others"],
      ["ipset", "add", "sekisho-host6", "::ffff:192.0.2.1"],
      ["ipset", "add", "sekisho-net4", "192.0.2.0/25", "nomatch"],
      ["ipset", "create", "sekisho-net4-next", "hash:net", "timeout", "0"],
      ["ipset", "add", "sekisho-allow4", "203.0.113.0/24"],
    ]

    @Test(arguments: backends, accidents)
    func whatOthersBreakIsSeenAndRepaired(backend: IptablesSettings.Backend, accident: [String]) async throws
    {
      let host = try await Host(backend)
      let goal = try host.goal(mixed, allowed: ["192.0.2.0/24", "2001:db8:5::/64"])
      try await host.reach(goal)
      let words = Array(accident.dropFirst())
      switch accident[0] {
      case "iptables-restore":
        try await host.run("iptables-\(backend.rawValue)-restore", input: words[0])
      case "iptables":
        _ = try await HostPrograms.iptables(directories: HostPrograms.usualDirectories).run(
          "iptables-\(backend.rawValue)", words)
      default:
        _ = try await HostPrograms.iptables(directories: HostPrograms.usualDirectories).run(
          accident[0], words)
      }
      let foreign = try await host.foreign()
      #expect(try await !host.differences(from: goal).isEmpty)
      try await host.reach(goal)
      #expect(try await host.differences(from: goal).isEmpty)
      #expect(
        try await host.foreign()
          == foreign.split(separator: "\n", omittingEmptySubsequences: false)
          .filter { !$0.hasPrefix("-A SEKISHO -s 192.0.2.1/32") }.joined(separator: "\n"))
    }

    @Test(arguments: backends)
    func afterEverythingIsGoneEverythingComesBack(backend: IptablesSettings.Backend) async throws {
      let host = try await Host(backend)
      let goal = try host.goal(mixed)
      try await host.reach(goal)
      for command in ["iptables", "ip6tables"] {
        try await host.run("\(command)-\(backend.rawValue)", "-F")
        try await host.run("\(command)-\(backend.rawValue)", "-X")
      }
      try await host.run("ipset", "flush")
      try await host.run("ipset", "destroy")
      #expect(try await host.state().isEmpty)
      try await host.reach(goal)
      #expect(try await host.differences(from: goal).isEmpty)
    }

    @Test(arguments: backends)
    func anOperationThatFailsHalfwayCanBeLedBack(backend: IptablesSettings.Backend) async throws {
      let host = try await Host(backend)
      let foreign = try await host.foreign()
      for basis in [try host.goal([:], scaffold: [:]), try host.goal(mixed, allowed: ["192.0.2.0/24"])] {
        try await host.reach(basis)
        let target = try host.goal([
          "203.0.113.1": 60, "203.0.113.2": 60, "198.51.100.0/25": 60, "203.0.113.7": 30,
        ])
        let count = try host.adapter.operations(from: try await host.state(), to: target).count
        for broken in 0..<count {
          let operations = try host.adapter.operations(from: try await host.state(), to: target)
          for operation in operations.prefix(broken) { try await host.adapter.perform(operation) }
          guard case .process(let program, let arguments, let input) = operations[broken].step else {
            continue
          }
          var lines = input.split(separator: "\n").map(String.init)
          lines.insert(
            program == "ipset" ? "add sekisho-nothing 192.0.2.1" : "-A NOTHING -j DROP",
            at: (lines.count + 1) / 2)
          let bad = FirewallKit.Operation(
            summary: operations[broken].summary,
            step: .process(
              executable: program, arguments: arguments, input: lines.joined(separator: "\n") + "\n"))
          await #expect(throws: AdapterError.self) { try await host.adapter.perform(bad) }
          try await host.reach(basis)
          #expect(try await host.differences(from: basis).isEmpty)
        }
        #expect(count > 0)
      }
      try await host.reach(try host.goal([:], scaffold: [:]))
      #expect(try await host.foreign() == foreign)
    }

    @Test(arguments: backends)
    func anotherSetSizeIsTakenOverWithoutALookAway(backend: IptablesSettings.Backend) async throws {
      let small = try await Host(backend, IptablesSettings(setSize: 2_048))
      let goal = try small.goal(mixed)
      try await small.reach(goal)
      let large = IptablesAdapter(settings: IptablesSettings(backend: backend, setSize: 4_096))
      let now = try await large.state(in: .everything)
      var wanted = now
      wanted.scaffold = large.scaffold
      let operations = try large.operations(from: now, to: wanted)
      // Neither chain nor jump is touched for it.
      #expect(operations.allSatisfy { $0.literal.hasPrefix("ipset") })
      for operation in operations {
        try await large.perform(operation)
        try await large.perform(operation)
      }
      let after = try await large.state(in: .everything)
      #expect(after.differences(from: wanted, at: small.now, slack: .seconds(3)).isEmpty)
    }

    @Test(arguments: backends)
    func setsAndChainsOfOthersWithOurNamesAreLeftAlone(backend: IptablesSettings.Backend) async throws {
      let host = try await Host(backend)
      try await host.iptables("-N", "SEKISHO")
      try await host.iptables("-A", "SEKISHO", "-s", "192.0.2.1", "-j", "DROP")
      var error = await #expect(throws: AdapterError.self) { try await host.state() }
      #expect(error?.code == .foreign)
      try await host.iptables("-F", "SEKISHO")
      try await host.iptables("-X", "SEKISHO")
      try await host.run("ipset", "create", "sekisho-net4", "hash:net")
      error = await #expect(throws: AdapterError.self) { try await host.state() }
      #expect(error?.code == .foreign)
    }

    @Test func aSetThatIsFullSaysSo() async throws {
      let host = try await Host(.nft, IptablesSettings(setSize: 1_024))
      try await host.reach(try host.goal([:]))
      var lines = ""
      // The kernel may let a few more in than it was asked to hold.
      for index in 0..<UInt32(4_096) {
        lines += "add sekisho-host4 \(IPAddress(ipv4: 0xC633_0000 + index)) timeout 60\n"
      }
      let operation = FirewallKit.Operation(
        summary: Phrase(verbatim: "many"),
        step: .process(executable: "ipset", arguments: ["-exist", "restore"], input: lines))
      let error = await #expect(throws: AdapterError.self) { try await host.adapter.perform(operation) }
      #expect(error?.code == .capacity)
    }

    @Test func aChainThatAnotherRuleUsesIsAConflict() async throws {
      for backend in backends {
        try await EmptyKernel.empty()
        let host = try await Host(backend)
        let goal = try host.goal(["203.0.113.7": 600])
        try await host.reach(goal)
        try await host.iptables("-A", "SEKISHO2", "-j", "SEKISHO")
        let error = await #expect(throws: AdapterError.self) {
          try await host.reach(try host.goal([:], scaffold: [:]))
        }
        // Legacy iptables says only the number of the line.
        #expect(error?.code == (backend == .nft ? .conflict : .rejected))
        #expect(try await host.differences(from: goal).isEmpty)
        try await host.iptables("-D", "SEKISHO2", "-j", "SEKISHO")
        try await host.reach(try host.goal([:], scaffold: [:]))
        #expect(try await host.state().isEmpty)
      }
    }

    @Test func aLockThatSomeoneHoldsIsBusy() async throws {
      let directory = NSTemporaryDirectory() + "sekisho-lock-\(UUID().uuidString)"
      try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
      defer { try? FileManager.default.removeItem(atPath: directory) }
      let path = directory + "/xtables.lock"
      let host = try await Host(.legacy, IptablesSettings(lockFile: path))
      let descriptor = open(path, O_CREAT | O_RDWR, 0o600)
      #expect(descriptor >= 0 && flock(descriptor, LOCK_EX | LOCK_NB) == 0)
      defer { close(descriptor) }
      let error = await #expect(throws: AdapterError.self) { try await host.reach(try host.goal([:])) }
      #expect(error?.code == .busy)
      flock(descriptor, LOCK_UN)
      try await host.reach(try host.goal([:]))
      #expect(try await host.differences(from: try host.goal([:])).isEmpty)
    }

    @Test(arguments: backends)
    func fiftyThousandInBulkAndOneAmongThem(backend: IptablesSettings.Backend) async throws {
      let host = try await Host(backend)
      var goal = try host.goal([:])
      let count = 50_000
      for index in 0..<count {
        goal.blocks[.prefix(IPPrefix(IPAddress(ipv4: 0x0B00_0000 + UInt32(index) * 251)))] =
          host.now + .seconds(3_600)
      }
      let clock = ContinuousClock()
      let before = try await host.state()
      let operations = try host.adapter.operations(from: before, to: goal)
      let bulk = try await clock.measure {
        for operation in operations { try await host.adapter.perform(operation) }
      }
      var state = before
      let reading = try await clock.measure { state = try await host.state() }
      #expect(state.differences(from: goal, at: host.now, slack: .seconds(5)).isEmpty)
      #expect(state.blocks.count == count)

      let target = try #require(BlockTarget("203.0.113.7"))
      let scope = Scope.targets([target])
      var one = before
      let readOne = try await clock.measure { one = try await host.adapter.state(in: scope) }
      var more = one
      more.blocks[target] = host.now + .seconds(600)
      let plan = try host.adapter.operations(from: one, to: more)
      let single = try await clock.measure {
        for operation in plan { try await host.adapter.perform(operation) }
      }
      #expect(try await host.adapter.state(in: scope).holds(more, at: host.now, slack: .seconds(5)))
      print(
        "iptables \(backend): \(count) added \(bulk), read \(reading); one of them: read \(readOne), added \(single)"
      )
      try await host.reach(try host.goal([:], scaffold: [:]))
      #expect(try await host.state().isEmpty)
    }
  }
}
