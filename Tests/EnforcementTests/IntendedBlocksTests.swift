import FirewallKit
import NetworkTypes
import Randomness
import Testing

@testable import Enforcement

@Suite struct IntendedBlocksTests {
  private static let now = Timestamp(seconds: 1_767_225_600)

  private static func prefix(_ random: inout SplitMix64) -> IPPrefix {
    let length = Int.random(in: 24...32, using: &random)
    let address = IPAddress(ipv4: 0xC633_6400 + UInt32.random(in: 0...255, using: &random))
    guard let prefix = IPPrefix(address, length: length) else { preconditionFailure("24...32 are lengths") }
    return prefix
  }

  @Test func disjointBlocksStopTheSameAddressesForTheSameTime() {
    var random = SplitMix64(seed: 1)
    for _ in 0..<300 {
      var blocks: [IPPrefix: Timestamp] = [:]
      for _ in 0..<Int.random(in: 0...14, using: &random) {
        blocks[Self.prefix(&random)] = Timestamp(seconds: Int64.random(in: 1...6, using: &random))
      }
      let result = DisjointBlocks.resolve(blocks)
      let prefixes = result.keys.sorted()
      for (one, next) in zip(prefixes, prefixes.dropFirst()) { #expect(!one.overlaps(next)) }
      for last in UInt32(0)...255 {
        let address = IPAddress(ipv4: 0xC633_6400 + last)
        let wanted = blocks.filter { $0.key.contains(address) }.map(\.value).max()
        #expect(result.first { $0.key.contains(address) }?.value == wanted)
      }
    }
  }

  @Test(arguments: [Capabilities.Prefixes.disjoint, .overlapping])
  func theOutcomeIsTheDifferenceOfWhatIsBlockedBeforeAndAfter(form: Capabilities.Prefixes) {
    var random = SplitMix64(seed: 2)
    for _ in 0..<300 {
      func decision(_ id: Int64) -> Decision {
        Decision(
          id: id, firewall: "f", target: .prefix(Self.prefix(&random)), madeAt: Self.now,
          deadline: Self.now + .seconds(Int64.random(in: 1...9, using: &random)),
          cause: Cause(origin: .person, actor: "tester", reason: ""))
      }
      let held = (1...12).map { decision(Int64($0)) }
      let begins = (0..<Int.random(in: 0...4, using: &random)).map { _ in decision(0) }
      let ends = (1...12).map(Int64.init).filter { _ in Int.random(in: 0..<4, using: &random) == 0 }
      let allowed = (0..<2).map { _ in BlockTarget.prefix(Self.prefix(&random)) }
      let before = IntendedBlocks(decisions: held, allowed: allowed, form: form)
      var after = before
      for (offset, var decision) in begins.enumerated() {
        decision.id = 100 + Int64(offset)
        after.insert(decision)
      }
      for id in ends { after.remove(id) }
      let (old, new) = (before.blocks(at: Self.now), after.blocks(at: Self.now))
      let outcome = before.outcome(beginning: begins, ending: ends, at: Self.now)
      for (target, deadline) in outcome { #expect(new[target] == deadline) }
      for target in Set(old.keys).union(new.keys) where old[target] != new[target] {
        #expect(outcome[target] == .some(new[target]), "\(target) changes and is not in the outcome")
      }
    }
  }

  @Test func aBlockPastItsDeadlineMakesRoomForPrefixesThatOverlapIt() throws {
    let old = Decision(
      id: 1, firewall: "f", target: try #require(BlockTarget("198.51.100.0/24")), madeAt: Self.now,
      deadline: Self.now + .seconds(10), cause: Cause(origin: .person, actor: "tester", reason: ""))
    var new = old
    new.target = try #require(BlockTarget("198.51.100.0/25"))
    new.deadline = Self.now + .seconds(600)
    let blocks = IntendedBlocks(decisions: [old], allowed: [], form: .disjoint)
    let outcome = blocks.outcome(beginning: [new], ending: [], at: Self.now + .seconds(20))
    #expect(outcome == [old.target: nil, new.target: new.deadline])
  }
}
