import Language

/// Refuses a block that lies wholly inside an entry of an allow list.
///
/// A block that contains an allowed target is permitted with a note: firewalls let the allowed pass
/// ahead of the blocked, so the block holds for everything else and need not be cut into pieces.
public struct AllowListed: PolicyRule {
  private let list: AllowList

  public init(_ list: AllowList) { self.list = list }

  public var name: String { "allow-list" }

  public func judge(_ request: BlockRequest, in context: PolicyContext) -> RuleAnswer {
    let target = request.target
    let byPolicy = list.relation(to: target)
    let byPeople = context.allowed.relation(to: target)
    if case .inside(let entry) = byPolicy {
      return .refuses(
        because: Reason(
          Phrase(
            en: "\(target) is allowed by the entry \(entry) under “allow” in the policy.",
            ja: "\(target) は、ポリシーの allow にある \(entry) により許可されています。")))
    }
    if case .inside(let entry) = byPeople {
      return .refuses(
        because: Reason(
          Phrase(
            en: """
              \(target) is on the allow list by the entry \(entry). \
              To block it, remove that first: sekisho allow --remove \(entry)
              """,
            ja: """
              \(target) は許可リストの \(entry) により許可されています。\
              遮断するには、先に許可を外してください: sekisho allow --remove \(entry)
              """)))
    }
    switch (byPolicy, byPeople) {
    case (.covers(let entry), _), (_, .covers(let entry)):
      return .permitsNoting(
        Reason(
          Phrase(
            en: "\(entry) inside \(target) stays reachable: the allow list goes ahead of the block.",
            ja: "\(target) に含まれる \(entry) は、許可リストが遮断より優先されるため、引き続き通信できます。")))
    default:
      return .permits
    }
  }
}
