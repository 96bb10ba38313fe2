import Enforcement
import FirewallKit
import Foundation
internal import GRDB
import NetworkTypes

/// Reads the audit log from its first entry and computes again all that it vouches for.
struct AuditVerifier {
  private let db: Database
  private var checked: Int64 = 0
  private var hash = AuditLog.origin
  private var plans: Set<Int64> = []
  private var actions: Int64 = 0
  private var receipts: Int64 = 0
  private var decisions: Int64 = 0
  private var events: Int64 = 0
  private var allows: Int64 = 0
  private var removals: Int64 = 0

  init(_ db: Database) { self.db = db }

  mutating func verify(against anchor: AuditAnchor?) throws -> AuditVerification {
    let fault = try file() ?? entries(anchor) ?? unrecorded() ?? state()
    return AuditVerification(
      checked: checked,
      head: checked == 0 ? nil : AuditAnchor(count: checked, hash: AuditLog.hexadecimal(hash)),
      fault: fault)
  }

  /// Damage that SQLite can see, and references that lead nowhere.
  private func file() throws -> AuditFault? {
    let answer = try String.fetchOne(db, sql: "PRAGMA quick_check(1)") ?? ""
    if answer != "ok" { return AuditFault(code: .file, sequence: nil, detail: answer) }
    if let row = try Row.fetchOne(db, sql: "PRAGMA foreign_key_check") {
      return AuditFault(code: .file, sequence: nil, detail: "foreign key of \(row[0] as String)")
    }
    return nil
  }

  private mutating func entries(_ anchor: AuditAnchor?) throws -> AuditFault? {
    let rows = try Row.fetchCursor(
      db, sql: "SELECT sequence, at, kind, actor, payload, hash FROM audit ORDER BY sequence")
    while let row = try rows.next() {
      let entry = AuditLog.entry(row)
      guard entry.sequence == checked + 1 else { return AuditFault(code: .gap, sequence: checked + 1) }
      let computed = AuditLog.hash(
        after: hash, sequence: entry.sequence, at: entry.at, kind: entry.kind.rawValue,
        actor: entry.actor, payload: entry.payload)
      guard AuditLog.hexadecimal(computed) == entry.hash else {
        return AuditFault(code: .hash, sequence: entry.sequence)
      }
      if let anchor, anchor.count == entry.sequence, anchor.hash != entry.hash {
        return AuditFault(code: .anchor, sequence: entry.sequence)
      }
      do {
        if let table = try tableThatDiffers(from: entry) {
          return AuditFault(code: .rows, sequence: entry.sequence, detail: table)
        }
      } catch let damage as DamagedRow {
        return AuditFault(code: .rows, sequence: entry.sequence, detail: damage.detail)
      }
      checked = entry.sequence
      hash = computed
    }
    if let anchor, anchor.count > checked {
      return AuditFault(code: .truncated, sequence: anchor.count)
    }
    return checked == 0 ? AuditFault(code: .gap, sequence: 1) : nil
  }

  private mutating func tableThatDiffers(from entry: AuditEntry) throws -> String? {
    switch entry.kind {
    case .plan:
      let record = try CanonicalJSON.value(PlanRecord.self, entry.payload)
      return try holds(plan: record.plan, content: record.content) ? nil : "plan \(record.plan)"
    case .intent:
      let record = try CanonicalJSON.value(IntentRecord.self, entry.payload)
      guard try holds(plan: record.plan, content: record.content) else { return "plan \(record.plan)" }
      return try holds(record) ? nil : "action \(record.action)"
    case .receipt:
      let record = try CanonicalJSON.value(ReceiptRecord.self, entry.payload)
      return try holds(record) ? nil : "receipt \(record.receipt)"
    default:
      return nil
    }
  }

  private mutating func holds(plan id: Int64, content: String) throws -> Bool {
    guard let row = try db.row("SELECT content FROM plan WHERE id = ?", [id]),
      AuditLog.hexadecimal([UInt8](row[0] as Data)) == content
    else { return false }
    // Loading compares the plan with its content hash; once is enough for a plan that is used again.
    if plans.insert(id).inserted { _ = try PlanRows.load(id, in: db) }
    return true
  }

