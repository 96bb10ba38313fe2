import Detection
import Foundation
import Language
import NetworkTypes
import Testing

/// A model of addresses in which everything can be added up in the head.
func smallAddressModelText(replacing line: String = "", with other: String = "") -> String {
  """
  sekisho-address-model 1
  [about]
  made-for\ttests
  [thresholds]
  1\t40.00
  0.1\t50.00
  0.01\t70.00
  [calibration]
  0\t10.00
  80.00\t90.00
  [base]
  0\t5.00
  [listed-in-24]
  0\t-10.00
  1\t10.00
  2\t20.00
  3\t30.00
  5\t40.00
  10\t50.00
  20\t60.50
  [listed-in-20]
  0\t0
  1\t1.00
  2\t2.00
  4\t4.00
  8\t8.00
  16\t16.00
  32\t32.00
  [listed-in-16]
  0\t0
  1\t0.10
  4\t0.20
  16\t0.30
  64\t0.40
  256\t0.50
  1024\t0.60
  [hoster]
  0\t0
  1\t15.00
  [networks]
  192.0.2\t20
  192.0.3\t2
  192.0.15\t4
  192.0.16\t3
  192.0.255\t1
  198.51.100\t1
  [hosters]
  192.0.2.0/24
  203.0.113.0/25
  """.replacing(line, with: other)
}

func smallAddressModel() throws -> AddressModel {
  try AddressModel(Array(smallAddressModelText().utf8).span)
}

@Suite struct AddressModelTests {
  private func address(_ text: String) throws -> IPAddress { try #require(IPAddress(text)) }

  /// base, /24, /20 without it, /16 without that, hoster.
  @Test(arguments: [
    ("192.0.2.200", 500 + 6050 + 400 + 20 + 1500),
    ("192.0.3.1", 500 + 2000 + 1600 + 20 + 0),
    ("192.0.16.9", 500 + 3000 + 0 + 30 + 0),
    ("192.0.200.1", 500 - 1000 + 0 + 30 + 0),
    ("203.0.113.1", 500 - 1000 + 0 + 0 + 1500),
    ("203.0.113.200", 500 - 1000),
  ])
  func aScoreIsTheBaseAndOneRowOfEachTable(text: String, expected: Int) throws {
    let score = try #require(try smallAddressModel().score(try address(text)))
    #expect(score.hundredths == expected)
    #expect(score.terms.reduce(score.base) { $0 + $1.value } == expected && score.terms.count == 4)
  }

  @Test func ipv6HasNoScore() throws {
    #expect(try smallAddressModel().score(try address("2001:db8::1")) == nil)
  }

  @Test(arguments: [
    ("sekisho-address-model 1", "sekisho-name-model 2", ModelFileError.Code.unknownFormat),
    ("192.0.3\t2", "192.0.2\t2", .duplicate), ("192.0.3\t2", "192.0.300\t2", .malformed),
    ("192.0.3\t2", "192.0.3\t257", .malformed), ("192.0.3\t2", "192.0.3.4\t2", .malformed),
    ("203.0.113.0/25", "2001:db8::/32", .malformed), ("5\t40.00\n", "5\t4O\n", .malformed),
    ("5\t40.00\n", "6\t40.00\n", .malformed), ("5\t40.00\n", "", .incomplete),
    ("0\t5.00\n", "", .incomplete), ("[networks]", "[netwerks]", .malformed),
  ])
  func whatIsNoModelIsAnErrorWithItsLine(line: String, other: String, code: ModelFileError.Code) {
    let text = smallAddressModelText(replacing: line, with: other)
    #expect { _ = try AddressModel(Array(text.utf8).span) } throws: { error in
      (error as? ModelFileError).map { $0.code == code && ($0.line > 0) == (code != .incomplete) } ?? false
    }
  }

  @Test func aBareAddressBlocksByItsScoreAndTheTermsAddUp() throws {
    let judge = Judge(addressModel: try smallAddressModel(), popular: PopularNames.none)
    let verdict = judge.verdict(
      on: Destination(address: try address("192.0.2.7"), port: 443), evidence: [])
    // 84.70 against the limit of 70, moved onto the threshold of 80.
    #expect(verdict.outcome == .block && (verdict.score - 94.7).magnitude < 1e-9)
    #expect(verdict.terms.map(\.name).first == "address.base")
    #expect(verdict.terms.contains { $0.name == "address.limit" && $0.value == 10 })
    #expect(verdict.model.hasPrefix("listings-1 + addresses-1 "))
    #expect(judge.probability(of: verdict) == 0.9)
    for language in Language.allCases {
      let told = verdict.explanation(in: language)
      #expect(told.contains("192.0.2.0/24") && told.contains("60.50"))
      #expect(told.split(separator: "\n").allSatisfy { DisplayWidth.columns(of: String($0)) <= 80 })
    }
    let wider = Judge(addressModel: try smallAddressModel(), limit: .oneIn1000)
    let notable = Destination(address: try address("192.0.2.7"))
    #expect((wider.verdict(on: notable, evidence: []).score - 114.7).magnitude < 1e-9)
    let quiet = judge.verdict(on: Destination(address: try address("198.51.100.7")), evidence: [])
    #expect(quiet.terms.isEmpty && quiet.outcome == .none && judge.probability(of: quiet) == nil)
  }

  /// Whoever shares a bad neighbourhood is judged by the name as soon as one is known.
  @Test func whereANameIsKnownTheSurroundingsSayNothing() throws {
    let judge = Judge(addressModel: try smallAddressModel(), popular: PopularNames.none)
    let target = try address("192.0.2.7")
    let named = Destination(name: try #require(DomainName("example.org")), address: target)
    #expect(judge.verdict(on: named, evidence: []).terms.isEmpty)
    #expect(judge.verdict(on: Destination(address: target), evidence: [], isNamed: true).terms.isEmpty)
  }

  @Test func aKeptVerdictOnAnAddressIsComputedAgainWithItsModelAndNoOther() throws {
    let model = try smallAddressModel()
    let made = Judge(addressModel: model, limit: .oneIn1000).verdict(
      on: Destination(address: try address("192.0.2.7")), evidence: [])
    let kept = try JSONDecoder().decode(Verdict.self, from: try JSONEncoder().encode(made))
    #expect(try #require(Judge.recomputed(kept, with: nil, model)).isIdentical(to: made))
    let text = smallAddressModelText(replacing: "60.50", with: "60.51")
    #expect(Judge.recomputed(kept, with: nil, try AddressModel(Array(text.utf8).span)) == nil)
    #expect(Judge.recomputed(kept, with: try smallModel()) == nil)
  }
}
