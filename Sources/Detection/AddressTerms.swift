import Language
import NetworkTypes

/// The summands that the surroundings of a bare address bring into a verdict.
///
/// As with names: an address counts from the score on that one in 1,000 ordinary addresses reaches, and
/// the limit for blocking is moved onto the verdict's block threshold by a summand of its own.
struct AddressTerms {
  let model: AddressModel
  let basis: ScoreBasis

  func terms(for address: IPAddress, _ thresholds: Thresholds) -> [Verdict.Term] {
    guard let score = model.score(address), score.hundredths >= model.thresholds.oneIn1000 else { return [] }
    var terms = [Self.term("address.base", score.base, Phrase(en: "base value", ja: "すべてに共通の基本の値"))]
    for term in score.terms where term.value != 0 {
      terms.append(Self.term("address.\(term.table)", term.value, term.phrase))
    }
    let block = Int((thresholds.block * 100).rounded())
    if block != basis.limit {
      let limit = ModelText.points(basis.limit)
      terms.append(
        Self.term(
          "address.limit", block - basis.limit,
          Phrase(
            en: "addresses block from \(limit) on: moved onto the block threshold",
            ja: "アドレスだけで遮断する評価値は \(limit) 以上。遮断のしきい値に合わせる補正")))
    }
    return terms
  }

  private static func term(_ name: String, _ hundredths: Int, _ phrase: Phrase) -> Verdict.Term {
    Verdict.Term(
      name: name, value: Double(hundredths) / 100,
      sentence: Phrase(en: "Address: \(phrase.en).", ja: "アドレス: \(phrase.ja)。"), source: nil)
  }
}
