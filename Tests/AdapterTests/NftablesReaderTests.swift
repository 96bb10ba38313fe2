import CNFTables
import FirewallKit
import NetworkTypes
import Randomness
import Testing

@testable import Nftables

@Suite struct NftablesReaderTests {
  private typealias Element = NftablesReader.Element

  private func key(_ text: String) -> UInt128 {
    IPAddress(text).map { address in
      address.bytes.reduce(UInt128(0)) { $0 << 8 | UInt128($1) }
    } ?? 0
  }

  private func start(_ text: String, _ seconds: Int64? = 60) -> Element {
    Element(key: key(text), isEnd: false, remaining: seconds.map { .seconds($0) }, isForeign: false)
  }

  private func end(_ text: String) -> Element {
    Element(key: key(text), isEnd: true, remaining: nil, isForeign: false)
  }

  @Test func intervalsBecomePrefixesInWhateverOrderTheyCome() {
    let (found, hasForeign) = NftablesReader.prefixes(
      [
        start("224.0.0.0"), end("198.51.101.0"), start("198.51.100.128", 30), end("198.51.100.128"),
        start("198.51.100.0"), end("0.0.0.0"),
      ], isIPv4: true, hosts: false)
    #expect(!hasForeign)
    #expect(found.map(\.prefix.description) == ["198.51.100.0/25", "198.51.100.128/25", "224.0.0.0/3"])
    #expect(found.map(\.remaining) == [.seconds(60), .seconds(30), .seconds(60)])
  }

  @Test func anEndWhoseBeginningHasExpiredIsNothing() {
    let (found, hasForeign) = NftablesReader.prefixes(
      [end("198.51.101.0"), start("203.0.113.0"), end("203.0.114.0")], isIPv4: true, hosts: false)
    #expect(!hasForeign)
    #expect(found.map(\.prefix.description) == ["203.0.113.0/24"])
  }

  @Test func whatIsNoPrefixOfOursIsForeign() {
    for (first, after) in [
      ("192.0.2.1", "192.0.2.3"), ("192.0.2.0", "192.0.2.3"), ("192.0.2.1", "192.0.2.2"),
    ] {
      let (found, hasForeign) = NftablesReader.prefixes(
        [start(first), end(after)], isIPv4: true, hosts: false)
      #expect(found.isEmpty && hasForeign)
    }
  }

  @Test func anAllowedHostIsAPrefixAndAMappedAddressIsForeign() {
    let host = NftablesReader.prefixes(
      [start("192.0.2.1", nil), end("192.0.2.2")], isIPv4: true, hosts: true)
    #expect(host.found.map(\.prefix.description) == ["192.0.2.1"])
    let mapped = Element(key: 0xFFFF_C000_0201, isEnd: false, remaining: nil, isForeign: false)
    let after = Element(key: 0xFFFF_C000_0202, isEnd: true, remaining: nil, isForeign: false)
    #expect(NftablesReader.prefixes([mapped, after], isIPv4: false, hosts: true).hasForeign)
  }

  @Test func anyDisjointPrefixesComeBackFromTheirIntervals() throws {
    var random = SplitMix64(seed: 11)
    for isIPv4 in [true, false] {
      for _ in 0..<200 {
        var chosen: [IPPrefix] = []
        for _ in 0..<8 {
          let address =
            isIPv4
            ? IPAddress(ipv4: UInt32.random(in: 0...UInt32.max, using: &random))
            : IPAddress(high: 0x2000_0000_0000_0000 | random.next() >> 3, low: random.next())
          let length = Int.random(in: 1..<address.bitWidth, using: &random)
          let prefix = try #require(IPPrefix(address, length: length))
          if !chosen.contains(where: { $0.overlaps(prefix) }) { chosen.append(prefix) }
        }
        var elements: [Element] = []
        for prefix in chosen {
          elements.append(start(prefix.address.description))
          let last = key(prefix.last.description)
          let highest: UInt128 = isIPv4 ? UInt128(UInt32.max) : .max
          if last < highest {
            elements.append(Element(key: last + 1, isEnd: true, remaining: nil, isForeign: false))
          }
        }
        let (found, hasForeign) = NftablesReader.prefixes(
          elements.shuffled(using: &random), isIPv4: isIPv4, hosts: false)
        #expect(!hasForeign)
        #expect(found.map(\.prefix) == chosen.sorted())
      }
    }
  }

  @Test func attributesNeverReachBeyondTheirMessage() {
    var random = SplitMix64(seed: 3)
    for _ in 0..<2000 {
      let bytes = (0..<Int.random(in: 0..<96, using: &random)).map { _ in
        UInt8.random(in: 0...40, using: &random)
      }
      var index = 0
      let span = bytes.span
      while let header = NetlinkHeader.next(in: span, at: &index) {
        _ = NftablesReader.rule(span, header, of: "t")
        _ = NftablesReader.set(span, header, of: "t")
        _ = NftablesReader.chain(span, header, of: "t")
        _ = NftablesReader.generation(span, header)
        NftablesReader.elements(span, header, isIPv4: true) { _ in }
      }
      #expect(index <= bytes.count)
    }
  }

  @Test func rulesKeepTheirMeaningAsText() {
    let rules = [
      NftablesRule(match: .init(isIPv4: true, end: .source, set: "blocked4"), verdict: .goto("blocked")),
      NftablesRule(match: .init(isIPv4: false, end: .destination, set: "a"), counter: true, verdict: .drop),
      NftablesRule(counter: true, verdict: .drop), NftablesRule(verdict: .jump("x")),
      NftablesRule(verdict: .return), NftablesRule(verdict: .accept),
    ]
    for rule in rules { #expect(NftablesRule(rule.text) == rule) }
    #expect(rules.first?.text == "ip saddr @blocked4 goto blocked")
    for text in ["", "ip saddr drop", "foreign [limit]", "ip saddr @a drop drop", "counter"] {
      #expect(NftablesRule(text) == nil)
    }
  }

  @Test func aTransactionConcernsUsWhenItNamesOurTable() throws {
    func message(_ type: nf_tables_msg_types, _ build: (inout NetlinkMessage) -> Void) -> [UInt8] {
      var message = NetlinkMessage(type, flags: 0, sequence: 1)
      build(&message)
      return message.bytes
    }
    func generation(_ number: UInt8) -> [UInt8] {
      message(NFT_MSG_NEWGEN) { $0.attribute(NFTA_GEN_ID.rawValue, bytes: [0, 0, 0, number]) }
    }
    func element(_ table: String) -> [UInt8] {
      message(NFT_MSG_NEWSETELEM) { $0.attribute(NFTA_SET_ELEM_LIST_TABLE.rawValue, text: table) }
    }
    var filter = TransactionFilter(table: "sekisho")
    func take(_ bytes: [UInt8]) -> TransactionFilter.Transaction? {
      var index = 0
      let span = bytes.span
      guard let header = NetlinkHeader.next(in: span, at: &index) else { return nil }
      return filter.take(span, header)
    }
    #expect(take(element("other")) == nil)
    #expect(take(generation(7)) == .init(generation: 7, concernsUs: false))
    #expect(take(element("sekisho")) == nil)
    #expect(take(element("other")) == nil)
    #expect(take(generation(8)) == .init(generation: 8, concernsUs: true))
    #expect(take(generation(9)) == .init(generation: 9, concernsUs: false))
    filter.losesTrack()
    #expect(take(generation(10)) == .init(generation: 10, concernsUs: true))
  }
}
