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

/// What all demonstrations have: the laboratory, a gateway in it, and steps that are checked and told.
struct DemonstrationStage: Sendable {
  let adapter: String
  let console: Console
  /// The settings of the adapter, as they stand in a configuration.
  var settings = "{}"

  private static let firewall = "edge"

  /// Plays a story inside the laboratory's namespaces, with a folder that goes with it.
  func play(_ story: @escaping @Sendable (Lab, URL) async throws -> Void) async throws(CommandFailure) {
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

  // MARK: The gateway

  /// Runs the gateway with a configuration of its own for as long as `body` takes.
  func withGateway(
    mode: PolicyMode, _ folder: URL, _ list: URL, _ parts: DetectorParts = .listingsOnly,
    _ body: @Sendable (Gateway, DemonstrationEvents) async throws -> Void
  ) async throws {
    let text = """
      mode: \(mode.rawValue)
      firewalls:
        - { name: \(Self.firewall), adapter: \(adapter), settings: \(settings) }
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

  /// The list of bad names that the gateway is given.
  func writeList(_ folder: URL) throws -> URL {
    let list = folder.appending(path: "bad.txt")
    try Data("\(LabNetwork.badName)\n".utf8).write(to: list)
    return list
  }

  func checkAuditLog(_ folder: URL) async throws {
    try await check(
      Phrase(
        en: "The audit log of all this is intact", ja: "以上の監査ログに改変がないことを検証")
    ) {
      let ledger = try Ledger(path: folder.appending(path: "state/ledger.sqlite").path, actor: "sekisho demo")
      return try await ledger.verifyAudit().isIntact
    }
  }

  /// Takes back what the gateway did, the last first.
  func rollBack(_ gateway: Gateway, _ events: DemonstrationEvents) async throws {
    console.line()
    console.say(Phrase(en: "Rollback", ja: "巻き戻し"), .bold)
    for action in events.appliedActions() {
      let report = try await gateway.engines[0].rollback(
        action, cause: Cause(origin: .person, actor: GlobalOptions.actor, reason: "demonstration"))
      try await check(
        Phrase(
          en: "Action \(action) taken back, and read back from the firewall",
          ja: "操作 \(action) を巻き戻し、読み戻しで確認")
      ) { report.receipt?.outcome == .applied }
    }
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

  func check(_ phrase: Phrase, _ holds: () async throws -> Bool) async throws {
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

  func showPreview(_ report: ActionReport) {
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

  func showReceipt(_ report: ActionReport, latency: Duration?) {
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
