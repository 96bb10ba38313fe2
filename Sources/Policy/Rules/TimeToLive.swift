import ConfigurationFile
import Language

/// Refuses a block without end or beyond the maximum, when a person asks for it; the detector's wish
/// is shortened to the maximum instead, since nobody is there to ask again.
public struct TimeToLive: PolicyRule {
  /// What a request gets that names no time.
  public let standard: Duration
  public let maximum: Duration

  public init(standard: Duration, maximum: Duration) {
    self.standard = standard
    self.maximum = maximum
  }

  public var name: String { "time-to-live" }

  public func judge(_ request: BlockRequest, in context: PolicyContext) -> RuleAnswer {
    let wanted = request.timeToLive ?? standard
    let maximum = maximum
    if wanted <= .zero {
      return .refuses(
        because: Reason(
          Phrase(
            en: "A block must last longer than nothing; give a time such as 1h.",
            ja: "有効期間は 0 より長くしてください（例: 1h）。")))
    }
    if wanted <= maximum { return .permits }
    if request.origin.isDetector {
      return .permitsNoting(
        Reason(
          Phrase(
            en: "Wanted for \(wanted.text); shortened to \(maximum.text), the longest the policy grants.",
            ja: "希望された有効期間 \(wanted.text) を、ポリシーの上限 \(maximum.text) に短縮します。")))
    }
    return .refuses(
      because: Reason(
        Phrase(
          en: "\(wanted.text) is longer than the policy grants; ask for at most \(maximum.text).",
          ja: "有効期間 \(wanted.text) はポリシーの上限を超えています。\(maximum.text) 以下にしてください。")))
  }

  /// The time that a permitted request gets.
  func granted(to request: BlockRequest) -> Duration { min(request.timeToLive ?? standard, maximum) }
}
