import Enforcement
import FirewallKit
import Language
import NetworkTypes
import Policy

/// `plan --json`: the plan as the command-line contract words it.
struct PlanView: Encodable {
  struct ChangeView: Encodable {
    var change: Change.Kind
    var target: BlockTarget
    var deadline: Timestamp?
  }

  struct RefusalView: Encodable {
    var target: BlockTarget
    var rule: String
    var reason: String
  }

  struct OperationView: Encodable {
    var operation: Operation
    var language: Language

    private enum Key: String, CodingKey {
      case summary, kind, commands, executable, arguments, input, method, url, headers, body, message
    }

    func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: Key.self)
      try container.encode(operation.summary.text(in: language), forKey: .summary)
      try container.encode(operation.kind, forKey: .kind)
      switch operation.step {
      case .nftables(let commands): try container.encode(commands, forKey: .commands)
      case .process(let executable, let arguments, let input):
        try container.encode(executable, forKey: .executable)
        try container.encode(arguments, forKey: .arguments)
        try container.encode(input, forKey: .input)
      case .request(let method, let url, let headers, let body):
        try container.encode(method, forKey: .method)
        try container.encode(url, forKey: .url)
        try container.encode(headers, forKey: .headers)
        try container.encode(body, forKey: .body)
      case .message(let text): try container.encode(text, forKey: .message)
      }
    }
  }

  var digest: String
  var firewall: String
  var adapter: String
  var basisDigest: String
  var goalDigest: String
  var changes: [ChangeView]
  var operations: [OperationView]
  var refused: [RefusalView]
  var warnings: [String]
  var cost: PlanCost

  init(_ plan: Plan, language: Language) {
    digest = plan.digest
    firewall = plan.firewall
    adapter = plan.adapter
    basisDigest = plan.basisDigest
    goalDigest = plan.goalDigest
    changes = plan.changes.map {
      ChangeView(change: $0.kind, target: $0.target, deadline: $0.after ?? $0.before)
    }
    operations = plan.operations.map { OperationView(operation: $0, language: language) }
    refused = plan.refused.map {
      RefusalView(target: $0.target, rule: $0.rule, reason: $0.reason.text(in: language))
    }
    warnings = plan.warnings.map { $0.text(in: language) }
    cost = plan.cost
  }
}

/// What came of an action, for programs.
struct ReportView: Encodable {
  var firewall: String
  var mode: String
  var action: ActionID?
  var outcome: String
  var plan: PlanView
  var performed: Int
  var verified: Int
  var readBackAt: Timestamp?
  var cause: String?
  var remaining: [PlanView.OperationView]
  var unrecorded: String?

  init(_ report: ActionReport, language: Language) {
    firewall = report.firewall
    mode = report.mode.rawValue
    action = report.action
    outcome =
      report.receipt?.outcome.word
      ?? (report.plan.orders.isEmpty && report.plan.changes.isEmpty ? "nothing" : "previewed")
    plan = PlanView(report.plan, language: language)
    performed = report.receipt?.performed ?? 0
    verified = report.receipt?.verified ?? 0
    readBackAt = report.receipt?.readBackAt
    remaining = []
    switch report.receipt?.outcome {
    case .restored(let error), .unknown(let error): cause = error.text(in: language)
    case .stranded(let error, _, let left):
      cause = error.text(in: language)
      remaining = left.map { PlanView.OperationView(operation: $0, language: language) }
    case .applied, nil: break
    }
    unrecorded = report.unrecorded?.text(in: language)
  }
}

extension Console {
  /// Longest literal shown to people; `--json` has all of it.
  private static let literalLimit = 4000

