import FirewallKit
import Glibc
import Language
import NetworkTypes
import Synchronization
import Testing

@testable import Nftables

extension KernelTests {
  @Suite struct NftablesTests {
    private let adapter = NftablesAdapter(settings: NftablesSettings())

    init() throws {
      try nft("add table ip others; add set ip others s { type ipv4_addr; flags timeout; }")
      try nft("add chain ip others c { type filter hook input priority 0; }")
      try nft("add rule ip others c ip saddr @s drop; add element ip others s { 203.0.113.200 }")
    }

    // MARK: Applying

    @Test func whatWasAppliedIsReadBackAndOthersStayUntouched() async throws {
      let others = try nft("list table ip others")
      let start = try await adapter.state(in: .everything)
      #expect(start.isEmpty)
      let goal = goal(
        [
          "192.0.2.1": 60, "2001:db8::1": 600, "198.51.100.0/24": 3600, "2001:db8:1::/48": 60,
          "224.0.0.0/3": 60,
        ],
        allowed: ["203.0.113.0/25", "203.0.113.128/25", "192.0.2.77", "2001:db8:2::/64"])
      try await apply(goal)
      let full = try await adapter.state(in: .everything)
      #expect(full.differences(from: goal, at: .now(), slack: .seconds(2)) == [])
      let targets = Set(goal.blocks.keys).union(
        ["192.0.2.2", "198.51.100.0/25"].compactMap { BlockTarget($0) })
      let some = try await adapter.state(in: .targets(targets))
      #expect(some.differences(from: goal, at: .now(), slack: .seconds(2)) == [])
      #expect(some.scaffold == full.scaffold && full.scaffold == adapter.scaffold)
      #expect(try adapter.operations(from: full, to: full).isEmpty)
      try await apply(FirewallState(readAt: .now()))
      #expect(try await adapter.state(in: .everything).isEmpty)
      #expect(try nft("list table ip others") == others)
    }

    @Test func everyCombinationOfSettingsIsReadBackAsItWasAskedFor() async throws {
      for direction in TrafficDirection.allCases {
        for hooks: [NftablesSettings.Hook] in [
          [.forward], [.prerouting, .output], NftablesSettings.defaultHooks,
        ] {
          let adapter = NftablesAdapter(
            settings: NftablesSettings(
              hooks: hooks, direction: direction, priority: -42, counters: direction == .both))
          let before = try await adapter.state(in: .everything)
          var goal = before
          goal.scaffold = adapter.scaffold
          for operation in try adapter.operations(from: before, to: goal) {
            try await adapter.perform(operation)
          }
          #expect(try await adapter.state(in: .everything).scaffold == adapter.scaffold)
        }
      }
    }

    @Test func aDeadlineMovesBothWays() async throws {
      for seconds: Int64 in [600, 60, 86_400] {
        let goal = goal(["192.0.2.1": seconds, "198.51.100.0/24": seconds])
        try await apply(goal)
        let read = try await adapter.state(in: .everything)
        #expect(read.differences(from: goal, at: .now(), slack: .seconds(2)) == [])
      }
    }

    @Test func oneOperationPerformedTwiceChangesNothingOrIsRefused() async throws {
      let start = try await adapter.state(in: .everything)
      let goal = goal(["192.0.2.1": 600, "198.51.100.0/24": 600])
      let operation = try #require(try adapter.operations(from: start, to: goal).first)
      try await adapter.perform(operation)
      do {
        try await adapter.perform(operation)
      } catch {
        #expect(error.code == .conflict || error.code == .rejected)
      }
      let read = try await adapter.state(in: .everything)
      #expect(read.differences(from: goal, at: .now(), slack: .seconds(2)) == [])
    }

