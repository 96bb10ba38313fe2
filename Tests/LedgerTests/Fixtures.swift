import Enforcement
import FirewallKit
import Foundation
import GRDB
import Language
import NetworkTypes
import Synchronization
import Testing

@testable import Ledger

/// A directory of its own for one test; removed with the value.
final class Place: Sendable {
  let directory: String
  var path: String { directory + "/state/ledger.db" }

  init() throws {
    directory = NSTemporaryDirectory() + "ledger-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: directory) }

  func open(_ durability: Ledger.Durability = .powerLoss) throws(JournalError) -> Ledger {
    try Ledger(
      path: path, durability: durability, actor: "tests",
      clock: { Timestamp(seconds: 1_800_000_000) })
  }

  /// Runs SQL as somebody with the file in hand could: no checks, no foreign keys, no triggers.
  func tamper(_ sql: String, _ arguments: StatementArguments = []) throws {
    let queue = try DatabaseQueue(path: path)
    try queue.writeWithoutTransaction { db in
      try db.execute(
        sql: """
          PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON;
          DROP TRIGGER IF EXISTS audit_no_update; DROP TRIGGER IF EXISTS audit_no_delete;
          """)
      try db.execute(sql: sql, arguments: arguments)
    }
    try queue.close()
  }

  func query(_ sql: String) throws -> [Row] {
    let queue = try DatabaseQueue(path: path)
    defer { try? queue.close() }
    return try queue.read { try Row.fetchAll($0, sql: sql) }
  }

  /// The file and its log as they are on the disk now: what a killed process would leave.
  func copy() throws -> Place {
    let copy = try Place()
    try FileManager.default.createDirectory(
      atPath: copy.directory + "/state", withIntermediateDirectories: true)
    for suffix in ["", "-wal"] where FileManager.default.fileExists(atPath: path + suffix) {
      try FileManager.default.copyItem(atPath: path + suffix, toPath: copy.path + suffix)
    }
    return copy
  }
}

enum Sample {
  static let moment = Timestamp(seconds: 1_790_000_000)
  static let person = Cause(origin: .person, actor: "root", reason: "scans us, see ticket 12")
  static let failure = AdapterError(
    code: .rejected, message: Phrase(en: "The device refused.", ja: "装置が拒否しました。"), detail: "EINVAL")

  static func target(_ text: String) -> BlockTarget { BlockTarget(text)! }

  static func decision(
    _ target: String, on firewall: String = "edge", cause: Cause = person, verdict: String? = nil
  ) -> Decision {
    Decision(
      firewall: firewall, target: Self.target(target), madeAt: moment, deadline: moment + .seconds(3600),
      cause: cause, verdict: verdict)
  }

  static func allow(_ target: String, reason: String = "our printer") -> AllowEntry {
    AllowEntry(
      firewall: "edge", target: Self.target(target), addedAt: moment,
      cause: Cause(origin: .person, actor: "root", reason: reason))
  }

  static func digest(_ number: Int) -> String {
    let text = String(number, radix: 16)
    return text + String(repeating: "0", count: 64 - text.count)
  }

  static func plan(_ number: Int = 0xABCD_1234, changes: Int = 2) -> Plan {
    let later = moment + .seconds(60)
    let list = (0..<changes).map { (index: Int) -> Change in
      let target = BlockTarget.prefix(IPPrefix(IPAddress(ipv4: 0xC000_0200 &+ UInt32(index))))
      return Change(
        target: target, before: index % 3 == 1 ? moment : nil, after: index % 3 == 2 ? nil : later)
    }
    let commands = list.map { "{\"add\":\"\($0.target)\"}" }.joined(separator: ",")
    return Plan(
      digest: digest(number), firewall: "edge", adapter: "nftables", madeAt: moment, basisDigest: "b1",
      goalDigest: "g1", changes: list, scaffold: Transition(before: [:], after: ["table": "inet sekisho"]),
      allowed: Transition(
        before: [IPPrefix("192.0.2.53")!], after: [IPPrefix("192.0.2.53")!, IPPrefix("2001:db8::/32")!]),
      operations: [
        Operation(
          summary: Phrase(en: "Add \(changes) blocks", ja: "\(changes) 件を遮断"),
          step: .nftables(commands: commands)),
        Operation(
          summary: Phrase(en: "Run", ja: "実行"),
          step: .process(
            executable: "/usr/sbin/iptables-restore", arguments: ["--noflush", "", "a\nb", "é\u{0}"],
            input: "COMMIT\n\u{0}after")),
        Operation(summary: Phrase(verbatim: "m"), step: .message("{\"path\":\"/a/b\"}")),
        Operation(
          summary: Phrase(en: "Register", ja: "登録"),
          step: .request(
            method: "POST", url: "https://fw.example.org/api/?a=b",
            headers: [.init("Host", "fw.example.org"), .init("X-PAN-KEY", "‹secret:key›"), .init("X", "")],
            body: "a=1&b=\n\u{0}")),
      ],
      refused: [
        Refusal(
          target: target("198.51.100.0/24"), rule: "protected", reason: Phrase(en: "ours", ja: "自組織")),
        Refusal(target: target("cdn.example.org"), rule: "unsupported", reason: Phrase(verbatim: "\u{0}")),
      ],
      warnings: [Phrase(en: "Careful", ja: "注意")],
      cost: PlanCost(operations: 4, bytes: 999, expectedSeconds: 0.1 + 0.2))
  }

  static func intent(
    _ begins: [Decision], kind: ActionKind = .block, ends: [Int64] = [], ending: DecisionEnding = .unblocked,
    reinstates: [Int64] = [], allows: [AllowEntry] = [], disallows: [String] = [],
    rollbackOf: ActionID? = nil, startedAt: Timestamp = moment, on firewall: String = "edge"
  ) -> Intent {
    Intent(
      kind: kind, firewall: firewall, cause: person, startedAt: startedAt, begins: begins, ends: ends,
      ending: ending, reinstates: reinstates, allows: allows, disallows: disallows.map(target),
      rollbackOf: rollbackOf)
  }

  static func receipt(_ outcome: Outcome = .applied, verified: Int = 1) -> Receipt {
    Receipt(
      planDigest: digest(0xABCD_1234), firewall: "edge", outcome: outcome, startedAt: moment,
      finishedAt: moment + .milliseconds(20), readBackAt: outcome.word == "unknown" ? nil : moment,
      performed: 1, verified: verified)
  }

  static let takingBack: [Outcome] = [
    .restored(cause: failure),
    .stranded(
      cause: failure, residue: [.surplus(target("192.0.2.7"), deadline: moment)],
      remaining: [Operation(summary: Phrase(verbatim: "x"), step: .message("delete"))]),
  ]
}

extension Ledger {
  /// Everything that the journal says, for comparing two moments.
  func picture() async throws -> String {
    var text = ""
    for firewall in ["edge", "core"] {
      text += "\(try await decisionsInForce(on: firewall))\n\(try await allowEntries(on: firewall))\n"
      text += "\(try await openActions(on: firewall).map(\.0))\n\(try await revision(on: firewall))\n"
    }
    return text + "\(try await actions(on: nil, since: nil, limit: .max))"
      + "\(try await auditAnchor()?.description ?? "-")"
  }
}
