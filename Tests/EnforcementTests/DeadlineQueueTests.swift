import FirewallKit
import NetworkTypes
import Testing

@testable import Enforcement

@Suite struct DeadlineQueueTests {
  @Test(arguments: [1, 2, 3] as [UInt64])
  func theSoonestAndTheExpiredAreThoseOfAllDecisionsInForce(_ seed: UInt64) throws {
    var state = seed
    func random(_ bound: Int64) -> Int64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int64(state >> 33) % bound
    }
    func decision(_ id: Int64, _ deadline: Int64) -> Decision {
      Decision(
        id: id, firewall: "edge", target: .prefix(IPPrefix(IPAddress(ipv4: 0xC000_0200 + UInt32(id % 7)))),
        madeAt: Timestamp(seconds: 0), deadline: Timestamp(seconds: deadline),
        cause: Cause(origin: .person, actor: "test", reason: ""))
    }
    var blocks = IntendedBlocks(decisions: [], allowed: [], form: .disjoint)
    var model: [Int64: Decision] = [:]
    var ended: [Decision] = []
    for step in 0..<800 as Range<Int64> {
      switch random(5) {
      case 0, 1:
        let made = decision(step, random(1000))
        blocks.insert(made)
        model[made.id] = made
      case 2, 3:
        guard let id = model.keys.sorted().dropFirst(Int(random(Int64(max(1, model.count))))).first else {
          continue
        }
        blocks.remove(id)
        if let gone = model.removeValue(forKey: id) { ended.append(gone) }
      default:
        guard let back = ended.popLast() else { continue }
        blocks.insert(back)
        model[back.id] = back
      }
      #expect(blocks.soonestDeadline == model.values.map(\.deadline).min())
      let now = Timestamp(seconds: random(1000))
      #expect(blocks.expired(at: now) == model.values.filter { $0.deadline <= now }.map(\.id).sorted())
    }
    #expect(!model.isEmpty && !ended.isEmpty)
  }

  @Test func whatNoLongerCountsDoesNotPileUp() {
    var queue = DeadlineQueue()
    var live: Set<Int64> = [0]
    queue.insert(.init(deadline: Timestamp(seconds: 0), id: 0))
    for id in 1...10_000 as ClosedRange<Int64> {
      queue.insert(.init(deadline: Timestamp(seconds: id), id: id))
      queue.discard(keeping: live.count) { !live.contains($0.id) }
    }
    #expect(queue.count <= 2 * live.count + 65)
    live = []
    queue.discard(keeping: 0) { !live.contains($0.id) }
    #expect(queue.first == nil)
  }
}
