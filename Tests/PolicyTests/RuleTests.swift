import Language
import NetworkTypes
import Policy
import Randomness
import Testing

@Suite struct RuleTests {
  private func refuses(_ rule: some PolicyRule, _ request: BlockRequest, _ context: PolicyContext = context())
    -> Phrase?
  {
    guard case .refuses(because: let reason) = rule.judge(request, in: context) else { return nil }
    #expect(isJapanese(reason.phrase.ja))
    #expect(!isJapanese(reason.phrase.en))
    return reason.phrase
  }

  // MARK: Prefix length

  @Test(arguments: [
    ("203.0.113.7", true), ("203.0.113.0/24", true), ("203.0.112.0/23", false), ("0.0.0.0/0", false),
    ("2001:db8::/48", true), ("2001:db8::/47", false), ("2001:db8::1", true), ("::/0", false),
    ("::ffff:203.0.113.7", true), ("example.org", true),
  ])
  func aBlockHoldsNoMoreThanThePolicyLets(text: String, permitted: Bool) throws {
    let answer = refuses(MinimumPrefixLength(ipv4: 24, ipv6: 48), try asked(text))
    #expect((answer == nil) == permitted)
  }

  // MARK: Protected networks

  @Test(arguments: [
    "127.0.0.1", "127.0.0.0/8", "126.0.0.0/7", "::1", "169.254.169.254", "fe80::1", "fe80::/10", "fe00::/8",
    "224.0.0.251", "239.255.255.255", "ff02::1", "0.0.0.0", "0.1.2.3", "::", "255.255.255.255",
    "::ffff:127.0.0.1",
    "0.0.0.0/0", "::/0", "febf:ffff::1",
  ])
  func whatBreaksTheMachineIsAlwaysProtected(text: String) throws {
    #expect(refuses(ProtectedNetworks([]), try asked(text)) != nil)
  }

  @Test(arguments: [
    "128.0.0.1", "126.255.255.255", "169.253.255.255", "169.255.0.0", "223.255.255.255", "240.0.0.1",
    "1.0.0.0/8",
    "255.255.255.254", "::2", "fec0::1", "fe7f:ffff::1", "2001:db8::/32", "203.0.113.7", "example.org",
  ])
  func neighboursOfTheProtectedAreNot(text: String) throws {
    #expect(refuses(ProtectedNetworks([]), try asked(text)) == nil)
  }

