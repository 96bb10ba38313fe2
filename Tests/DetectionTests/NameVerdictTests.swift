import Detection
import Language
import NetworkTypes
import Reputation
import Testing

@Suite struct NameVerdictTests {
  private func destination(_ name: String) throws -> Destination {
    Destination(name: try #require(DomainName(name)), port: 443)
  }

  private func judge(
    _ thresholds: String = "1\t40.00\n0.1\t50.00\n0.01\t70.00\n", limit: Judge.Limit = .oneIn10000,
    popular: [String] = []
  ) throws -> Judge {
    Judge(
      nameModel: try smallModel(thresholds: thresholds), limit: limit,
      popular: PopularNames(popular.compactMap { DomainName($0) }))
  }

  private func sum(_ verdict: Verdict) -> Double { verdict.terms.reduce(0) { $0 + $1.value } }

  @Test func aNameThatNoListHoldsIsBlockedByItsScore() throws {
    let verdict = try judge().verdict(on: try destination("www.login-bank.top"), evidence: [])
    #expect(verdict.outcome == .block && verdict.evidence.isEmpty)
    // 76.49 against the limit of 70, moved onto the threshold of 80.
    #expect((verdict.score - 86.49).magnitude < 1e-9)
    #expect(verdict.score == sum(verdict))
    #expect(verdict.terms.contains { $0.name == "name.naming.tokens" && $0.value == 50 })
    #expect(verdict.model.hasPrefix("listings-1 + names-2 "))
  }

  @Test func anOrdinaryNameSaysNothing() throws {
    let verdict = try judge().verdict(on: try destination("flowers.example.net"), evidence: [])
    #expect(verdict.terms.isEmpty && verdict.outcome == .none)
  }

  @Test func aNotableNameIsReportedUnlessTheWiderLimitIsChosen() throws {
    let limits = "1\t40.00\n0.1\t70.00\n0.01\t90.00\n"
    let name = try destination("login-bank.top")
    #expect(try judge(limits).verdict(on: name, evidence: []).outcome == .report)
    #expect(try judge(limits, limit: .oneIn1000).verdict(on: name, evidence: []).outcome == .block)
  }

  @Test func aPopularNameOrASharedSuffixIsNeverBlockedOnItsScore() throws {
    let name = try destination("www.login-bank.top")
    let popular = try judge(popular: ["login-bank.top"]).verdict(on: name, evidence: [])
    #expect(popular.outcome == .report)
    #expect(popular.terms.last?.name == "name.guard")
    #expect((popular.score - 20).magnitude < 1e-9)
    // Beside a listing the name adds nothing, so that a doubtful listing stays doubtful.
    let doubtful = try #require(listing("login-bank.top", confidence: 0.75, match: .parentDomain))
    let both = try judge(popular: ["login-bank.top"]).verdict(on: name, evidence: [doubtful])
    #expect(both.outcome == .report && (both.score - 67.5).magnitude < 1e-9)
    let shared = Judge(nameModel: try smallModel(extra: "login-bank.top\t2"))
    #expect(shared.verdict(on: try destination("login-bank.top"), evidence: []).outcome != .block)
  }

  @Test func aListingStillBlocksAPopularName() throws {
    let listed = try #require(listing("login-bank.top", confidence: 0.9))
    let verdict = try judge(popular: ["login-bank.top"]).verdict(
      on: try destination("login-bank.top"), evidence: [listed])
    #expect(verdict.outcome == .block)
  }

  @Test(arguments: Language.allCases)
  func theVerdictReadsAsASum(language: Language) throws {
    let verdict = try judge().verdict(on: try destination("login-bank.top"), evidence: [])
    let text = verdict.explanation(in: language)
    #expect(text.contains("86.49") && text.contains("login"))
    for line in text.split(separator: "\n") { #expect(DisplayWidth.columns(of: String(line)) <= 80) }
  }
}
