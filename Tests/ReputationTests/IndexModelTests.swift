import NetworkTypes
import Randomness
import Reputation
import Testing

/// The index answers as the plainest possible model does: search all indicators one after the other.
@Suite struct IndexModelTests {
  @Test(arguments: 1...12 as ClosedRange<UInt64>)
  func namesAreFoundAsByComparingWithEveryIndicator(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let labels = ["a", "b", "ab", "ba", "example", "org", "xn--p1ai", "x-1"]
    func name() -> String {
      (0..<Int.random(in: 2...5, using: &random)).map { _ in labels.randomElement(using: &random) ?? "a" }
        .joined(separator: ".")
    }
    let wide = (0..<Int.random(in: 0...60, using: &random)).map { _ in name() }
    let narrow = (0..<Int.random(in: 0...60, using: &random)).map { _ in name() }
    let index = try ReputationIndex(
      [
        try read(wide.joined(separator: "\n"), source("wide")),
        try read(narrow.joined(separator: "\n"), source("narrow", includesSubdomains: false)),
      ], seed: seed)
    #expect(index.nameCount == Set(wide + narrow).count)
    for _ in 0..<1500 {
      let query = name()
      let isListed = wide.contains { query == $0 || query.hasSuffix("." + $0) } || narrow.contains(query)
      #expect(index.finds(query) == isListed, "\(query)")
      let expected =
        Set(wide.filter { query == $0 || query.hasSuffix("." + $0) }.map { "wide " + $0 })
        .union(narrow.filter { query == $0 }.map { "narrow " + $0 })
      let evidence = index.evidence(concerning: try #require(DomainName(query)))
      #expect(Set(evidence.map { "\($0.source) \($0.indicator)" }) == expected)
      #expect(evidence.count == expected.count)
      let lengths = evidence.map(\.indicator.text.utf8.count)
      #expect(lengths == lengths.sorted(by: >))
    }
  }

  @Test(arguments: 1...12 as ClosedRange<UInt64>)
  func addressesAreFoundAsByComparingWithEveryPrefix(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    // Few distinct bits, so that prefixes nest and touch at their edges, up to the last address.
    func address() -> IPAddress {
      if Bool.random(using: &random) {
        let bits = UInt32([0xC612, 0xC613, 0xDFFF].randomElement(using: &random) ?? 0) << 16
        let low = [UInt32](
          arrayLiteral: 0, 1, 0x7FFF, 0x8000, 0xFFFE, 0xFFFF, .random(in: 0...0xFFFF, using: &random))
        return IPAddress(ipv4: bits | (low.randomElement(using: &random) ?? 0))
      }
      let low = [UInt64](arrayLiteral: 0, 1, .max, .max - 1, 1 << 63, .random(in: 0 ... .max, using: &random))
      let high: UInt64 = 0x2001_0db8_0000_0000 | UInt64.random(in: 0...3, using: &random)
      return IPAddress(high: high, low: low.randomElement(using: &random) ?? 0)
    }
    func prefix() -> IPPrefix {
      let address = address()
      let shortest = address.isIPv4 ? 12 : 28
      let length =
        Bool.random(using: &random)
        ? address.bitWidth : .random(in: shortest...address.bitWidth, using: &random)
      return IPPrefix(address, length: length) ?? IPPrefix(address)
    }
    let prefixes = (0..<Int.random(in: 0...80, using: &random)).map { _ in prefix() }
    let list = try read(prefixes.map(\.description).joined(separator: "\n"))
    #expect(list.problemCount == 0)
    let index = try ReputationIndex([list], seed: seed)
    #expect(index.addressCount + index.prefixCount == Set(prefixes).count)
    for _ in 0..<2000 {
      let query = address()
      let expected = Set(prefixes.filter { $0.contains(query) }).sorted { $0.length > $1.length }
      let hit = index.lookUp(query)
      #expect((hit != nil) == !expected.isEmpty, "\(query)")
      let texts = expected.map(\.description)
      #expect(index.evidence(concerning: query).map(\.indicator.text) == texts)
      if let hit {
        #expect(index.evidence(of: hit).map(\.indicator.text) == texts)
        #expect((hit.match == .itself) == (expected.first?.isHost == true))
      }
    }
  }

  @Test func tensOfThousandsOfNamesAllStayFindableWhateverTheSeed() throws {
    let names = (0..<30_000).map { "n\($0).example" }
    let list = try read((names + names).joined(separator: "\n"))
    for seed: UInt64 in [0, 1, .max] {
      let index = try ReputationIndex([list], seed: seed)
      #expect(index.nameCount == names.count)
      #expect(names.allSatisfy { index.finds($0) })
      #expect(!(30_000..<60_000).contains { index.finds("n\($0).example") })
    }
  }

  /// With so many, some share slot and tag; only the comparison with the indicator keeps them apart.
  @Test func manyIndicatorsAreNeverTakenForOneAnother() throws {
    let count = 30_000
    let names = try read((0..<count).map { "n\($0).example" }.joined(separator: "\n"), source("names"))
    let addresses = try read(
      (0..<count).map { IPAddress(ipv4: 0xC600_0000 + UInt32($0)).description }.joined(separator: "\n"),
      source("addresses"))
    let index = try ReputationIndex([names, addresses], seed: 1)
    #expect(index.nameCount == count)
    #expect(index.addressCount == count)
    for number in 0..<count {
      let name = try #require(index.hit("n\(number).example"))
      #expect(index.evidence(of: name).map(\.line) == [number + 1])
      let address = try #require(index.lookUp(IPAddress(ipv4: 0xC600_0000 + UInt32(number))))
      #expect(index.evidence(of: address).map(\.line) == [number + 1])
    }
  }
}
