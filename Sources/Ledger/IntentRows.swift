import Enforcement
import FirewallKit
internal import GRDB
import NetworkTypes

/// Writes an action and all that it changes.
enum IntentRows {
  static func begin(
    _ asked: Intent, plan: PreparedPlan, in db: Database, at now: Timestamp
  ) throws -> BegunAction {
    var intent = asked
    intent.cause = asked.cause.storable
    let firewall = try Names.firewall(intent.firewall, in: db)
    let cause = try Names.cause(intent.cause, in: db)
    let plan = (row: try PlanRows.store(plan, in: db).id, digest: plan.plan.digest, content: plan.content)
    if let other = intent.rollbackOf, try db.number("SELECT 1 FROM action WHERE id = ?", [other]) == nil {
      throw JournalError.missing(
        en: "There is no action \(other) to roll back. See the list of actions.",
        ja: "巻き戻す対象の操作 \(other) はありません。操作の一覧を確認してください。")
    }
    // Not the highest decision plus one: a number must not return when old decisions were erased.
    let first = try db.number("SELECT first_decision + decisions FROM action ORDER BY id DESC LIMIT 1") ?? 1
    try db.run(
      """
      INSERT INTO action (kind, firewall, cause, started_at, plan, ending, first_decision, decisions,
        rollback_of)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
      """,
      [
        intent.kind.rawValue, firewall, cause, intent.startedAt.microseconds, plan.row,
        intent.ending.rawValue, first, intent.begins.count, intent.rollbackOf,
      ])
    let action = db.lastInsertedRowID

    let targets = intent.begins.map { $0.target.description }
    let decisions = try insert(
      intent, targets, first: first, action: action, row: firewall, actionCause: (intent.cause, cause),
      in: db)
    let ends = try turn(intent.ends, .end, intent: intent, action: action, row: firewall, in: db)
    let reinstates = try turn(
      intent.reinstates, .reinstate, intent: intent, action: action, row: firewall, in: db)
    var disallows = try disallow(intent, action: action, row: firewall, in: db)
    let allows = try allow(intent, action: action, row: firewall, superseded: &disallows, in: db)

    let content = IntentContent(
      action: action, kind: intent.kind.rawValue, firewall: intent.firewall, cause: intent.cause,
      startedAt: intent.startedAt.microseconds, ending: intent.ending.rawValue,
      rollbackOf: intent.rollbackOf, plan: AuditLog.hexadecimal(plan.content), decisions: decisions,
      targets: targets, ends: ends, reinstates: reinstates, allows: allows, disallows: disallows.sorted())
    let shown = IntentRecord.shownTargets
    let examples: [BlockTarget] =
      decisions.prefix(shown).map { $0.target } + allows.prefix(shown).map { $0.entry.target }
      + intent.disallows.prefix(shown)
    try AuditLog.append(
      db, at: now, kind: .intent, actor: intent.cause.actor,
      payload: IntentRecord(
        action: action, kind: intent.kind.rawValue, firewall: intent.firewall,
        reason: intent.cause.reason, plan: plan.row, digest: plan.digest,
        content: AuditLog.hexadecimal(plan.content), began: decisions.count, ended: ends.count,
        reinstated: reinstates.count, allowed: allows.count, disallowed: disallows.count,
        rollbackOf: intent.rollbackOf,
        targets: examples.prefix(shown).map { $0.description },
        intent: content.digest))
    try db.run("UPDATE firewall SET revision = revision + 1 WHERE id = ?", [firewall])
    return BegunAction(id: action, decisions: first..<(first + Int64(decisions.count)))
  }

  /// Writes decisions in runs that differ in their target only. Binding the values of one row costs more
  /// than storing them, and a list of a hundred thousand has one time, one deadline and one cause: its
  /// targets go in as one JSON array.
  private static func insert(
    _ intent: Intent, _ texts: [String], first: Int64, action: ActionID, row firewall: Int64,
    actionCause: (Cause, Int64), in db: Database
  ) throws -> [Decision] {
    var decisions = intent.begins
    var causes = [actionCause.0: actionCause.1]
    for index in decisions.indices {
      try check(decisions[index].firewall, is: intent.firewall)
      decisions[index].id = first + Int64(index)
      if index > 0, decisions[index].cause == intent.begins[index - 1].cause {
        decisions[index].cause = decisions[index - 1].cause
      } else {
        decisions[index].cause = decisions[index].cause.storable
      }
    }
    var start = decisions.startIndex
    while start < decisions.endIndex {
      let head = decisions[start]
      let kind = head.target.kind
      var end = start + 1
      while end < decisions.endIndex, decisions[end].target.kind == kind,
        decisions[end].madeAt == head.madeAt, decisions[end].deadline == head.deadline,
        decisions[end].cause == head.cause, decisions[end].verdict == head.verdict
      {
        end += 1
      }
      let cause = try causes[head.cause] ?? Names.cause(head.cause, in: db)
      causes[head.cause] = cause
      // No target has a character that JSON would escape.
      let targets = texts[start..<end].joined(separator: "\",\"")
      try db.run(
        """
        INSERT INTO decision (id, began_by, firewall, kind, target, made_at, deadline, cause, verdict)
        SELECT ? + key, ?, ?, ?, value, ?, ?, ?, ? FROM json_each(?)
        """,
        [
          head.id, action, firewall, kind.rawValue, head.madeAt.microseconds,
          head.deadline.microseconds, cause, head.verdict, "[\"\(targets)\"]",
        ])
      start = end
    }
    return decisions
  }

