import ConfigurationFile
import Detection
import Enforcement
import FirewallKit
import Foundation
import Gateway
import Lab
import Language
import Ledger
import NetworkTypes
import Policy
import Reputation

/// The whole story on real traffic, told step by step: a dry run that changes nothing, a block that the
/// detector makes by itself and reads back, and its undo. Every step is checked; a false one ends it.
struct Demonstration: Sendable {
  let stage: DemonstrationStage
  private var console: Console { stage.console }

  func run() async throws(CommandFailure) {
    try await stage.play { lab, folder in try await story(lab, folder) }
  }

  // MARK: The story

  private func story(_ lab: Lab, _ folder: URL) async throws {
    let bad = LabNetwork.badName
    let list = try stage.writeList(folder)
    let untouched = try await RulesetSnapshot.read()

    try await stage.check(
      Phrase(
        en: "Before: the terminal opens http and https at \(bad)",
        ja: "開始前: 端末は \(bad) に http と https で接続できる")
    ) { try await reaches(lab, bad, expected: true) }

    console.line()
    console.say(Phrase(en: "Dry run", ja: "予行（ドライラン）"), .bold)
    try await stage.withGateway(mode: .dryRun, folder, list) { gateway, events in
      try await stage.check(
        Phrase(
          en: "The terminal resolves and opens \(bad); the packets are captured and judged",
          ja: "端末が \(bad) を名前解決して接続し、パケットから検知・判定する")
      ) {
        _ = try await lab.terminal.resolve(bad)
        guard try await reaches(lab, bad, expected: true) else { return false }
        return await events.wait(blocking: [LabNetwork.badV4]) != nil
      }
      if let report = await events.wait(blocking: [LabNetwork.badV4]) { stage.showPreview(report) }
      try await stage.check(
        Phrase(
          en: "Nothing changed: the rule sets are byte for byte what they were",
          ja: "変更なし: ルールセットは開始前とバイト単位で一致")
      ) { try await RulesetSnapshot.read() == untouched }
      try await stage.check(Phrase(en: "Traffic still flows", ja: "通信は継続している")) {
        try await reaches(lab, bad, expected: true)
      }
    }

    console.line()
    console.say(Phrase(en: "Enforce", ja: "実施"), .bold)
    let parts = try DetectorSettings().load()
    let conspicuous = try conspicuousName(parts)
    try await stage.withGateway(mode: .enforce, folder, list, parts) { gateway, events in
      let engine = gateway.engines[0]
      try await lab.terminal.withConnection(to: Terminal.streamURL(at: LabNetwork.badV4)) { connection in
        try await stage.check(
          Phrase(
            en: "A connection to the bad server is open and data flows",
            ja: "有害サーバーとの接続が確立済みで、データが流れている")
        ) { try await connection.flows() }
        var blocked: ActionReport?
        try await stage.check(
          Phrase(
            en: "The terminal looks \(bad) up: blocked without asking, and read back",
            ja: "端末が \(bad) を名前解決: 自動で遮断し、読み戻しで確認")
        ) {
          _ = try await lab.terminal.resolve(bad)
          blocked = await events.wait(blocking: [LabNetwork.badV4, LabNetwork.badV6])
          return blocked?.receipt?.outcome == .applied
        }
        if let blocked { stage.showReceipt(blocked, latency: events.latency(of: blocked)) }
        try await stage.check(
          Phrase(en: "The open connection stops too", ja: "確立済みの接続も停止する")
        ) { try await connection.stops() }
      }
      try await stage.check(
        Phrase(en: "\(bad) is out of reach, by http and https", ja: "\(bad) には http でも https でも接続できない")
      ) { try await reaches(lab, bad, expected: false) }
      try await stage.check(
        Phrase(
          en: "\(LabNetwork.goodName) is still reached", ja: "\(LabNetwork.goodName) には引き続き接続できる")
      ) { try await reaches(lab, LabNetwork.goodName, expected: true) }
      try await showUnlisted(conspicuous, lab, gateway, events, parts)
      let status = try await engine.status()
      try await stage.check(
        Phrase(
          en:
            "Read back: \(status.blocks.count { $0.readBack }) blocks on the firewall, none missing, none too many",
          ja: "読み戻し: 実機の遮断 \(status.blocks.count { $0.readBack }) 件、過不足なし")
      ) { status.health == .good && status.blocks.count >= 4 }
      try await stage.rollBack(gateway, events)
    }
    try await stage.check(
      Phrase(
        en: "The rule sets are byte for byte what they were before", ja: "ルールセットは開始前とバイト単位で一致")
    ) {
      let now = try await RulesetSnapshot.read()
      for line in now.difference(from: untouched).prefix(10) { console.line("      " + line) }
      return now == untouched
    }
    try await stage.check(Phrase(en: "\(bad) is reached again", ja: "\(bad) に再び接続できる")) {
      try await reaches(lab, bad, expected: true)
    }
    try await stage.checkAuditLog(folder)
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
    try await stage.check(
      Phrase(
        en: "The terminal opens \(name), which no list holds: blocked by its score, and read back",
        ja: "端末がどの情報源にも掲載のない \(name) に接続: 名前の評価値により自動で遮断し、読み戻しで確認")
    ) {
      first = try await lab.terminal.fetch(Terminal.url(of: name), timeout: .milliseconds(700))
      blocked = await events.wait(blocking: [LabNetwork.unlistedV4, LabNetwork.unlistedV6])
      return blocked?.receipt?.outcome == .applied
    }
    if let blocked { stage.showReceipt(blocked, latency: events.latency(of: blocked)) }
    console.say(
      first?.connected == false
        ? Phrase(
          en: "The block stood between the DNS answer and the first SYN: no connection was opened.",
          ja: "DNS 応答と最初の SYN の間に遮断が成立し、接続は一度も開かれませんでした。")
        : Phrase(
          en: "The first SYN was faster than the block this time: one connection was opened, and then cut.",
          ja: "今回は最初の SYN が遮断より早く、接続が 1 本開かれてから切断されました。"), indent: 6, .yellow)
    try await stage.check(
      Phrase(en: "\(name) is out of reach", ja: "\(name) には接続できない")
    ) {
      try await !lab.terminal.fetch(Terminal.url(of: name), timeout: .milliseconds(700)).reached
    }
    try await stage.check(
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
}