    @Test func aHundredThousandBlocksAreAppliedAndNoneIsLost() async throws {
      var goal = goal([:])
      let deadline = Timestamp.now() + .seconds(3600)
      for number in 0..<100_000 as Range<UInt32> {
        goal.blocks[.prefix(IPPrefix(IPAddress(ipv4: 0x0B00_0000 + number)))] = deadline
      }
      do {
        try await apply(goal)
      } catch let error as AdapterError where error.code == .capacity {
        // Outside the first user namespace the send buffer cannot be raised: refused, not cut.
        #expect(try await adapter.state(in: .everything).isEmpty)
        return
      }
      let read = try await adapter.state(in: .everything)
      #expect(read.blocks.count == 100_000)
      // Timers start when the kernel takes the plan, which on a busy machine is seconds after its goal.
      let holds = read.holds(goal, at: .now(), slack: .seconds(60))
      #expect(holds)
    }

    @Test func whatOverlapsIsRefusedAndNothingChanges() async throws {
      try await apply(goal(["198.51.100.0/24": 600]))
      let before = try await adapter.state(in: .everything)
      var more = before
      for target in ["198.51.0.0/16", "192.0.2.1"].compactMap({ BlockTarget($0) }) {
        more.blocks[target] = .now() + .seconds(60)
      }
      let operation = try #require(try adapter.operations(from: before, to: more).first)
      await #expect { try await self.adapter.perform(operation) } throws: {
        ($0 as? AdapterError)?.code == .conflict
      }
      #expect(try await adapter.state(in: .everything).blocks.keys == before.blocks.keys)
    }

    @Test func aReadingOfTargetsSeesWhatOthersDidToTheTableSinceTheLastOne() async throws {
      try await apply(goal(["192.0.2.1": 600], allowed: ["203.0.113.0/25"]))
      let target = try #require(BlockTarget("192.0.2.1"))
      let known = try await adapter.state(in: .targets([target]))
      #expect(known.scaffold == adapter.scaffold && known.allowed.count == 1)
      // A change of ours that concerns blocks only, then what others do between our readings.
      var more = known
      more.blocks[try #require(BlockTarget("192.0.2.2"))] = .now() + .seconds(600)
      for operation in try adapter.operations(from: known, to: more) { try await adapter.perform(operation) }
      #expect(try await adapter.state(in: .targets([target])).scaffold == adapter.scaffold)
      for change in [
        "insert rule inet sekisho forward accept", "flush chain inet sekisho forward",
        "add table inet sekisho { flags dormant; }", "add chain inet sekisho theirs",
        "add set inet sekisho theirs { type ipv4_addr; }", "delete table inet sekisho",
      ] {
        let before = try await adapter.state(in: .targets([target])).scaffold
        try nft(change)
        let after = try await adapter.state(in: .targets([target])).scaffold
        #expect(after != before, "\(change)")
        #expect(try await adapter.state(in: .everything).scaffold == after, "\(change)")
      }
      #expect(try await adapter.state(in: .targets([target])).isEmpty)
    }

    @Test func aReadingOfTargetsSeesTheAllowListAsItIsNow() async throws {
      try await apply(goal(["192.0.2.1": 600], allowed: ["203.0.113.0/25"]))
      let target = try #require(BlockTarget("192.0.2.1"))
      _ = try await adapter.state(in: .targets([target]))
      try nft("add element inet sekisho allowed4 { 198.51.100.0/24 }")
      #expect(try await adapter.state(in: .targets([target])).allowed.count == 2)
      try await apply(goal(["192.0.2.1": 600], allowed: ["203.0.113.128/25"]))
      let allowed = try await adapter.state(in: .targets([target])).allowed
      #expect(allowed.map(\.description) == ["203.0.113.128/25"])
    }

    @Test func theKernelsCheckChangesNothingAndTellsARefusal() async throws {
      let start = try await adapter.state(in: .everything)
      let rules = try nft("list ruleset")
      let operations = try adapter.operations(from: start, to: goal(["192.0.2.1": 60, "2001:db8::/32": 60]))
      try await adapter.validate(operations)
      #expect(try nft("list ruleset") == rules)
      let empty = FirewallState(readAt: .now())
      let removal = try adapter.operations(from: goal([:]), to: empty)
      await #expect { try await self.adapter.validate(removal) } throws: {
        ($0 as? AdapterError)?.code == .conflict
      }
      #expect(try nft("list ruleset") == rules)
    }

