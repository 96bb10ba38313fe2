import FirewallKit
import Language
import NetworkTypes

/// From one state to another as one command list, which the kernel runs as one transaction: all of it or
/// nothing.
struct NftablesDialect {
  let table: String

  /// A deadline from here on is written and read as an element without a timer.
  static let never = Timestamp(seconds: 253_402_300_799)  // 9999-12-31T23:59:59Z

  /// Deadlines closer than this are one: our timers hold whole seconds.
  private static let resolution: Duration = .seconds(1)

  /// The one operation that leads from a state to another, with the commands that its text says; `nil`
  /// when there is nothing to do.
  func operation(
    from current: FirewallState, to goal: FirewallState
  ) throws(AdapterError) -> (Operation, [NftablesCommand])? {
    if goal.scaffold.isEmpty {
      guard goal.blocks.isEmpty, goal.allowed.isEmpty else {
        throw AdapterError(
          code: .unsupported,
          message: Phrase(
            en: "Blocks need the table inet \(table); a goal without it cannot hold any.",
            ja: "遮断にはテーブル inet \(table) が必要です。テーブルのない状態に遮断は置けません。"))
      }
      return current.scaffold.isEmpty ? nil : removal()
    }
    let work = scaffoldWork(from: current.scaffold, to: goal.scaffold)
    let elements = try Elements(from: work == .table ? nil : current, to: goal, readAt: current.readAt)
    if work == .nothing, elements.isEmpty { return nil }

    var commands: [NftablesCommand] = []
    switch work {
    case .nothing: break
    case .table:
      if !current.scaffold.isEmpty { commands.append(.deleteTable) }
      try create(goal.scaffold, in: &commands)
    case .chains:
      commands.append(.flushTable)
      for (name, _) in sorted(current.scaffold, "chain ") { commands.append(.deleteChain(name)) }
      try createChains(goal.scaffold, in: &commands)
    }
    commands += elements.commands
    let summary = elements.summary(prefixedBy: work.phrase(table, isNew: current.scaffold.isEmpty))
    return operation(summary, commands)
  }

  private func operation(
    _ summary: Phrase, _ commands: [NftablesCommand]
  ) -> (Operation, [NftablesCommand]) {
    (Operation(summary: summary, step: .nftables(commands: commands.text(table: table))), commands)
  }

  // MARK: Scaffold

  private enum ScaffoldWork {
    case nothing, chains, table

    func phrase(_ table: String, isNew: Bool) -> Phrase? {
      switch self {
      case .nothing: nil
      case .chains:
        Phrase(
          en: "rebuild the chains of table inet \(table)", ja: "テーブル inet \(table) のチェーンを作り直す")
      case .table where isNew:
        Phrase(en: "create table inet \(table)", ja: "テーブル inet \(table) を作成")
      case .table:
        Phrase(en: "rebuild table inet \(table)", ja: "テーブル inet \(table) を作り直す")
      }
    }
  }

  /// Sets cannot be changed in place, and a set is in use by the rules of chains, so a wrong set
  /// means a new table. Chains are rebuilt all together, so that jumps among them never bar deleting.
  private func scaffoldWork(from current: Scaffold, to goal: Scaffold) -> ScaffoldWork {
    guard current != goal else { return .nothing }
    func withoutChains(_ scaffold: Scaffold) -> Scaffold {
      scaffold.filter { !$0.key.hasPrefix("chain ") }
    }
    return withoutChains(current) == withoutChains(goal) ? .chains : .table
  }

  private func removal() -> (Operation, [NftablesCommand]) {
    operation(
      Phrase(
        en: "remove table inet \(table) with everything in it",
        ja: "テーブル inet \(table) を中身ごと削除"), [.deleteTable])
  }

  private func create(
    _ scaffold: Scaffold, in commands: inout [NftablesCommand]
  ) throws(AdapterError) {
    guard scaffold[NftablesScaffold.tablePart] == NftablesScaffold.tableContent else {
      throw inexpressible(NftablesScaffold.tablePart)
    }
    commands.append(.createTable)
    for (part, content) in sorted(scaffold, "set ") {
      guard let set = NftablesScaffold.SetName(rawValue: part), set.content == content else {
        throw inexpressible("set \(part)")
      }
      commands.append(.addSet(set))
    }
    try createChains(scaffold, in: &commands)
  }

  /// All chains, then all rules: a rule may jump to any of them.
  private func createChains(
    _ scaffold: Scaffold, in commands: inout [NftablesCommand]
  ) throws(AdapterError) {
    var rules: [NftablesCommand] = []
    for (name, content) in sorted(scaffold, "chain ") {
      guard let chain = ChainDescription(content) else { throw inexpressible("chain \(name)") }
      commands.append(.addChain(name, base: chain.base))
      for line in chain.rules {
        guard let rule = NftablesRule(line) else { throw inexpressible("chain \(name)") }
        rules.append(.addRule(rule, chain: name))
      }
    }
    commands += rules
  }

  /// The parts of one kind by name, the kind taken off, in the order of the names.
  private func sorted(_ scaffold: Scaffold, _ kind: String) -> [(name: String, content: String)] {
    scaffold.filter { $0.key.hasPrefix(kind) }
      .map { (String($0.key.dropFirst(kind.count)), $0.value) }
      .sorted { $0.0 < $1.0 }
  }

  private func inexpressible(_ part: String) -> AdapterError {
    AdapterError(
      code: .unsupported,
      message: Phrase(
        en:
          "“\(part)” of table inet \(table) was changed by someone else into something that this adapter does not write, so it cannot be put back. Restore it with nft by hand if it was meant.",
        ja:
          "テーブル inet \(table) の「\(part)」は他者が本アダプターの書かない内容に変更したもので、その状態には戻せません。必要なら nft で手動復元してください。"
      ))
  }
}

