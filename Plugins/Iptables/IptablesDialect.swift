import FirewallKit
import Language
import NetworkTypes

/// From one state to another as the input of `ipset restore` and `iptables-restore`.
///
/// The order keeps every moment in between harmless: sets, then what is in them, then chain and jumps
/// of a table as one commit; what goes away goes in the opposite order. `iptables-restore` takes the
/// whole of a table or nothing of it; `ipset restore` stops at the first line that is refused.
struct IptablesDialect {
  /// Seconds that the kernel's set timers hold at most (`UINT_MAX` milliseconds, halved).
  static let maximumTimeout: Int64 = 2_147_483
  /// The moment that stands for an entry without a timer: someone else put it there.
  static let never = Timestamp(seconds: 253_402_300_799)
  /// Timers are read in whole seconds, so a difference of no more is none.
  static let resolution: Duration = .seconds(1)
  /// Lines in one `ipset restore`, so that a long run shows progress and stays within its deadline.
  static let linesInOneOperation = 100_000

  let layout: IptablesScaffold

  /// `iptables-nft-restore`, `ip6tables-save` and so on, by the back end.
  func program(_ command: String, _ verb: String) -> String {
    switch layout.settings.backend {
    case .nft: "\(command)-nft-\(verb)"
    case .legacy: "\(command)-legacy-\(verb)"
    case .system: "\(command)-\(verb)"
    }
  }

  func operations(from current: FirewallState, to goal: FirewallState) throws(AdapterError) -> [Operation] {
    try refuseUnsupported(from: current, to: goal)
    let now = sets(in: current.scaffold)
    let wanted = sets(in: goal.scaffold)
    var operations: [Operation] = []

    let leftovers = now.keys.filter { wanted[$0] == nil && $0.hasSuffix(IptablesScaffold.nextSuffix) }
    if !leftovers.isEmpty {
      operations.append(
        ipset(
          Phrase(
            en: "Remove what an interrupted rebuild of a set left", ja: "中断されたセット再構築の残りを削除"),
          leftovers.sorted().map { "destroy \($0)" }))
    }
    let created = wanted.keys.filter { now[$0] == nil }
    let rebuilt = wanted.filter { name, content in
      guard let old = now[name] else { return false }
      return old.definition != content.definition || old.strays != content.strays
    }
    let scaffoldLines = creation(of: created, from: now, to: wanted, except: Set(rebuilt.keys))
    if !scaffoldLines.isEmpty {
      operations.append(
        ipset(Phrase(en: "Create the address sets", ja: "アドレスのセットを作成"), scaffoldLines))
    }
    for name in rebuilt.keys.sorted() {
      operations += try rebuild(name, wanted[name] ?? SetContent(definition: ""), goal, from: current.readAt)
    }
    operations += try entries(from: current, to: goal, except: Set(rebuilt.keys), in: wanted)
    operations += tables(from: current.scaffold, to: goal.scaffold)

    let removed = now.keys.filter { wanted[$0] == nil && !$0.hasSuffix(IptablesScaffold.nextSuffix) }
    if !removed.isEmpty {
      // Lists first: a set in a list cannot be destroyed.
      let lists = removed.filter { now[$0]?.isList == true }.sorted()
      let others = removed.filter { now[$0]?.isList != true }.sorted()
      operations.append(
        ipset(
          Phrase(en: "Remove the address sets", ja: "アドレスのセットを削除"),
          (lists + others).map { "destroy \($0)" }))
    }
    return operations
  }

  // MARK: Sets

  private func sets(in scaffold: Scaffold) -> [String: SetContent] {
    var found: [String: SetContent] = [:]
    for (part, text) in scaffold where part.hasPrefix("set/") {
      found[String(part.dropFirst(4))] = SetContent(text)
    }
    return found
  }

