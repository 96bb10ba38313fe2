public import Enforcement
internal import GRDB
import Language
import NetworkTypes

extension Ledger {
  /// Adds an event of another room to the audit log: a configuration that was loaded, a mode that was
  /// chosen. `payload` is stored as JSON with sorted keys; never put a secret in it.
  ///
  /// Throws `unwritable` for the kinds that only the ledger writes (`ledger`, `plan`, `intent` and
  /// `receipt`), because verification takes their word for rows of the journal.
  @discardableResult
  public func append(
    _ kind: AuditKind, actor: String, payload: some Encodable & Sendable
  ) async throws(JournalError) -> AuditEntry {
    guard !AuditKind.reserved.contains(kind) else {
      throw JournalError.unwritable(
        en: "Audit entries of the kind “\(kind.rawValue)” are written by the ledger alone.",
        ja: "種別「\(kind.rawValue)」の監査記録は台帳だけが書き込みます。")
    }
    let now = clock()
    return try await write { db in
      try AuditLog.append(db, at: now, kind: kind, actor: actor, payload: payload)
    }
  }

  /// Entries in their order, from a number on; at most `limit`.
  public func auditEntries(from sequence: Int64 = 1, limit: Int) async throws(JournalError) -> [AuditEntry] {
    try read { db in
      var entries: [AuditEntry] = []
      try db.each(
        """
        SELECT sequence, at, kind, actor, payload, hash FROM audit WHERE sequence >= ?
        ORDER BY sequence LIMIT ?
        """, [sequence, max(0, limit)]
      ) { entries.append(AuditLog.entry($0)) }
      return entries
    }
  }

  /// The end of the audit log now, to be kept where whoever may alter this file cannot.
  public func auditAnchor() async throws(JournalError) -> AuditAnchor? {
    try read { db in
      try AuditLog.head(db).map { AuditAnchor(count: $0.sequence, hash: AuditLog.hexadecimal($0.hash)) }
    }
  }

  /// Reads the whole ledger in one snapshot and says whether it is as it was written: the chain of
  /// hashes, every row that it vouches for, and what follows from those rows.
  ///
  /// - Parameter anchor: from an earlier day. Without it, a log whose end was cut off together with the
  ///   rows of the journal passes.
  public func verifyAudit(
    against anchor: AuditAnchor? = nil
  ) async throws(JournalError) -> AuditVerification {
    try read { db in
      var verifier = AuditVerifier(db)
      return try verifier.verify(against: anchor)
    }
  }
}
