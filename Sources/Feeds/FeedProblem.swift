public import Language
import Reputation

/// An entry of a feed that gave no indicator, or not all that it said.
public struct FeedProblem: Hashable, Sendable, Codable {
  /// What only the formats of this room can have wrong; the rest are codes of `IndicatorProblem`.
  public enum Code: String, Hashable, Sendable, Codable, CaseIterable {
    case zoneSyntax = "zone-syntax"
    case zoneDirective = "zone-directive"
    case outsideZone = "outside-zone"
    case zoneAddress = "zone-address"
    case ruleSyntax = "rule-syntax"
    case score
    case base64
    case missingMember = "missing-member"
    case unsupportedPattern = "unsupported-pattern"
    case duration
    case lineTooLong = "line-too-long"
  }

  /// Of `Code` or of `IndicatorProblem.Code`.
  public let code: String
  public let file: String
  /// Counted from 1.
  public let line: Int
  /// The identifier of the entry, in formats that have one.
  public let object: String?
  /// The offending text as in `IndicatorProblem.excerpt`.
  public let excerpt: String
  /// What was expected, and what can be done.
  public let expected: Phrase

  init(_ code: Code, file: String, line: Int, object: String?, _ text: Span<UInt8>) {
    self.code = code.rawValue
    self.file = file
    self.line = line
    self.object = object.map { IndicatorProblem.excerpt(of: $0.utf8Span.span) }
    excerpt = IndicatorProblem.excerpt(of: text)
    expected = Self.expected(code)
  }

  init(_ problem: IndicatorProblem, object: String?) {
    code = problem.code.rawValue
    file = problem.file
    line = problem.line
    self.object = object.map { IndicatorProblem.excerpt(of: $0.utf8Span.span) }
    excerpt = problem.excerpt
    expected = problem.expected
  }

  /// `file:line: object: “excerpt”: what was expected`.
  public var message: Phrase {
    let place = "\(file):\(line)" + (object.map { ": \($0)" } ?? "")
    return Phrase(
      en: "\(place): “\(excerpt)”: \(expected.en)", ja: "\(place): 「\(excerpt)」: \(expected.ja)")
  }

  private static func expected(_ code: Code) -> Phrase {
    switch code {
    case .zoneSyntax:
      Phrase(
        en: "expected an owner, a type and its data (RFC 1035 section 5)",
        ja: "所有者名・タイプ・データの形（RFC 1035 第 5 節）ではありません")
    case .zoneDirective:
      Phrase(
        en: "only $ORIGIN and $TTL are followed; write out what the directive stands for",
        ja: "使えるのは $ORIGIN と $TTL だけです。展開した内容を書いてください")
    case .outsideZone:
      Phrase(
        en: "the name is not under the zone's own name, that of its SOA record",
        ja: "ゾーン（SOA レコードの名前）の下にない名前です")
    case .zoneAddress:
      Phrase(
        en: "expected a prefix length and the reversed address, such as 32.7.113.0.203.rpz-ip",
        ja: "プレフィックス長と逆順のアドレスが必要です（例: 32.7.113.0.203.rpz-ip）")
    case .ruleSyntax:
      Phrase(en: "the rule is not written as its format asks", ja: "形式に合わない規則です")
    case .score:
      Phrase(
        en: "expected address,category,score with a category of 1 to 60 and a score of 0 to 127",
        ja: "「アドレス,カテゴリ,スコア」（カテゴリ 1～60、スコア 0～127）ではありません")
    case .base64:
      Phrase(en: "the value is not Base64 (RFC 4648)", ja: "Base64（RFC 4648）として読めません")
    case .missingMember:
      Phrase(
        en: "the object lacks a member that it needs, or has it in another type",
        ja: "必要な項目がないか、型が違います")
    case .unsupportedPattern:
      Phrase(
        en: "the pattern asks for more than a destination's address, name or port; half of it is never used",
        ja: "宛先のアドレス・名前・ポート以外の条件を含むパターンです（一部だけを使うことはありません）")
    case .duration:
      Phrase(en: "expected a duration such as 3h59m51.5s", ja: "期間（例: 3h59m51.5s）として読めません")
    case .lineTooLong:
      Phrase(en: "the line is too long", ja: "行が長すぎます")
    }
  }
}