  private func ipset(_ summary: Phrase, _ lines: [String]) -> Operation {
    // `-exist`: creating what is there, adding what is in and deleting what is out all succeed, so an
    // operation that was cut short can be run again.
    Operation(
      summary: summary,
      step: .process(
        executable: "ipset", arguments: ["-exist", "restore"],
        input: lines.joined(separator: "\n") + "\n"))
  }

  private func creation(
    of created: [String], from now: [String: SetContent], to wanted: [String: SetContent],
    except rebuilt: Set<String>
  ) -> [String] {
    let isList = { (name: String) in wanted[name]?.isList == true }
    var lines = (created.filter { !isList($0) }.sorted() + created.filter(isList).sorted()).map {
      "create \($0) \(wanted[$0]?.definition ?? "")"
    }
    for name in created.sorted() {
      lines += (wanted[name]?.strays ?? []).map { "add \(name) \($0)" }
    }
    for (name, content) in wanted.sorted(by: { $0.key < $1.key })
    where content.isList && !rebuilt.contains(name) {
      let old = Set(now[name]?.members ?? [])
      lines += content.members.filter { !old.contains($0) }.map { "add \(name) \($0)" }
      lines += old.subtracting(content.members).sorted().map { "del \(name) \($0)" }
    }
    return lines
  }

  /// A set with other options cannot be changed: a new one takes its place, and rules and lists that
  /// refer to the name never see it empty.
  private func rebuild(
    _ name: String, _ content: SetContent, _ goal: FirewallState, from moment: Timestamp
  ) throws(AdapterError) -> [Operation] {
    let next = name + IptablesScaffold.nextSuffix
    var lines = ["create \(next) \(content.definition)", "flush \(next)"]
    lines += content.members.map { "add \(next) \($0)" } + content.strays.map { "add \(next) \($0)" }
    for prefix in goal.allowed.sorted() where layout.set(.allow, prefix.family) == name {
      lines.append("add \(next) \(prefix)")
    }
    for (target, deadline) in goal.blocks.sorted(by: { $0.key < $1.key }) {
      guard let prefix = target.prefix, set(of: prefix) == name else { continue }
      lines.append(try addition(of: prefix, until: deadline, from: moment, to: next))
    }
    lines += ["swap \(next) \(name)", "destroy \(next)"]
    return [
      ipset(Phrase(en: "Rebuild the set \(name)", ja: "セット \(name) を再構築"), lines)
    ]
  }

  private func set(of prefix: IPPrefix) -> String {
    layout.set(prefix.isHost ? .host : .net, prefix.family)
  }

  // MARK: Entries

  private func entries(
    from current: FirewallState, to goal: FirewallState, except rebuilt: Set<String>,
    in wanted: [String: SetContent]
  ) throws(AdapterError) -> [Operation] {
    var allow: [String] = []
    var deny: [String] = []
    for prefix in goal.allowed.subtracting(current.allowed).sorted() {
      let name = layout.set(.allow, prefix.family)
      guard !rebuilt.contains(name) else { continue }
      guard wanted[name] != nil else { throw missing(name) }
      allow.append("add \(name) \(prefix)")
    }
    for prefix in current.allowed.subtracting(goal.allowed).sorted() {
      let name = layout.set(.allow, prefix.family)
      guard !rebuilt.contains(name), wanted[name] != nil else { continue }
      deny.append("del \(name) \(prefix)")
    }
    var removals: [IPPrefix] = []
    for target in current.blocks.keys where goal.blocks[target] == nil {
      if let prefix = target.prefix { removals.append(prefix) }
    }
    var additions: [(prefix: IPPrefix, deadline: Timestamp)] = []
    for (target, deadline) in goal.blocks {
      guard let prefix = target.prefix else { continue }
      if let old = current.blocks[target], isSame(old, deadline) { continue }
      additions.append((prefix, deadline))
    }
    var lines: [String] = []
    // Before additions, so that a full set has room for them.
    for prefix in removals.sorted() {
      let name = set(of: prefix)
      guard !rebuilt.contains(name), wanted[name] != nil else { continue }
      lines.append("del \(name) \(prefix)")
    }
    for (prefix, deadline) in additions.sorted(by: { $0.prefix < $1.prefix }) {
      let name = set(of: prefix)
      guard !rebuilt.contains(name) else { continue }
      guard wanted[name] != nil else { throw missing(name) }
      lines.append(try addition(of: prefix, until: deadline, from: current.readAt, to: name))
    }
    return inChunks(
      allow,
      Phrase(en: "Let \(allow.count) prefixes pass", ja: "許可リストに \(allow.count) 件を追加"))
      + inChunks(
        lines,
        Phrase(
          en: "Block or extend \(additions.count), unblock \(removals.count)",
          ja: "遮断・期限変更 \(additions.count) 件、遮断解除 \(removals.count) 件"))
      + inChunks(
        deny,
        Phrase(en: "No longer let \(deny.count) prefixes pass", ja: "許可リストから \(deny.count) 件を削除"))
  }

