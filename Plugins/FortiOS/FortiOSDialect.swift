import DeviceRequests
import FirewallKit
import Language
import NetworkTypes

/// From one state to another, as requests. Pure.
struct FortiOSDialect {
  let settings: FortiOSSettings

  /// The longest timer of a ban, in seconds: 364 days, as the device's own settings for quarantine.
  static let longestTimer: Int64 = 31_449_600
  /// Timers and the device's time are whole seconds, so two readings of one timer may differ by this.
  private static let resolution: Duration = .seconds(2)

  private typealias Command = FortiOSRequest.Command
  private var requests: FortiOSRequest { FortiOSRequest(settings: settings) }

  /// The feeds belong to whoever made them; of ours is only what is in them. So they count as there as
  /// long as something is.
  var scaffold: Scaffold {
    [Self.feedsPart: "\(settings.domain): \(settings.feed), \(settings.allowFeed)"]
  }

  private static let feedsPart = "external-resources"
  /// Addresses that we wrote down as banned by us, and that are not banned any more. Nobody asks for this
  /// part, so it is seen as a difference and tidied away.
  private static let endedPart = "ended-bans"

  /// The scaffold that is read where addresses are written down without being banned.
  func scaffold(ended: Set<IPPrefix>) -> Scaffold {
    var found = scaffold
    if !ended.isEmpty { found[Self.endedPart] = Self.texts(ended).joined(separator: " ") }
    return found
  }

  /// What the first feed holds in a state: what is blocked, and what was.
  private static func listed(_ state: FirewallState) -> Set<String> {
    var all = Set(state.blocks.keys.lazy.map(\.description))
    all.formUnion((state.scaffold[endedPart] ?? "").split(separator: " ").map(String.init))
    return all
  }

  func operations(from current: FirewallState, to goal: FirewallState) throws(AdapterError) -> [Operation] {
    let asked = goal.scaffold.filter { settings.way == .threatFeed || $0.key != Self.endedPart }
    guard asked.isEmpty || asked == scaffold else {
      throw refusal(
        Phrase(
          en: "This state is not one of the FortiOS adapter with these settings.",
          ja: "この状態は、現在の設定の FortiOS アダプターのものではありません。"))
    }
    let allows = Command(
      name: settings.allowFeed, command: .add, entries: Self.texts(goal.allowed.subtracting(current.allowed)))
    let disallows = Command(
      name: settings.allowFeed, command: .remove,
      entries: Self.texts(current.allowed.subtracting(goal.allowed)))
    for target in goal.blocks.keys where current.blocks[target] == nil { try check(target) }
    let (before, after) = (Self.listed(current), Self.listed(goal))
    let gone = Command(
      name: settings.feed, command: .remove, entries: Self.sorted(before.subtracting(after)))
    let coming = Command(
      name: settings.feed, command: .add, entries: Self.sorted(after.subtracting(before)))
    switch settings.way {
    case .threatFeed:
      return try pushes([allows, gone, coming, disallows])
    case .bannedList:
      // What we ban is written down before it is banned, and struck out after it is free: a ban that is
      // in force is never without our mark.
      return try pushes([allows, coming]) + unbans(from: current, to: goal) + bans(from: current, to: goal)
        + pushes([gone, disallows])
    }
  }

  private static func texts(_ prefixes: Set<IPPrefix>) -> [String] { prefixes.sorted().map(\.description) }

  /// In the order of the addresses, as people look for them.
  private static func sorted(_ texts: Set<String>) -> [String] {
    Self.texts(Set(texts.compactMap { IPPrefix($0) }))
  }

  private func check(_ target: BlockTarget) throws(AdapterError) {
    guard let prefix = target.prefix else {
      throw refusal(
        Phrase(en: "A list of addresses cannot hold a name.", ja: "アドレスのリストにドメイン名は登録できません。"))
    }
    guard settings.way == .threatFeed || prefix.isHost else {
      throw refusal(
        Phrase(
          en: "FortiOS bans single addresses only, no networks (\(prefix)): that needs “way: threat-feed”.",
          ja: "FortiOS で個別に遮断（ban）できるのは単独のアドレスだけです（\(prefix)）。ネットワークには「way: threat-feed」が"
            + "必要です。"))
    }
  }

