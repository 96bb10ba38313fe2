import ConfigurationFile
import Detection
import Enforcement
import FirewallKit
import Foundation
import Gateway
import Lab
import Language
import Ledger
import Logging
import NetworkTypes
import Policy
import Reputation
import Synchronization

/// The whole story on real traffic, told step by step: a dry run that changes nothing, a block that the
/// detector makes by itself and reads back, and its undo. Every step is checked; a false one ends it.
struct Demonstration: Sendable {
  let adapter: String
  let console: Console

  private static let firewall = "edge"

  /// Runs inside the laboratory's namespaces.
  func run() async throws(CommandFailure) {
    let started = ContinuousClock.now
    let folder = FileManager.default.temporaryDirectory.appending(path: "sekisho-demo-\(getpid())-\(adapter)")
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      defer { try? FileManager.default.removeItem(at: folder) }
      try await Lab.run { lab in
        heading(
          Phrase(en: "Firewall: \(adapter)", ja: "ファイアウォール: \(adapter)"))
        step(
          Phrase(
            en:
              "Three hosts are up: a terminal, this gateway, and an outside with a resolver and web servers",
            ja: "端末・ゲートウェイ（本機）・外部（名前解決サーバーと Web サーバー）の 3 台を起動"), lab.buildTime)
        try await story(lab, folder)
      }
    } catch let failure as CommandFailure {
      throw failure
    } catch let error as SharedFileError {
      throw CommandFailure(.failed, error.message)
    } catch let error as LabError {
      throw CommandFailure(
        .failed, Phrase(en: error.text(in: .english), ja: error.text(in: .japanese)))
    } catch {
      throw CommandFailure(.failed, Phrase(verbatim: "\(error)"))
    }
    console.say(
      Phrase(
        en: "Every step held for \(adapter), in \(Self.seconds(ContinuousClock.now - started)) s.",
        ja: "\(adapter): すべての手順を確認しました（\(Self.seconds(ContinuousClock.now - started)) 秒）。"), .green)
    console.line()
  }

  // MARK: The story

  private func story(_ lab: Lab, _ folder: URL) async throws {
    let bad = LabNetwork.badName
    let list = folder.appending(path: "bad.txt")
    try Data("\(bad)\n".utf8).write(to: list)
    let untouched = try await RulesetSnapshot.read()

    try await check(
      Phrase(
        en: "Before: the terminal opens http and https at \(bad)",
        ja: "開始前: 端末は \(bad) に http と https で接続できる")
    ) { try await reaches(lab, bad, expected: true) }

    console.line()
    console.say(Phrase(en: "Dry run", ja: "予行（ドライラン）"), .bold)
    try await withGateway(mode: .dryRun, folder, list) { gateway, events in
      try await check(
        Phrase(
          en: "The terminal resolves and opens \(bad); the packets are captured and judged",
          ja: "端末が \(bad) を名前解決して接続し、パケットから検知・判定する")
      ) {
        _ = try await lab.terminal.resolve(bad)
        guard try await reaches(lab, bad, expected: true) else { return false }
        return await events.wait(blocking: [LabNetwork.badV4]) != nil
      }
      if let report = await events.wait(blocking: [LabNetwork.badV4]) { showPreview(report) }
      try await check(
        Phrase(
          en: "Nothing changed: the rule sets are byte for byte what they were",
          ja: "変更なし: ルールセットは開始前とバイト単位で一致")
      ) { try await RulesetSnapshot.read() == untouched }
      try await check(Phrase(en: "Traffic still flows", ja: "通信は継続している")) {
        try await reaches(lab, bad, expected: true)
      }
    }

    console.line()
    console.say(Phrase(en: "Enforce", ja: "実施"), .bold)
    let parts = try DetectorSettings().load()
    let conspicuous = try conspicuousName(parts)
    try await withGateway(mode: .enforce, folder, list, parts) { gateway, events in
      let engine = gateway.engines[0]
      try await lab.terminal.withConnection(to: Terminal.streamURL(at: LabNetwork.badV4)) { connection in
        try await check(
          Phrase(
            en: "A connection to the bad server is open and data flows",
            ja: "有害サーバーとの接続が確立済みで、データが流れている")
        ) { try await connection.flows() }
        var blocked: ActionReport?
        try await check(
          Phrase(
            en: "The terminal looks \(bad) up: blocked without asking, and read back",
            ja: "端末が \(bad) を名前解決: 自動で遮断し、読み戻しで確認")
        ) {
          _ = try await lab.terminal.resolve(bad)
          blocked = await events.wait(blocking: [LabNetwork.badV4, LabNetwork.badV6])
          return blocked?.receipt?.outcome == .applied
        }
        if let blocked { showReceipt(blocked, latency: events.latency(of: blocked)) }
        try await check(
          Phrase(en: "The open connection stops too", ja: "確立済みの接続も停止する")
        ) { try await connection.stops() }
      }
      try await check(
        Phrase(en: "\(bad) is out of reach, by http and https", ja: "\(bad) には http でも https でも接続できない")
      ) { try await reaches(lab, bad, expected: false) }
      try await check(
        Phrase(
          en: "\(LabNetwork.goodName) is still reached", ja: "\(LabNetwork.goodName) には引き続き接続できる")
      ) { try await reaches(lab, LabNetwork.goodName, expected: true) }
      try await showUnlisted(conspicuous, lab, gateway, events, parts)
      let status = try await engine.status()
      try await check(
        Phrase(
          en:
            "Read back: \(status.blocks.count { $0.readBack }) blocks on the firewall, none missing, none too many",
          ja: "読み戻し: 実機の遮断 \(status.blocks.count { $0.readBack }) 件、過不足なし")
      ) { status.health == .good && status.blocks.count >= 4 }
      console.line()
      console.say(Phrase(en: "Rollback", ja: "巻き戻し"), .bold)
      let actions = events.appliedActions()
      for action in actions {
        let report = try await engine.rollback(
          action, cause: Cause(origin: .person, actor: GlobalOptions.actor, reason: "demonstration"))
        try await check(
          Phrase(
            en: "Action \(action) taken back, and read back from the firewall",
            ja: "操作 \(action) を巻き戻し、読み戻しで確認")
        ) { report.receipt?.outcome == .applied }
      }
    }
    try await check(
      Phrase(
        en: "The rule sets are byte for byte what they were before", ja: "ルールセットは開始前とバイト単位で一致")
    ) {
      let now = try await RulesetSnapshot.read()
      for line in now.difference(from: untouched).prefix(10) { console.line("      " + line) }
      return now == untouched
    }
    try await check(Phrase(en: "\(bad) is reached again", ja: "\(bad) に再び接続できる")) {
      try await reaches(lab, bad, expected: true)
    }
    try await check(
      Phrase(
        en: "The audit log of all this is intact", ja: "以上の監査ログに改変がないことを検証")
    ) {
      let ledger = try Ledger(path: folder.appending(path: "state/ledger.sqlite").path, actor: "sekisho demo")
      return try await ledger.verifyAudit().isIntact
    }
  }

  /// A name under `example`, which nobody can register, that the model would block by itself.
  private func conspicuousName(_ parts: DetectorParts) throws(CommandFailure) -> DomainName {
    let candidates = [
      "secure-account-login-verify", "login-secure-verify-account", "xkqzvwpfhtgrj", "qxzjvkwpbtgrhdf",
      "paypal-login-update24", "secure-login-update24", "kjqwxzvbnp7d3f9x2",
    ].compactMap { DomainName($0 + ".example") }
    let best = candidates.max {
      (parts.judge.nameModel?.score($0)?.hundredths ?? 0)
        < (parts.judge.nameModel?.score($1)?.hundredths ?? 0)
    }
    guard let best, parts.judge.verdict(on: Destination(name: best), evidence: []).outcome == .block else {
      throw CommandFailure(
        .failed,
        Phrase(
          en: "The model at hand blocks none of the demonstration's names by its score.",
          ja: "手元の評価モデルでは、デモ用の名前がどれも評価値による遮断の対象になりません。"))
    }
    return best
  }

  /// A name that no list holds: blocked by its score between the DNS answer and the first SYN when it
  /// can be, and explained term by term from what the ledger kept.
  private func showUnlisted(
    _ name: DomainName, _ lab: Lab, _ gateway: Gateway, _ events: DemonstrationEvents, _ parts: DetectorParts
  ) async throws {
    var first: Fetch?
    var blocked: ActionReport?
    try await check(
      Phrase(
        en: "The terminal opens \(name), which no list holds: blocked by its score, and read back",
        ja: "端末がどの情報源にも掲載のない \(name) に接続: 名前の評価値により自動で遮断し、読み戻しで確認")
    ) {
      first = try await lab.terminal.fetch(Terminal.url(of: name), timeout: .milliseconds(700))
      blocked = await events.wait(blocking: [LabNetwork.unlistedV4, LabNetwork.unlistedV6])
      return blocked?.receipt?.outcome == .applied
    }
    if let blocked { showReceipt(blocked, latency: events.latency(of: blocked)) }
    console.say(
      first?.connected == false
        ? Phrase(
          en: "The block stood between the DNS answer and the first SYN: no connection was opened.",
          ja: "DNS 応答と最初の SYN の間に遮断が成立し、接続は一度も開かれませんでした。")
        : Phrase(
          en: "The first SYN was faster than the block this time: one connection was opened, and then cut.",
          ja: "今回は最初の SYN が遮断より早く、接続が 1 本開かれてから切断されました。"), indent: 6, .yellow)
    try await check(
      Phrase(en: "\(name) is out of reach", ja: "\(name) には接続できない")
    ) {
      try await !lab.terminal.fetch(Terminal.url(of: name), timeout: .milliseconds(700)).reached
    }
    try await check(
      Phrase(
        en: "The kept verdict is computed again from the model file, identical to the last bit",
        ja: "保存された判定をモデルファイルから再計算し、最後の 1 ビットまで一致")
    ) {
      let verdicts = try await keptVerdicts(gateway, of: blocked?.action)
      for verdict in verdicts.prefix(1) {
        console.line()
        for line in verdict.explanation(in: console.language, columns: 76).split(
          separator: "\n", omittingEmptySubsequences: false)
        { console.line(line.isEmpty ? "" : "    " + line) }
        console.line()
      }
      return !verdicts.isEmpty
        && verdicts.allSatisfy { verdict in
          verdict.evidence.isEmpty
            && Judge.recomputed(verdict, with: parts.judge.nameModel)?.isIdentical(to: verdict) == true
        }
    }
  }

  private func keptVerdicts(_ gateway: Gateway, of action: ActionID?) async throws -> [Verdict] {
    guard let action else { return [] }
    let kept = try await gateway.ledger.decisions(of: action).compactMap(\.decision.verdict)
    return try kept.map { try JSONDecoder().decode(Verdict.self, from: Data($0.utf8)) }
  }

  private func reaches(_ lab: Lab, _ name: DomainName, expected: Bool) async throws -> Bool {
    for secure in [false, true] {
      let fetch = try await lab.terminal.fetch(
        Terminal.url(of: name, secure: secure), timeout: expected ? .seconds(5) : .milliseconds(700))
      if fetch.reached != expected { return false }
    }
    return true
  }

  // MARK: The gateway

  /// Runs the gateway with a configuration of its own for as long as `body` takes.
  private func withGateway(
    mode: PolicyMode, _ folder: URL, _ list: URL, _ parts: DetectorParts = .listingsOnly,
    _ body: @Sendable (Gateway, DemonstrationEvents) async throws -> Void
  ) async throws {
    let text = """
      mode: \(mode.rawValue)
      firewalls:
        - { name: \(Self.firewall), adapter: \(adapter) }
      sensor: { interface: \(LabNetwork.insideInterface) }
      policy: standard
      reputation:
        sources:
          - { id: demo, name: Demonstration list, file: \(list.path), category: malware, confidence: 0.95 }
      """
    let configuration = try GatewayConfiguration(parsing: text, file: "demo.yaml")
    let gateway = try Gateway(
      configuration, state: folder.appending(path: "state").path, actor: "sekisho demo")
    let events = DemonstrationEvents()
    let index = try gateway.indexFile.open(for: try await configuration.readFeeds()).index
    let service = GatewayService(
      gateway, index: index, parts: parts,
      logger: Logger(label: "demo", factory: { _ in SwiftLogNoOpLogHandler() }), clock: Timestamp.now,
      onReport: { finding, reports in events.add(finding, reports) }, onReady: { events.markReady() })
    let running = Task { try await service.run() }
    defer { running.cancel() }
    guard await events.waitUntilReady() else {
      running.cancel()
      try await running.value
      throw CommandFailure(
        .failed, Phrase(en: "The gateway did not start capturing.", ja: "ゲートウェイがキャプチャーを開始しませんでした。"))
    }
    try await body(gateway, events)
    running.cancel()
    _ = await running.result
    do { try gateway.ledger.close() } catch { throw error }
  }

  // MARK: What is printed

  private func heading(_ phrase: Phrase) {
    console.line(console.coloured("── " + console.text(phrase), .bold))
  }

  private func step(_ phrase: Phrase, _ time: Duration) {
    let lines = Console.wrap(console.text(phrase), indent: 4, columns: 70)
    let mark = console.coloured("✓", .green)
    for (index, line) in lines.enumerated() {
      let last = index + 1 == lines.count
      let padded = last ? DisplayWidth.padded(line, to: 71) + "\(Self.seconds(time)) s" : line
      print((index == 0 ? "  \(mark) " : "    ") + padded.dropFirst(4))
    }
  }

  private func check(_ phrase: Phrase, _ holds: () async throws -> Bool) async throws {
    let start = ContinuousClock.now
    guard try await holds() else {
      console.say(Phrase(en: "FALSE: \(phrase.en)", ja: "不成立: \(phrase.ja)"), indent: 2, .red)
      throw CommandFailure(
        .failed,
        Phrase(
          en: "A step of the demonstration with \(adapter) is false: \(phrase.en)",
          ja: "\(adapter) のデモで成立しない手順がありました: \(phrase.ja)"))
    }
    step(phrase, ContinuousClock.now - start)
  }

  private func showPreview(_ report: ActionReport) {
    for order in report.plan.orders {
      console.say(
        Phrase(en: "would block \(order.target)", ja: "遮断する予定: \(order.target)"), indent: 6, .yellow)
    }
    for operation in report.plan.operations {
      let bytes = operation.literal.utf8.count
      console.say(
        Phrase(
          en: "would send (\(operation.kind), \(bytes) bytes): \(operation.summary.en)",
          ja: "送信する予定（\(operation.kind)、\(bytes) バイト）: \(operation.summary.ja)"), indent: 6, .dim)
    }
  }

  private func showReceipt(_ report: ActionReport, latency: Duration?) {
    guard let receipt = report.receipt else { return }
    let took = Console.milliseconds(receipt.finishedAt - receipt.startedAt)
    let all = latency.map { Console.milliseconds($0) } ?? "?"
    console.say(
      Phrase(
        en: "applied and read back in \(took) ms, \(all) ms after the packet was on the wire",
        ja: "適用と読み戻しに \(took) ミリ秒、パケット通過から \(all) ミリ秒"), indent: 6, .dim)
  }

  static func seconds(_ duration: Duration) -> String {
    let hundredths = duration.microseconds / 10_000
    let rest = hundredths % 100
    return "\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest)"
  }
}

