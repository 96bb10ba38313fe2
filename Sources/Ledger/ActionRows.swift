import Enforcement
import FirewallKit
internal import GRDB
import NetworkTypes

/// Reads actions, decisions and the allow list.
enum ActionRows {
  static let columns = """
    SELECT action.id, action.kind, action.firewall, action.cause, action.started_at, plan.digest,
      first_decision, decisions, rollback_of, outcome, ending, plan.id, plan.content
    FROM action JOIN plan ON plan.id = action.plan
    """

  static func actions(
    _ clause: String, _ arguments: StatementArguments, in db: Database
  ) throws -> [(action: RecordedAction, plan: Int64)] {
    var names = NameReader(db)
    var actions: [(action: RecordedAction, plan: Int64)] = []
    try db.each("\(columns) \(clause)", arguments) { row in
      let id: ActionID = row[0]
      guard let kind = ActionKind(rawValue: row[1]) else { throw DamagedRow("action \(id) has no kind") }
      let first: Int64 = row[6]
      actions.append(
        (
          RecordedAction(
            id: id, kind: kind, firewall: try names.firewall(row[2]), cause: try names.cause(row[3]),
            startedAt: Timestamp(microseconds: row[4]), planDigest: row[5],
            began: Array(first..<(first + (row[7] as Int64))),
            ended: try events(of: id, "end", in: db), reinstated: try events(of: id, "reinstate", in: db),
            allowed: try allowed(by: id, in: db).map(\.entry),
            disallowed: try disallowed(by: id, in: db).map(\.entry), rollbackOf: row[8],
            receipt: (row[9] as String?) == nil ? nil : try ReceiptRows.deciding(id, in: db)),
          row[11]
        ))
    }
    return actions
  }

  static func events(of action: ActionID, _ kind: String, in db: Database) throws -> [Int64] {
    try db.numbers(
      "SELECT decision FROM decision_event WHERE action = ? AND kind = ? ORDER BY decision",
      [action, kind])
  }

  static let decisionColumns =
    "SELECT id, firewall, kind, target, made_at, deadline, cause, verdict, began_by"

  static func decisions(
    _ clause: String, _ arguments: StatementArguments, in db: Database
  ) throws -> [Decision] {
    var names = NameReader(db)
    var decisions: [Decision] = []
    try db.each("\(decisionColumns) FROM decision \(clause)", arguments) { row in
      decisions.append(try decision(row, &names))
    }
    return decisions
  }

  static func decision(_ row: Row, _ names: inout NameReader) throws -> Decision {
    Decision(
      id: row[0], firewall: try names.firewall(row[1]),
      target: try NameReader.target(row[3], kind: row[2]), madeAt: Timestamp(microseconds: row[4]),
      deadline: Timestamp(microseconds: row[5]), cause: try names.cause(row[6]), verdict: row[7],
      action: row[8])
  }

  static func allowed(by action: ActionID, in db: Database) throws -> [(id: Int64, entry: AllowEntry)] {
    try entries("WHERE added_by = ? ORDER BY id", [action], in: db)
  }

  static func disallowed(by action: ActionID, in db: Database) throws -> [(id: Int64, entry: AllowEntry)] {
    try entries(
      "WHERE id IN (SELECT entry FROM allow_removal WHERE action = ?) ORDER BY id", [action], in: db)
  }

  static func entries(
    _ clause: String, _ arguments: StatementArguments, in db: Database
  ) throws -> [(id: Int64, entry: AllowEntry)] {
    var names = NameReader(db)
    var entries: [(id: Int64, entry: AllowEntry)] = []
    try db.each(
      "SELECT id, firewall, kind, target, added_at, cause FROM allow_entry \(clause)", arguments
    ) { row in
      entries.append(
        (
          row[0],
          AllowEntry(
            firewall: try names.firewall(row[1]), target: try NameReader.target(row[3], kind: row[2]),
            addedAt: Timestamp(microseconds: row[4]), cause: try names.cause(row[5]))
        ))
    }
    return entries
  }
}