  /// The plan as people read it: what changes, what would be sent, what was refused.
  func show(_ plan: Plan, now: Timestamp) {
    say(
      plan.isEmpty
        ? Phrase(
          en: "Plan for \(plan.firewall) (\(plan.adapter)): nothing to change.",
          ja: "\(plan.firewall)（\(plan.adapter)）の変更計画: 変更はありません。")
        : Phrase(
          en: "Plan for \(plan.firewall) (\(plan.adapter)): \(Self.counts(plan).en).",
          ja: "\(plan.firewall)（\(plan.adapter)）の変更計画: \(Self.counts(plan).ja)。"), .bold)
    if plan.scaffold.changes {
      say(
        plan.scaffold.after.isEmpty
          ? Phrase(en: "- our tables and rules on the firewall", ja: "- 本製品の表とルールを撤去")
          : plan.scaffold.before.isEmpty
            ? Phrase(en: "+ our tables and rules on the firewall", ja: "+ 本製品の表とルールを設置")
            : Phrase(en: "~ our tables and rules on the firewall", ja: "~ 本製品の表とルールを修復"), indent: 2)
    }
    for change in plan.changes.prefix(20) { showChange(change, now: now) }
    if plan.changes.count > 20 {
      say(
        Phrase(en: "… and \(plan.changes.count - 20) more", ja: "… ほか \(plan.changes.count - 20) 件"),
        indent: 2)
    }
    for prefix in plan.allowed.after.subtracting(plan.allowed.before).sorted() {
      say(Phrase(en: "+ allow \(prefix)", ja: "+ 許可 \(prefix)"), indent: 2)
    }
    for prefix in plan.allowed.before.subtracting(plan.allowed.after).sorted() {
      say(Phrase(en: "- allow \(prefix)", ja: "- 許可の取消 \(prefix)"), indent: 2)
    }
    for refusal in plan.refused {
      say(
        Phrase(
          en: "refused: \(refusal.target) by \(refusal.rule): \(refusal.reason.en)",
          ja: "拒否: \(refusal.target)（\(refusal.rule)）: \(refusal.reason.ja)"), indent: 2, .yellow)
    }
    for warning in plan.warnings {
      say(Phrase(en: "note: \(warning.en)", ja: "注意: \(warning.ja)"), indent: 2, .yellow)
    }
    for (index, operation) in plan.operations.enumerated() {
      line()
      say(
        Phrase(
          en:
            "Operation \(index + 1) of \(plan.operations.count), \(operation.kind): \(operation.summary.en)",
          ja: "操作 \(index + 1)/\(plan.operations.count)（\(operation.kind)）: \(operation.summary.ja)"))
      switch operation.step {
      case .nftables(let text), .message(let text): showLiteral(text)
      case .process(let executable, let arguments, let input):
        line("  $ " + ([executable] + arguments).joined(separator: " "))
        showLiteral(input)
      case .request: showLiteral(operation.readable)
      }
    }
    line()
    if !plan.isEmpty {
      let operations = plan.cost.operations
      say(
        Phrase(
          en: "Cost: \(operations) operation\(operations == 1 ? "" : "s"), \(plan.cost.bytes) bytes. Digest:",
          ja: "規模: 操作 \(operations) 件、\(plan.cost.bytes) バイト。計画ダイジェスト:"))
      line("  " + plan.digest)
    }
  }

  private func showChange(_ change: Change, now: Timestamp) {
    func left(_ deadline: Timestamp) -> Phrase { Self.timeLeft(deadline - now) }
    switch (change.kind, change.before, change.after) {
    case (.block, _, let after?):
      say(
        Phrase(
          en: "+ block \(change.target) until \(after.toSeconds) (\(left(after).en))",
          ja: "+ 遮断 \(change.target)（\(after.toSeconds) まで、\(left(after).ja)）"), indent: 2, .green)
    case (.extend, let before?, let after?):
      say(
        Phrase(
          en: "~ block \(change.target) until \(after.toSeconds), was \(before.toSeconds)",
          ja: "~ 期限変更 \(change.target): \(before.toSeconds) → \(after.toSeconds)"), indent: 2)
    default:
      say(Phrase(en: "- unblock \(change.target)", ja: "- 遮断解除 \(change.target)"), indent: 2, .red)
    }
  }

  private func showLiteral(_ text: String) {
    guard !text.isEmpty else { return }
    for part in text.prefix(Self.literalLimit).split(separator: "\n", omittingEmptySubsequences: false) {
      // Literal bytes are not wrapped at words: broken at the column, marked by nothing but the margin.
      var rest = Substring(part)
      repeat {
        line("    " + rest.prefix(76))
        rest = rest.dropFirst(76)
      } while !rest.isEmpty
    }
    if text.count > Self.literalLimit {
      say(
        Phrase(
          en: "… \(text.utf8.count) bytes in all; --json prints them",
          ja: "… 全 \(text.utf8.count) バイト（--json で全文を出力）"),
        indent: 4, .dim)
    }
  }

  /// Time left in words.
  static func timeLeft(_ duration: Duration) -> Phrase {
    // Rounded up: "0 min left" would be read as over.
    let seconds = max(0, (duration.microseconds + 999_999) / 1_000_000)
    func up(_ unit: Int64) -> Int64 { (seconds + unit - 1) / unit }
    switch seconds {
    case 172_801...: return Phrase(en: "\(up(86_400)) d left", ja: "あと \(up(86_400)) 日")
    case 7201...: return Phrase(en: "\(up(3600)) h left", ja: "あと \(up(3600)) 時間")
    case 121...: return Phrase(en: "\(up(60)) min left", ja: "あと \(up(60)) 分")
    default: return Phrase(en: "\(seconds) s left", ja: "あと \(seconds) 秒")
    }
  }

  private static func counts(_ plan: Plan) -> Phrase {
    var blocks = 0
    var extensions = 0
    var unblocks = 0
    for change in plan.changes {
      switch change.kind {
      case .block: blocks += 1
      case .extend: extensions += 1
      case .unblock: unblocks += 1
      }
    }
    var en: [String] = []
    var ja: [String] = []
    if blocks > 0 { en.append("\(blocks) to block"); ja.append("遮断 \(blocks) 件") }
    if extensions > 0 { en.append("\(extensions) with a new deadline"); ja.append("期限変更 \(extensions) 件") }
    if unblocks > 0 { en.append("\(unblocks) to unblock"); ja.append("遮断解除 \(unblocks) 件") }
    if plan.allowed.changes { en.append("the allow list"); ja.append("許可リスト") }
    if plan.scaffold.changes, en.isEmpty { en.append("tables and rules"); ja.append("表とルール") }
    if en.isEmpty { en.append("nothing had to change"); ja.append("変更の必要なし") }
    return Phrase(en: en.joined(separator: ", "), ja: ja.joined(separator: "、"))
  }