/// What the gateway told during a part of the demonstration.
final class DemonstrationEvents: Sendable {
  private struct State {
    var reports: [(sightedAt: Timestamp, report: ActionReport)] = []
    var isReady = false
  }

  private let state = Mutex(State())
  private static let patience: Duration = .seconds(10)

  func add(_ finding: Detector.Finding, _ reports: [ActionReport]) {
    state.withLock { state in
      for report in reports { state.reports.append((finding.sighting.time, report)) }
    }
  }

  func markReady() { state.withLock { $0.isReady = true } }

  func waitUntilReady() async -> Bool {
    await poll { state in state.isReady ? true : nil } ?? false
  }

  /// The last report once all of the addresses have been planned or blocked; `nil` when that does not come.
  func wait(blocking addresses: [IPAddress]) async -> ActionReport? {
    await poll { state in
      var missing = Set(addresses.map { BlockTarget.prefix(IPPrefix($0)) })
      for entry in state.reports {
        missing.subtract(entry.report.plan.orders.map(\.target))
        if missing.isEmpty { return entry.report }
      }
      return nil
    }
  }

  func latency(of report: ActionReport) -> Duration? {
    state.withLock { state in
      guard let entry = state.reports.first(where: { $0.report.action == report.action }),
        let end = report.receipt?.finishedAt
      else { return nil }
      return end - entry.sightedAt
    }
  }

  func appliedActions() -> [ActionID] {
    state.withLock { state in
      state.reports.filter { $0.report.receipt?.outcome == .applied }.compactMap(\.report.action).reversed()
    }
  }

  private func poll<Value: Sendable>(_ look: @Sendable (State) -> Value?) async -> Value? {
    let end = ContinuousClock.now + Self.patience
    while ContinuousClock.now < end {
      if let value = state.withLock({ look($0) }) { return value }
      try? await Task.sleep(for: .milliseconds(5))
    }
    return nil
  }
}
