import Language

/// Lets the detector block by itself only what it is sure enough about; the rest it reports.
public struct MinimumConfidence: PolicyRule {
  /// The lowest confidence that permits a block, 0...1.
  public let minimum: Double

  public init(_ minimum: Double) { self.minimum = minimum }

  public var name: String { "minimum-confidence" }

  public func judge(_ request: BlockRequest, in context: PolicyContext) -> RuleAnswer {
    // Not-a-number compares false, and so is refused.
    guard case .detector(let confidence) = request.origin, !(confidence >= minimum) else { return .permits }
    // Rounded down, so that a value just below the threshold never reads like the threshold.
    let shown = (confidence * 1000).rounded(.down) / 1000
    let minimum = minimum
    return .refuses(
      because: Reason(
        Phrase(
          en: """
            The detector's confidence is \(shown), below \(minimum): reported, not blocked. \
            A person can still block it.
            """,
          ja: """
            判定の確信度 \(shown) が下限 \(minimum) に達しないため、報告のみとし、遮断しません。\
            必要なら手動で遮断できます。
            """)))
  }
}
