import ArgumentParser
import Enforcement
import FirewallKit
import Gateway
import Language
import NetworkTypes
import Policy

struct StatusCommand: SekishoCommand {
  static let configuration = CommandConfiguration(
    commandName: "status", abstract: "Show what is in force beside what is read back from each firewall now.")

  @Option(help: "Only this firewall.") var firewall: String?
  @OptionGroup var global: GlobalOptions

  func perform() async throws(CommandFailure) -> ExitStatus {
    let gateway = try global.openGateway()
    let console = global.console
    let results = await FirewallResults(of: try global.engines(of: gateway, named: firewall)) {
      (engine) async throws(EngineError) in try await engine.status()
    }
    let failed = results.failures.map { console.show($0.error, of: $0.firewall) }
    let statuses = results.values
    if console.json {
      try console.object(
        View(
          firewalls: statuses.map { StatusView($0, language: console.language) },
          sensor: SensorStatus(state: global.state)))
    } else {
      let now = Timestamp.now()
      for status in statuses { console.show(status, now: now) }
      if let sensor = SensorStatus(state: global.state) { console.show(sensor, now: now) }
    }
    let bad = statuses.map { status -> ExitStatus in
      switch status.health {
      case .good: .done
      case .drift: .conflict
      case .unreachable: status.error?.code == .foreign ? .conflict : .unknown
      case .stranded: .stranded
      }
    }
    return ExitStatus.worst(failed + bad)
  }

  private struct View: Encodable {
    var firewalls: [StatusView]
    /// Absent where no service has captured yet.
    var sensor: SensorStatus?
  }
}

/// `status --json` for one firewall.
private struct StatusView: Encodable {
  struct BlockView: Encodable {
    var target: BlockTarget
    var deadline: Timestamp
    var intended: Bool
    var readBack: Bool
    var origin: Cause.Origin?
    var decision: Int64?
    var action: ActionID?
    var reason: String?
  }

  var firewall: String
  var adapter: String
  var mode: PolicyMode
  var health: FirewallHealth
  var blocks: [BlockView]
  var allowed: [BlockTarget]
  var drift: [String]
  var lastReadBack: Timestamp?
  var error: String?
  /// Only of firewalls that fetch.
  var deliveries: [Delivery]?

  init(_ status: FirewallStatus, language: Language) {
    firewall = status.firewall
    adapter = status.adapter
    mode = status.mode
    health = status.health
    blocks = status.blocks.map {
      BlockView(
        target: $0.target, deadline: $0.deadline, intended: $0.intended, readBack: $0.readBack,
        origin: $0.origin, decision: $0.decision, action: $0.action, reason: $0.reason)
    }
    allowed = status.allowed
    drift = status.drift.map { $0.sentence.text(in: language) }.sorted()
    lastReadBack = status.lastReadBack
    error = status.error?.text(in: language)
    deliveries = status.deliveries.isEmpty ? nil : status.deliveries
  }
}

extension StateDifference {
  var isOfScaffold: Bool {
    switch self {
    case .scaffold, .surplusScaffold: true
    case .missing, .surplus, .deadline, .missingAllowed, .surplusAllowed: false
    }
  }

  /// The difference in a sentence.
  var sentence: Phrase {
    switch self {
    case .scaffold(let part):
      Phrase(en: "\(part) is missing or was changed", ja: "\(part) が存在しないか、変更されています")
    case .surplusScaffold(let part):
      Phrase(en: "\(part) should not be there", ja: "不要な \(part) があります")
    case .missing(let target, _):
      Phrase(en: "\(target) should be blocked and is not", ja: "\(target) が遮断されていません")
    case .surplus(let target, _):
      Phrase(en: "\(target) is blocked and no decision wants it", ja: "決定のない \(target) が遮断されています")
    case .deadline(let target, let expected, let found):
      Phrase(
        en: "\(target) ends at \(found.toSeconds) instead of \(expected.toSeconds)",
        ja: "\(target) の期限が \(expected.toSeconds) ではなく \(found.toSeconds) になっています")
    case .missingAllowed(let prefix):
      Phrase(en: "\(prefix) should be allowed and is not", ja: "\(prefix) が許可されていません")
    case .surplusAllowed(let prefix):
      Phrase(en: "\(prefix) is allowed and nobody asked for it", ja: "登録のない \(prefix) が許可されています")
    }
  }
}

