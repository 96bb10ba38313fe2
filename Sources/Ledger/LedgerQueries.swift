public import Enforcement
public import FirewallKit
internal import GRDB
public import NetworkTypes

/// A decision with its place in the course of things.
public struct RecordedDecision: Sendable, Equatable {
  /// Which action ended a decision, and why.
  public struct End: Sendable, Equatable {
    public var action: ActionID
    public var ending: DecisionEnding

    public init(action: ActionID, ending: DecisionEnding) {
      self.action = action
      self.ending = ending
    }
  }

  public var decision: Decision
  public var beganBy: ActionID
  /// `nil` while it is in force.
  public var end: End?

  public init(decision: Decision, beganBy: ActionID, end: End?) {
    self.decision = decision
    self.beganBy = beganBy
    self.end = end
  }
}

extension Ledger {
  /// The plan that an action carried out; `nil` when there is no such action.
  public func plan(of action: ActionID) async throws(JournalError) -> Plan? {
    try read { db in
      try db.number("SELECT plan FROM action WHERE id = ?", [action]).map { try PlanRows.load($0, in: db) }
    }
  }

  /// All receipts of an action, oldest first: those that say `unknown`, then the one that decides.
  public func receipts(of action: ActionID) async throws(JournalError) -> [Receipt] {
    try read { db in
      var receipts: [Receipt] = []
      try db.each("SELECT \(ReceiptRows.columns) FROM receipt WHERE action = ? ORDER BY id", [action]) {
        receipts.append(try ReceiptRows.receipt($0))
      }
      return receipts
    }
  }

  /// Actions that took this one back, or tried to, oldest first.
  public func rollbacks(of action: ActionID) async throws(JournalError) -> [RecordedAction] {
    try read { db in
      try ActionRows.actions("WHERE rollback_of = ? ORDER BY action.id", [action], in: db).map(\.action)
    }
  }

  /// The decisions that an action began, ended or reinstated, in the order of their numbers.
  public func decisions(of action: ActionID) async throws(JournalError) -> [RecordedDecision] {
    try read { db in
      try Self.recorded(
        """
        WHERE decision.id IN (
          SELECT decision FROM decision_event WHERE action = ?
          UNION ALL
          SELECT began.id FROM action JOIN decision AS began ON began.id >= action.first_decision
            AND began.id < action.first_decision + action.decisions
          WHERE action.id = ?)
        ORDER BY decision.id
        """, [action, action], in: db)
    }
  }

  /// What was ever decided about exactly this target, newest first; at most `limit`.
  public func decisions(
    about target: BlockTarget, limit: Int
  ) async throws(JournalError) -> [RecordedDecision] {
    try read { db in
      try Self.recorded(
        "WHERE decision.target = ? AND decision.kind = ? ORDER BY decision.id DESC LIMIT ?",
        [target.description, target.kind.rawValue, max(0, limit)], in: db)
    }
  }

  /// How many decisions are in force, by firewall.
  public func countsInForce() async throws(JournalError) -> [String: Int] {
    try read { db in
      var counts: [String: Int] = [:]
      try db.each(
        """
        SELECT name, (SELECT count(*) FROM decision
          WHERE firewall = firewall.id AND failed = 0 AND ended_by IS NULL) FROM firewall
        """
      ) { counts[$0[0]] = $0[1] }
      return counts
    }
  }

  private static func recorded(
    _ clause: String, _ arguments: StatementArguments, in db: Database
  ) throws -> [RecordedDecision] {
    var names = NameReader(db)
    var found: [RecordedDecision] = []
    try db.each(
      """
      SELECT decision.id, decision.firewall, decision.kind, target, made_at, deadline, decision.cause,
        verdict, began_by, failed, ended_by, action.ending
      FROM decision LEFT JOIN action ON action.id = decision.ended_by \(clause)
      """, arguments
    ) { row in
      let failed: Bool = row[9]
      var end: RecordedDecision.End?
      if failed {
        end = RecordedDecision.End(action: row[8], ending: .failed)
      } else if let action = row[10] as ActionID? {
        guard let ending = DecisionEnding(rawValue: row[11]) else {
          throw DamagedRow("action \(action) has no ending")
        }
        end = RecordedDecision.End(action: action, ending: ending)
      }
      found.append(
        RecordedDecision(decision: try ActionRows.decision(row, &names), beganBy: row[8], end: end))
    }
    return found
  }
}
