import FirewallKit
import Language
import NetworkTypes

/// From one state to another, as at most one change of each set. Pure.
struct AWSWAFDialect {
  let settings: AWSWAFSettings

  /// The sets belong to whoever made them; of ours is only what is in them. So they count as there as
  /// long as one of them holds something.
  static let scaffold: Scaffold = ["ip-sets": "hold addresses"]

  func operations(from current: FirewallState, to goal: FirewallState) throws(AdapterError) -> [Operation] {
    guard goal.scaffold.isEmpty || goal.scaffold == Self.scaffold else {
      throw AdapterError(
        code: .unsupported,
        message: Phrase(
          en: "This state is not one of the AWS WAF adapter.", ja: "この状態は AWS WAF アダプターのものではありません。"))
    }
    if goal.scaffold.isEmpty {
      guard !current.isEmpty else { return [] }
      // The exceptions last: until then they keep what is allowed from being blocked.
      let roles: [IPSetRole] = [.blockIPv4, .blockIPv6, .allowIPv4, .allowIPv6]
      return roles.map { operation(IPSetEdit(role: $0, change: .empty)) }
    }
    var before: [Operation] = []
    var blocks: [Operation] = []
    var after: [Operation] = []
    for role in IPSetRole.allCases {
      let removed = try Self.members(role, of: current, butNotOf: goal)
      let added = try Self.members(role, of: goal, butNotOf: current)
      guard !removed.isEmpty || !added.isEmpty else { continue }
      let operation = operation(
        IPSetEdit(role: role, change: .edit(removed: removed.sorted(), added: added.sorted())))
      if role.isBlock {
        blocks.append(operation)
      } else if added.isEmpty {
        after.append(operation)
      } else {
        before.append(operation)
      }
    }
    return before + blocks + after
  }

  /// What a set would hold in one state and not in the other.
  private static func members(
    _ role: IPSetRole, of state: FirewallState, butNotOf other: FirewallState
  ) throws(AdapterError) -> [IPPrefix] {
    var found: [IPPrefix] = []
    if role.isBlock {
      for target in state.blocks.keys where other.blocks[target] == nil {
        guard let prefix = target.prefix else {
          throw refusal(Phrase(en: "AWS WAF cannot block a name.", ja: "AWS WAF ではドメイン名を遮断できません。"))
        }
        if prefix.isIPv4 == role.isIPv4 { found.append(prefix) }
      }
    } else {
      found = state.allowed.subtracting(other.allowed).filter { $0.isIPv4 == role.isIPv4 }
    }
    if found.contains(where: { $0.length == 0 }) {
      throw refusal(
        Phrase(
          en: "An IP set cannot hold a prefix of length 0. Use two of length 1.",
          ja: "IP セットには長さ 0 のプレフィックスを登録できません。長さ 1 のもの 2 つを使ってください。"))
    }
    return found
  }

  private static func refusal(_ message: Phrase) -> AdapterError {
    AdapterError(code: .unsupported, message: message)
  }

  private func operation(_ edit: IPSetEdit) -> Operation {
    let name = settings.arn(edit.role).name
    let summary =
      switch edit.change {
      case .empty: Phrase(en: "Empty the IP set \(name)", ja: "IP セット \(name) を空にする")
      case .edit(let removed, let added):
        Phrase(
          en: "Add \(added.count) to the IP set \(name) and take \(removed.count) out",
          ja: "IP セット \(name) に \(added.count) 件を加え、\(removed.count) 件を取り除く")
      }
    return Operation(summary: summary, step: .message(edit.text(settings)))
  }
}
