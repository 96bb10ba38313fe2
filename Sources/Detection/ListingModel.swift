import Language
import NetworkTypes
public import Reputation

/// The additive model over exact listings. Every score is a sum that a person can redo.
///
/// Each source counts once, by its best listing of the destination:
///
///     points = 100 × confidence × coverage
///
/// where *confidence* (0...1) is the source's and *coverage* is 1 when the destination's own name or
/// address is listed, 0.9 when a domain above the name or a prefix around the address is. The sources
/// are put in order by points (equal ones by identifier), and
///
///     score = points of the first + 1/10 of the points of each of the next five
///
/// with every summand rounded to hundredths. A source of confidence 0.8 thus reaches the standard
/// threshold of 80 alone with an exact listing; sources of 0.5 never reach it together (50 + 5 × 5).
///
/// A listing counts as long as the list last read has it. What is not in `Evidence` has no influence.
public struct ListingModel: Hashable, Sendable {
  /// Name and version, as they stand in verdicts. The version changes with any number above.
  public static let identifier = "listings-1"

  static let parentCoverage = 0.9
  static let furtherShare = 0.1
  static let furtherSources = 5

  public init() {}

  /// The summands for the listings of a destination, in the order of the sum.
  public func terms(for evidence: [Evidence]) -> [Verdict.Term] {
    var best: [String: Evidence] = [:]
    for item in evidence {
      guard let known = best[item.source] else {
        best[item.source] = item
        continue
      }
      if Self.product(item) > Self.product(known) { best[item.source] = item }
    }
    let ordered = best.values.sorted {
      let (a, b) = (Self.product($0), Self.product($1))
      return a != b ? a > b : $0.source < $1.source
    }
    return ordered.prefix(1 + Self.furtherSources).enumerated().map { position, item in
      Self.term(item, isFurther: position > 0)
    }
  }

  private static func coverage(_ match: Evidence.Match) -> Double {
    match == .itself ? 1 : parentCoverage
  }

  private static func product(_ item: Evidence) -> Double {
    100 * item.confidence * coverage(item.match)
  }

  private static func term(_ item: Evidence, isFurther: Bool) -> Verdict.Term {
    let points = product(item) * (isFurther ? furtherShare : 1)
    var factors = "100 × \(item.confidence)"
    if item.match != .itself { factors += " × \(parentCoverage)" }
    if isFurther { factors += " × \(furtherShare)" }
    let value = (points * 100).rounded() / 100
    let since = item.since.map { String($0.description.prefix(10)) }
    let relation =
      switch (item.match, item.indicator) {
      case (.itself, .ja4):
        Phrase(
          en: "the TLS fingerprint \(item.indicator) of the hello",
          ja: "接続開始時の TLS フィンガープリント \(item.indicator) ")
      case (.itself, .certificate):
        Phrase(en: "the server's certificate \(item.indicator)", ja: "サーバー証明書 \(item.indicator) ")
      case (.itself, _): Phrase(en: "\(item.indicator) itself", ja: " \(item.indicator) そのもの")
      case (.parentDomain, _):
        Phrase(en: "the domain \(item.indicator) above it", ja: "上位のドメイン \(item.indicator) ")
      case (.containingPrefix, _):
        Phrase(en: "the network \(item.indicator) around it", ja: "属するネットワーク \(item.indicator) ")
      }
    return Verdict.Term(
      name: isFurther ? "listing.further" : "listing.strongest", value: value,
      sentence: Phrase(
        en: (isFurther ? "Also listed" : "Listed") + " by “\(item.sourceName)”: \(relation.en), "
          + "\(item.category.phrase.en)" + (since.map { ", since \($0)" } ?? "")
          + " (\(item.file):\(item.line)). \(factors).",
        ja: "情報源「\(item.sourceName)」\(isFurther ? "も" : "が")\(relation.ja)を掲載。分類は"
          + "\(item.category.phrase.ja)" + (since.map { "、\($0) から" } ?? "")
          + "（\(item.file):\(item.line)）。\(factors)。"),
      source: item.source)
  }
}
