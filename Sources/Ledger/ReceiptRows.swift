internal import Crypto
import Enforcement
import FirewallKit
internal import GRDB
import NetworkTypes

/// Writes how actions ended, and takes back what did not come true.
enum ReceiptRows {
  /// - Returns: the revision of the firewall afterwards.
  static func finish(
    _ action: ActionID, _ receipt: Receipt, in db: Database, at now: Timestamp
  ) throws -> Int64 {
    guard
      let row = try db.row(
        """
        SELECT outcome, first_decision, decisions, firewall, actor
        FROM action JOIN cause ON cause.id = action.cause WHERE action.id = ?
        """, [action])
    else {
      throw JournalError.missing(
        en: "There is no action \(action) to finish.", ja: "終了を記録する操作 \(action) がありません。")
    }
    let decisions = (first: row[1] as Int64, end: (row[1] as Int64) + (row[2] as Int64))
    if let outcome = row[0] as String? {
      // A caller that does not know whether its first call arrived may repeat it.
      if try deciding(action, in: db) == receipt { return try revision(of: row[3], in: db) }
      throw JournalError.missing(
        en: "Action \(action) is not open: it ended as “\(outcome)”.",
        ja: "操作 \(action) は「\(outcome)」で終了済みで、記録を追加できません。")
    }
    let detail = try detail(of: receipt)
    let id = try insert(receipt, detail, action: action, in: db)
    if case .unknown = receipt.outcome {
    } else {
      try db.run("UPDATE action SET outcome = ? WHERE id = ?", [receipt.outcome.word, action])
      if receipt.outcome != .applied { try takeBack(action, decisions, in: db) }
    }
    try AuditLog.append(
      db, at: now, kind: .receipt, actor: row[4],
      payload: ReceiptRecord(
        action: action, receipt: id, outcome: receipt.outcome.word,
        content: content(of: receipt, detail, action: action, id: id)))
    try db.run("UPDATE firewall SET revision = revision + 1 WHERE id = ?", [row[3] as Int64])
    return try revision(of: row[3], in: db)
  }

  private static func revision(of firewall: Int64, in db: Database) throws -> Int64 {
    try db.number("SELECT revision FROM firewall WHERE id = ?", [firewall]) ?? 0
  }

  private static let applied = try? CanonicalJSON.text(Outcome.applied)

  /// The outcome with its cause. Nearly always the same words, which are then written once.
  private static func detail(of receipt: Receipt) throws -> String {
    if receipt.outcome == .applied, let applied { return applied }
    return try CanonicalJSON.text(receipt.outcome)
  }

  /// The action whose end or reinstatement of a decision counts: the last that did not fail.
  static let endedBy = """
    (SELECT CASE decision_event.kind WHEN 'end' THEN decision_event.action END
     FROM decision_event JOIN action ON action.id = decision_event.action
     WHERE decision_event.decision = decision.id AND coalesce(action.outcome, 'applied') = 'applied'
     ORDER BY decision_event.action DESC LIMIT 1)
    """

  /// The same for an entry of the allow list.
  static let removedBy = """
    (SELECT allow_removal.action
     FROM allow_removal JOIN action ON action.id = allow_removal.action
     WHERE allow_removal.entry = allow_entry.id AND coalesce(action.outcome, 'applied') = 'applied'
     ORDER BY allow_removal.action DESC LIMIT 1)
    """

  private static func takeBack(
    _ action: ActionID, _ decisions: (first: Int64, end: Int64), in db: Database
  ) throws {
    try db.run(
      "UPDATE decision SET failed = 1 WHERE id >= ? AND id < ?", [decisions.first, decisions.end])
    try db.run(
      """
      UPDATE decision SET ended_by = \(endedBy)
      WHERE id IN (SELECT decision FROM decision_event WHERE action = ?)
      """, [action])
    try db.run("UPDATE allow_entry SET failed = 1 WHERE added_by = ?", [action])
    try db.run(
      """
      UPDATE allow_entry SET removed_by = \(removedBy)
      WHERE id IN (SELECT entry FROM allow_removal WHERE action = ?)
      """, [action])
  }

  private static func insert(
    _ receipt: Receipt, _ detail: String, action: ActionID, in db: Database
  ) throws -> Int64 {
    try db.run(
      """
      INSERT INTO receipt (action, outcome, plan_digest, firewall, started_at, finished_at,
        read_back_at, performed, verified, detail)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      """,
      [
        action, receipt.outcome.word, receipt.planDigest, receipt.firewall,
        receipt.startedAt.microseconds, receipt.finishedAt.microseconds,
        receipt.readBackAt?.microseconds, receipt.performed, receipt.verified,
        detail,
      ])
    return db.lastInsertedRowID
  }

  static let columns = """
    plan_digest, firewall, detail, started_at, finished_at, read_back_at, performed, verified, outcome
    """

  static func deciding(_ action: ActionID, in db: Database) throws -> Receipt? {
    try db.row("SELECT \(columns) FROM receipt WHERE action = ? AND outcome <> 'unknown'", [action])
      .map(receipt)
  }

  static func receipt(_ row: Row) throws -> Receipt {
    let outcome = try CanonicalJSON.value(Outcome.self, row[2])
    guard outcome.word == row[8] as String else { throw DamagedRow("a receipt contradicts itself") }
    return Receipt(
      planDigest: row[0], firewall: row[1], outcome: outcome,
      startedAt: Timestamp(microseconds: row[3]), finishedAt: Timestamp(microseconds: row[4]),
      readBackAt: (row[5] as Int64?).map(Timestamp.init(microseconds:)), performed: row[6],
      verified: row[7])
  }

  static func content(of receipt: Receipt, action: ActionID, id: Int64) throws -> String {
    content(of: receipt, try detail(of: receipt), action: action, id: id)
  }

  private static func content(
    of receipt: Receipt, _ detail: String, action: ActionID, id: Int64
  ) -> String {
    var writer = ByteWriter()
    writer.put(action)
    writer.put(id)
    writer.put(receipt.planDigest)
    writer.put(receipt.firewall)
    writer.put(receipt.startedAt.microseconds)
    writer.put(receipt.finishedAt.microseconds)
    writer.put(receipt.readBackAt?.microseconds)
    writer.put(receipt.performed)
    writer.put(receipt.verified)
    writer.put(detail)
    return AuditLog.hexadecimal(Array(SHA256.hash(data: writer.bytes)))
  }
}
