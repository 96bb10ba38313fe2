import ConfigurationFile
public import Language
public import NetworkTypes

/// What a policy answers to one request, rule by rule.
public struct PolicyEvaluation: Sendable {
  /// One rule's answer.
  public struct Judgement: Sendable {
    /// The rule's name.
    public let rule: String
    public let answer: RuleAnswer
  }

  public let request: BlockRequest
  /// Every rule's answer, also those after the first refusal.
  public let judgements: [Judgement]
  /// How long the block may last; `nil` when it is refused.
  public let timeToLive: Duration?
  /// When it ends if it begins at the context's `now`; `nil` when it is refused.
  public let deadline: Timestamp?

  public var permitted: Bool { timeToLive != nil }

  /// The first rule that refuses; `nil` when the block is permitted.
  public var firstRefusal: Judgement? { judgements.first { $0.answer.isRefusal } }

  /// What people should know about a permitted block, in the order of the rules.
  public var notes: [Phrase] {
    judgements.compactMap { if case .permitsNoting(let reason) = $0.answer { reason.phrase } else { nil } }
  }

  /// The outcome on the first line, then a line for each rule.
  public func text(in language: Language) -> String {
    ([outcome.text(in: language)] + judgements.map { "  " + $0.text(in: language, columns: columns) })
      .joined(separator: "\n")
  }

  private var outcome: Phrase {
    if let timeToLive, let deadline {
      return Phrase(
        en: "Permitted: \(request.target) for \(timeToLive.text), until \(deadline.toSeconds).",
        ja: "許可: \(request.target) を \(timeToLive.text) の間（\(deadline.toSeconds) まで）遮断できます。")
    }
    let refusals = judgements.count { $0.answer.isRefusal }
    return Phrase(
      en: "Refused: \(request.target), by \(refusals) of \(judgements.count) rules.",
      ja: "拒否: \(request.target)（\(judgements.count) 個の規則のうち \(refusals) 個が拒否）。")
  }

  private var columns: Int { judgements.map(\.rule.count).max() ?? 0 }
}

extension PolicyEvaluation.Judgement {
  /// `refuses  allow-list  because…`. Both verbs are equally wide in each language, so the columns hold.
  fileprivate func text(in language: Language, columns: Int) -> String {
    let verb = answer.isRefusal ? Phrase(en: "refuses", ja: "拒否") : Phrase(en: "permits", ja: "許可")
    let head = "\(verb.text(in: language))  "
    guard let phrase = answer.phrase else { return head + rule }
    return head + DisplayWidth.padded(rule, to: columns) + "  " + phrase.text(in: language)
  }
}
