import Detection
import Foundation
import Language
import NetworkTypes
import Reputation
import Testing

@Suite struct JudgeTests {
  private func destination(_ name: String, _ address: String? = nil) throws -> Destination {
    Destination(name: try #require(DomainName(name)), address: address.flatMap { IPAddress($0) }, port: 443)
  }

  @Test func aConfidentExactListingBlocksByItself() throws {
    let verdict = Judge().verdict(
      on: try destination("bad.example.org"), in: try index(("a", 0.8, "bad.example.org")))
    #expect(verdict.outcome == .block)
    #expect(verdict.score == 80)
    #expect(verdict.threshold == 80)
    #expect(verdict.evidence.map(\.source) == ["a"])
    #expect(verdict.model == "listings-1")
  }

  @Test func aDoubtfulListingIsReportedAndAFaintOneIsNot() throws {
    let index = try index(("a", 0.79, "doubtful.example.org"), ("b", 0.1, "faint.example.org"))
    #expect(Judge().verdict(on: try destination("doubtful.example.org"), in: index).outcome == .report)
    let faint = Judge().verdict(on: try destination("faint.example.org"), in: index)
    #expect(faint.outcome == .none)
    #expect(faint.score == 10)
  }

  @Test func whatNobodyListsHasAnEmptyVerdict() throws {
    let verdict = Judge().verdict(
      on: try destination("good.example.net", "192.0.2.1"), in: try index(("a", 1, "")))
    #expect(verdict.outcome == .none)
    #expect(verdict.terms.isEmpty && verdict.evidence.isEmpty && verdict.score == 0)
  }

  @Test func nameAndAddressCountTogether() throws {
    let index = try index(("a", 0.7, "bad.example.org"), ("b", 1, "192.0.2.0/24"))
    let both = Judge().verdict(on: try destination("bad.example.org", "192.0.2.7"), in: index)
    #expect(both.terms.map(\.value) == [90, 7])
    #expect(both.outcome == .block)
    #expect(Judge().verdict(on: try destination("bad.example.org"), in: index).outcome == .report)
    let bare = Destination(address: try #require(IPAddress("192.0.2.7")))
    #expect(Judge().verdict(on: bare, in: index).score == 90)
  }

  @Test func theThresholdsAreTheOperatorsButNeverZero() throws {
    let index = try index(("a", 0.5, "bad.example.org"))
    let strict = Judge(thresholds: try #require(Thresholds(block: 50, report: 10)))
    #expect(strict.verdict(on: try destination("bad.example.org"), in: index).outcome == .block)
    for (block, report) in [(0.0, 0.0), (80, 0), (20, 30), (.infinity, 1), (.nan, 1), (10, .nan)] {
      #expect(Thresholds(block: block, report: report) == nil)
    }
    #expect(throws: DecodingError.self) {
      try JSONDecoder().decode(Thresholds.self, from: Data(#"{"block":0,"report":0}"#.utf8))
    }
  }

  @Test func theScoreIsTheSumOfItsTermsToTheBit() {
    var state: UInt64 = 7
    func random() -> Double {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Double(state >> 11) / Double(1 << 53)
    }
    for _ in 0..<2000 {
      let evidence = (0..<Int(random() * 9)).compactMap {
        listing(
          "bad.example.org", "s\($0)", confidence: random(),
          match: random() < 0.5 ? .itself : .parentDomain)
      }
      let name = DomainName("www.bad.example.org").map { Destination(name: $0) }
      guard let verdict = name.map({ Judge().verdict(on: $0, evidence: evidence) }) else { continue }
      var sum = 0.0
      for term in verdict.terms { sum += term.value }
      #expect(sum.bitPattern == verdict.score.bitPattern)
      #expect(verdict.terms.map(\.value) == verdict.terms.map(\.value).sorted(by: >))
    }
  }

  @Test func aStoredVerdictIsWholeAndCanBeComputedAgain() throws {
    let verdict = Judge().verdict(
      on: try destination("www.bad.example.org", "192.0.2.7"),
      in: try index(("a", 0.7, "bad.example.org"), ("b", 0.9, "192.0.2.7")))
    let stored = try JSONDecoder().decode(Verdict.self, from: try JSONEncoder().encode(verdict))
    #expect(stored == verdict)
    #expect(Judge().verdict(on: stored.destination, evidence: stored.evidence) == verdict)
  }
}