extension NftablesDialect {
  /// The elements that a plan removes and adds, by set, in the order of the addresses.
  private struct Elements {
    private struct Change {
      var removed: [IPPrefix] = []
      var added: [NftablesCommand.Element] = []
    }

    /// By the place of the set among all.
    private var changes = [Change](repeating: Change(), count: NftablesScaffold.SetName.allCases.count)
    private var blocks = 0
    private var unblocks = 0
    private var extensions = 0
    private var allows = 0
    private var disallows = 0

    var isEmpty: Bool { changes.allSatisfy { $0.removed.isEmpty && $0.added.isEmpty } }

    /// - Parameter current: `nil` when the sets are made anew and hold nothing.
    init(from current: FirewallState?, to goal: FirewallState, readAt: Timestamp) throws(AdapterError) {
      for (target, deadline) in goal.blocks {
        let before = current?.blocks[target]
        if let before, Self.areOne(before, deadline) { continue }
        let prefix = try Self.prefix(of: target)
        if before == nil {
          blocks += 1
        } else {
          extensions += 1
        }
        let set = NftablesScaffold.SetName.holding(block: prefix)
        // Kernels before 6.12 keep the old timer of an element that is added again.
        if before != nil { changes[set.place].removed.append(prefix) }
        let seconds =
          deadline >= NftablesDialect.never ? nil : DeviceTimer.seconds(until: deadline, from: readAt)
        changes[set.place].added.append(.init(prefix: prefix, seconds: seconds))
      }
      if let current {
        for target in current.blocks.keys where goal.blocks[target] == nil {
          let prefix = try Self.prefix(of: target)
          unblocks += 1
          changes[NftablesScaffold.SetName.holding(block: prefix).place].removed.append(prefix)
        }
      }
      for prefix in goal.allowed where current?.allowed.contains(prefix) != true {
        try Self.refuseEverything(prefix)
        allows += 1
        changes[NftablesScaffold.SetName.holding(allowed: prefix).place].added.append(
          .init(prefix: prefix, seconds: nil))
      }
      for prefix in current?.allowed ?? [] where !goal.allowed.contains(prefix) {
        disallows += 1
        changes[NftablesScaffold.SetName.holding(allowed: prefix).place].removed.append(prefix)
      }
    }

    private static func areOne(_ a: Timestamp, _ b: Timestamp) -> Bool {
      if a >= NftablesDialect.never || b >= NftablesDialect.never {
        return a >= NftablesDialect.never && b >= NftablesDialect.never
      }
      return (a > b ? a - b : b - a) < NftablesDialect.resolution
    }

    private static func prefix(of target: BlockTarget) throws(AdapterError) -> IPPrefix {
      guard let prefix = target.prefix else {
        throw AdapterError(
          code: .unsupported,
          message: Phrase(
            en: "nftables blocks addresses and prefixes, not names such as \(target).",
            ja: "nftables が遮断できるのはアドレスとプレフィックスです。\(target) のような名前は遮断できません。"))
      }
      try refuseEverything(prefix)
      return prefix
    }

    /// The kernel's interval sets hold no /0: its end would be the address after the last.
    private static func refuseEverything(_ prefix: IPPrefix) throws(AdapterError) {
      guard prefix.length == 0 else { return }
      throw AdapterError(
        code: .unsupported,
        message: Phrase(
          en: "\(prefix) is every address of its family; the sets of this adapter do not hold it.",
          ja: "\(prefix) はすべてのアドレスを指すため、本アダプターのセットには入れられません。"))
    }

    /// Everything that goes before anything that comes: a prefix may be replaced by its halves.
    var commands: [NftablesCommand] {
      var commands: [NftablesCommand] = []
      for set in NftablesScaffold.SetName.allCases {
        let removed = changes[set.place].removed.sorted()
        guard !removed.isEmpty else { continue }
        commands.append(.elements(.delete, set, removed.map { .init(prefix: $0, seconds: nil) }))
      }
      for set in NftablesScaffold.SetName.allCases {
        let added = changes[set.place].added.inOrder(of: \.prefix)
        guard !added.isEmpty else { continue }
        commands.append(.elements(.add, set, added))
      }
      return commands
    }

    func summary(prefixedBy scaffold: Phrase?) -> Phrase {
      func some(_ count: Int, _ word: String, plural: String = "s") -> String {
        count == 1 ? "1 \(word)" : "\(count) \(word)\(plural)"
      }
      var pieces = scaffold.map { [$0] } ?? []
      if blocks > 0 {
        pieces.append(Phrase(en: "add \(some(blocks, "block"))", ja: "遮断 \(blocks) 件を追加"))
      }
      if unblocks > 0 {
        pieces.append(Phrase(en: "remove \(some(unblocks, "block"))", ja: "遮断 \(unblocks) 件を解除"))
      }
      if extensions > 0 {
        pieces.append(
          Phrase(en: "set \(some(extensions, "deadline"))", ja: "遮断期限 \(extensions) 件を変更"))
      }
      if allows > 0 {
        pieces.append(
          Phrase(
            en: "add \(some(allows, "prefix", plural: "es")) to the allow list",
            ja: "許可リストに \(allows) 件を追加"))
      }
      if disallows > 0 {
        pieces.append(
          Phrase(
            en: "take \(some(disallows, "prefix", plural: "es")) off the allow list",
            ja: "許可リストから \(disallows) 件を削除"))
      }
      return Phrase(
        en: pieces.map(\.en).joined(separator: ", "), ja: pieces.map(\.ja).joined(separator: "、"))
    }
  }
}
