import Enforcement
import FirewallKit
import GRDB
import Language
import NetworkTypes
import Testing

@testable import Ledger

struct AuditTests {
  static let alteredOperation = """
    UPDATE plan_operation SET literal = CAST('flush ruleset' AS BLOB) WHERE plan = 1 AND position = 0
    """

  /// A ledger in which every table has rows, closed.
  static func filled() async throws -> Place {
    let place = try Place()
    let ledger = try place.open(.processEnd)
    try await ledger.keep(Sample.plan(1))
    let first = try await ledger.begin(
      Sample.intent(
        [Sample.decision("192.0.2.7", verdict: "{}"), Sample.decision("2001:db8::7")],
        allows: [Sample.allow("203.0.113.1")]), plan: Sample.plan(1))
    try await ledger.finish(first.id, receipt: Sample.receipt())
    let second = try await ledger.begin(
      Sample.intent(
        [Sample.decision("192.0.2.9")], kind: .rollback, ends: [first.decisions.lowerBound],
        disallows: ["203.0.113.1"], rollbackOf: first.id), plan: Sample.plan(2))
    try await ledger.finish(second.id, receipt: Sample.receipt(Sample.takingBack[0]))
    let third = try await ledger.begin(
      Sample.intent([], kind: .unblock, ends: Array(first.decisions)), plan: Sample.plan(3))
    try await ledger.finish(third.id, receipt: Sample.receipt(.unknown(cause: Sample.failure)))
    try await ledger.append(.mode, actor: "root", payload: ["mode": "enforce"])
    #expect(try await ledger.verifyAudit().fault == nil)
    try ledger.close()
    return place
  }

  @Test func anUntouchedLogIsIntactAndItsAnchorHolds() async throws {
    let place = try await Self.filled()
    let ledger = try place.open()
    let anchor = try #require(try await ledger.auditAnchor())
    let found = try await ledger.verifyAudit(against: anchor)
    #expect(found == AuditVerification(checked: 9, head: anchor, fault: nil))
    #expect(AuditAnchor(anchor.description) == anchor)
    try await ledger.append(.service, actor: "root", payload: ["state": "stopped"])
    #expect(try await ledger.verifyAudit(against: anchor).isIntact)
  }

  @Test func everyChangeOfEveryColumnIsFound() async throws {
    let source = try await Self.filled()
    let tables = try source.query(
      """
      SELECT name FROM sqlite_schema
      WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name <> 'grdb_migrations'
      """
    ).map { $0[0] as String }
    #expect(tables.count == 11)
    for table in tables {
      for row in try source.query("SELECT name, pk FROM pragma_table_info('\(table)')") {
        let column: String = row[0]
        let place = try source.copy()
        try place.tamper(
          """
          UPDATE \(table) SET \(column) = CASE typeof(\(column))
            WHEN 'integer' THEN \(column) + 1000 WHEN 'text' THEN \(column) || 'x'
            WHEN 'blob' THEN CAST(zeroblob(length(\(column)) - 1) || x'01' AS BLOB)
            ELSE (SELECT CASE type WHEN 'INTEGER' THEN 1 ELSE 'x' END
              FROM pragma_table_info('\(table)') WHERE name = '\(column)') END
          WHERE (\(column), 1) IN (SELECT \(column), 1 FROM \(table) LIMIT 1) OR \(column) IS NULL
          """)
        let ledger = try place.open()
        let fault = try await Self.fault(of: ledger)
        #expect(fault != nil, "\(table).\(column)")
      }
    }
  }

  /// What verification finds; a ledger that cannot even be read counts as found.
  static func fault(of ledger: Ledger) async throws -> AuditFault? {
    do {
      return try await ledger.verifyAudit().fault
    } catch  where error.code == .unreadable {
      return AuditFault(code: .file, sequence: nil, detail: error.message.en)
    }
  }