  @Test func everyConstantNetworkIsThereWithItsSource() {
    #expect(
      ProtectedNetwork.always.map(\.prefix.description).sorted()
        == [
          "0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "255.255.255.255", "::", "::1",
          "fe80::/10",
          "ff00::/8",
        ].sorted())
    for network in ProtectedNetwork.always {
      #expect(network.because.en.contains("RFC ") && network.because.ja.contains("RFC "))
    }
  }

  @Test func theReasonNamesTheMostTellingNetwork() throws {
    let gateway = ProtectedNetwork(
      try prefix("192.168.1.1"), because: Phrase(en: "the default gateway of eth0", ja: "eth0 の既定ゲートウェイ"))
    let own = ProtectedNetwork(try prefix("192.168.0.0/16"), because: Phrase(en: "private", ja: "プライベート"))
    let rule = ProtectedNetworks([own])
    let here = context(protected: [gateway])
    let exact = try #require(refuses(rule, try asked("192.168.1.1"), here))
    #expect(exact.en == "192.168.1.1 is protected: the default gateway of eth0.")
    #expect(exact.ja == "192.168.1.1 は保護対象です（eth0 の既定ゲートウェイ）。")
    let inside = try #require(refuses(rule, try asked("192.168.2.0/24"), here))
    #expect(inside.en.contains("192.168.2.0/24 lies in the protected network 192.168.0.0/16: private."))
    let around = try #require(refuses(rule, try asked("192.168.1.0/24"), here))
    #expect(around.en.contains("would also block 192.168.1.1"))
  }

  @Test func protectionAgreesWithComparingEveryNetwork() throws {
    var random = SplitMix64(seed: 11)
    // Few leading bits, so that containing, contained and separate prefixes all come up often.
    func randomPrefix() throws -> IPPrefix {
      if Bool.random(using: &random) {
        let address = IPAddress(ipv4: UInt32.random(in: 0...255, using: &random) << 20)
        return try #require(IPPrefix(address, length: Int.random(in: 4...16, using: &random)))
      }
      // A prefix of ::/80 spans the numbers of the IPv4-mapped addresses without containing them.
      let low = Bool.random(using: &random) ? UInt64.random(in: 0...15, using: &random) << 44 : 0
      let address = IPAddress(high: UInt64.random(in: 0...3, using: &random) << 62, low: low)
      return try #require(IPPrefix(address, length: Int.random(in: 0...80, using: &random)))
    }
    for _ in 0..<300 {
      let prefixes = try (0..<Int.random(in: 0...12, using: &random)).map { _ in try randomPrefix() }
      let list = ProtectedNetworkList(
        prefixes.map { ProtectedNetwork($0, because: Phrase(verbatim: "“\($0)”")) })
      for _ in 0..<60 {
        let target = try randomPrefix()
        let expected = prefixes.contains { $0.overlaps(target) }
        #expect(list.overlaps(target) == expected, "\(target) among \(prefixes)")
        #expect((list.mostTelling(about: target) != nil) == expected)
      }
    }
  }

  // MARK: Protected names

  @Test(arguments: [
    ("example.org", true), ("www.example.org", true), ("a.b.example.org", true), ("notexample.org", false),
    ("example.com", false), ("mail.corp.example.net", true), ("example.net", true),
    ("other.example.net", false),
    ("192.0.2.1", false),
  ])
  func aProtectedNameIsKeptFromAboveAndBelow(text: String, refused: Bool) throws {
    let names = try ["example.org", "mail.corp.example.net"].map { try #require(DomainName($0)) }
    #expect((refuses(ProtectedNames(names), try asked(text)) != nil) == refused)
  }

  // MARK: Allow list

  @Test func aBlockInsideAnAllowedEntryIsRefused() throws {
    let rule = AllowListed([try target("203.0.113.0/24"), try target("example.org")])
    for text in ["203.0.113.0/24", "203.0.113.128/25", "203.0.113.7", "example.org", "cdn.example.org"] {
      #expect(refuses(rule, try asked(text)) != nil)
    }
    for text in ["203.0.112.255", "198.51.100.1", "example.com", "2001:db8::1"] {
      guard case .permits = rule.judge(try asked(text), in: context()) else {
        Issue.record("\(text) is not plainly permitted")
        continue
      }
    }
  }

  @Test(arguments: [("203.0.113.0/24", "203.0.113.7"), ("org.example", "www.org.example")])
  func aBlockAroundAnAllowedTargetIsPermittedWithANote(outer: String, inner: String) throws {
    for (rule, here) in [
      (AllowListed([try target(inner)]), context()), (AllowListed([]), context(allowed: [try target(inner)])),
    ] {
      guard case .permitsNoting(let note) = rule.judge(try asked(outer), in: here) else {
        Issue.record("no note")
        continue
      }
      #expect(
        note.phrase.en == "\(inner) inside \(outer) stays reachable: the allow list goes ahead of the block.")
      #expect(isJapanese(note.phrase.ja))
    }
  }

  @Test func theReasonTellsWhichListAllowsAndHowToEndIt() throws {
    let byPolicy = try #require(refuses(AllowListed([try target("203.0.113.7")]), try asked("203.0.113.7")))
    #expect(byPolicy.en.contains("under “allow” in the policy"))
    let byPeople = try #require(
      refuses(AllowListed([]), try asked("203.0.113.7"), context(allowed: [try target("203.0.113.0/24")])))
    #expect(byPeople.en.hasSuffix("sekisho allow --remove 203.0.113.0/24"))
    #expect(byPeople.ja.hasSuffix("sekisho allow --remove 203.0.113.0/24"))
  }

  // MARK: Time to live

  @Test func aPersonIsToldTheLongestTimeAndTheDetectorIsShortened() throws {
    let rule = TimeToLive(standard: .seconds(3600), maximum: .seconds(86_400))
    #expect(refuses(rule, try asked("203.0.113.7")) == nil)
    #expect(refuses(rule, try asked("203.0.113.7", for: .seconds(86_400))) == nil)
    let phrase = try #require(refuses(rule, try asked("203.0.113.7", for: .seconds(172_800))))
    #expect(phrase.en == "2d is longer than the policy grants; ask for at most 1d.")
    let answer = rule.judge(
      try asked("203.0.113.7", for: .seconds(172_800), by: .detector(confidence: 1)), in: context())
    #expect(!answer.isRefusal)
    #expect(answer.phrase?.en == "Wanted for 2d; shortened to 1d, the longest the policy grants.")
  }

  @Test(arguments: [BlockRequest.Origin.person, .detector(confidence: 1)])
  func noBlockLastsForNothing(origin: BlockRequest.Origin) throws {
    let rule = TimeToLive(standard: .seconds(3600), maximum: .seconds(86_400))
    for time in [Duration.zero, .seconds(-5)] {
      #expect(refuses(rule, try asked("203.0.113.7", for: time, by: origin)) != nil)
    }
  }

  // MARK: Confidence

  @Test func onlyTheDetectorMustBeSure() throws {
    let rule = MinimumConfidence(0.8)
    #expect(refuses(rule, try asked("203.0.113.7")) == nil)
    #expect(refuses(rule, try asked("203.0.113.7", by: .detector(confidence: 0.8))) == nil)
    let phrase = try #require(refuses(rule, try asked("203.0.113.7", by: .detector(confidence: 0.799_99))))
    #expect(phrase.en.contains("0.799, below 0.8: reported, not blocked"))
    #expect(refuses(rule, try asked("203.0.113.7", by: .detector(confidence: .nan))) != nil)
  }

  // MARK: Limits

  @Test func theDetectorIsHeldToItsRateAndAPersonIsNot() throws {
    let rule = NewBlockRate(perMinute: 10, perHour: 100)
    let detector = try asked("203.0.113.7", by: .detector(confidence: 1))
    #expect(refuses(rule, detector, context(minute: 9, hour: 99)) == nil)
    #expect(
      refuses(rule, detector, context(minute: 10))?.en.contains("10 new blocks in the last minute") == true)
    #expect(refuses(rule, detector, context(minute: 0, hour: 100))?.en.contains("last hour") == true)
    #expect(refuses(rule, detector, context(minute: 4, change: 6)) != nil)
    #expect(refuses(rule, try asked("203.0.113.7"), context(minute: 10, hour: 100)) == nil)
    #expect(refuses(NewBlockRate(perMinute: 10, perHour: nil), detector, context(hour: 1_000_000)) == nil)
    let extending = try asked("203.0.113.7", by: .detector(confidence: 1), extends: true)
    #expect(refuses(rule, extending, context(minute: 10)) == nil)
  }

  @Test func theNumberOfBlocksIsLimitedForEverybody() throws {
    for origin in [BlockRequest.Origin.person, .detector(confidence: 1)] {
      let request = try asked("203.0.113.7", by: origin)
      #expect(refuses(TotalBlocks(10), request, context(inForce: 9)) == nil)
      #expect(refuses(TotalBlocks(10), request, context(inForce: 10)) != nil)
      #expect(refuses(TotalBlocks(10), request, context(inForce: 4, change: 6)) != nil)
      #expect(refuses(BlocksPerChange(10), request, context(change: 9)) == nil)
      #expect(refuses(BlocksPerChange(10), request, context(change: 10)) != nil)
      let extending = try asked("203.0.113.7", by: origin, extends: true)
      #expect(refuses(TotalBlocks(10), extending, context(inForce: 10)) == nil)
      #expect(refuses(BlocksPerChange(10), extending, context(change: 10)) == nil)
    }
  }

  // MARK: Targets and modes

  @Test(arguments: ["10.0.0.300", "1.2.3", "localhost", "a..b", "", "192.0.2.0/33", "http://example.org"])
  func slipsAreNoTargets(text: String) {
    #expect(BlockTarget(text) == nil)
  }

  @Test func enforcementNeedsEverybody() {
    #expect(PolicyMode.enforce.agreed(with: .enforce) == .enforce)
    #expect(PolicyMode.enforce.agreed(with: .dryRun) == .dryRun)
    #expect(PolicyMode.dryRun.agreed(with: .enforce) == .dryRun)
    #expect(PolicyMode.dryRun.agreed(with: .dryRun) == .dryRun)
  }

  @Test func aReasonIsWrittenOnlyWhenItIsRead() {
    // The sentence would trap if anybody wrote it.
    let answer = RuleAnswer.refuses(
      because: Reason(writing: { preconditionFailure("written without a reader") }))
    #expect(answer.isRefusal)
  }
}
