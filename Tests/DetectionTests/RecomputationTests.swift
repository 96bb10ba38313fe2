import Detection
import Foundation
import NetworkTypes
import Reputation
import Testing

/// A verdict that was kept can be computed again, bit for bit, from what is kept with it.
@Suite struct RecomputationTests {
  private func model() throws -> NameModel {
    try smallModel(thresholds: "1\t10.00\n0.1\t20.00\n0.01\t61.07\n")
  }

  /// Over names, listings and guards at random: the terms add up to the score, and what went through
  /// JSON comes back the same.
  @Test func everyVerdictIsTheSumOfItsTermsAndComesBackIdentical() throws {
    let model = try model()
    let popular = PopularNames(["login-bank.top"].compactMap { DomainName($0) })
    let judges = [
      Judge(nameModel: model, popular: popular),
      Judge(nameModel: model, limit: .oneIn1000, popular: PopularNames.none),
      Judge(nameModel: model), Judge(),
    ]
    var state: UInt64 = 17
    func random(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % bound
    }
    let alphabet = Array("abcdeilnogk0123456789-_")
    var blocked = 0
    for round in 0..<2000 {
      let label = String((0...random(20)).map { _ in alphabet[random(alphabet.count)] })
      let text = round % 3 == 0 ? "login-bank.top" : "\(label)\(["", "-login"][random(2)]).top"
      let name = try #require(DomainName(text))
      let evidence = try (0..<random(4)).map { place in
        try #require(listing(text, "feed\(place)", confidence: Double(random(100)) / 100))
      }
      let judge = judges[random(judges.count)]
      let verdict = judge.verdict(on: Destination(name: name, port: 443), evidence: evidence)
      #expect((verdict.terms.reduce(0) { $0 + $1.value } - verdict.score).magnitude < 1e-9)
      #expect((verdict.listedPoints + (verdict.ownPoints ?? 0) - verdict.score).magnitude < 1e-9)
      let kept = try JSONDecoder().decode(Verdict.self, from: try JSONEncoder().encode(verdict))
      let again = try #require(Judge.recomputed(kept, with: verdict.basis == nil ? nil : model))
      #expect(again.isIdentical(to: verdict), "\(text)")
      if verdict.outcome == .block { blocked += 1 }
    }
    #expect(blocked > 50)
  }

  @Test func anotherModelIsRefusedAndAChangedVerdictIsFound() throws {
    let name = try #require(DomainName("login-bank.top"))
    let verdict = Judge(nameModel: try model(), popular: PopularNames.none).verdict(
      on: Destination(name: name), evidence: [])
    #expect(verdict.outcome == .block)
    #expect(Judge.recomputed(verdict, with: try smallModel()) == nil)
    #expect(Judge.recomputed(verdict, with: nil) == nil)
    var terms = verdict.terms
    terms[0].value += 0.01
    let forged = Verdict(
      destination: verdict.destination, terms: terms,
      thresholds: try #require(Thresholds(block: verdict.threshold, report: verdict.reportThreshold)),
      evidence: [], model: verdict.model, basis: verdict.basis)
    #expect(try #require(Judge.recomputed(forged, with: try model())).isIdentical(to: forged) == false)
  }

  @Test func withoutATableOfPopularNamesNoScoreAloneBlocks() throws {
    let name = try #require(DomainName("login-bank.top"))
    let verdict = Judge(nameModel: try model()).verdict(on: Destination(name: name), evidence: [])
    #expect(verdict.outcome == .report && verdict.terms.last?.name == "name.guard")
  }
}
