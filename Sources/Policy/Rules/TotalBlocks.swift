import Language

/// Limits the blocks in force at one time, whoever made them: a firewall's memory is not endless.
public struct TotalBlocks: PolicyRule {
  public let limit: Int

  public init(_ limit: Int) { self.limit = limit }

  public var name: String { "total-blocks" }

  public func judge(_ request: BlockRequest, in context: PolicyContext) -> RuleAnswer {
    let inForce = context.blocksInForce + context.blocksInChange
    let limit = limit
    if request.extendsBlock || inForce < limit { return .permits }
    return .refuses(
      because: Reason(
        Phrase(
          en: """
            \(inForce) blocks are in force; the policy allows \(limit). \
            Unblock some, or raise limits.total-blocks in the policy.
            """,
          ja: """
            遮断中の件数 \(inForce) 件がポリシーの上限 \(limit) 件に達しています。\
            不要な遮断を解除するか、ポリシーの limits.total-blocks を引き上げてください。
            """)))
  }
}