  private func inChunks(_ lines: [String], _ summary: Phrase) -> [Operation] {
    stride(from: 0, to: lines.count, by: Self.linesInOneOperation).map { start in
      ipset(summary, Array(lines[start..<min(start + Self.linesInOneOperation, lines.count)]))
    }
  }

  private func isSame(_ a: Timestamp, _ b: Timestamp) -> Bool {
    if a >= Self.never || b >= Self.never { return a >= Self.never && b >= Self.never }
    return (a > b ? a - b : b - a) <= Self.resolution
  }

  private func addition(
    of prefix: IPPrefix, until deadline: Timestamp, from moment: Timestamp, to name: String
  ) throws(AdapterError) -> String {
    // In an `add` line 0 means no timer.
    guard deadline < Self.never else { return "add \(name) \(prefix) timeout 0" }
    let seconds = DeviceTimer.seconds(until: deadline, from: moment)
    guard seconds <= Self.maximumTimeout else {
      throw AdapterError(
        code: .unsupported,
        message: Phrase(
          en:
            "\(prefix) cannot be blocked for \(seconds) seconds: a timer of ipset holds \(Self.maximumTimeout) at most. Choose a shorter time.",
          ja:
            "\(prefix) を \(seconds) 秒間遮断することはできません。ipset のタイマーは最大 \(Self.maximumTimeout) 秒です。有効期間を短くしてください。"
        ))
    }
    return "add \(name) \(prefix) timeout \(seconds)"
  }

  // MARK: Tables

  private func tables(from current: Scaffold, to goal: Scaffold) -> [Operation] {
    var operations: [Operation] = []
    for table in FilterTable.allCases {
      for family in AddressFamily.allCases {
        let chainPart = IptablesScaffold.chainPart(family, table)
        let now = (chain: current[chainPart], jumps: jumps(in: current, family, table))
        let wanted = (chain: goal[chainPart], jumps: jumps(in: goal, family, table))
        guard now != wanted else { continue }
        operations.append(commit(table, family, from: now, to: wanted))
      }
    }
    return operations
  }

  private typealias TableContent = (chain: String?, jumps: [String: String])

  private func jumps(in scaffold: Scaffold, _ family: AddressFamily, _ table: FilterTable) -> [String: String]
  {
    let start = IptablesScaffold.jumpPart(family, table, "")
    var found: [String: String] = [:]
    for (part, content) in scaffold where part.hasPrefix(start) {
      found[String(part.dropFirst(start.count))] = content
    }
    return found
  }