extension Console {
  func show(_ status: FirewallStatus, now: Timestamp) {
    let readBack = status.blocks.count { $0.intended && $0.readBack }
    let intended = status.blocks.count { $0.intended }
    if status.mode == .dryRun {
      say(
        Phrase(
          en: "DRY RUN on \(status.firewall): no new block is sent.",
          ja: "\(status.firewall) は予行（ドライラン）中: 新しい遮断は送信しません。"), .yellow)
    }
    let name = "\(status.firewall) (\(status.adapter))"
    switch status.health {
    case .good:
      say(
        Phrase(
          en: "\(name): \(intended) block\(intended == 1 ? "" : "s") in force, all read back.",
          ja: "\(name): 有効な遮断 \(intended) 件、すべて読み戻しで確認済み。"), .green)
    case .drift:
      say(
        Phrase(
          en:
            "\(name): DRIFT. \(readBack) of \(intended) blocks are really there. Repair with: sekisho reconcile",
          ja: "\(name): 実機との差異があります。遮断 \(intended) 件中、実機にあるのは \(readBack) 件です。修復するには: sekisho reconcile"),
        .red)
    case .unreachable:
      let reason = status.error.map { Phrase(en: $0.text(in: .english), ja: $0.text(in: .japanese)) }
      say(
        Phrase(
          en: "\(name): UNKNOWN, the firewall cannot be read. \(reason?.en ?? "")",
          ja: "\(name): 不明。ファイアウォールを読み取れません。\(reason?.ja ?? "")"), .red)
    case .stranded:
      say(
        Phrase(
          en: "\(name): STRANDED, see the last action: sekisho audit",
          ja: "\(name): 未復旧の操作があります。確認するには: sekisho audit"), .red)
    }
    if !status.blocks.isEmpty {
      table(
        [
          Phrase(en: "Target", ja: "対象"), Phrase(en: "Ends", ja: "期限"),
          Phrase(en: "Decided", ja: "決定"), Phrase(en: "Read back", ja: "読み戻し"),
          Phrase(en: "Action", ja: "操作"),
        ],
        status.blocks.prefix(40).map { block in
          [
            block.target.description, text(Self.timeLeft(block.deadline - now)),
            text(block.origin.map(Self.origin) ?? Phrase(verbatim: "-")),
            text(block.readBack ? Phrase(en: "yes", ja: "確認済み") : Phrase(en: "NO", ja: "なし")),
            block.action.map(String.init) ?? "-",
          ]
        })
      if status.blocks.count > 40 {
        say(
          Phrase(
            en: "… and \(status.blocks.count - 40) more (--json has all)",
            ja: "… ほか \(status.blocks.count - 40) 件（--json で全件）"), .dim)
      }
    }
    if !status.allowed.isEmpty {
      let list = status.allowed.map(\.description).joined(separator: ", ")
      say(Phrase(en: "Allowed: \(list)", ja: "許可リスト: \(list)"))
    }
    let parts = status.drift.count { $0.isOfScaffold }
    if parts > 2 {
      say(
        Phrase(
          en: "\(parts) parts of our tables and rules are missing or were changed",
          ja: "本製品の表とルールのうち \(parts) 個が存在しないか、変更されています"), indent: 2, .red)
    }
    let told = status.drift.filter { parts <= 2 || !$0.isOfScaffold }.map { text($0.sentence) }.sorted()
    for sentence in told.prefix(20) { say(Phrase(verbatim: sentence), indent: 2, .red) }
    show(status.deliveries)
    if let read = status.lastReadBack {
      let age = max(0, (now - read).components.seconds)
      say(Phrase(en: "Read back \(age) s ago.", ja: "確認 \(age) 秒前。"), .dim)
    }
  }

  /// Who has fetched what is published: until then it is not enforced there.
  private func show(_ deliveries: [Delivery]) {
    guard !deliveries.isEmpty else { return }
    let current = deliveries.count { $0.isCurrent }
    say(
      Phrase(
        en: "Fetched by \(current) of \(deliveries.count) devices as it is published now.",
        ja: "現在の公開内容を取得済みの機器: \(deliveries.count) 台中 \(current) 台。"),
      current == deliveries.count ? .green : .yellow)
    for delivery in deliveries where !delivery.isCurrent {
      let last = delivery.fetchedAt?.toSeconds
      say(
        Phrase(
          en: "\(delivery.device): \(last.map { "last fetched at \($0)" } ?? "never fetched")",
          ja: "\(delivery.device): \(last.map { "最後の取得 \($0)" } ?? "未取得")"), indent: 2, .yellow)
    }
  }

  /// The sensor as the service told of it last; it does so every 10 s.
  func show(_ status: SensorStatus, now: Timestamp) {
    let sums = status.sensor
    let age = max(0, (now - status.time).components.seconds)
    let lost = sums.dropped &+ sums.droppedByInterface
    let dropped = status.listedDropped
    say(
      Phrase(
        en: "Sensor on \(status.interface), \(status.threads) threads, told \(age) s ago: "
          + "\(sums.packets) packets seen, \(lost) lost; \(status.block) verdicts to block, "
          + "\(status.report) to report, \(status.held) addresses held; "
          + "\(dropped) listed sightings dropped.",
        ja: "センサー \(status.interface)（スレッド \(status.threads)、\(age) 秒前の状況）: "
          + "パケット \(sums.packets) 件を検査、損失 \(lost) 件。遮断の判定 \(status.block) 件、"
          + "報告 \(status.report) 件、保留したアドレス \(status.held) 件、処理しきれなかった掲載先 \(dropped) 件。"),
      lost > 0 || dropped > 0 ? .yellow : .dim)
    if !status.waiting.isEmpty {
      let firewalls = status.waiting.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
        .joined(separator: ", ")
      say(
        Phrase(en: "Blocks that wait for a firewall: \(firewalls)", ja: "ファイアウォールへの適用待ち: \(firewalls)"),
        indent: 2, .red)
    }
    if !sums.faults.isEmpty {
      let reasons = sums.faults.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
        .joined(separator: ", ")
      say(
        Phrase(en: "Not read, by reason: \(reasons)", ja: "解析できなかったもの（理由別）: \(reasons)"), indent: 2, .dim)
    }
  }

  static func origin(_ origin: Cause.Origin) -> Phrase {
    switch origin {
    case .person: Phrase(en: "person", ja: "手動")
    case .detector: Phrase(en: "detector", ja: "自動")
    case .expiry: Phrase(en: "expiry", ja: "失効")
    case .reconciliation: Phrase(en: "reconciliation", ja: "突き合わせ")
    case .recovery: Phrase(en: "recovery", ja: "再開処理")
    }
  }
}
