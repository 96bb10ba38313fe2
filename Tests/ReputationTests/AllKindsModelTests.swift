import NetworkTypes
import Randomness
import Testing

@testable import Reputation

/// Indicators of every kind, listed by several sources again and again: the index says of each what a
/// dictionary of all listings says.
@Suite struct AllKindsModelTests {
  private struct Told: Hashable {
    var source: String
    var line: Int
    var since: Timestamp?
    var confidence: Double
    var includesSubdomains: Bool
  }

  private static func indicator(_ random: inout SplitMix64) throws -> Indicator {
    func digits(_ count: Int) -> String {
      // Few different ones, so that indicators repeat.
      String(repeating: "0", count: count - 1) + String(Int.random(in: 0...9, using: &random))
    }
    let address =
      Bool.random(using: &random)
      ? IPAddress(ipv4: 0xCB00_7100 + UInt32.random(in: 0...9, using: &random))
      : IPAddress(high: 0x2001_0db8_0000_0000, low: .random(in: 0...9, using: &random))
    switch Int.random(in: 0...5, using: &random) {
    case 0: return .address(address)
    case 1: return .addressPort(address, port: .random(in: 1...4, using: &random))
    case 2: return .ja4("t13d1516h2_" + digits(12) + "_02713d6af862")
    case 3: return .certificate(try #require(CertificateHash(digits(40))))
    case 4: return .certificate(try #require(CertificateHash(digits(64))))
    default:
      // Labels of up to 17 bytes: hashes take eight at a time.
      let label = String(repeating: "a", count: Int.random(in: 1...17, using: &random))
      return .domain(
        try #require(DomainName(label + ".example.org")), includingSubdomains: .random(using: &random))
    }
  }

  @Test(arguments: 1...8 as ClosedRange<UInt64>)
  func everyListingIsToldOnceForEachSource(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    var lists: [IndicatorList] = []
    var expected: [String: [Told]] = [:]
    var sample: [String: Indicator] = [:]
    for number in 0..<Int.random(in: 1...300, using: &random) {
      let name = "source\(number)"
      let own = Double(Int.random(in: 0...100, using: &random)) / 100
      var builder = try IndicatorListBuilder(source: source(name, confidence: own))
      for line in 1...Int.random(in: 1...6, using: &random) {
        let indicator = try Self.indicator(&random)
        let since =
          Bool.random(using: &random) ? Timestamp(seconds: .random(in: 1...99, using: &random)) : nil
        builder.add(indicator, line: line, since: since)
        var includes = false
        if case .domain(_, true) = indicator { includes = true }
        let key = indicator.text
        sample[key] = indicator
        var told = expected[key] ?? []
        if let last = told.indices.last, told[last].source == name {
          told[last].since = [told[last].since, since].compactMap { $0 }.min { $0.seconds < $1.seconds }
          told[last].includesSubdomains = told[last].includesSubdomains || includes
        } else {
          told.append(
            Told(source: name, line: line, since: since, confidence: own, includesSubdomains: includes))
        }
        expected[key] = told
      }
      lists.append(try builder.finish())
    }
    let index = try ReputationIndex(lists, seed: seed)
    #expect(index.count == expected.count)
    for (key, told) in expected {
      let indicator = try #require(sample[key])
      let hit = try #require(Self.lookUp(indicator, in: index), "\(key)")
      #expect(hit.match == .itself)
      let evidence = index.evidence(of: hit).filter { $0.indicator.text == key }
      #expect(Self.told(evidence) == told)
      #expect(Self.told(Self.evidence(indicator, in: index).filter { $0.indicator.text == key }) == told)
    }
  }

  @Test func whatIsNotListedIsNotFoundWhateverItsLength() throws {
    let index = try ReputationIndex([try read(CompiledIndexFileTests.text)], seed: 1)
    for length in 1...300 {
      let bytes = [UInt8](repeating: UInt8(ascii: "a"), count: length)
      let dots = [UInt8](repeating: UInt8(ascii: "."), count: length)
      let dotted = Array("bad.example.org".utf8) + dots
      for text in [bytes, dots, dotted, dots + Array("xbad.example.org".utf8)] {
        #expect(index.lookUp(name: text.span) == nil)
        #expect(index.lookUp(ja4: text.span) == nil)
        #expect(index.lookUp(certificate: text.span) == nil)
      }
    }
    #expect(index.lookUp(name: Array("bad/.example.org".utf8).span) == nil)
    #expect(index.lookUp(name: Array("x/bad.example.org".utf8).span) == nil)
  }

  private static func told(_ evidence: [Evidence]) -> [Told] {
    evidence.map {
      var includes = false
      if case .domain(_, true) = $0.indicator { includes = true }
      return Told(
        source: $0.source, line: $0.line, since: $0.since, confidence: $0.confidence,
        includesSubdomains: includes)
    }
  }

  private static func lookUp(_ indicator: Indicator, in index: ReputationIndex) -> ReputationHit? {
    switch indicator {
    case .address(let address): index.lookUp(address)
    case .addressPort(let address, let port): index.lookUp(address, port: port)
    case .ja4(let text): index.lookUp(ja4: text.utf8Span.span)
    case .certificate(let hash): index.lookUp(certificate: hash.bytes.span)
    case .domain(let name, _): index.lookUp(name: name.text.utf8Span.span)
    case .prefix: nil
    }
  }

  private static func evidence(_ indicator: Indicator, in index: ReputationIndex) -> [Evidence] {
    switch indicator {
    case .address(let address): index.evidence(concerning: address)
    case .addressPort(let address, let port): index.evidence(concerning: address, port: port)
    case .ja4(let text): index.evidence(concerningJA4: text)
    case .certificate(let hash): index.evidence(concerning: hash)
    case .domain(let name, _): index.evidence(concerning: name)
    case .prefix: []
    }
  }
}
