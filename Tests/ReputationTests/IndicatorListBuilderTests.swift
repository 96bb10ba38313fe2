import Foundation
import Language
import NetworkTypes
import Reputation
import Testing

/// Readers of other formats build their lists by the same rules.
@Suite struct IndicatorListBuilderTests {
  static let ja4 = "t13d1516h2_8daaf6152771_02713d6af862"

  static func everyKind() throws -> [Indicator] {
    let name = try #require(DomainName("bad.example.org"))
    let sixth = try #require(IPAddress("2001:db8::7"))
    return [
      .address(IPAddress(ipv4: 0xCB00_7107)), .address(sixth),
      .prefix(try #require(IPPrefix("198.51.100.0/24"))), .domain(name, includingSubdomains: true),
      .domain(name, includingSubdomains: false), .addressPort(IPAddress(ipv4: 0xCB00_7107), port: 443),
      .addressPort(sixth, port: 1), .ja4(ja4),
      .certificate(try #require(CertificateHash(String(repeating: "0a", count: 20)))),
      .certificate(try #require(CertificateHash(String(repeating: "f1", count: 32)))),
    ]
  }

  @Test func whatIsAddedComesBackWithLineDateAndConfidence() throws {
    let since = try #require(Timestamp("2026-01-02T03:04:05Z"))
    let indicators = try Self.everyKind()
    for includesSubdomains in [true, false] {
      var builder = try IndicatorListBuilder(source: source(includesSubdomains: includesSubdomains))
      for (number, indicator) in indicators.enumerated() {
        builder.add(indicator, line: number + 1, since: since, confidence: 0.85)
      }
      builder.add("other.example.org", line: 99)
      let list = try builder.finish()
      #expect(list.problems.isEmpty)
      #expect((0..<indicators.count).map { list[$0].indicator } == indicators)
      #expect((0..<indicators.count).allSatisfy { list[$0].line == $0 + 1 })
      #expect((0..<indicators.count).allSatisfy { list[$0].since == since && list[$0].confidence == 0.85 })
      let last = list[indicators.count]
      #expect(last.line == 99 && last.since == nil && last.confidence == nil)
      let other = try #require(DomainName("other.example.org"))
      #expect(last.indicator == .domain(other, includingSubdomains: includesSubdomains))
    }
  }

  @Test func whatNoListMayHoldIsRefusedInEveryForm() throws {
    var builder = try IndicatorListBuilder(source: source())
    let loopback = try #require(IPAddress("127.0.0.1"))
    let inside = try #require(IPAddress("10.1.2.3"))
    builder.add(.address(loopback), line: 1)
    builder.add(.addressPort(inside, port: 443), line: 2)
    builder.add(.prefix(try #require(IPPrefix("0.0.0.0/0"))), line: 3)
    builder.add(.domain(try #require(DomainName("org")), includingSubdomains: true), line: 4)
    builder.add(.ja4("t13d"), line: 5)
    builder.add(.addressPort(IPAddress(ipv4: 0xCB00_7107), port: 0), line: 6)
    builder.add(name: Array("203.0.113.7".utf8).span, line: 7)
    builder.add("http://bad.example.org/page", line: 8)
    let list = try builder.finish()
    #expect(list.count == 0)
    #expect(
      list.faults == [
        "special-address@1", "private-address@2", "too-broad@3", "top-level-domain@4", "not-an-indicator@5",
        "not-an-indicator@6", "not-an-indicator@7", "url@8",
      ])
  }

  @Test func aConfidenceOutsideItsRangeIsToldAndTheSourcesCounts() throws {
    var builder = try IndicatorListBuilder(source: source())
    for confidence in [-0.1, 1.5, .nan, .infinity] {
      builder.add("bad.example.org", line: 3, confidence: confidence)
    }
    let list = try builder.finish()
    #expect(list.faults == Array(repeating: "invalid-confidence@3", count: 4))
    #expect(list.count == 4 && list.indicators.allSatisfy { $0.confidence == nil })
  }

  @Test func theLimitsHoldForIndicatorsThatAReaderMakes() throws {
    var builder = try IndicatorListBuilder(source: source(), limits: ListLimits(indicators: 2))
    for number in 1...3 { builder.add("n\(number).example.org", line: number) }
    #expect(builder.isFull)
    #expect { try builder.finish() } throws: { ($0 as? ReputationError)?.code == .tooManyIndicators }
  }

  @Test func everyKindSurvivesJSON() throws {
    for indicator in try Self.everyKind() {
      let data = try JSONEncoder().encode(indicator)
      #expect(try JSONDecoder().decode(Indicator.self, from: data) == indicator)
    }
    for wrong in [#"{"kind":"ja4","value":"x"}"#, #"{"kind":"certificate","value":"00"}"#] {
      #expect(throws: DecodingError.self) {
        try JSONDecoder().decode(Indicator.self, from: Data(wrong.utf8))
      }
    }
  }

  @Test func aCertificatesHashIsReadInEverySpellingAndWrittenInOne() throws {
    let digits = "00112233445566778899AABBCCDDEEFF01234567"
    let pairs = stride(from: 0, to: 40, by: 2).map {
      String(digits.dropFirst($0).prefix(2))
    }
    for text in [digits, digits.lowercased(), pairs.joined(separator: ":")] {
      let hash = try #require(CertificateHash(text))
      #expect(hash.algorithm == .sha1 && hash.description == digits.lowercased())
      #expect(CertificateHash(bytes: hash.bytes.span) == hash)
    }
    for wrong in [
      "", String(digits.dropLast()), digits + "0", digits + digits, "g" + digits.dropFirst(),
      pairs.joined(separator: "-"), pairs.dropLast().joined(separator: ":") + ":6:",
    ] {
      #expect(CertificateHash(wrong) == nil, "\(wrong)")
    }
  }
}
