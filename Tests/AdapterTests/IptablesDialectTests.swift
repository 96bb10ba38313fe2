import FirewallKit
import Language
import NetworkTypes
import Testing

@testable import Iptables

@Suite struct IptablesDialectTests {
  static let moment = Timestamp(seconds: 1_800_000_000)

  private func adapter(
    _ settings: IptablesSettings = IptablesSettings(hooks: [.forward], direction: .outbound, ipv6: false)
  )
    -> IptablesAdapter
  {
    IptablesAdapter(settings: settings)
  }

  private func state(
    _ scaffold: Scaffold = [:], allowed: Set<String> = [], _ blocks: [String: Int64] = [:]
  ) throws -> FirewallState {
    var state = FirewallState(readAt: Self.moment, scaffold: scaffold)
    for text in allowed { state.allowed.insert(try #require(IPPrefix(text))) }
    for (text, seconds) in blocks {
      state.blocks[try #require(BlockTarget(text))] = Self.moment + .seconds(seconds)
    }
    return state
  }

  private func literals(_ operations: [FirewallKit.Operation]) -> [String] { operations.map(\.literal) }

  private static let tablesForOne = """
    iptables-restore
    --noflush
    --wait
    5\u{0C}*filter

    """

  @Test func fromNothingSetsComeFirstThenEntriesThenChainAndJumpInOneCommit() throws {
    let adapter = adapter()
    let goal = try state(
      adapter.scaffold, allowed: ["192.0.2.0/28"], ["203.0.113.7": 600, "198.51.100.0/24": 1])
    let operations = try adapter.operations(from: try state(), to: goal)
    #expect(
      literals(operations) == [
        """
        ipset
        -exist
        restore\u{0C}create sekisho-allow4 hash:net family inet maxelem 65536
        create sekisho-host4 hash:ip family inet maxelem 1000000 timeout 0
        create sekisho-net4 hash:net family inet maxelem 1000000 timeout 0
        create sekisho-blocked4 list:set size 8
        add sekisho-blocked4 sekisho-host4
        add sekisho-blocked4 sekisho-net4

        """,
        "ipset\n-exist\nrestore\u{0C}add sekisho-allow4 192.0.2.0/28\n",
        """
        ipset
        -exist
        restore\u{0C}add sekisho-net4 198.51.100.0/24 timeout 61
        add sekisho-host4 203.0.113.7 timeout 660

        """,
        Self.tablesForOne + """
          -N SEKISHO
          -A SEKISHO -m set --match-set sekisho-blocked4 dst -m set ! --match-set sekisho-allow4 dst -m comment --comment sekisho -j DROP
          -I FORWARD 1 -m comment --comment sekisho -j SEKISHO
          COMMIT

          """,
      ])
  }

  @Test func toNothingGoesTheOppositeWay() throws {
    let adapter = adapter()
    let operations = try adapter.operations(
      from: try state(adapter.scaffold, ["203.0.113.7": 600]), to: try state())
    #expect(
      literals(operations) == [
        Self.tablesForOne + """
          -D FORWARD -m comment --comment sekisho -j SEKISHO
          -F SEKISHO
          -X SEKISHO
          COMMIT

          """,
        """
        ipset
        -exist
        restore\u{0C}destroy sekisho-blocked4
        destroy sekisho-allow4
        destroy sekisho-host4
        destroy sekisho-net4

        """,
      ])
  }

  @Test func differencesOnlyAndRemovalsFirst() throws {
    let adapter = adapter()
    let from = try state(
      adapter.scaffold, allowed: ["192.0.2.1"],
      ["203.0.113.1": 600, "203.0.113.2": 600, "203.0.113.3": 600, "198.51.100.0/25": 9])
    let to = try state(
      adapter.scaffold, allowed: ["192.0.2.2"],
      ["203.0.113.1": 600, "203.0.113.2": 60, "203.0.113.4": 30, "198.51.100.0/24": 9])
    #expect(
      literals(try adapter.operations(from: from, to: to)) == [
        "ipset\n-exist\nrestore\u{0C}add sekisho-allow4 192.0.2.2\n",
        """
        ipset
        -exist
        restore\u{0C}del sekisho-net4 198.51.100.0/25
        del sekisho-host4 203.0.113.3
        add sekisho-net4 198.51.100.0/24 timeout 69
        add sekisho-host4 203.0.113.2 timeout 120
        add sekisho-host4 203.0.113.4 timeout 90

        """,
        "ipset\n-exist\nrestore\u{0C}del sekisho-allow4 192.0.2.1\n",
      ])
  }

