import Feeds
import NetworkTypes
import Randomness
import Reputation
import Testing

/// Feeds come from strangers: whatever they hold, reading ends, within its bounds, without a crash, and
/// leaves only sound indicators.
@Suite struct HostileFeedTests {
  static let samples: [(FeedFormat, String)] = [
    (.policyZone(localData: true), PolicyZoneTests.zone),
    (.policyZone(localData: false), PolicyZoneTests.zone),
    (.reputationList(minimumScore: 1, categories: []), "203.0.113.7,1,101\n198.51.100.0/24,3,20\n"),
    (.dataset(.string, minimumScore: 0), "YmFkLmV4YW1wbGUub3Jn\nMjAzLjAuMTEzLjc=,70\n"),
    (.dataset(.sha256, minimumScore: 0), String(repeating: "0123456789abcdef", count: 4) + "\n"),
    (.spamhaus, "{\"cidr\":\"203.0.113.0/24\",\"sblid\":\"SBL1\"}\n{\"type\":\"metadata\",\"records\":1}\n"),
    (.adblock, "! x\n||bad.example.org^\n@@||ok.example.org^$all\n"),
    (.dnsmasq, "address=/bad.example.org/0.0.0.0\nserver=/x.example.org/\n"),
    (.unbound, "local-zone: \"bad.example.org\" always_nxdomain\n"),
    (
      .stix(minimumConfidence: 10),
      "{\"objects\":["
        + STIXTests.indicator(
          1, "[ipv4-addr:value IN ('203.0.113.7', '203.0.113.8')] OR [url:value = 'http://a\\'.example.org/']"
        )
        + ","
        + STIXTests.indicator(
          2, "[network-traffic:dst_ref.value = '203.0.113.7' AND network-traffic:dst_port = 44]")
        + "]}"
    ),
    (
      .misp(maximumAge: nil),
      """
      {"event":"u","timestamp":1,"omitted":{"deleted":3}}
      {"uuid":"a","type":"ip-dst|port","value":"203.0.113.7|443","timestamp":1700000000}
      {"uuid":"b","type":"domain|ip","value":"bad.example.org|203.0.113.7","timestamp":1700000000}

      """
    ),
    (
      .crowdsec(types: ["ban"]),
      """
      {"key":"1","scope":"ip","value":"203.0.113.7","type":"ban","scenario":"x","simulated":false,"until":"2026-07-01T00:00:00Z"}
      {"key":"2","scope":"range","value":"198.51.100.0/24","type":"ban","scenario":"x","simulated":false,"until":"2026-07-01T00:00:00Z"}

      """
    ),
    (
      .list(.csv(CSVLayout(indicator: .number(2), port: .number(3), since: .number(1)))),
      "2026-01-01,203.0.113.7,443\n2026-01-01,http://bad.example.org/,\n"
    ),
  ]

  @Test(arguments: samples.indices)
  func mutationsNeverCrashAndLeaveOnlySoundIndicators(number: Int) throws {
    let (format, sample) = Self.samples[number]
    let source = feed(format, urlHosts: true)
    let original = Array(sample.utf8)
    #expect(try FeedReader.read(original, from: source, now: june).list.count > 0)
    var random = SplitMix64(seed: UInt64(number) + 5)
    let interesting = Array("\"\\{}[](),.:;'*$@|^/=# \t\r\n0-9aZ~".utf8) + [0, 0x7F, 0x80, 0xC3, 0xFF]
    for _ in 0..<600 {
      var bytes = original
      for _ in 0..<Int.random(in: 1...6, using: &random) {
        let place = Int.random(in: 0...bytes.count, using: &random)
        switch Int.random(in: 0..<5, using: &random) {
        case 0 where place < bytes.count: bytes[place] = interesting.randomElement(using: &random) ?? 0
        case 1: bytes.insert(interesting.randomElement(using: &random) ?? 0, at: place)
        case 2 where place < bytes.count: bytes.removeSubrange(place..<min(bytes.count, place + 7))
        case 3: bytes = Array(bytes[..<place])
        default:
          let end = Int.random(in: place...bytes.count, using: &random)
          bytes.insert(contentsOf: Array(bytes[place..<end]), at: 0)
        }
      }
      guard let content = try? FeedReader.read(bytes, from: source, now: june) else { continue }
      for position in 0..<content.list.count {
        let entry = content.list[position]
        #expect(entry.line >= 1 && entry.line <= bytes.count { $0 == 0x0A } + 1)
        if case .domain(let name, _) = entry.indicator {
          #expect(DomainName.isValid(name.text.utf8Span.span) && name.labels.count >= 2)
        }
      }
      for problem in content.problems {
        #expect(problem.excerpt.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F })
        #expect(problem.excerpt.count <= IndicatorProblem.excerptLimit)
      }
    }
  }

  @Test(arguments: [FeedFormat.adblock, .dnsmasq, .unbound, .spamhaus, .dataset(.string, minimumScore: 0)])
  func aHugeLineIsOneProblem(format: FeedFormat) throws {
    let line = String(repeating: "a", count: 500_000)
    let content = try read(line + "\n" + line, format)
    #expect(content.faults == ["line-too-long@1", "line-too-long@2"])
  }

  @Test func aFeedBeyondItsLimitsIsRefused() {
    let lines = String(repeating: "||bad.example.org^\n", count: 50)
    func limited(_ limits: ListLimits) -> FeedError.Code? {
      code { () throws(FeedError) in try read(lines, feed(.adblock, limits: FeedLimits(list: limits))) }
    }
    #expect(limited(ListLimits(bytes: 100)) == .tooLarge)
    #expect(limited(ListLimits(indicators: 49)) == .tooLarge)
    #expect(limited(ListLimits(indicators: 50)) == nil)
  }
}