  @Test(
    arguments: [
      (
        "UPDATE audit SET payload = replace(payload, '192.0.2.7', '192.0.2.6') WHERE sequence = 3",
        AuditFault.Code.hash, 3
      ),
      ("DELETE FROM audit WHERE sequence = 4", .gap, 4),
      ("DELETE FROM audit WHERE sequence = 1", .gap, 1),
      ("DELETE FROM audit", .gap, 1),
      (
        """
        UPDATE audit SET sequence = 99 WHERE sequence = 3; UPDATE audit SET sequence = 3 WHERE sequence = 4;
        UPDATE audit SET sequence = 4 WHERE sequence = 99
        """, .hash, 3
      ),
      ("UPDATE decision SET target = '192.0.2.6' WHERE id = 1", .rows, 3),
      ("UPDATE decision SET deadline = deadline + 1 WHERE id = 3", .rows, 5),
      ("DELETE FROM decision_event", .rows, 5),
      ("UPDATE cause SET reason = 'harmless' WHERE reason LIKE 'scans%'", .rows, 3),
      ("UPDATE receipt SET verified = 7 WHERE id = 1", .rows, 4),
      ("UPDATE receipt SET detail = replace(detail, 'EINVAL', 'EPERM') WHERE id = 2", .rows, 6),
      (alteredOperation, .rows, 2),
    ] as [(String, AuditFault.Code, Int64)])
  func tamperingIsFoundWhereItIs(_ sql: String, _ code: AuditFault.Code, _ sequence: Int64) async throws {
    let place = try await Self.filled()
    try place.tamper(sql)
    let queue = try DatabaseQueue(path: place.path)
    let fault = try await queue.read { db in
      var verifier = AuditVerifier(db)
      return try verifier.verify(against: nil).fault
    }
    #expect(fault?.code == code, "\(String(describing: fault))")
    #expect(fault?.sequence == sequence)
    #expect(fault?.message.ja.isEmpty == false)
  }

  @Test func whatIsInForceCannotBeChangedByItself() async throws {
    for sql in [
      "UPDATE decision SET ended_by = NULL WHERE id = 1", "UPDATE decision SET failed = 0 WHERE id = 3",
      "UPDATE decision SET ended_by = 3 WHERE id = 3", "UPDATE allow_entry SET removed_by = 2",
      "UPDATE action SET outcome = 'applied' WHERE id = 3", "UPDATE firewall SET revision = 1",
    ] {
      let place = try await Self.filled()
      try place.tamper(sql)
      let fault = try await place.open().verifyAudit().fault
      #expect(fault?.code == .state, "\(sql): \(String(describing: fault))")
    }
  }

  @Test func aLogThatWasCutIsFoundByItsAnchor() async throws {
    let place = try await Self.filled()
    let ledger = try place.open()
    let anchor = try #require(try await ledger.auditAnchor())
    try ledger.close()
    try place.tamper("DELETE FROM audit WHERE sequence = 9")
    let cut = try place.open()
    // Nothing in the journal hangs on the last entry, so the log is consistent in itself.
    #expect(try await cut.verifyAudit().isIntact)
    let fault = try await cut.verifyAudit(against: anchor).fault
    #expect(fault == AuditFault(code: .truncated, sequence: 9))
    try await cut.append(.mode, actor: "root", payload: ["mode": "dry-run"])
    #expect(try await cut.verifyAudit().isIntact)
    #expect(try await cut.verifyAudit(against: anchor).fault == AuditFault(code: .anchor, sequence: 9))
  }

  @Test func aCutThatLeavesRowsOfTheJournalIsFoundWithoutAnAnchor() async throws {
    let place = try await Self.filled()
    try place.tamper("DELETE FROM audit WHERE sequence >= 7")
    #expect(try await place.open().verifyAudit().fault?.code == .unrecorded)
  }

  @Test func anAlteredPlanIsNeverHandedOut() async throws {
    let place = try await Self.filled()
    try place.tamper(Self.alteredOperation)
    let ledger = try place.open()
    let error = await #expect(throws: JournalError.self) { try await ledger.plan(digest: Sample.digest(1)) }
    #expect(error?.code == .unreadable)
  }

  @Test func entriesAreReadInOrderAndTellWhatWasDone() async throws {
    let place = try await Self.filled()
    let ledger = try place.open()
    let entries = try await ledger.auditEntries(limit: 99)
    #expect(entries.map(\.sequence) == Array(1...9))
    #expect(
      entries.map(\.kind.rawValue)
        == ["ledger", "plan", "intent", "receipt", "intent", "receipt", "intent", "receipt", "mode"])
    #expect(entries[2].payload.contains("192.0.2.7"))
    #expect(entries[2].actor == "root")
    #expect(entries[1].actor == "tests")
    #expect(try await ledger.auditEntries(from: 8, limit: 1).map(\.sequence) == [8])
  }

  @Test func kindsThatVouchForRowsAreReserved() async throws {
    let place = try Place()
    defer { withExtendedLifetime(place) {} }
    let ledger = try place.open()
    await #expect(throws: JournalError.self) {
      try await ledger.append(.receipt, actor: "root", payload: ["a": "b"])
    }
  }

  @Test func theLogOnlyGrows() async throws {
    let place = try Place()
    defer { withExtendedLifetime(place) {} }
    let ledger = try place.open()
    for sql in ["DELETE FROM audit", "UPDATE audit SET at = 0"] {
      await #expect(throws: DatabaseError.self) { try await ledger.pool.write { try $0.execute(sql: sql) } }
    }
  }
}
