import Feeds
import NetworkTypes
import Reputation
import Testing

@Suite struct LineFormatTests {
  @Test func suricataReputationIsFilteredByCategoryAndScore() throws {
    let text = """
      # ip,category,score
      203.0.113.7,1,101
      198.51.100.0/24,3,20
      2001:db8::7, 1, 64

      203.0.113.8,2,127
      203.0.113.9,61,5
      203.0.113.9,1,128
      bad.example.org,1,90
      203.0.113.9
      """
    let content = try read(text, .reputationList(minimumScore: 50, categories: [1, 3]))
    #expect(content.texts == ["203.0.113.7", "2001:db8::7"])
    #expect(content.omissions == [.lowScore: 1, .otherCategory: 1])
    #expect(content.faults == ["score@7", "score@8", "not-an-indicator@9", "score@10"])
    #expect(try read(text, .reputationList(minimumScore: 0, categories: [])).list.count == 4)
  }

  @Test func suricataDatasetsAreReadByTheirType() throws {
    // bad.example.org, 203.0.113.7, a certificate's SHA-1 as Suricata writes it.
    let strings = try read(
      """
      YmFkLmV4YW1wbGUub3Jn
      MjAzLjAuMTEzLjc=,70
      MDE6MjM6NDU6Njc6ODk6YWI6Y2Q6ZWY6MDE6MjM6NDU6Njc6ODk6YWI6Y2Q6ZWY6MDE6MjM6NDU6Njc=
      bm90
      not Base64
      YmFkLmV4YW1wbGUub3Jn,10
      """, .dataset(.string, minimumScore: 50))
    #expect(
      strings.texts == ["*.bad.example.org", "203.0.113.7", "0123456789abcdef0123456789abcdef01234567"])
    #expect(strings.faults == ["top-level-domain@4", "base64@5"])
    #expect(strings.omissions == [.lowScore: 1])

    let addresses = try read("203.0.113.7\n2001:db8::7\nbad.example.org\n", .dataset(.ip, minimumScore: 0))
    #expect(addresses.texts == ["203.0.113.7", "2001:db8::7"])
    #expect(addresses.faults == ["not-an-indicator@3"])