  private func refusal(_ message: Phrase) -> AdapterError {
    AdapterError(code: .unsupported, message: message)
  }

  // MARK: Bans

  private func unbans(
    from current: FirewallState, to goal: FirewallState
  ) throws(AdapterError) -> [Operation] {
    let freed = current.blocks.keys.filter { goal.blocks[$0] == nil }.sorted().map(\.description)
    return try chunks(freed).map { (part) throws(AdapterError) in
      Operation(
        summary: Phrase(
          en: "End the ban of \(part.count) address\(part.count == 1 ? "" : "es")",
          ja: "アドレス \(part.count) 件の ban を解除する"),
        step: try settings.endpoint.step(requests.unban(part)))
    }
  }

  private func bans(
    from current: FirewallState, to goal: FirewallState
  ) throws(AdapterError) -> [Operation] {
    // One request has one timer for all its addresses.
    var groups: [Int64: [BlockTarget]] = [:]
    for (target, deadline) in goal.blocks {
      if let old = current.blocks[target], Self.isSame(old, deadline) { continue }
      try check(target)
      let seconds =
        deadline < FortiOSReader.never
        ? min(Self.longestTimer, DeviceTimer.seconds(until: deadline, from: current.readAt)) : 0
      groups[seconds, default: []].append(target)
    }
    var operations: [Operation] = []
    for (seconds, targets) in groups.sorted(by: { $0.key < $1.key }) {
      for part in chunks(targets.sorted().map(\.description)) {
        let time =
          seconds == 0
          ? Phrase(en: "ever", ja: "無期限で") : Phrase(en: "\(seconds) s", ja: " \(seconds) 秒間")
        operations.append(
          Operation(
            summary: Phrase(
              en: "Ban \(part.count) address\(part.count == 1 ? "" : "es") for \(time.en)",
              ja: "アドレス \(part.count) 件を\(time.ja) ban する"),
            step: try settings.endpoint.step(requests.ban(part, seconds: seconds))))
      }
    }
    return operations
  }

  private static func isSame(_ a: Timestamp, _ b: Timestamp) -> Bool {
    let never = FortiOSReader.never
    if a >= never || b >= never { return a >= never && b >= never }
    return (a > b ? a - b : b - a) <= resolution
  }

  private func chunks(_ texts: [String]) -> [[String]] {
    stride(from: 0, to: texts.count, by: settings.entriesPerRequest).map {
      Array(texts[$0..<min($0 + settings.entriesPerRequest, texts.count)])
    }
  }

  // MARK: Feeds

  /// As few requests as the entries fit into, in the order of the commands.
  private func pushes(_ commands: [Command]) throws(AdapterError) -> [Operation] {
    var requests: [[Command]] = []
    var room = 0
    for command in commands {
      var rest = command.entries[...]
      while !rest.isEmpty {
        if room == 0 {
          requests.append([])
          room = settings.entriesPerRequest
        }
        let part = rest.prefix(room)
        rest = rest.dropFirst(part.count)
        room -= part.count
        requests[requests.count - 1].append(
          Command(name: command.name, command: command.command, entries: Array(part)))
      }
    }
    return try requests.map { (commands) throws(AdapterError) in
      let words = commands.map { command in
        let count = command.entries.count
        return command.command == .add
          ? Phrase(en: "add \(count) to \(command.name)", ja: "\(command.name) に \(count) 件を追加")
          : Phrase(en: "remove \(count) from \(command.name)", ja: "\(command.name) から \(count) 件を削除")
      }
      return Operation(
        summary: Phrase(
          en: "Push to feeds: " + words.map(\.en).joined(separator: ", "),
          ja: "フィードへのプッシュ: " + words.map(\.ja).joined(separator: "、")),
        step: try settings.endpoint.step(self.requests.push(commands)))
    }
  }
}
