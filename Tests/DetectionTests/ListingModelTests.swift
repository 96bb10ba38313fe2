import Detection
import Language
import NetworkTypes
import Reputation
import Testing

@Suite struct ListingModelTests {
  private func values(_ evidence: Evidence?...) -> [Double] {
    ListingModel().terms(for: evidence.compactMap { $0 }).map(\.value)
  }

  @Test func theStrongestSourceCountsInFullAndFurtherOnesATenth() {
    #expect(
      values(
        listing("bad.example.org", "a", confidence: 0.5), listing("bad.example.org", "b", confidence: 0.9),
        listing("bad.example.org", "c", confidence: 0.75)) == [90, 7.5, 5])
  }

  @Test func aParentOrANetworkCountsNineTenths() {
    #expect(values(listing("example.org", confidence: 0.9, match: .parentDomain)) == [81])
    #expect(values(listing("192.0.2.0/24", confidence: 0.5, match: .containingPrefix)) == [45])
  }

  @Test func aSourceCountsOnceByItsBestListing() {
    #expect(
      values(
        listing("example.org", "a", match: .parentDomain), listing("bad.example.org", "a"),
        listing("192.0.2.7", "a")) == [90])
  }

  @Test func manyWeakSourcesNeverReachTheStandardThreshold() {
    let evidence = (0..<50).compactMap { listing("bad.example.org", "s\($0)", confidence: 0.5) }
    let terms = ListingModel().terms(for: evidence)
    #expect(terms.map(\.value) == [50, 5, 5, 5, 5, 5])
    #expect(terms.reduce(0) { $0 + $1.value } < Thresholds.standard.block)
  }

  @Test func theOrderOfTheEvidenceDoesNotMatter() {
    let evidence = (0..<9).compactMap {
      listing("bad.example.org", "s\($0)", confidence: Double($0 % 3) * 0.3 + 0.1)
    }
    let terms = ListingModel().terms(for: evidence)
    #expect(ListingModel().terms(for: evidence.reversed()) == terms)
    #expect(terms.map(\.source) == ["s2", "s5", "s8", "s1", "s4", "s7"])
  }

  /// Each sentence ends in its calculation; whoever multiplies gets the value.
  @Test(arguments: [0, 0.1, 1.0 / 3, 0.5, 0.875, 0.9, 0.95, 1])
  func theSentenceOfATermGivesItsValue(confidence: Double) throws {
    let evidence = [
      listing("bad.example.org", "a", confidence: confidence),
      listing("example.org", "b", confidence: confidence, match: .parentDomain),
    ].compactMap { $0 }
    for term in ListingModel().terms(for: evidence) {
      for text in [term.sentence.en, term.sentence.ja] {
        let calculation = text.dropLast().split(separator: text == term.sentence.en ? ". " : "。").last ?? ""
        let factors = calculation.split(separator: " × ").compactMap { Double($0) }
        #expect(factors.count >= 2)
        #expect((factors.reduce(1, *) - term.value).magnitude <= 0.005 + 1e-9)
      }
    }
  }
}