  @Test func equalStatesNeedNothing() throws {
    let adapter = adapter(IptablesSettings(hooks: [.input, .prerouting]))
    let state = try state(
      adapter.scaffold, allowed: ["2001:db8::/48"], ["203.0.113.7": 600, "2001:db8:1::/64": 60])
    #expect(try adapter.operations(from: state, to: state).isEmpty)
    #expect(try adapter.operations(from: try self.state(), to: try self.state()).isEmpty)
  }

  @Test func aDeadlineWithinTheSecondsOfTheKernelIsTheSame() throws {
    let adapter = adapter()
    let from = try state(adapter.scaffold, ["203.0.113.7": 600])
    let target = try #require(BlockTarget("203.0.113.7"))
    var to = from
    to.blocks[target] = Self.moment + .milliseconds(600_900)
    #expect(try adapter.operations(from: from, to: to).isEmpty)
    to.blocks[target] = Self.moment + .milliseconds(601_100)
    #expect(try adapter.operations(from: from, to: to).count == 1)
  }

  @Test func everythingOfBothFamiliesInBothTables() throws {
    let adapter = adapter(IptablesSettings(backend: .legacy, hooks: [.output, .prerouting]))
    let operations = try adapter.operations(from: try state(), to: try state(adapter.scaffold))
    let programs = operations.compactMap { operation -> String? in
      if case .process(let program, _, let input) = operation.step {
        return program + (input.hasPrefix("*") ? " " + String(input.prefix { $0 != "\n" }) : "")
      }
      return nil
    }
    #expect(
      programs == [
        "ipset", "iptables-legacy-restore *filter", "ip6tables-legacy-restore *filter",
        "iptables-legacy-restore *raw", "ip6tables-legacy-restore *raw",
      ])
  }

  @Test func aSecondJumpAndAForeignRuleInOurChainAreTakenOut() throws {
    let adapter = adapter()
    var scaffold = adapter.scaffold
    scaffold["jump/ipv4/filter/FORWARD"] = """
      2 -m comment --comment sekisho -j SEKISHO
      5 -i eth0 -m comment --comment sekisho -j SEKISHO
      """
    scaffold["jump/ipv4/filter/a \"chain\""] = "1 -m comment --comment sekisho -g SEKISHO"
    scaffold["chain/ipv4/filter"]?.append("\n-s 192.0.2.1/32 -j ACCEPT")
    let operations = try adapter.operations(from: try state(scaffold), to: try state(adapter.scaffold))
    #expect(
      literals(operations) == [
        Self.tablesForOne + """
          -D FORWARD -m comment --comment sekisho -j SEKISHO
          -D FORWARD -i eth0 -m comment --comment sekisho -j SEKISHO
          -D "a \\"chain\\"" -m comment --comment sekisho -g SEKISHO
          -F SEKISHO
          -X SEKISHO
          -N SEKISHO
          -A SEKISHO -m set --match-set sekisho-blocked4 dst -m set ! --match-set sekisho-allow4 dst -m comment --comment sekisho -j DROP
          -I FORWARD 1 -m comment --comment sekisho -j SEKISHO
          COMMIT

          """
      ])
  }

  @Test func aSetWithOtherOptionsIsRebuiltAsideAndSwappedIn() throws {
    let adapter = adapter()
    var scaffold = adapter.scaffold
    scaffold["set/sekisho-host4"] = "hash:ip family inet maxelem 4 timeout 0"
    scaffold["set/sekisho-net4-next"] = "hash:net family inet maxelem 4 timeout 0"
    let from = try state(scaffold, ["203.0.113.1": 60, "203.0.113.2": 60, "198.51.100.0/24": 60])
    let to = try state(adapter.scaffold, ["203.0.113.1": 60, "198.51.100.0/24": 60])
    #expect(
      literals(try adapter.operations(from: from, to: to)) == [
        "ipset\n-exist\nrestore\u{0C}destroy sekisho-net4-next\n",
        """
        ipset
        -exist
        restore\u{0C}create sekisho-host4-next hash:ip family inet maxelem 1000000 timeout 0
        flush sekisho-host4-next
        add sekisho-host4-next 203.0.113.1 timeout 120
        swap sekisho-host4-next sekisho-host4
        destroy sekisho-host4-next

        """,
      ])
  }

  @Test func longInputsAreCutAtEntries() throws {
    let adapter = adapter()
    var to = try state(adapter.scaffold)
    for index in 0..<UInt32(IptablesDialect.linesInOneOperation + 1) {
      to.blocks[.prefix(IPPrefix(IPAddress(ipv4: 0xC633_0000 + index)))] = Self.moment + .seconds(60)
    }
    let operations = try adapter.operations(from: try state(adapter.scaffold), to: to)
    #expect(operations.count == 2)
    #expect(
      operations[1].literal == "ipset\n-exist\nrestore\u{0C}add sekisho-host4 198.52.134.160 timeout 120\n")
  }

  @Test(arguments: [
    ("example.org", 60, AdapterError.Code.unsupported), ("0.0.0.0/0", 60, .unsupported),
    ("2001:db8::1", 60, .unsupported), ("192.0.2.1", 2_147_483 - 59, .unsupported),
  ])
  func whatASetCannotHoldIsRefused(target: String, seconds: Int64, code: AdapterError.Code) throws {
    let adapter = adapter()
    let from = try state(adapter.scaffold)
    let error = #expect(throws: AdapterError.self) {
      try adapter.operations(from: from, to: try state(adapter.scaffold, [target: seconds]))
    }
    #expect(error?.code == code)
  }

  @Test func theLongestTimerFits() throws {
    let adapter = adapter()
    let operations = try adapter.operations(
      from: try state(adapter.scaffold), to: try state(adapter.scaffold, ["192.0.2.1": 2_147_483 - 60]))
    #expect(
      literals(operations) == ["ipset\n-exist\nrestore\u{0C}add sekisho-host4 192.0.2.1 timeout 2147483\n"])
  }

  @Test func moreThanASetHoldsIsRefusedBeforeAnythingRuns() throws {
    let adapter = adapter(IptablesSettings(hooks: [.forward], ipv6: false, setSize: 1_024))
    var to = try state(adapter.scaffold)
    for index in 0..<UInt32(1_025) {
      to.blocks[.prefix(IPPrefix(IPAddress(ipv4: 0xC633_0000 + index)))] = Self.moment + .seconds(60)
    }
    let from = try state(adapter.scaffold)
    let error = #expect(throws: AdapterError.self) { try adapter.operations(from: from, to: to) }
    #expect(error?.code == .capacity)
  }

  @Test func aBlockWithoutTheScaffoldIsAConflict() throws {
    let adapter = adapter()
    let from = try state()
    let error = #expect(throws: AdapterError.self) {
      try adapter.operations(from: from, to: try state([:], ["192.0.2.1": 60]))
    }
    #expect(error?.code == .conflict)
  }

  @Test func anotherAdaptersOperationIsNotRun() async {
    let adapter = adapter()
    let foreign = FirewallKit.Operation(
      summary: .init(verbatim: "x"), step: .process(executable: "sh", arguments: ["-c", "true"], input: ""))
    let error = await #expect(throws: AdapterError.self) { try await adapter.perform(foreign) }
    #expect(error?.code == .unsupported)
  }
}
