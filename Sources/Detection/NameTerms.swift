import Language
import NetworkTypes

/// The summands that a name's score brings into a verdict.
///
/// A name counts from the score on that one in 1,000 ordinary names reaches; below, it says nothing. The
/// model's limit for blocking is moved onto the verdict's block threshold by a summand of its own, which
/// is usually nothing since models are scaled so that one in 10,000 lies at 80. The score of a popular
/// name, or of a suffix under which anybody can register, is taken back to the report threshold, and
/// altogether beside a listing; so is every score where nothing is known of popularity.
struct NameTerms {
  let model: NameModel
  let basis: ScoreBasis

  func terms(for name: DomainName, _ thresholds: Thresholds, isListed: Bool) -> [Verdict.Term] {
    guard let score = model.score(name), score.hundredths >= model.thresholds.oneIn1000,
      let explanation = model.explanation(of: name)
    else { return [] }
    var terms = explanation.terms.filter { $0.value != 0 }.map { Self.term($0, explanation.head) }
    var sum = score.hundredths
    let block = Int((thresholds.block * 100).rounded())
    let limit = basis.limit
    if block != limit {
      sum += block - limit
      terms.append(
        Self.term(
          "name.limit", block - limit,
          Phrase(
            en: "Names block from \(ModelText.points(limit)) on: moved onto the block threshold.",
            ja: "名前だけで遮断する評価値は \(ModelText.points(limit)) 以上。遮断のしきい値に合わせる補正。")))
    }
    if let reason = guardReason(score.domain) {
      let report = isListed ? 0 : Int((thresholds.report * 100).rounded())
      if sum > report { terms.append(Self.term("name.guard", report - sum, reason)) }
    }
    return terms
  }

  private func guardReason(_ domain: RegisteredDomain) -> Phrase? {
    if domain.isSharedSuffix {
      return Phrase(
        en: "Anybody can register under this name: its score alone must not block.",
        ja: "誰でも配下に登録できる名前のため、評価値だけでは遮断しません。")
    }
    switch basis.popularity {
    case .notPopular: return nil
    case .popular:
      return Phrase(
        en: "Many people use this name: its score alone must not block.",
        ja: "利用者の多い名前のため、評価値だけでは遮断しません。")
    case .unknown, nil:
      return Phrase(
        en: "Nobody knows how many people use this name, without a table of popular names: its score alone "
          + "must not block.",
        ja: "人気のある名前の表がなく、利用者の多さを確かめられないため、評価値だけでは遮断しません。")
    }
  }

  private static func term(_ name: String, _ hundredths: Int, _ sentence: Phrase) -> Verdict.Term {
    Verdict.Term(name: name, value: Double(hundredths) / 100, sentence: sentence, source: nil)
  }

  private static let shownEntries = 6

  private static func term(_ term: NameExplanation.Term, _ head: NameHead) -> Verdict.Term {
    let shown = term.entries.sorted { $0.value.magnitude > $1.value.magnitude }.prefix(shownEntries)
    var list = ""
    if term.table.binCount == nil {
      list = shown.map { "“\($0.text)” \(ModelText.points($0.value))" }.joined(separator: ", ")
    }
    let more = term.table.binCount == nil ? term.entries.count - shown.count : 0
    let listJa = list.replacing("“", with: "「").replacing("”", with: "」").replacing(", ", with: "、")
    return Self.term(
      "name.\(head.rawValue).\(term.table.identifier)", term.value,
      Phrase(
        en: "Name: " + term.table.phrase.en + (list.isEmpty ? "" : ": \(list)")
          + (more > 0 ? " and \(more) more" : "") + ".",
        ja: "名前: " + term.table.phrase.ja
          + (list.isEmpty
            ? ""
            : "（\(listJa)"
              + (more > 0 ? " ほか \(more) 件" : "") + "）") + "。"))
  }
}
