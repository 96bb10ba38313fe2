import Language
import NetworkTypes
import Policy
import Randomness
import Testing

@Suite struct PolicyTests {
  private let policy = Policy(
    name: "test", mode: .enforce, timeToLive: .seconds(3600), maximumTimeToLive: .seconds(86_400))

  @Test func everyRuleAnswersInOrderAlsoAfterARefusal() throws {
    let evaluation = policy.evaluate(
      try asked("127.0.0.0/8", for: .seconds(10_000_000), by: .detector(confidence: 0.1)),
      in: context(inForce: 100_000, minute: 60, change: 1000))
    #expect(
      evaluation.judgements.map(\.rule) == [
        "protected-networks", "protected-names", "allow-list", "minimum-prefix-length", "time-to-live",
        "minimum-confidence", "new-block-rate", "blocks-per-change", "total-blocks",
      ])
    #expect(
      evaluation.judgements.filter(\.answer.isRefusal).map(\.rule) == [
        "protected-networks", "minimum-prefix-length", "minimum-confidence", "new-block-rate",
        "blocks-per-change", "total-blocks",
      ])
    #expect(!evaluation.permitted)
    #expect(evaluation.firstRefusal?.rule == "protected-networks")
    #expect(evaluation.timeToLive == nil && evaluation.deadline == nil)
    #expect(Set(policy.rules.map(\.name)).count == policy.rules.count)
  }

  @Test func aPermittedBlockGetsItsTimeAndDeadline() throws {
    let plain = policy.evaluate(try asked("203.0.113.7"), in: context())
    #expect(plain.permitted && plain.firstRefusal == nil && plain.notes.isEmpty)
    #expect(plain.timeToLive == .seconds(3600))
    #expect(plain.deadline == newYear + .seconds(3600))
    let named = policy.evaluate(try asked("203.0.113.7", for: .seconds(60)), in: context())
    #expect(named.timeToLive == .seconds(60))
    let shortened = policy.evaluate(
      try asked("203.0.113.7", for: .seconds(Int64.max / 2), by: .detector(confidence: 0.9)), in: context())
    #expect(shortened.timeToLive == .seconds(86_400))
    #expect(shortened.notes.count == 1)
  }

  @Test func anEvaluationReadsAsTextInBothLanguages() throws {
    let permitted = policy.evaluate(try asked("203.0.113.7"), in: context())
    #expect(
      permitted.text(in: .english).hasPrefix(
        "Permitted: 203.0.113.7 for 1h, until 2026-01-01T01:00:00Z.\n  permits  protected-networks\n"))
    #expect(permitted.text(in: .japanese).hasPrefix("許可: 203.0.113.7 を 1h の間"))
    let refused = policy.evaluate(try asked("203.0.112.0/23"), in: context())
    #expect(refused.text(in: .english).hasPrefix("Refused: 203.0.112.0/23, by 1 of 9 rules.\n"))
    #expect(
      refused.text(in: .english).contains(
        "\n  refuses  minimum-prefix-length  203.0.112.0/23 is larger than one block may be: at least /24 for IPv4."
      ))
    #expect(refused.text(in: .japanese).contains("\n  拒否  minimum-prefix-length  203.0.112.0/23 は"))
    #expect(refused.text(in: .japanese).split(separator: "\n").count == 10)
  }

  @Test func aDryRunIsJudgedLikeTheRealThing() throws {
    let dry = Policy(name: "test", mode: .dryRun)
    #expect(dry.evaluate(try asked("203.0.113.7"), in: context()).permitted)
    #expect(!dry.evaluate(try asked("127.0.0.1"), in: context()).permitted)
  }

  @Test func aPermissionAlwaysMeetsEverySettingOfThePolicy() throws {
    var random = SplitMix64(seed: 5)
    let allowedPrefix = try prefix("203.0.113.64/26")
    let policy = Policy(
      name: "test", mode: .enforce, timeToLive: .seconds(600), maximumTimeToLive: .seconds(3600),
      minimumPrefixLength: .init(ipv4: 26, ipv6: 64),
      limits: .init(newBlocksPerMinute: 5, newBlocksPerHour: 9, totalBlocks: 12, blocksPerChange: 4),
      minimumConfidence: 0.5, allow: [.prefix(allowedPrefix)])
    var permissions = 0
    for _ in 0..<5000 {
      let address = IPAddress(ipv4: 0xCB00_7100 | UInt32.random(in: 0...255, using: &random))
      let block = try #require(IPPrefix(address, length: Int.random(in: 24...32, using: &random)))
      let confidence = Double.random(in: 0...1, using: &random)
      let origin: BlockRequest.Origin =
        Bool.random(using: &random) ? .person : .detector(confidence: confidence)
      let request = BlockRequest(
        target: .prefix(block), timeToLive: .seconds(Int64.random(in: -10...7200, using: &random)),
        origin: origin)
      let here = context(
        inForce: Int.random(in: 0...14, using: &random), minute: Int.random(in: 0...6, using: &random),
        hour: Int.random(in: 0...10, using: &random), change: Int.random(in: 0...5, using: &random))
      let evaluation = policy.evaluate(request, in: here)
      #expect(evaluation.permitted == (evaluation.firstRefusal == nil))
      guard let granted = evaluation.timeToLive else { continue }
      permissions += 1
      #expect(granted > .zero && granted <= .seconds(3600))
      #expect(evaluation.deadline == newYear + granted)
      #expect(block.length >= 26 && !allowedPrefix.contains(block))
      #expect(here.blocksInForce + here.blocksInChange < 12 && here.blocksInChange < 4)
      if case .detector = origin {
        #expect(confidence >= 0.5)
        #expect(here.newBlocksLastMinute + here.blocksInChange < 5)
        #expect(here.newBlocksLastHour + here.blocksInChange < 9)
      }
    }
    #expect(permissions > 100)
  }
}
