import ConfigurationFile
import Language
import NetworkTypes
import Policy
import Testing

@Suite struct PolicyParsingTests {
  private func problems(_ yaml: String) -> [ConfigurationProblem] {
    do throws(ConfigurationError) {
      _ = try Policy(parsing: yaml, file: "p.yaml")
      return []
    } catch {
      for problem in error.problems { #expect(isJapanese(problem.message.ja)) }
      return error.problems
    }
  }

  @Test func everyKeyIsRead() throws {
    let policy = try Policy(
      parsing: """
        name: edge
        mode: enforce
        direction: both
        time-to-live: 2h
        maximum-time-to-live: 3d
        minimum-prefix-length: { ipv4: 28, ipv6: 56 }
        minimum-confidence: 0.65
        limits: { new-blocks-per-minute: 7, new-blocks-per-hour: 70, total-blocks: 700, blocks-per-change: 77 }
        allow: [192.0.2.7, 2001:db8::/32, example.org, 日本語.example]
        protected: [198.51.100.0/24, mail.example.net]
        """, file: "p.yaml")
    #expect(policy.name == "edge" && policy.mode == .enforce && policy.direction == .both)
    #expect(policy.timeToLive == .seconds(7200) && policy.maximumTimeToLive == .seconds(259_200))
    #expect(policy.minimumPrefixLength == .init(ipv4: 28, ipv6: 56))
    #expect(policy.minimumConfidence == 0.65)
    #expect(
      policy.limits
        == .init(newBlocksPerMinute: 7, newBlocksPerHour: 70, totalBlocks: 700, blocksPerChange: 77))
    #expect(
      policy.allow.entries.map(\.description) == [
        "192.0.2.7", "2001:db8::/32", "example.org", "xn--wgv71a119e.example",
      ])
    #expect(policy.protectedNetworks.map(\.prefix.description) == ["198.51.100.0/24"])
    #expect(policy.protectedNetworks.first?.because.en.contains("“edge”") == true)
    #expect(policy.protectedNames.map(\.text) == ["mail.example.net"])
    let refused = policy.evaluate(try asked("198.51.100.9"), in: context())
    #expect(refused.firstRefusal?.rule == "protected-networks")
    #expect(policy.evaluate(try asked("www.example.org"), in: context()).firstRefusal?.rule == "allow-list")
    #expect(policy.evaluate(try asked("example.net"), in: context()).firstRefusal?.rule == "protected-names")
    #expect(!policy.evaluate(try asked("203.0.113.0/27"), in: context()).permitted)
  }

  @Test func whatIsLeftOutHasTheDocumentedValue() throws {
    let policy = try Policy(parsing: "name: a\nmode: dry-run\n", file: "p.yaml")
    #expect(policy.mode == .dryRun && policy.direction == .outbound)
    #expect(policy.timeToLive == .seconds(3600) && policy.maximumTimeToLive == .seconds(604_800))
    #expect(policy.minimumPrefixLength == .init(ipv4: 24, ipv6: 48))
    #expect(
      policy.limits
        == .init(newBlocksPerMinute: 60, newBlocksPerHour: nil, totalBlocks: 100_000, blocksPerChange: 1000))
    #expect(policy.minimumConfidence == 0.8)
    #expect(policy.allow.entries.isEmpty && policy.protectedNetworks.isEmpty && policy.protectedNames.isEmpty)
  }

  @Test func nameAndModeAreRequired() {
    #expect(problems("").map(\.key).sorted() == ["mode", "name"])
    #expect(problems("name: a\n").map(\.code) == [.missingKey])
    #expect(problems("name: \"\"\nmode: enforce\n").map(\.key) == ["name"])
  }

  @Test(arguments: [
    ("time-to-live: 8d", "time-to-live", "time-to-live (8d) is longer than maximum-time-to-live (7d)"),
    ("maximum-time-to-live: 30m", "maximum-time-to-live", "longer than maximum-time-to-live (30m)"),
    ("time-to-live: 0s", "time-to-live", "not a duration from 1s to 365d"),
    ("maximum-time-to-live: 400d", "maximum-time-to-live", "not a duration from 1s to 365d"),
    ("time-to-live: 60", "time-to-live", "write a number and s, m, h or d"),
    ("minimum-prefix-length: {ipv4: 0}", "minimum-prefix-length.ipv4", "every address there is"),
    ("minimum-prefix-length: {ipv4: 7}", "minimum-prefix-length.ipv4", "/7 is larger than any one network"),
    ("minimum-prefix-length: {ipv4: 33}", "minimum-prefix-length.ipv4", "whole number from 0 to 32"),
    ("minimum-prefix-length: {ipv6: 11}", "minimum-prefix-length.ipv6", "write 12 to 128"),
    ("minimum-prefix-length: {ipv6: 129}", "minimum-prefix-length.ipv6", "whole number from 0 to 128"),
    ("minimum-prefix-length: 24", "minimum-prefix-length", "Keys with values are expected"),
    ("minimum-prefix-length: {ipv5: 24}", "minimum-prefix-length.ipv5", "Did you mean"),
    ("limits: {total-blocks: 0}", "limits.total-blocks", "write mode: dry-run instead"),
    ("limits: {new-blocks-per-minute: 0}", "limits.new-blocks-per-minute", "write mode: dry-run instead"),
    ("limits: {blocks-per-change: -1}", "limits.blocks-per-change", "whole number"),
    ("limits: {new-blocks-per-hour: 5}", "limits.new-blocks-per-hour", "below new-blocks-per-minute (60)"),
    (
      "limits: {total-blocks: 10}", "limits.total-blocks",
      "blocks-per-change (1000) is above total-blocks (10)"
    ),
    ("limits: {total-block: 10}", "limits.total-block", "Did you mean “total-blocks”?"),
    ("minimum-confidence: 80", "minimum-confidence", "number from 0.0 to 1.0"),
    ("minimum-confidence: nan", "minimum-confidence", "number from 0.0 to 1.0"),
    ("allow: [0.0.0.0/0]", "allow", "cover every IPv4 address"),
    ("allow: [\"::/0\"]", "allow", "cover every IPv6 address"),
    ("allow: [0.0.0.0/1, 128.0.0.0/2, 192.0.0.0/2, 10.0.0.0/8]", "allow", "cover every IPv4 address"),
    ("protected: [0.0.0.0/0]", "protected", "cover every IPv4 address"),
    ("protected: [10.0.0.300]", "protected", "“10.0.0.300” is not an address, a prefix or a domain name"),
    ("allow: [localhost]", "allow", "such as 192.0.2.7"),
    ("direction: outwards", "direction", "one of outbound, inbound, both"),
    ("alow: [192.0.2.1]", "alow", "Did you mean “allow”?"),
    ("timeToLive: 1h", "timeToLive", "Did you mean “time-to-live”?"),
  ])
  func aWrongValueIsToldOnceWithItsKey(line: String, key: String, sentence: String) {
    let found = problems("name: a\nmode: enforce\n\(line)\n")
    #expect(found.map(\.key) == [key])
    #expect(found.first?.message.en.contains(sentence) == true, "\(found.map(\.message.en))")
    #expect(found.first?.location.line == 3)
  }

  @Test func allButOneAddressMayBeAllowed() {
    #expect(problems("name: a\nmode: enforce\nallow: [0.0.0.0/1, 128.0.0.0/2, 192.0.0.0/3]\n").isEmpty)
  }

  @Test func everythingWrongWithAPolicyIsToldAtOnce() {
    let found = problems(
      """
      mode: enforced
      time-to-live: 9d
      limits:
        total-blocks: 0
        totl-blocks: 5
      allow:
        - 192.0.2.0/24
        - 192.0.2.0/40
      protektion: []
      """)
    #expect(found.map(\.location.line) == [1, 1, 2, 4, 5, 8, 9])
    #expect(found.contains { $0.key == "name" && $0.code == .missingKey })
  }

  @Test func aPolicyReadsFromASectionOfALargerFile() throws {
    let document = try ConfigurationDocument(
      parsing: "policy:\n  name: inline\n  mode: enforce\n  limts: {}\n", file: "sekisho.yaml")
    let collected = ConfigurationProblems()
    let top = ConfigurationSection(document.root, problems: collected)
    let policy = Policy(from: top.section("policy"))
    top.finish()
    #expect(policy.name == "inline")
    #expect(collected.found.map(\.key) == ["policy.limts"])
    #expect(collected.found.first?.location.line == 4)
  }
}