  /// What came of an action. The first line says what happened, the last what can be done next.
  func show(_ report: ActionReport, now: Timestamp) {
    let name = report.firewall
    guard let receipt = report.receipt else {
      show(report.plan, now: now)
      if report.plan.orders.isEmpty, report.plan.changes.isEmpty {
        say(Phrase(en: "Nothing was changed on \(name).", ja: "\(name) は変更していません。"), .yellow)
      } else if report.plan.orders.isEmpty {
        say(
          Phrase(
            en:
              "DRY RUN: nothing was changed on \(name). `sekisho reconcile` repairs it; with mode: enforce it does so by itself.",
            ja:
              "予行（ドライラン）: \(name) は変更していません。修復するには `sekisho reconcile` を実行します。mode: enforce なら自動で修復されます。"
          ), .yellow)
      } else {
        say(
          Phrase(
            en:
              "DRY RUN: nothing was changed on \(name). The plan is kept; `sekisho apply \(report.plan.digest.prefix(12))` needs mode: enforce.",
            ja:
              "予行（ドライラン）: \(name) は変更していません。計画は保存済みです。`sekisho apply \(report.plan.digest.prefix(12))` の実行には mode: enforce が必要です。"
          ), .yellow)
      }
      return
    }
    let took = Self.milliseconds(receipt.finishedAt - receipt.startedAt)
    switch receipt.outcome {
    case .applied:
      say(
        Phrase(
          en:
            "Applied on \(name) and read back: \(Self.counts(report.plan).en); \(took) ms. Action \(report.action ?? 0).",
          ja: "\(name) に適用し、読み戻しで確認しました: \(Self.counts(report.plan).ja)。\(took) ミリ秒。操作 \(report.action ?? 0)。"
        ), .green)
      for change in report.plan.changes.prefix(20) { showChange(change, now: now) }
    case .restored(let error):
      say(
        Phrase(
          en: "Failed on \(name), and led back to where it was (read back). \(error.text(in: .english))",
          ja: "\(name) への適用に失敗し、元の状態に復元しました（読み戻しで確認済み）。\(error.text(in: .japanese))"), .yellow)
    case .stranded(let error, let residue, let remaining):
      say(
        Phrase(
          en:
            "STRANDED: \(name) could not be led back. \(residue.count) differences remain. A person is needed. \(error.text(in: .english))",
          ja:
            "未復旧: \(name) を元の状態に戻せませんでした。差異が \(residue.count) 件残っています。手動の対応が必要です。\(error.text(in: .japanese))"
        ), .red)
      for operation in remaining {
        say(
          Phrase(en: "left to do: \(operation.summary.en)", ja: "残りの操作: \(operation.summary.ja)"), indent: 2)
        showLiteral(operation.readable)
      }
    case .unknown(let error):
      say(
        Phrase(
          en:
            "UNKNOWN: \(name) cannot be read, so nobody knows whether it took effect. The next reading decides: sekisho reconcile. \(error.text(in: .english))",
          ja:
            "不明: \(name) を読み取れないため、反映されたかどうか確認できません。次の読み戻しで判断します: sekisho reconcile。\(error.text(in: .japanese))"
        ), .red)
    }
    for refusal in report.plan.refused {
      say(
        Phrase(
          en: "refused: \(refusal.target) by \(refusal.rule): \(refusal.reason.en)",
          ja: "拒否: \(refusal.target)（\(refusal.rule)）: \(refusal.reason.ja)"), indent: 2, .yellow)
    }
    for warning in report.plan.warnings {
      say(Phrase(en: "note: \(warning.en)", ja: "注意: \(warning.ja)"), indent: 2, .yellow)
    }
    if let unrecorded = report.unrecorded { say(unrecorded, indent: 2, .red) }
    // Only what somebody ordered is taken back; a repair or a rollback is not.
    if case .applied = receipt.outcome, let action = report.action, !report.plan.orders.isEmpty {
      say(
        Phrase(en: "Take it back with: sekisho rollback \(action)", ja: "取り消すには: sekisho rollback \(action)"),
        .dim)
    }
  }

  static func milliseconds(_ duration: Duration) -> String {
    let tenths = duration.microseconds / 100
    return "\(tenths / 10).\(tenths % 10)"
  }

  /// Reports of several firewalls, as text or JSON, and the status to end with.
  func finish(_ reports: [ActionReport], now: Timestamp) throws(CommandFailure) -> ExitStatus {
    for report in reports {
      if json { try object(ReportView(report, language: language)) } else { show(report, now: now) }
    }
    return ExitStatus.worst(reports.map { ExitStatus($0) })
  }
}