  private mutating func holds(_ record: IntentRecord) throws -> Bool {
    guard let (action, plan) = try ActionRows.actions("WHERE action.id = ?", [record.action], in: db).first,
      let row = try db.row(
        """
        SELECT ending, plan.content, first_decision, decisions
        FROM action JOIN plan ON plan.id = action.plan WHERE action.id = ?
        """, [record.action]),
      plan == record.plan
    else { return false }
    let first: Int64 = row[2]
    let began = try ActionRows.decisions(
      "WHERE id >= ? AND id < ? AND began_by = ? ORDER BY id",
      [first, first + (row[3] as Int64), action.id], in: db)
    let content = IntentContent(
      action: action.id, kind: action.kind.rawValue, firewall: action.firewall, cause: action.cause,
      startedAt: action.startedAt.microseconds, ending: row[0], rollbackOf: action.rollbackOf,
      plan: AuditLog.hexadecimal([UInt8](row[1] as Data)), decisions: began,
      targets: began.map { $0.target.description }, ends: action.ended,
      reinstates: action.reinstated, allows: try ActionRows.allowed(by: action.id, in: db),
      disallows: try ActionRows.disallowed(by: action.id, in: db).map(\.id))
    actions += 1
    decisions += Int64(began.count)
    events += Int64(action.ended.count + action.reinstated.count)
    allows += Int64(content.allows.count)
    removals += Int64(content.disallows.count)
    return Int64(began.count) == row[3] && content.digest == record.intent
  }

  private mutating func holds(_ record: ReceiptRecord) throws -> Bool {
    guard
      let receipt = try db.row(
        "SELECT \(ReceiptRows.columns) FROM receipt WHERE id = ? AND action = ?",
        [record.receipt, record.action]
      ).map(ReceiptRows.receipt)
    else { return false }
    receipts += 1
    return try ReceiptRows.content(of: receipt, action: record.action, id: record.receipt)
      == record.content
  }

  /// Rows beyond those that the entries vouched for.
  private func unrecorded() throws -> AuditFault? {
    let seen: [(String, Int64)] = [
      ("plan", Int64(plans.count)), ("action", actions), ("receipt", receipts), ("decision", decisions),
      ("decision_event", events), ("allow_entry", allows), ("allow_removal", removals),
    ]
    for (table, count) in seen where try db.number("SELECT count(*) FROM \(table)") != count {
      return AuditFault(code: .unrecorded, sequence: nil, detail: table)
    }
    return nil
  }

  /// The columns that follow from others.
  private func state() throws -> AuditFault? {
    let contradictions = [
      "firewall": """
      SELECT id FROM firewall WHERE revision IS NOT
        (SELECT count(*) FROM action WHERE action.firewall = firewall.id)
        + (SELECT count(*) FROM receipt JOIN action ON action.id = receipt.action
           WHERE action.firewall = firewall.id) LIMIT 1
      """,
      "action": """
      SELECT action.id FROM action
      LEFT JOIN receipt ON receipt.action = action.id AND receipt.outcome <> 'unknown'
      WHERE action.outcome IS NOT receipt.outcome LIMIT 1
      """,
      "decision": """
      SELECT decision.id FROM decision JOIN action AS beginning ON beginning.id = decision.began_by
      WHERE failed <> (coalesce(beginning.outcome, 'applied') <> 'applied')
        OR ended_by IS NOT \(ReceiptRows.endedBy) LIMIT 1
      """,
      "allow_entry": """
      SELECT allow_entry.id FROM allow_entry JOIN action AS adding ON adding.id = allow_entry.added_by
      WHERE failed <> (coalesce(adding.outcome, 'applied') <> 'applied')
        OR removed_by IS NOT \(ReceiptRows.removedBy) LIMIT 1
      """,
    ]
    for (table, query) in contradictions.sorted(by: { $0.key < $1.key }) {
      if let id = try db.number(query) {
        return AuditFault(code: .state, sequence: nil, detail: "\(table) \(id)")
      }
    }
    return nil
  }
}