  /// One commit that takes our part of a table away and puts the new one there.
  ///
  /// Deleting the chain and making it anew, instead of emptying it, is what makes a second run of the
  /// same input harmless: it is refused as a whole where it would insert a second jump.
  private func commit(
    _ table: FilterTable, _ family: AddressFamily, from now: TableContent, to wanted: TableContent
  ) -> Operation {
    var lines = ["*\(table.rawValue)"]
    for (chain, content) in now.jumps.sorted(by: { $0.key < $1.key }) {
      for jump in placed(content) { lines.append("-D \(quoted(chain)) \(jump.rule)") }
    }
    if now.chain != nil { lines += ["-F \(layout.chain)", "-X \(layout.chain)"] }
    if let rules = wanted.chain {
      lines.append("-N \(layout.chain)")
      lines += rules.split(separator: "\n").map { "-A \(layout.chain) \($0)" }
    }
    for (chain, content) in wanted.jumps.sorted(by: { $0.key < $1.key }) {
      for jump in placed(content) { lines.append("-I \(quoted(chain)) \(jump.place) \(jump.rule)") }
    }
    lines.append("COMMIT")
    let command = family == .ipv4 ? "iptables" : "ip6tables"
    return Operation(
      summary: wanted.chain == nil
        ? Phrase(
          en: "Remove our chain from table \(table.rawValue) (\(command))",
          ja: "テーブル \(table.rawValue) からチェーンを削除（\(command)）")
        : Phrase(
          en: "Put our chain into table \(table.rawValue) (\(command))",
          ja: "テーブル \(table.rawValue) にチェーンを設定（\(command)）"),
      step: .process(
        executable: program(command, "restore"), arguments: ["--noflush", "--wait", "5"],
        input: lines.joined(separator: "\n") + "\n"))
  }

  private func placed(_ content: String) -> [(place: Int, rule: String)] {
    content.split(separator: "\n").compactMap { line in
      guard let space = line.firstIndex(of: " "), let place = Int(line[..<space]) else { return nil }
      return (place, String(line[line.index(after: space)...]))
    }
    .sorted { $0.place < $1.place }
  }

  private func quoted(_ word: String) -> String { RuleText.quoted(word) }

  // MARK: Refusals

  private func refuseUnsupported(from current: FirewallState, to goal: FirewallState) throws(AdapterError) {
    var counts: [String: Int] = [:]
    for target in goal.blocks.keys {
      guard let prefix = target.prefix else {
        throw AdapterError(
          code: .unsupported,
          message: Phrase(
            en: "iptables blocks addresses; “\(target)” is a name. Block its addresses instead.",
            ja: "iptables が遮断できるのはアドレスだけです。「\(target)」は名前のため、そのアドレスを遮断してください。"))
      }
      try refuse(prefix)
      counts[set(of: prefix), default: 0] += 1
    }
    for prefix in goal.allowed { try refuse(prefix) }
    for (name, count) in counts.sorted(by: { $0.key < $1.key }) where count > layout.settings.setSize {
      throw AdapterError(
        code: .capacity,
        message: Phrase(
          en:
            "\(count) entries do not fit into the set \(name), which holds \(layout.settings.setSize). Raise set-size.",
          ja:
            "\(count) 件はセット \(name) の上限 \(layout.settings.setSize) 件を超えます。set-size を大きくしてください。"))
    }
  }

  private func refuse(_ prefix: IPPrefix) throws(AdapterError) {
    guard prefix.length > 0 else {
      throw AdapterError(
        code: .unsupported,
        message: Phrase(
          en: "\(prefix) is every address there is; ipset has no such entry.",
          ja: "\(prefix) はすべてのアドレスを表します。ipset には登録できません。"))
    }
    guard prefix.isIPv4 || layout.settings.ipv6 else {
      throw AdapterError(
        code: .unsupported,
        message: Phrase(
          en: "\(prefix) is IPv6, and ipv6 is false in the settings of this firewall.",
          ja: "\(prefix) は IPv6 ですが、このファイアウォールの設定では ipv6 が false です。"))
    }
  }

  private func missing(_ name: String) -> AdapterError {
    AdapterError(
      code: .conflict,
      message: Phrase(
        en: "The set \(name) is not on this host. Repair the firewall first, then plan again.",
        ja: "このホストにセット \(name) がありません。先に修復してから、計画し直してください。"))
  }
}
