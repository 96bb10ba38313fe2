import Language

/// Limits the blocks that one change may make: a slip of a person stays small enough to look through.
public struct BlocksPerChange: PolicyRule {
  public let limit: Int

  public init(_ limit: Int) { self.limit = limit }

  public var name: String { "blocks-per-change" }

  public func judge(_ request: BlockRequest, in context: PolicyContext) -> RuleAnswer {
    let limit = limit
    if request.extendsBlock || context.blocksInChange < limit { return .permits }
    return .refuses(
      because: Reason(
        Phrase(
          en: "One change may make \(limit) blocks; make this one in a further change.",
          ja: "1 回の変更で遮断できるのは \(limit) 件までです。残りは次の変更で遮断してください。")))
  }
}