    let hash = String(repeating: "0123456789abcdef", count: 4)
    let hashes = try read("\(hash)\n0123\n", .dataset(.sha256, minimumScore: 0))
    #expect(hashes.texts == [hash])
  }

  @Test func spamhausLinesAreReadAndACutListIsNoticed() throws {
    let lines = """
      {"cidr":"203.0.113.0/24","sblid":"SBL1","rir":"ripencc"}
      {"cidr":"2001:db8::/32","sblid":"SBL2","rir":"apnic"}
      {"cidr":"nonsense","sblid":"SBL3"}
      {"asn":64496,"rir":"arin"}
      broken
      {"sblid":"SBL4"}

      """
    let content = try read(
      lines + #"{"type":"metadata","timestamp":1780000000,"size":100,"records":5}"#, .spamhaus)
    #expect(content.texts == ["203.0.113.0/24", "2001:db8::/32"])
    #expect(content.faults == ["not-an-indicator@3(SBL3)", "rule-syntax@5", "missing-member@6(SBL4)"])
    #expect(content.omissions == [.otherType: 1])
    #expect(
      code { () throws(FeedError) in try read(lines + #"{"type":"metadata","records":900}"#, .spamhaus) }
        == .incomplete)
  }

  @Test func adblockRulesCountOnlyWhenTheyMeanAWholeName() throws {
    let content = try read(
      """
      [Adblock Plus 2.0]
      ! Title: own
      ||bad.example.org^
      ||worse.example.org^$important
      ||203.0.113.7^
      ||tracker.example.org^$third-party
      ||example.org/ads/*
      example.org##.banner
      /ads.js
      @@||ok.example.org^
      ||example.net
      """, .adblock)
    #expect(content.texts == ["*.bad.example.org", "*.worse.example.org", "203.0.113.7"])
    #expect(content.allowed.texts == ["*.ok.example.org"])
    #expect(content.omissions == [.partialRule: 5, .allowed: 1])
    #expect(content.faults == [])
  }

  @Test func anAdblockExceptionOutranksRulesAroundAndUnderItWhereverItStands() throws {
    let content = try read(
      """
      ||example.org^
      ||deep.ok.example.org^
      ||OTHER.example.net^
      ||日本.example.net^
      ||203.0.113.7^
      ||203.0.113.8^
      ||bad.example.com^
      @@||ok.Example.org^
      @@||other.example.net^
      @@||xn--wgv71a.example.net^
      @@||203.0.113.7^
      """, .adblock)
    #expect(content.texts == ["203.0.113.8", "*.bad.example.com"])
    #expect(
      content.allowed.texts == [
        "*.ok.example.org", "*.other.example.net", "*.xn--wgv71a.example.net", "203.0.113.7",
      ])
    #expect(content.omissions == [.contradicted: 5, .allowed: 4])
    #expect(content.faults == [])
  }

  @Test func dnsmasqAndUnboundListNamesThatAreAnsweredByNothing() throws {
    let dnsmasq = try read(
      """
      # blocked
      address=/bad.example.org/worse.example.org/0.0.0.0
      address=/six.example.org/::
      address=/null.example.org/#
      address=/nx.example.org/
      server=/local.example.org/   # answered here only
      local=/own.example.org/
      address=/portal.example.org/192.0.2.1
      server=/forward.example.org/192.0.2.53
      server=/usual.example.org/#
      port=53
      nonsense
      """, .dnsmasq)
    #expect(
      dnsmasq.texts == [
        "*.bad.example.org", "*.worse.example.org", "*.six.example.org", "*.null.example.org",
        "*.nx.example.org", "*.local.example.org", "*.own.example.org",
      ])
    #expect(dnsmasq.omissions == [.forwarding: 4])
    #expect(dnsmasq.faults == ["rule-syntax@12"])

    let unbound = try read(
      """
      server:
        local-zone: "bad.example.org" always_nxdomain
        local-zone: "worse.example.org." redirect
        local-data: "worse.example.org A 0.0.0.0"
        local-zone: "fine.example.org" transparent
        local-zone: "broken.example.org"
      """, .unbound)
    #expect(unbound.texts == ["*.bad.example.org", "*.worse.example.org"])
    #expect(unbound.omissions == [.localData: 1, .forwarding: 1])
    #expect(unbound.faults == ["rule-syntax@6"])
  }

  @Test func publishersTablesAreReadByColumn() throws {
    let botnet = try read(
      """
      # "first_seen_utc","dst_ip","dst_port","c2_status","last_online","malware"\r
      "2026-01-04 15:33:05","203.0.113.7","443","online","2026-02-01","Example"\r
      "2026-01-05 15:33:05","203.0.113.8","0","offline","2026-02-01","Example"\r
      "2026-01-05 15:33:05","203.0.113.9","70000","offline","2026-02-01","Example"\r
      """,
      .list(.csv(CSVLayout(indicator: .name("dst_ip"), port: .name("dst_port"), since: .number(1)))))
    #expect(botnet.texts == ["203.0.113.7:443", "203.0.113.8"])
    #expect(botnet.faults == ["not-an-indicator@4"])
    #expect(botnet.list[0].since?.toSeconds == "2026-01-04T15:33:05Z")

    let mixed = try read(
      """
      "2026-01-04 15:33:05","1","203.0.113.7:4444","ip:port"
      "2026-01-04 15:33:05","2","bad.example.org","domain"
      "2026-01-04 15:33:05","3","https://shared.example.org/~one/page","url"
      "2026-01-04 15:33:05","4","http://whole.example.org/","url"
      """, .list(.csv(CSVLayout(indicator: .number(3)))))
    #expect(mixed.texts == ["203.0.113.7:4444", "*.bad.example.org", "*.whole.example.org"])
    #expect(mixed.faults == ["url@3"])
  }

  @Test(arguments: [
    ("http://bad.example.org", "*.bad.example.org", true),
    ("hxxp://bad.example.org/", "*.bad.example.org", true),
    ("https://user:pw@bad.example.org/", "*.bad.example.org", true),
    ("http://203.0.113.7/", "203.0.113.7", true), ("http://203.0.113.7:8080", "203.0.113.7:8080", true),
    ("http://[2001:db8::7]:8080/", "[2001:db8::7]:8080", true),
    ("http://[2001:db8::7]/", "2001:db8::7", true),
    ("http://bad.example.org/x", "*.bad.example.org", false),
    ("http://bad.example.org?x", "*.bad.example.org", false),
    ("http://bad.example.org:8443/", "*.bad.example.org", false),
    ("http://203.0.113.7:8080/x", "203.0.113.7:8080", false),
  ])
  func aURLListsItsHostOnlyWhenAllOfItIsMeant(url: String, host: String, isWhole: Bool) throws {
    #expect(try read(url, .list(.plain)).texts == (isWhole ? [host] : []))
    #expect(try read(url, feed(.list(.plain), urlHosts: true)).texts == [host])
  }

  @Test(arguments: ["http://", "http:///x", "://x.example.org", "http://[::1", "http://a.example.org:x/"])
  func whatOnlyLooksLikeAURLListsNothing(text: String) throws {
    let content = try read(text, feed(.list(.plain), urlHosts: true))
    #expect(content.texts == [] && content.problemCount == 1)
  }

  @Test(arguments: [
    FeedFormat.list(.plain), .adblock, .dnsmasq, .unbound, .spamhaus, .policyZone(localData: true),
    .dataset(.string, minimumScore: 0), .stix(minimumConfidence: 0),
  ])
  func aWebPageIsNoList(format: FeedFormat) {
    let page = "\u{FEFF}\r\n <!DOCTYPE html><html><body>Sign in</body></html>"
    #expect(code { () throws(FeedError) in try read(page, format) } == .notAList)
  }
}