  private enum Turn: String { case end, reinstate }

  /// Ends decisions that are in force, or lets ended ones be in force again. All or none: a decision
  /// that another action has ended meanwhile means that the intent was made of an old reading.
  private static func turn(
    _ ids: [Int64], _ turn: Turn, intent: Intent, action: ActionID, row firewall: Int64,
    in db: Database
  ) throws -> [Int64] {
    guard !ids.isEmpty else { return [] }
    let sorted = Set(ids).sorted()
    let condition = turn == .end ? "ended_by IS NULL" : "ended_by IS NOT NULL"
    let check = try db.cachedStatement(
      sql: "SELECT 1 FROM decision WHERE id = ? AND firewall = ? AND failed = 0 AND \(condition)")
    let insert = try db.cachedStatement(
      sql: "INSERT INTO decision_event (action, decision, kind) VALUES (?, ?, '\(turn.rawValue)')")
    for id in sorted {
      guard try Int64.fetchOne(check, arguments: [id, firewall]) != nil else {
        throw turn == .end
          ? JournalError.missing(
            en: "Decision \(id) is not in force on \(intent.firewall). Plan again.",
            ja: "遮断決定 \(id) は \(intent.firewall) で有効ではありません。変更計画を作り直してください。")
          : JournalError.missing(
            en: "Decision \(id) has not ended on \(intent.firewall). Plan again.",
            ja: "遮断決定 \(id) は \(intent.firewall) で終了していません。変更計画を作り直してください。")
      }
      insert.setUncheckedArguments([action, id])
      try insert.execute()
    }
    try db.run(
      """
      UPDATE decision SET ended_by = ?
      WHERE id IN (SELECT decision FROM decision_event WHERE action = ? AND kind = ?)
      """, [turn == .end ? action : nil, action, turn.rawValue])
    return sorted
  }

  private static func disallow(
    _ intent: Intent, action: ActionID, row firewall: Int64, in db: Database
  ) throws -> [Int64] {
    var removed: [Int64] = []
    for target in Set(intent.disallows).sorted() {
      let entries = try remove(target, action: action, row: firewall, in: db)
      guard !entries.isEmpty else {
        throw JournalError.missing(
          en: "\(target) is not on the allow list of \(intent.firewall). See the list.",
          ja: "\(target) は \(intent.firewall) の許可リストにありません。一覧を確認してください。")
      }
      removed += entries
    }
    return removed
  }

  /// Adds entries. One for a target that is already on the list takes the place of the older one,
  /// which then counts as removed by this action and comes back when the action is taken back.
  private static func allow(
    _ intent: Intent, action: ActionID, row firewall: Int64, superseded: inout [Int64], in db: Database
  ) throws -> [(id: Int64, entry: AllowEntry)] {
    var added: [(id: Int64, entry: AllowEntry)] = []
    var seen: Set<BlockTarget> = []
    for asked in intent.allows where seen.insert(asked.target).inserted {
      try check(asked.firewall, is: intent.firewall)
      var entry = asked
      entry.cause = asked.cause.storable
      superseded += try remove(entry.target, action: action, row: firewall, in: db)
      try db.run(
        """
        INSERT INTO allow_entry (added_by, firewall, kind, target, added_at, cause)
        VALUES (?, ?, ?, ?, ?, ?)
        """,
        [
          action, firewall, entry.target.kind.rawValue, entry.target.description,
          entry.addedAt.microseconds, try Names.cause(entry.cause, in: db),
        ])
      added.append((db.lastInsertedRowID, entry))
    }
    return added
  }

  private static func remove(
    _ target: BlockTarget, action: ActionID, row firewall: Int64, in db: Database
  ) throws -> [Int64] {
    let entries = try db.numbers(
      """
      SELECT id FROM allow_entry
      WHERE firewall = ? AND target = ? AND kind = ? AND failed = 0 AND removed_by IS NULL
      """, [firewall, target.description, target.kind.rawValue])
    for entry in entries {
      try db.run("INSERT INTO allow_removal (action, entry) VALUES (?, ?)", [action, entry])
      try db.run("UPDATE allow_entry SET removed_by = ? WHERE id = ?", [action, entry])
    }
    return entries
  }

  private static func check(_ firewall: String, is expected: String) throws {
    guard firewall == expected else {
      throw JournalError.unwritable(
        en: "A record for \(firewall) was given in a change of \(expected). Nothing was recorded.",
        ja: "\(expected) の変更に \(firewall) の記録が含まれています。何も記録していません。")
    }
  }
}
