import Feeds
import NetworkTypes
import Reputation
import Testing

@Suite struct STIXTests {
  static func indicator(
    _ number: Int, _ pattern: String, modified: String = "2026-01-01T00:00:00.000Z", _ more: String = ""
  ) -> String {
    let pattern = pattern.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
    return """
      {"type":"indicator","spec_version":"2.1","id":"\(id(number))","created":"2026-01-01T00:00:00.000Z",
       "modified":"\(modified)","pattern":"\(pattern)","pattern_type":"stix","valid_from":"2026-01-01T00:00:00Z"\(more)}
      """
  }

  static func id(_ number: Int) -> String { "indicator--00000000-0000-4000-8000-00000000000\(number)" }

  private func texts(_ pattern: String) throws -> [String] {
    let content = try read(Self.indicator(1, pattern), .stix(minimumConfidence: 0))
    #expect(content.problemCount == (content.texts.isEmpty ? 1 : 0))
    return content.texts
  }

  @Test(arguments: [
    ("[ipv4-addr:value = '203.0.113.7']", ["203.0.113.7"]),
    ("[ipv6-addr:value='2001:db8::7']", ["2001:db8::7"]),
    ("[ipv4-addr:value ISSUBSET '198.51.100.0/24']", ["198.51.100.0/24"]),
    ("[ipv4-addr:value = '198.51.100.0/24']", ["198.51.100.0/24"]),
    ("[domain-name:value = 'bad.example.org']", ["*.bad.example.org"]),
    ("[ipv4-addr:value IN ('203.0.113.7', '203.0.113.8')]", ["203.0.113.7", "203.0.113.8"]),
    ("[url:value = 'http://bad.example.org/']", ["*.bad.example.org"]),
    (
      "[ipv4-addr:value = '203.0.113.7' OR domain-name:value = 'bad.example.org']",
      ["203.0.113.7", "*.bad.example.org"]
    ),
    (
      "[ipv4-addr:value = '203.0.113.7'] OR ([ipv4-addr:value = '203.0.113.8'])",
      ["203.0.113.7", "203.0.113.8"]
    ),
    (
      "[(ipv4-addr:value = '203.0.113.7' OR ipv4-addr:value = '203.0.113.8')]",
      ["203.0.113.7", "203.0.113.8"]
    ),
    ("[network-traffic:dst_ref.value = '203.0.113.7']", ["203.0.113.7"]),
    (
      "[network-traffic:dst_ref.value = '203.0.113.7' AND network-traffic:dst_port = 4444]",
      ["203.0.113.7:4444"]
    ),
    (
      "[network-traffic:dst_ref.type = 'ipv4-addr' AND network-traffic:dst_ref.value = '203.0.113.7']",
      ["203.0.113.7"]
    ),
  ])
  func patternsOfOneThingOrAnotherAreUnderstood(pattern: String, expected: [String]) throws {
    #expect(try texts(pattern) == expected)
  }

  @Test(arguments: [
    "[ipv4-addr:value = '203.0.113.7' AND domain-name:value = 'bad.example.org']",
    "[ipv4-addr:value = '203.0.113.7'] AND [ipv4-addr:value = '203.0.113.8']",
    "[ipv4-addr:value = '203.0.113.7'] FOLLOWEDBY [ipv4-addr:value = '203.0.113.8']",
    "[ipv4-addr:value = '203.0.113.7'] WITHIN 5 SECONDS",
    "[ipv4-addr:value = '203.0.113.7'] REPEATS 5 TIMES",
    "[ipv4-addr:value = '203.0.113.7'] START t'2026-01-01T00:00:00Z' STOP t'2026-01-02T00:00:00Z'",
    "[NOT ipv4-addr:value = '203.0.113.7']", "[ipv4-addr:value NOT = '203.0.113.7']",
    "[ipv4-addr:value != '203.0.113.7']", "[ipv4-addr:value > '203.0.113.7']",
    "[domain-name:value LIKE '%.example.org']", "[domain-name:value MATCHES '^bad']",
    "[ipv4-addr:value = '203.0.113.7' OR file:name = 'x.exe']",
    "[network-traffic:src_ref.value = '203.0.113.7']",
    "[network-traffic:dst_port = 4444]",
    "[network-traffic:dst_ref.value = '203.0.113.7' AND network-traffic:dst_port = 4444 AND file:name = 'x']",
    "[network-traffic:dst_ref.type = 'domain-name' AND network-traffic:dst_ref.value = '203.0.113.7']",
    "[ipv4-addr:value = '203.0.113.7'", "[ipv4-addr:value = '203.0.113.7\\q']", "[]", "",
    "[ipv4-addr:value = 203.0.113.7]", "[ipv4-addr:value IN ()]",
    "[ipv4-addr:value ISSUPERSET '203.0.113.7/32']",
  ])
  func aPatternThatAsksForMoreIsNeverHalfUsed(pattern: String) throws {
    let content = try read(Self.indicator(1, pattern), .stix(minimumConfidence: 0))
    #expect(content.texts == [])
    #expect(content.faults == ["unsupported-pattern@1(\(Self.id(1)))"])
  }

