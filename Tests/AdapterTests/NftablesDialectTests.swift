import FirewallKit
import Language
import NetworkTypes
import Randomness
import Testing

@testable import Nftables

@Suite struct NftablesDialectTests {
  private let dialect = NftablesDialect(table: "sekisho")
  private let scaffold = NftablesScaffold.scaffold(for: NftablesSettings())
  private let readAt = Timestamp(seconds: 1_700_000_000)

  private func state(
    _ blocks: [String: Int64] = [:], allowed: [String] = [], scaffold: Scaffold? = nil
  ) -> FirewallState {
    FirewallState(
      readAt: readAt, scaffold: scaffold ?? self.scaffold,
      allowed: Set(allowed.compactMap { IPPrefix($0) }),
      blocks: Dictionary(
        uniqueKeysWithValues: blocks.compactMap { text, seconds in
          BlockTarget(text).map { ($0, readAt + .seconds(seconds)) }
        }))
  }

  /// The commands of the one operation, without the frame of the list.
  private func commands(_ from: FirewallState, _ to: FirewallState) throws -> [String] {
    let operations = try dialect.operations(from: from, to: to)
    #expect(operations.count == 1)
    guard case .nftables(let text) = operations.first?.step else { return [] }
    #expect(text.hasPrefix(#"{"nftables":["#) && text.hasSuffix("]}"))
    return text.dropFirst(#"{"nftables":["#.count).dropLast(2).split(separator: "\n")
      .map { $0.hasSuffix(",") ? String($0.dropLast()) : String($0) }
  }

  private func element(_ verb: String, _ set: String, _ elements: String) -> String {
    #"{"\#(verb)":{"element":{"family":"inet","table":"sekisho","name":"\#(set)","elem":[\#(elements)]}}}"#
  }

  @Test func aStateLeadsToItselfWithoutOperations() throws {
    let full = state(["192.0.2.1": 60, "2001:db8::/32": 600], allowed: ["198.51.100.0/24"])
    #expect(try dialect.operations(from: full, to: full).isEmpty)
    #expect(try dialect.operations(from: state(scaffold: [:]), to: state(scaffold: [:])).isEmpty)
  }

  @Test func hostsGoToHashSetsAndPrefixesToIntervalSetsInTheOrderOfAddresses() throws {
    let goal = state([
      "192.0.2.9": 60, "192.0.2.1": 600, "2001:db8::1": 60, "198.51.100.0/24": 60, "2001:db8:1::/48": 60,
    ])
    #expect(
      try commands(state(), goal) == [
        element(
          "add", "blocked4",
          #"{"elem":{"val":"192.0.2.1","timeout":660}},{"elem":{"val":"192.0.2.9","timeout":120}}"#),
        element("add", "blocked6", #"{"elem":{"val":"2001:db8::1","timeout":120}}"#),
        element(
          "add", "blocked4-prefixes",
          #"{"elem":{"val":{"prefix":{"addr":"198.51.100.0","len":24}},"timeout":120}}"#),
        element(
          "add", "blocked6-prefixes",
          #"{"elem":{"val":{"prefix":{"addr":"2001:db8:1::","len":48}},"timeout":120}}"#),
      ])
  }

  @Test func whatGoesIsDeletedBeforeItsHalvesAreAdded() throws {
    let goal = state(["198.51.100.0/25": 60, "198.51.100.128/25": 60])
    let lines = try commands(state(["198.51.100.0/24": 60]), goal)
    #expect(lines.count == 2)
    #expect(
      lines.first
        == element("delete", "blocked4-prefixes", #"{"prefix":{"addr":"198.51.100.0","len":24}}"#))
  }

  @Test func aMovedDeadlineIsADeletionAndAnAdditionInOneTransaction() throws {
    #expect(
      try commands(state(["192.0.2.1": 60]), state(["192.0.2.1": 30])) == [
        element("delete", "blocked4", #""192.0.2.1""#),
        element("add", "blocked4", #"{"elem":{"val":"192.0.2.1","timeout":90}}"#),
      ])
  }

  @Test func aDifferenceBelowTheResolutionOfTimersIsNone() throws {
    var goal = state(["192.0.2.1": 60])
    for key in goal.blocks.keys { goal.blocks[key] = readAt + .milliseconds(60_900) }
    #expect(try dialect.operations(from: state(["192.0.2.1": 60]), to: goal).isEmpty)
  }

  @Test func theAllowListIsWrittenWithoutTimers() throws {
    #expect(
      try commands(state(allowed: ["192.0.2.0/24"]), state(allowed: ["192.0.2.7", "2001:db8::/64"])) == [
        element("delete", "allowed4", #"{"prefix":{"addr":"192.0.2.0","len":24}}"#),
        element("add", "allowed4", #""192.0.2.7""#),
        element("add", "allowed6", #"{"prefix":{"addr":"2001:db8::","len":64}}"#),
      ])
  }

  @Test func anAbsentTableIsMadeWithEverythingInOneTransaction() throws {
    let settings = NftablesSettings(table: "sekisho", hooks: [.forward], direction: .outbound, counters: true)
    let goal = state(["192.0.2.1": 60], scaffold: NftablesScaffold.scaffold(for: settings))
    let lines = try commands(state(scaffold: [:]), goal)
    func add(_ object: String, _ body: String) -> String {
      #"{"add":{"\#(object)":{"family":"inet","table":"sekisho",\#(body)}}}"#
    }
    func lookup(_ family: String, _ set: String) -> String {
      add(
        "rule",
        #""chain":"forward","expr":[{"match":{"op":"==","left":{"payload":{"protocol":"\#(family)","field":"daddr"}},"right":"@\#(set)"}},{"jump":{"target":"blocked-destinations"}}]"#
      )
    }
    func allow(_ family: String, _ set: String) -> String {
      add(
        "rule",
        #""chain":"blocked-destinations","expr":[{"match":{"op":"==","left":{"payload":{"protocol":"\#(family)","field":"daddr"}},"right":"@\#(set)"}},{"return":null}]"#
      )
    }
    #expect(
      lines == [
        #"{"create":{"table":{"family":"inet","name":"sekisho"}}}"#,
        add("set", #""name":"allowed4","type":"ipv4_addr","flags":["interval"]"#),
        add("set", #""name":"allowed6","type":"ipv6_addr","flags":["interval"]"#),
        add("set", #""name":"blocked4","type":"ipv4_addr","flags":["timeout"]"#),
        add("set", #""name":"blocked4-prefixes","type":"ipv4_addr","flags":["interval","timeout"]"#),
        add("set", #""name":"blocked6","type":"ipv6_addr","flags":["timeout"]"#),
        add("set", #""name":"blocked6-prefixes","type":"ipv6_addr","flags":["interval","timeout"]"#),
        add("chain", #""name":"blocked-destinations""#),
        add(
          "chain", #""name":"forward","type":"filter","hook":"forward","prio":-10,"policy":"accept""#),
        add("chain", #""name":"owned-by-sekisho""#),
        allow("ip", "allowed4"), allow("ip6", "allowed6"),
        add("rule", #""chain":"blocked-destinations","expr":[{"counter":null},{"drop":null}]"#),
        lookup("ip", "blocked4"), lookup("ip", "blocked4-prefixes"), lookup("ip6", "blocked6"),
        lookup("ip6", "blocked6-prefixes"),
        element("add", "blocked4", #"{"elem":{"val":"192.0.2.1","timeout":120}}"#),
      ])
  }

  @Test func changedChainsAreRebuiltAndTheElementsStay() throws {
    var current = state(["192.0.2.1": 60])
    current.scaffold["chain forward"] = "filter forward -10 accept"
    current.scaffold["chain intruder"] = "regular"
    let lines = try commands(current, state(["192.0.2.1": 60]))
    #expect(lines.first == #"{"flush":{"table":{"family":"inet","name":"sekisho"}}}"#)
    #expect(lines.contains(#"{"delete":{"chain":{"family":"inet","table":"sekisho","name":"intruder"}}}"#))
    #expect(!lines.contains { $0.contains(#""element""#) || $0.contains(#""set""#) })
  }

  @Test func aChangedSetMeansANewTableWithAllElements() throws {
    var current = state(["192.0.2.1": 60])
    current.scaffold["set blocked4"] = "ipv4_addr timeout size 16"
    let lines = try commands(current, state(["192.0.2.1": 60]))
    #expect(lines.first == #"{"delete":{"table":{"family":"inet","name":"sekisho"}}}"#)
    #expect(lines.last == element("add", "blocked4", #"{"elem":{"val":"192.0.2.1","timeout":120}}"#))
  }

  @Test func theScaffoldOfOtherSettingsCanBeRestored() throws {
    let other = NftablesScaffold.scaffold(
      for: NftablesSettings(hooks: [.prerouting], direction: .inbound, counters: false))
    let lines = try commands(state(), state(scaffold: other))
    #expect(lines.contains { $0.contains(#""hook":"prerouting","prio":-160"#) })
  }

  @Test func aForeignRuleCannotBePutBack() throws {
    var goal = state()
    goal.scaffold["chain forward"]? += "\nforeign [limit]"
    #expect { try dialect.operations(from: state(), to: goal) } throws: {
      ($0 as? AdapterError)?.code == .unsupported
    }
  }

  @Test(arguments: ["bad.example.org", "0.0.0.0/0", "::/0"])
  func whatTheSetsCannotHoldIsRefused(_ target: String) throws {
    #expect { try dialect.operations(from: state(), to: state([target: 60])) } throws: {
      ($0 as? AdapterError)?.code == .unsupported
    }
  }

  @Test func anEmptyGoalRemovesTheTable() throws {
    #expect(
      try commands(state(["192.0.2.1": 60]), state(scaffold: [:])) == [
        #"{"delete":{"table":{"family":"inet","name":"sekisho"}}}"#
      ])
  }

  @Test func theSameStatesGiveTheSameBytes() throws {
    var seed = SplitMix64(seed: 7)
    var goal = state()
    for _ in 0..<500 {
      goal.blocks[.prefix(IPPrefix(IPAddress(ipv4: UInt32.random(in: 1 << 24...9 << 24, using: &seed))))] =
        readAt + .seconds(600)
    }
    var shuffled = goal
    shuffled.blocks = [:]
    for key in goal.blocks.keys.shuffled(using: &seed) { shuffled.blocks[key] = goal.blocks[key] }
    #expect(
      try dialect.operations(from: state(), to: goal) == dialect.operations(from: state(), to: shuffled))
  }

  @Test func theSummaryCountsInBothLanguages() throws {
    let operations = try dialect.operations(
      from: state(["192.0.2.1": 60, "192.0.2.2": 60]),
      to: state(["192.0.2.2": 600, "192.0.2.3": 60, "192.0.2.4": 60]))
    #expect(operations.first?.summary.en == "add 2 blocks, remove 1 block, set 1 deadline")
    #expect(operations.first?.summary.ja == "遮断 2 件を追加、遮断 1 件を解除、遮断期限 1 件を変更")
  }
}

extension NftablesDialect {
  /// The operations as the adapter gives them.
  func operations(from current: FirewallState, to goal: FirewallState) throws -> [FirewallKit.Operation] {
    try operation(from: current, to: goal).map { [$0.0] } ?? []
  }
}
