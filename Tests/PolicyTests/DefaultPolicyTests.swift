import DefaultPolicies
import NetworkTypes
import Policy
import Testing

@Suite struct DefaultPolicyTests {
  private func policy(_ choice: DefaultPolicy) throws -> Policy {
    try Policy(parsing: choice.yaml, file: choice.file)
  }

  @Test(arguments: DefaultPolicy.allCases)
  func everyPolicyThatComesWithTheProductIsSound(choice: DefaultPolicy) throws {
    let policy = try policy(choice)
    #expect(policy.name == choice.rawValue)
    #expect(policy.evaluate(try asked("203.0.113.7"), in: context()).permitted)
    for own in ["10.1.2.3", "172.31.255.255", "192.168.0.1", "100.64.0.1", "fd00::1", "127.0.0.1"] {
      #expect(
        policy.evaluate(try asked(own), in: context()).firstRefusal?.rule == "protected-networks", "\(own)")
    }
    for outside in ["172.32.0.1", "11.0.0.1", "100.128.0.1", "2001:db8::1"] {
      #expect(policy.evaluate(try asked(outside), in: context()).permitted, "\(outside)")
    }
  }

  @Test(arguments: DefaultPolicy.allCases)
  func everyPolicyIsCommentedInBothLanguages(choice: DefaultPolicy) {
    let comments = choice.yaml.split(separator: "\n").filter { $0.contains("#") }
    #expect(comments.contains { isJapanese(String($0)) })
    #expect(comments.contains { !isJapanese(String($0)) })
  }

  @Test func monitorOnlyDiffersFromStandardByItsModeAlone() throws {
    let standard = try policy(.standard)
    let monitor = try policy(.monitorOnly)
    #expect(standard.mode == .enforce && monitor.mode == .dryRun)
    #expect(standard.direction == monitor.direction)
    #expect(standard.timeToLive == monitor.timeToLive)
    #expect(standard.maximumTimeToLive == monitor.maximumTimeToLive)
    #expect(standard.minimumPrefixLength == monitor.minimumPrefixLength)
    #expect(standard.minimumConfidence == monitor.minimumConfidence)
    #expect(standard.limits == monitor.limits)
    #expect(standard.allow.entries == monitor.allow.entries)
    #expect(standard.protectedNetworks.map(\.prefix) == monitor.protectedNetworks.map(\.prefix))
    #expect(standard.protectedNames == monitor.protectedNames)
  }

  @Test func strictBlocksEarlierLongerAndInSmallerPieces() throws {
    let standard = try policy(.standard)
    let strict = try policy(.strict)
    #expect(strict.mode == .enforce && strict.direction == .both)
    #expect(strict.minimumConfidence < standard.minimumConfidence)
    #expect(strict.timeToLive > standard.timeToLive && strict.maximumTimeToLive > standard.maximumTimeToLive)
    #expect(strict.minimumPrefixLength.ipv4 > standard.minimumPrefixLength.ipv4)
    #expect(strict.minimumPrefixLength.ipv6 > standard.minimumPrefixLength.ipv6)
    #expect(strict.limits.newBlocksPerMinute > standard.limits.newBlocksPerMinute)
    // The longest timer that ipset holds is 2147483 s.
    #expect(strict.maximumTimeToLive <= .seconds(2_147_483))
  }
}
