import NetworkTypes
import Reputation
import Testing

@Suite struct ReputationIndexTests {
  @Test func aListedDomainMatchesItselfAndItsSubdomainsAndNothingElse() throws {
    let index = try ReputationIndex([try read("bad.example.org\n")])
    for name in ["bad.example.org", "www.bad.example.org", "a.b.c.bad.example.org"] {
      #expect(index.finds(name))
    }
    for name in [
      "example.org", "org", "notbad.example.org", "bad.example.org.net", "bad.example.or", "", ".",
      ".bad.example.orgx", "BAD.example.org", "bad.example.org.",
    ] {
      #expect(!index.finds(name), "\(name)")
    }
  }

  @Test func aNameListedAloneDoesNotStandForItsSubdomains() throws {
    let index = try ReputationIndex([try read("bad.example.org\n", source(includesSubdomains: false))])
    #expect(index.finds("bad.example.org"))
    #expect(!index.finds("www.bad.example.org"))
  }

  @Test func evidenceNamesEverySourceThatCoversTheName() throws {
    let index = try ReputationIndex([
      try read("# x\nbad.example.org\nexample.org\n", source("a", confidence: 0.9, file: "a.txt")),
      try read(
        "bad.example.org\nexample.org\n",
        source("b", confidence: 0.5, file: "b.txt", includesSubdomains: false)),
      try read("www.bad.example.org\nbad.example.org\nbad.example.org\n", source("c", file: "c.txt")),
    ])
    let name = try #require(DomainName("www.bad.example.org"))
    let evidence = index.evidence(concerning: name)
    #expect(
      evidence.map { "\($0.source):\($0.line) \($0.indicator) \($0.match.rawValue)" } == [
        "c:1 www.bad.example.org itself", "a:2 bad.example.org parent-domain",
        "c:2 bad.example.org parent-domain", "a:3 example.org parent-domain",
      ])
    let hit = try #require(index.hit(name.text))
    #expect(hit.match == .itself)
    #expect(index.evidence(of: hit) == evidence)

    let below = try #require(index.hit("x.bad.example.org"))
    #expect(below.match == .parentDomain)
    #expect(
      index.evidence(of: below).map { "\($0.source) \($0.indicator)" } == [
        "a bad.example.org", "c bad.example.org", "a example.org",
      ])
  }

  @Test func evidenceOfAnAddressGoesFromTheLongestPrefixToTheShortest() throws {
    let index = try ReputationIndex([
      try read("198.51.100.0/24\n198.51.100.7\n", source("a")),
      try read("198.51.0.0/16\n198.51.100.0/28\n198.51.100.0/24\n2001:db8::/32\n2001:db8::1\n", source("b")),
    ])
    let address = try #require(IPAddress("198.51.100.7"))
    let expected = [
      "a 198.51.100.7 itself", "b 198.51.100.0/28 containing-prefix", "a 198.51.100.0/24 containing-prefix",
      "b 198.51.100.0/24 containing-prefix", "b 198.51.0.0/16 containing-prefix",
    ]
    func told(_ evidence: [Evidence]) -> [String] {
      evidence.map { "\($0.source) \($0.indicator) \($0.match.rawValue)" }
    }
    #expect(told(index.evidence(concerning: address)) == expected)
    let hit = try #require(index.lookUp(address))
    #expect(told(index.evidence(of: hit)) == expected)
    let other = try #require(IPAddress("198.51.100.8"))
    let neighbour = try #require(index.lookUp(other))
    #expect(neighbour.match == .containingPrefix)
    #expect(told(index.evidence(of: neighbour)) == Array(expected.dropFirst()))
    let sixth = try #require(IPAddress("2001:db8::1"))
    #expect(
      told(index.evidence(concerning: sixth)) == [
        "b 2001:db8::1 itself", "b 2001:db8::/32 containing-prefix",
      ])
    for outside in ["198.52.0.0", "198.50.255.255", "2001:db9::"] {
      let address = try #require(IPAddress(outside))
      #expect(index.lookUp(address) == nil)
    }
  }

  @Test func theMappedSpellingOfAnAddressIsTheSameAddress() throws {
    let index = try ReputationIndex([try read("::ffff:203.0.113.7\n")])
    let plain = try #require(IPAddress("203.0.113.7"))
    #expect(index.lookUp(plain) != nil)
  }

  @Test func theEarliestDateOfASourceIsKept() throws {
    let layout = CSVLayout(indicator: .number(1), since: .number(2))
    let list = try read(
      "bad.example.org,2026-02-01\nbad.example.org,2026-01-01\nbad.example.org,\n",
      source(format: .csv(layout)))
    let index = try ReputationIndex([list])
    let evidence = index.evidence(concerning: try #require(DomainName("bad.example.org")))
    #expect(evidence.map(\.since) == [Timestamp("2026-01-01T00:00:00Z")])
    #expect(evidence.map(\.line) == [1])
  }

  @Test func aHitOfAnotherIndexGivesNoForeignEvidence() throws {
    let list = try read("bad.example.org\n")
    let (old, new) = (try ReputationIndex([list]), try ReputationIndex([list]))
    let hit = try #require(old.hit("bad.example.org"))
    #expect(new.evidence(of: hit).isEmpty)
    #expect(!old.evidence(of: hit).isEmpty)
  }

  @Test func anIdentifierThatOccursTwiceIsAnError() throws {
    let list = try read("bad.example.org\n")
    #expect { try ReputationIndex([list, list]) } throws: { ($0 as? ReputationError)?.code == .invalidSource }
  }

  @Test func anEmptyIndexFindsNothing() throws {
    let index = try ReputationIndex([])
    #expect(!index.finds("bad.example.org"))
    #expect(index.lookUp(IPAddress(ipv4: 0xCB00_7107)) == nil)
    #expect(index.lookUp(IPAddress(high: 1, low: 1)) == nil)
  }
}
