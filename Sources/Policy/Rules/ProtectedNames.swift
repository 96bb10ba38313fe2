import Language
public import NetworkTypes

/// Refuses a block of a protected domain name, of a name under it, and of a name above it (whose
/// block would take the protected one along).
public struct ProtectedNames: PolicyRule {
  private let index: NameIndex

  public init(_ names: [DomainName]) { index = NameIndex(names) }

  public var name: String { "protected-names" }

  public func judge(_ request: BlockRequest, in context: PolicyContext) -> RuleAnswer {
    guard case .name(let target) = request.target else { return .permits }
    switch index.relation(to: target) {
    case .apart:
      return .permits
    case .inside(let name):
      return .refuses(
        because: Reason(
          name == target
            ? Phrase(
              en: "\(target) stands under “protected” in the policy.",
              ja: "\(target) はポリシーの protected に記載された保護対象です。")
            : Phrase(
              en: "\(target) lies under \(name), which stands under “protected” in the policy.",
              ja: "\(target) は、ポリシーの protected に記載された \(name) の配下にあります。")))
    case .covers(let name):
      return .refuses(
        because: Reason(
          Phrase(
            en: "\(target) would also block \(name), which stands under “protected” in the policy.",
            ja: "\(target) を遮断すると、ポリシーの protected に記載された \(name) も止まります。")))
    }
  }
}
