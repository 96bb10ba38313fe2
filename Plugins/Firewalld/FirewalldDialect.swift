import FirewallKit
import Language
import NetworkTypes

/// From one state to another as commands for firewalld, each for the running firewall and then for the
/// permanent configuration. Pure.
struct FirewalldDialect {
  /// Up to as many entries are named in the command. More come as a file, for which firewalld writes the
  /// whole set anew: quicker for many, and with a moment in which the set is empty.
  static let entriesInACommand = 16

  let frame: FirewalldFrame

  func operations(from current: FirewallState, to goal: FirewallState) throws(AdapterError) -> [Operation] {
    let now = try content(current)
    let wanted = try content(goal)
    let parts = frame.parts
    guard !goal.scaffold.isEmpty || (wanted == FirewalldState()) else { throw unsupported }
    guard goal.scaffold.isEmpty || goal.scaffold == parts else {
      if goal == current { return [] }
      throw unsupported
    }
    if current.scaffold == parts, goal.scaffold == parts, now.allowed != wanted.allowed {
      let edit = FirewalldEdit(from: now, to: wanted)
      return [
        Operation(
          summary: Phrase(
            en: "Change the allow list, and cut the blocks by it",
            ja: "許可リストを変更し、遮断対象から許可分を除外"),
          step: .message(edit.text))
      ]
    }
    let isDamaged = !current.scaffold.isEmpty && current.scaffold != parts
    var operations: [Operation] = []
    if isDamaged || current.scaffold != goal.scaffold && !goal.scaffold.isEmpty {
      operations.append(
        Operation(
          summary: Phrase(
            en: "Make the ipsets and policies of ours in firewalld, where they are missing",
            ja: "firewalld に本製品の ipset とポリシーを用意（不足分のみ）"),
          step: .message(frame.setUp)))
    }
    return operations
      + entries(from: now, to: wanted, rewriting: isDamaged ? damagedSets(current.scaffold) : [])
  }

  /// Sets that are not the same in all places. What is in the others cannot be trusted either where the
  /// notes are wrong.
  private func damagedSets(_ scaffold: Scaffold) -> Set<FirewalldFrame.SetName> {
    let damaged = frame.sets.filter {
      scaffold[FirewalldFrame.setPart($0)] != frame.definition(of: $0).text
        || scaffold[FirewalldFrame.entriesPart($0)] != FirewalldFrame.agreed
    }
    return Set(damaged + damaged.filter { $0.role == .note }.map { frame.set(.net, $0.family) })
  }

  /// - Parameter rewriting: sets to be written anew, because what is in one place is not in another.
  func entries(
    from now: FirewalldState, to wanted: FirewalldState, rewriting: Set<FirewalldFrame.SetName> = []
  ) -> [Operation] {
    let before = SetContents(now, frame).entries
    let after = SetContents(wanted, frame).entries
    var operations: [Operation] = []
    for set in frame.sets {
      let surplus = (before[set] ?? []).subtracting(after[set] ?? [])
      if rewriting.contains(set) {
        operations.append(
          process(Phrase(en: "Empty \(set.text)", ja: "\(set.text) を空にする"), .emptying(set)))
      }
      operations += change(set, "remove", surplus, permanentlyOnly: rewriting.contains(set))
    }
    for set in frame.sets {
      let entries = after[set] ?? []
      operations += change(
        set, "add", rewriting.contains(set) ? entries : entries.subtracting(before[set] ?? []))
    }
    return operations
  }

  private enum Step {
    case emptying(FirewalldFrame.SetName)
    case command([String], input: String)
  }

  private func change(
    _ set: FirewalldFrame.SetName, _ verb: String, _ entries: Set<String>, permanentlyOnly: Bool = false
  ) -> [Operation] {
    guard !entries.isEmpty else { return [] }
    let sorted = entries.sorted()
    let summary =
      verb == "add"
      ? Phrase(en: "Add \(sorted.count) to \(set.text)", ja: "\(set.text) に \(sorted.count) 件を追加")
      : Phrase(en: "Remove \(sorted.count) from \(set.text)", ja: "\(set.text) から \(sorted.count) 件を削除")
    return (permanentlyOnly ? [true] : [false, true]).map { permanent in
      let beginning = (permanent ? ["--permanent"] : []) + ["--ipset=\(set.text)"]
      if sorted.count <= Self.entriesInACommand {
        return process(summary, .command(beginning + sorted.map { "--\(verb)-entry=\($0)" }, input: ""))
      }
      return process(
        summary,
        .command(
          beginning + ["--\(verb)-entries-from-file=/dev/stdin"], input: sorted.joined(separator: "\n") + "\n"
        ))
    }
  }

  private func process(_ summary: Phrase, _ step: Step) -> Operation {
    switch step {
    case .emptying(let set):
      let command = FirewalldFrame.emptying(set)
      return Operation(
        summary: summary,
        step: .process(executable: command.program, arguments: command.arguments, input: ""))
    case .command(let arguments, let input):
      return Operation(
        summary: summary, step: .process(executable: "firewall-cmd", arguments: arguments, input: input))
    }
  }

  /// Whether a command is one that these settings lead to.
  func owns(_ executable: String, _ arguments: [String]) -> Bool {
    let emptyings = frame.sets.map { FirewalldFrame.emptying($0) }
    if emptyings.contains(FirewalldFrame.Command(program: executable, arguments: arguments)) { return true }
    var words = arguments[...]
    if words.first == "--permanent" { words.removeFirst() }
    guard executable == "firewall-cmd", let set = words.popFirst(), !words.isEmpty,
      frame.sets.contains(where: { "--ipset=\($0.text)" == set })
    else { return false }
    return words.allSatisfy { word in
      ["add", "remove"].contains {
        word.hasPrefix("--\($0)-entry=") || word == "--\($0)-entries-from-file=/dev/stdin"
      }
    }
  }

  func content(_ state: FirewallState) throws(AdapterError) -> FirewalldState {
    var content = FirewalldState(allowed: state.allowed)
    for target in state.blocks.keys {
      guard let prefix = target.prefix else {
        throw AdapterError(
          code: .unsupported,
          message: Phrase(
            en: "firewalld blocks addresses; “\(target)” is a name. Block its addresses instead.",
            ja: "firewalld が遮断できるのはアドレスだけです。「\(target)」は名前のため、そのアドレスを遮断してください。"))
      }
      content.blocked.insert(prefix)
    }
    for prefix in content.allowed.union(content.blocked) where prefix.length == 0 {
      throw AdapterError(
        code: .unsupported,
        message: Phrase(
          en: "\(prefix) is every address there is; ipsets of firewalld have no such entry.",
          ja: "\(prefix) はすべてのアドレスを表します。firewalld の ipset には登録できません。"))
    }
    return content
  }

  private var unsupported: AdapterError {
    AdapterError(
      code: .unsupported,
      message: Phrase(
        en: "Our ipsets and policies were changed by others; they are not put back into that condition.",
        ja: "本製品の ipset とポリシーは第三者に変更されていました。その状態には戻しません。"))
  }
}
