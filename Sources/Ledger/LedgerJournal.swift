public import Enforcement
public import FirewallKit
internal import GRDB
public import NetworkTypes

extension Ledger {
  /// Keeping a plan twice changes nothing.
  public func keep(_ plan: Plan) async throws(JournalError) {
    let prepared = PreparedPlan(plan)
    let now = clock()
    let actor = actor
    try await write { db in
      let (id, isNew) = try PlanRows.store(prepared, in: db)
      guard isNew else { return }
      try AuditLog.append(
        db, at: now, kind: .plan, actor: actor,
        payload: PlanRecord(
          plan: id, digest: plan.digest, content: AuditLog.hexadecimal(prepared.content),
          firewall: plan.firewall))
    }
  }

  /// Of several plans with one digest, which differ at most in time and cost, the last that was kept.
  public func plan(digest: String) async throws(JournalError) -> Plan? {
    try read { db in
      if let id = try db.number("SELECT id FROM plan WHERE digest = ? ORDER BY id DESC", [digest]) {
        return try PlanRows.load(id, in: db)
      }
      let beginning = digest.lowercased()
      guard beginning.utf8.count >= 8, beginning.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
      else { return nil }
      var found: [(id: Int64, digest: String)] = []
      // 0x7F follows every character of a digest.
      try db.each(
        "SELECT max(id), digest FROM plan WHERE digest >= ? AND digest < ? GROUP BY digest LIMIT 2",
        [beginning, beginning + "\u{7F}"]
      ) { row in found.append((row[0], row[1])) }
      return found.count == 1 ? try PlanRows.load(found[0].id, in: db) : nil
    }
  }

  /// Throws `missing`, and records nothing, when a decision to end is not in force on this firewall, one
  /// to reinstate has not ended, a target to disallow is not on the list, or there is no action to roll
  /// back: the intent was then made of an old reading.
  public func begin(_ intent: Intent, plan: Plan) async throws(JournalError) -> BegunAction {
    let prepared = PreparedPlan(plan)
    let now = clock()
    return try await write { db in try IntentRows.begin(intent, plan: prepared, in: db, at: now) }
  }

  /// Throws `missing` for an action that is not there, or that has ended otherwise. The same deciding
  /// receipt twice changes nothing.
  @discardableResult
  public func finish(_ action: ActionID, receipt: Receipt) async throws(JournalError) -> Int64 {
    let now = clock()
    return try await write { db in try ReceiptRows.finish(action, receipt, in: db, at: now) }
  }

  public func openActions(on firewall: String) async throws(JournalError) -> [(RecordedAction, Plan)] {
    try read { db in
      guard let row = try Names.knownFirewall(firewall, in: db) else { return [] }
      return try ActionRows.actions(
        "WHERE action.firewall = ? AND outcome IS NULL ORDER BY action.id", [row], in: db
      ).map { ($0.action, try PlanRows.load($0.plan, in: db)) }
    }
  }

  public func action(_ id: ActionID) async throws(JournalError) -> RecordedAction? {
    try read { db in try ActionRows.actions("WHERE action.id = ?", [id], in: db).first?.action }
  }

  public func actions(
    on firewall: String?, since: Timestamp?, limit: Int
  ) async throws(JournalError) -> [RecordedAction] {
    try read { db in
      let since = since?.microseconds ?? .min
      let limit = max(0, limit)
      guard let firewall else {
        return try ActionRows.actions(
          "WHERE started_at >= ? ORDER BY action.id DESC LIMIT ?", [since, limit], in: db
        ).map(\.action)
      }
      guard let row = try Names.knownFirewall(firewall, in: db) else { return [] }
      return try ActionRows.actions(
        "WHERE action.firewall = ? AND started_at >= ? ORDER BY action.id DESC LIMIT ?",
        [row, since, limit], in: db
      ).map(\.action)
    }
  }

  /// In the order of their numbers.
  public func decisionsInForce(on firewall: String) async throws(JournalError) -> [Decision] {
    try read { db in
      guard let row = try Names.knownFirewall(firewall, in: db) else { return [] }
      return try ActionRows.decisions(
        "WHERE firewall = ? AND failed = 0 AND ended_by IS NULL ORDER BY id", [row], in: db)
    }
  }

  /// In the order of their numbers; numbers that are not in the ledger are left out.
  public func decisions(_ ids: [Int64]) async throws(JournalError) -> [Decision] {
    try read { db in
      var found: [Decision] = []
      // The decisions of one action have successive numbers: a run costs one query.
      var rest = Set(ids).sorted()[...]
      while let first = rest.first {
        let count = zip(rest, first...).prefix { $0 == $1 }.count
        found += try ActionRows.decisions(
          "WHERE id BETWEEN ? AND ? ORDER BY id", [first, first + Int64(count) - 1], in: db)
        rest = rest.dropFirst(count)
      }
      return found
    }
  }

  /// In the order in which they were added.
  public func allowEntries(on firewall: String) async throws(JournalError) -> [AllowEntry] {
    try read { db in
      guard let row = try Names.knownFirewall(firewall, in: db) else { return [] }
      return try ActionRows.entries(
        "WHERE firewall = ? AND failed = 0 AND removed_by IS NULL ORDER BY id", [row], in: db
      ).map(\.entry)
    }
  }

  /// Counted in the transaction of the change itself, because `data_version` is relative to one connection
  /// and a pool has several. Each own begin or finish counts one: who knows what it did itself need not
  /// read everything again.
  public func revision(on firewall: String) async throws(JournalError) -> Int64 {
    try read { db in
      try db.number("SELECT revision FROM firewall WHERE name = ?", [firewall]) ?? 0
    }
  }
}
