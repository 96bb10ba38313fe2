import Language

/// Limits how fast the detector makes new blocks, so that a poisoned feed or a flood of forged
/// packets cannot close the network in a minute. A person is not held up by it.
public struct NewBlockRate: PolicyRule {
  public let perMinute: Int
  /// `nil` when only the minute counts.
  public let perHour: Int?

  public init(perMinute: Int, perHour: Int?) {
    self.perMinute = perMinute
    self.perHour = perHour
  }

  public var name: String { "new-block-rate" }

  public func judge(_ request: BlockRequest, in context: PolicyContext) -> RuleAnswer {
    guard request.origin.isDetector, !request.extendsBlock else { return .permits }
    let inMinute = context.newBlocksLastMinute + context.blocksInChange
    if inMinute >= perMinute {
      return Self.refusal(
        made: inMinute, limit: perMinute, span: Phrase(en: "last minute", ja: "直近 1 分間"))
    }
    let inHour = context.newBlocksLastHour + context.blocksInChange
    if let perHour, inHour >= perHour {
      return Self.refusal(made: inHour, limit: perHour, span: Phrase(en: "last hour", ja: "直近 1 時間"))
    }
    return .permits
  }

  private static func refusal(made: Int, limit: Int, span: Phrase) -> RuleAnswer {
    .refuses(
      because: Reason(
        Phrase(
          en: """
            The detector made \(made) new blocks in the \(span.en); the policy allows \(limit). \
            A person can still block it.
            """,
          ja: """
            自動の新規遮断が\(span.ja)で \(made) 件あり、ポリシーの上限 \(limit) 件に達しています。\
            必要なら手動で遮断できます。
            """)))
  }
}
