import Feeds
import NetworkTypes
import Reputation
import Testing

@Suite struct PolicyZoneTests {
  static let zone = """
    $TTL 2h
    @ IN SOA localhost. hostmaster.example.org. (
        2026060101 ; serial
        1h 15m 30d 2h )
      IN NS localhost.
    ; what is bad
    bad.example.com          CNAME .
    *.bad.example.com        CNAME .
    exact.example.com   300 IN CNAME *.
    DROP.example.net     IN 60 CNAME rpz-drop.
    tcp.example.net          CNAME rpz-tcp-only.
    garden.example.net       CNAME walled.example.org.
    sink.example.net         A 192.0.2.1
                             AAAA 2001:db8::1
    good.example.com         CNAME rpz-passthru.
    32.7.113.0.203.rpz-ip    CNAME .
    24.0.100.51.198.rpz-ip   CNAME .
    128.1.zz.db8.2001.rpz-ip CNAME .
    48.zz.1.db8.2001.rpz-ip  CNAME .
    24.0.2.0.192.rpz-client-ip CNAME .
    ns.example.org.rpz-nsdname CNAME .
    32.1.2.0.192.rpz-nsip    CNAME .
    """

  @Test func everyTriggerAndActionMeansWhatTheDraftSays() throws {
    let content = try read(Self.zone, .policyZone(localData: false))
    #expect(
      content.texts == [
        "bad.example.com", "*.bad.example.com", "exact.example.com", "drop.example.net", "203.0.113.7",
        "198.51.100.0/24", "2001:db8::1", "2001:db8:1::/48",
      ])
    #expect(content.allowed.texts == ["good.example.com"])
    #expect(content.faults == [])
    #expect(content.omissions == [.allowed: 1, .tcpOnly: 1, .localData: 3, .otherTrigger: 3])
    #expect(content.list[3].line == 10)
  }

  @Test func answersOfTheZonesOwnBlockOnlyWhenSaidSo() throws {
    let content = try read(Self.zone, .policyZone(localData: true))
    #expect(content.texts.contains("garden.example.net") && content.texts.contains("sink.example.net"))
    #expect(content.omissions[.localData] == nil)
  }

  @Test(arguments: [
    "$ORIGIN rpz.example.org.\n@ SOA a. b. 1 1 1 1 1\nbad.example.com CNAME .",
    "rpz.example.org. SOA a. b. 1 1 1 1 1\nbad.example.com.rpz.example.org. 60 IN CNAME .",
    "rpz.example.org. SOA a. b. 1 1 1 1 1\nbad.example.com CNAME .",
    "$ORIGIN rpz.example.org.\n@ SOA a. b. 1 1 1 1 1\n$ORIGIN com.rpz.example.org.\nbad.example CNAME .",
    "$ORIGIN .\nrpz.example.org SOA a. b. 1 1 1 1 1\n$ORIGIN rpz.example.org.\nbad.example.com CNAME .",
    "@ SOA a. b. 1 1 1 1 1\nbad.example.com CNAME .",
  ])
  func theZonesOwnNameIsTakenOffHoweverItIsWritten(zone: String) throws {
    let content = try read(zone, .policyZone(localData: false))
    #expect(content.texts == ["bad.example.com"])
    #expect(content.faults == [])
  }

  @Test func anExceptionIsNeverCoveredByAnEntryOfTheSameZone() throws {
    let content = try read(
      """
      *.example.com CNAME .
      example.net CNAME .
      *.example.net CNAME .
      ok.example.com CNAME rpz-passthru.
      example.net CNAME rpz-passthru.
      24.0.113.0.203.rpz-ip CNAME .
      32.7.113.0.203.rpz-ip CNAME rpz-passthru.
      32.9.100.51.198.rpz-ip CNAME .
      24.0.100.51.198.rpz-ip CNAME rpz-passthru.
      """, .policyZone(localData: false))
    #expect(content.omissions[.contradicted] == 3)
    #expect(!content.texts.contains { $0.contains("example") })
    #expect(content.texts.count == 9, "a /24 without one address is eight prefixes; and one longer entry")
    #expect(content.texts.contains("198.51.100.9"))
    for position in 0..<content.list.count {
      if case .prefix(let prefix) = content.list[position].indicator {
        #expect(!prefix.contains(try #require(IPAddress("203.0.113.7"))))
      }
    }
  }

  @Test func whatCannotBeReadIsToldWithItsLine() throws {
    let content = try read(
      """
      $INCLUDE other.zone
      $GENERATE 1-5 a$ CNAME .
      lonely
      bad.example.com CNAME
      elsewhere.example.org. CNAME .
      300.0.113.0.203.rpz-ip CNAME .
      1.rpz-ip CNAME .
      com CNAME .
      open.example.com CNAME ( .
      after.example.com CNAME .
      """, .policyZone(localData: false))
    #expect(
      content.faults == [
        "zone-directive@1", "zone-directive@2", "zone-syntax@3", "zone-syntax@4", "outside-zone@5",
        "zone-address@6", "zone-address@7", "top-level-domain@8", "zone-syntax@9",
      ])
    #expect(content.texts == ["after.example.com"])
  }

  @Test func openParenthesesDoNotMakeReadingQuadratic() throws {
    let text = String(repeating: "a.example.com CNAME ( .\n", count: 20_000)
    let content = try read(
      text, feed(.policyZone(localData: false), limits: FeedLimits(list: .init(lineBytes: 128))))
    #expect(content.problemCount == 20_000)
  }
}