    @Test func aTableThatAppearedSinceTheReadingIsNotTouched() async throws {
      let operation = try #require(
        try adapter.operations(from: FirewallState(readAt: .now()), to: goal([:])).first)
      try nft("add table inet sekisho; add chain inet sekisho theirs")
      let rules = try nft("list ruleset")
      await #expect { try await self.adapter.perform(operation) } throws: {
        ($0 as? AdapterError)?.code == .conflict
      }
      #expect(try nft("list ruleset") == rules)
    }

    @Test func aPlanForRulesThatHaveGoneIsAConflict() async throws {
      let goal = goal(["192.0.2.1": 60])
      try await apply(goal)
      let read = try await adapter.state(in: .everything)
      try nft("delete table inet sekisho")
      #expect(try await adapter.state(in: .targets(Set(goal.blocks.keys))).isEmpty)
      var without = read
      without.blocks = [:]
      let operation = try #require(try adapter.operations(from: read, to: without).first)
      await #expect { try await self.adapter.perform(operation) } throws: {
        ($0 as? AdapterError)?.code == .conflict
      }
    }

    @Test func nftMakesTheSameOfTheCommandsOfAPlan() async throws {
      let goal = goal(
        [
          "192.0.2.1": 60, "192.0.2.2": 900_000_000_000, "2001:db8::1": 600, "198.51.100.0/24": 3600,
          "2001:db8:1::/48": 60, "224.0.0.0/3": 60, "0.0.0.0/8": 60, "::fffe:0:0/96": 60, "f000::/4": 60,
        ],
        allowed: ["203.0.113.0/25", "203.0.113.128/25", "255.255.255.255", "192.0.2.77", "2001:db8:2::/64"])
      let start = try await adapter.state(in: .everything)
      let operation = try #require(try adapter.operations(from: start, to: goal).first)
      try await adapter.perform(operation)
      let ours = try nft("list table inet sekisho")
      let read = try await adapter.state(in: .everything)
      try nft("delete table inet sekisho")
      let file = try #require(fopen("/run/sekisho-plan.json", "w"))
      fputs(operation.literal, file)
      fclose(file)
      try shell("nft -j -f /run/sekisho-plan.json")
      #expect(try nft("list table inet sekisho") == ours)
      let theirs = try await adapter.state(in: .everything)
      #expect(theirs.differences(from: read, at: .now(), slack: .seconds(2)) == [])
    }

    // MARK: What others do

    @Test func aTableWithoutOurMarkIsForeignAndLeftAlone() async throws {
      try nft("add table inet sekisho; add chain inet sekisho forward")
      let rules = try nft("list ruleset")
      await #expect { _ = try await self.adapter.state(in: .everything) } throws: {
        ($0 as? AdapterError)?.code == .foreign
      }
      #expect(try nft("list ruleset") == rules)
    }

    @Test(arguments: [
      "insert rule inet sekisho forward accept", "flush chain inet sekisho input",
      "insert rule inet sekisho forward ip saddr 192.0.2.1 counter accept",
      "add chain inet sekisho extra { type filter hook forward priority 5; policy drop; }",
      "add table inet sekisho { flags dormant; }", "add set inet sekisho more { type ipv4_addr; }",
      "flush table inet sekisho", "add element inet sekisho blocked4-prefixes { 192.0.2.1-192.0.2.3 }",
      "add element inet sekisho blocked4-prefixes { 192.0.2.1 }",
      "add element inet sekisho allowed6 { ::ffff:192.0.2.1 }",
    ])
    func whatSomeoneElseDidToOurTableIsSeenAndRepaired(_ command: String) async throws {
      let goal = goal(["203.0.113.5": 600, "198.51.100.0/24": 600], allowed: ["2001:db8::/64"])
      try await apply(goal)
      try nft(command)
      let read = try await adapter.state(in: .everything)
      #expect(read.scaffold != adapter.scaffold)
      #expect(try await adapter.state(in: .everything).scaffold == read.scaffold)
      try await apply(goal)
      let repaired = try await adapter.state(in: .everything)
      #expect(repaired.differences(from: goal, at: .now(), slack: .seconds(2)) == [])
    }

    @Test func elementsOfOthersAreSurplusAndAnEndlessOneIsNoBlockOfOurs() async throws {
      let goal = goal(["192.0.2.1": 600])
      try await apply(goal)
      try nft("add element inet sekisho blocked4 { 192.0.2.9 timeout 10m, 192.0.2.10 }")
      let read = try await adapter.state(in: .everything)
      #expect(read.differences(from: goal, at: .now(), slack: .seconds(2)).count == 2)
      try await apply(goal)
      #expect(try await adapter.state(in: .everything).blocks.count == 1)
      try nft(
        "delete element inet sekisho blocked4 { 192.0.2.1 }; add element inet sekisho blocked4 { 192.0.2.1 }")
      let endless = try await adapter.state(in: .everything)
      #expect(endless.differences(from: goal, at: .now(), slack: .seconds(2)).count == 1)
    }

    // MARK: Notification

    @Test func changesOfOthersAreToldAndOursAndExpiryAreNot() async throws {
      try await apply(goal(["192.0.2.1": 600]))
      try nft("add element inet sekisho blocked4 { 192.0.2.3 timeout 1s }")
      let told = Tally(try adapter.foreignChanges())
      // For another adapter our changes are foreign: it tells when the kernel has announced them.
      let witness = Tally(
        try NftablesAdapter(settings: NftablesSettings()).foreignChanges())
      try await untilGone("192.0.2.3")
      for number: Int64 in 1...20 {
        let before = witness.count
        try await apply(goal(["192.0.2.1": 600, "192.0.2.2": 600 * number]))
        await witness.exceeds(before)
        try nft("add element ip others s { 203.0.113.\(number) }")
      }
      #expect(told.count == 0)
      try nft("delete element inet sekisho blocked4 { 192.0.2.1 }")
      await told.exceeds(0)
    }

    @Test(arguments: ["delete table inet sekisho", "flush ruleset", "flush chain inet sekisho forward"])
    func eachWayToLoseOurRulesIsTold(_ command: String) async throws {
      try await apply(goal(["192.0.2.1": 600]))
      let told = Tally(try adapter.foreignChanges())
      try nft(command)
      await told.exceeds(0)
    }

    @Test func aBulkOfOurOwnIsNotToldEvenWhenAnnouncementsAreLost() async throws {
      let told = Tally(try adapter.foreignChanges())
      let witness = Tally(
        try NftablesAdapter(settings: NftablesSettings()).foreignChanges())
      var blocks: [String: Int64] = [:]
      for number in 0..<3000 { blocks["10.\(number >> 8).\(number & 255).1"] = 600 }
      for _ in 0..<5 {
        let before = witness.count
        try await apply(goal(blocks))
        try await apply(goal([:]))
        await witness.exceeds(before)
      }
      #expect(told.count == 0)
      try nft("delete table inet sekisho")
      await told.exceeds(0)
    }

    @Test func cancellingEndsTheStream() async throws {
      let stream = try adapter.foreignChanges()
      let task = Task { for await _ in stream {} }
      task.cancel()
      await task.value
    }

    // MARK: Rights

    @Test func withoutTheRightTheAnswerSaysWhatItTakes() async throws {
      let (stream, continuation) = AsyncStream.makeStream(of: NftablesAdapter.self)
      DedicatedThread.start {
        // Capabilities belong to a thread, and the adapter's thread inherits those of this one.
        dropCapabilitiesOfThisThread()
        continuation.yield(NftablesAdapter(settings: NftablesSettings()))
        continuation.finish()
      }
      var iterator = stream.makeAsyncIterator()
      let weak = try #require(await iterator.next(isolation: #isolation))
      await #expect { _ = try await weak.state(in: .everything) } throws: {
        ($0 as? AdapterError)?.code == .unauthorized
      }
      let operations = try adapter.operations(from: FirewallState(readAt: .now()), to: goal([:]))
      await #expect { try await weak.validate(operations) } throws: {
        ($0 as? AdapterError)?.code == .unauthorized
      }
      await #expect { try await weak.perform(operations[0]) } throws: {
        guard let error = $0 as? AdapterError else { return false }
        return error.code == .unauthorized && error.message.en.contains("CAP_NET_ADMIN")
      }
      #expect(try await adapter.state(in: .everything).isEmpty)
    }

    @Test func droppedPacketsAreCounted() async throws {
      try await apply(goal(["127.0.0.9": 600]))
      #expect(try await adapter.counters() == NftablesCounters(packets: 0, bytes: 0))
      try shell("ip link set lo up && bash -c 'echo > /dev/udp/127.0.0.9/9' 2> /dev/null; true")
      #expect((try await adapter.counters()?.packets ?? 0) > 0)
    }

    @Test func anAllowedAddressIsNotBlockedAndItsPeerStillIs() async throws {
      try await apply(
        goal(["127.0.0.8/29": 600, "127.0.0.20": 600], allowed: ["127.0.0.1", "127.0.0.10", "127.0.0.20"]))
      try shell("ip link set lo up")
      for (address, dropped) in [("127.0.0.9", 1), ("127.0.0.10", 0), ("127.0.0.20", 0)] as [(String, UInt64)]
      {
        let before = try #require(try await adapter.counters()).packets
        // Sent from 127.0.0.1, which is allowed.
        try shell("bash -c 'echo > /dev/udp/\(address)/9' 2> /dev/null; true")
        #expect(try await adapter.counters()?.packets == before + dropped, "to \(address)")
      }
    }

    // MARK: Means

    private func goal(_ blocks: [String: Int64], allowed: [String] = []) -> FirewallState {
      let now = Timestamp.now()
      return FirewallState(
        readAt: now, scaffold: adapter.scaffold, allowed: Set(allowed.compactMap { IPPrefix($0) }),
        blocks: Dictionary(
          uniqueKeysWithValues: blocks.compactMap { text, seconds in
            BlockTarget(text).map { ($0, now + .seconds(seconds)) }
          }))
    }

    private func apply(_ goal: FirewallState) async throws {
      let current = try await adapter.state(in: .everything)
      for operation in try adapter.operations(from: current, to: goal) {
        try await adapter.perform(operation)
      }
    }

    private func untilGone(_ target: String) async throws {
      let target = try #require(BlockTarget(target))
      while try await adapter.state(in: .targets([target])).blocks[target] != nil { await Task.yield() }
    }

    @discardableResult
    private func nft(_ commands: String) throws -> String { try shell("nft -s '\(commands)'") }

    @discardableResult
    private func shell(_ command: String) throws -> String {
      let pipe = try #require(popen(command, "r"))
      var output: [UInt8] = []
      var chunk = [UInt8](repeating: 0, count: 65_536)
      while true {
        let count = fread(&chunk, 1, chunk.count, pipe)
        if count == 0 { break }
        output += chunk[..<count]
      }
      try #require(pclose(pipe) == 0, "\(command)")
      return String(decoding: output, as: UTF8.self)
    }
  }
}

/// Counts what a stream tells.
private final class Tally: Sendable {
  private let told = Mutex(0)

  init(_ stream: AsyncStream<Void>) {
    Task { for await _ in stream { told.withLock { $0 += 1 } } }
  }

  var count: Int { told.withLock { $0 } }

  func exceeds(_ number: Int) async {
    while count <= number { await Task.yield() }
  }
}

/// `capset(2)`, which has no declaration in the C library's headers.
private func dropCapabilitiesOfThisThread() {
  typealias Capset = @convention(c) (UnsafeMutableRawPointer, UnsafeRawPointer) -> Int32
  guard let symbol = dlsym(nil, "capset") else { return }
  // _LINUX_CAPABILITY_VERSION_3, this thread; then no effective, permitted or inheritable ones.
  var header: (UInt32, Int32) = (0x2008_0522, 0)
  let none: (UInt64, UInt64, UInt64) = (0, 0, 0)
  withUnsafePointer(to: none) { none in
    _ = unsafeBitCast(symbol, to: Capset.self)(&header, none)
  }
}