  @Test func validityRevocationAndVersionsDecide() throws {
    let bundle = """
      {"type":"bundle","id":"bundle--1","objects":[
      \(Self.indicator(1, "[ipv4-addr:value = '203.0.113.1']", modified: "2026-02-01T00:00:00Z")),
      \(Self.indicator(1, "[ipv4-addr:value = '203.0.113.2']", modified: "2026-03-01T00:00:00Z")),
      \(Self.indicator(1, "[ipv4-addr:value = '203.0.113.3']", modified: "2026-01-15T00:00:00Z")),
      \(Self.indicator(2, "[ipv4-addr:value = '203.0.113.4']", #","revoked":true"#)),
      \(Self.indicator(3, "[ipv4-addr:value = '203.0.113.5']", #","valid_until":"2026-05-31T23:59:59Z""#)),
      \(Self.indicator(4, "[ipv4-addr:value = '203.0.113.6']", #","valid_until":"2026-06-02T00:00:00Z""#)),
      \(Self.indicator(5, "[ipv4-addr:value = '203.0.113.7']", #","indicator_types":["benign"]"#)),
      \(Self.indicator(6, "[ipv4-addr:value = '203.0.113.8']", #","confidence":40"#)),
      \(Self.indicator(7, "[ipv4-addr:value = '203.0.113.9']", #","confidence":80"#)),
      \(Self.indicator(8, "[ipv4-addr:value = '203.0.113.10']", #","valid_until":"soon""#)),
      {"type":"ipv4-addr","spec_version":"2.1","id":"ipv4-addr--1","value":"203.0.113.99"},
      {"type":"malware","spec_version":"2.1","id":"malware--1","name":"Example","is_family":false}
      ]}
      """
    let content = try read(bundle, .stix(minimumConfidence: 50))
    #expect(content.texts == ["203.0.113.2", "203.0.113.6", "203.0.113.9"])
    #expect(
      content.omissions == [
        .superseded: 2, .revoked: 1, .expired: 1, .benign: 1, .lowConfidence: 1, .observation: 2,
      ])
    #expect(content.faults == ["missing-member@20(\(Self.id(8)))"])
    #expect(content.list[0].confidence == nil)
    #expect(content.list[2].confidence == 0.8, "the publisher's own doubt counts")
    #expect(content.list[0].since == Timestamp("2026-01-01T00:00:00Z"))
    let later = try read(bundle, feed(.stix(minimumConfidence: 50)), now: june + .seconds(2 * 86_400))
    #expect(later.texts == ["203.0.113.2", "203.0.113.9"])
  }

  @Test(arguments: ["", "{}", "{\"type\":\"bundle\",\"objects\":[]}", "[]", " \n"])
  func nothingIsNoProblem(text: String) throws {
    let content = try read(text, .stix(minimumConfidence: 0))
    #expect(content.list.count == 0 && content.problemCount == 0 && content.omissions == [:])
  }

  @Test func aCutDocumentIsRefusedAsAWhole() throws {
    let whole = "{\"objects\":[" + Self.indicator(1, "[ipv4-addr:value = '203.0.113.1']") + "]}"
    for length in [20, whole.utf8.count / 2, whole.utf8.count - 1] {
      let part = String(decoding: Array(whole.utf8.prefix(length)), as: UTF8.self)
      #expect(code { () throws(FeedError) in try read(part, .stix(minimumConfidence: 0)) } == .incomplete)
    }
  }

  @Test func depthAndNumberOfValuesAreBounded() {
    let deep = String(repeating: "[", count: 100_000)
    #expect(code { () throws(FeedError) in try read(deep, .stix(minimumConfidence: 0)) } == .malformed)
    let wide = "{\"type\":\"indicator\",\"x\":[" + String(repeating: "0,", count: 250_000) + "0]}"
    #expect(code { () throws(FeedError) in try read(wide, .stix(minimumConfidence: 0)) } == .malformed)
  }
}
