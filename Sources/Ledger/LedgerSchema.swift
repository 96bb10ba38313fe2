import Enforcement
internal import GRDB

/// The tables, by named migrations in order. A migration that was released is never edited.
enum LedgerSchema {
  /// "SEKI": tells our files from those of other programs (`PRAGMA application_id`).
  static let applicationID: Int64 = 0x5345_4B49

  static var migrator: DatabaseMigrator {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("1 journal and audit log") { db in
      try db.execute(sql: "PRAGMA application_id = \(applicationID)")
      try db.execute(sql: journal)
      try db.execute(sql: audit)
    }
    migrator.registerMigration("2 requests among the operations") { db in
      try db.execute(sql: requests)
    }
    return migrator
  }

  /// Applies what is missing; refuses the file of another program and of a later version of this one.
  static func bring(_ pool: DatabasePool, upToDateAt path: String) throws {
    let migrator = Self.migrator
    try pool.read { db in
      let id = try Int64.fetchOne(db, sql: "PRAGMA application_id") ?? 0
      // A process that makes the tables at this moment, or was killed at it, has the migrator's own first.
      let tables =
        try Int64.fetchOne(
          db, sql: "SELECT count(*) FROM sqlite_schema WHERE tbl_name <> 'grdb_migrations'") ?? 0
      guard id == applicationID || tables == 0 else {
        throw JournalError.unreadable(
          en: "\(path) is the database of another program, not a ledger. Name another file.",
          ja: "\(path) は別のプログラムのデータベースであり、台帳ではありません。別のファイルを指定してください。")
      }
      guard try tables == 0 || !migrator.hasBeenSuperseded(db) else {
        throw JournalError.unreadable(
          en: """
            The ledger \(path) was written by a newer version of this program. Install that version or a \
            later one.
            """,
          ja: "台帳 \(path) はより新しい版のプログラムで書かれています。その版以降を導入してください。")
      }
    }
    // Other processes may migrate at the same time. Whoever loses the race for one migration goes on with
    // the next, so that each migration can be lost once.
    for _ in migrator.migrations {
      if try pool.read(migrator.hasCompletedMigrations) { return }
      if (try? migrator.migrate(pool)) != nil { return }
    }
    if try !pool.read(migrator.hasCompletedMigrations) { try migrator.migrate(pool) }
  }

  /// A decision is in force while it has not failed and nothing ended it. Both columns follow from
  /// `action.outcome` and `decision_event`; the verification of the audit log computes them again.
  private static let journal = """
    CREATE TABLE firewall (
      id INTEGER PRIMARY KEY,
      name TEXT NOT NULL UNIQUE CHECK (name <> ''),
      revision INTEGER NOT NULL DEFAULT 0 -- grows with each begin and finish
    ) STRICT;

    CREATE TABLE cause (
      id INTEGER PRIMARY KEY,
      origin TEXT NOT NULL
        CHECK (origin IN ('person', 'detector', 'expiry', 'reconciliation', 'recovery')),
      actor TEXT NOT NULL CHECK (actor <> ''),
      reason TEXT NOT NULL,
      UNIQUE (origin, actor, reason)
    ) STRICT;

    CREATE TABLE plan (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      digest TEXT NOT NULL CHECK (digest <> ''),
      content BLOB NOT NULL CHECK (length(content) = 32), -- SHA-256 over everything in the plan
      firewall INTEGER NOT NULL REFERENCES firewall (id),
      adapter TEXT NOT NULL,
      made_at INTEGER NOT NULL,
      changes INTEGER NOT NULL CHECK (changes >= 0),
      operations INTEGER NOT NULL CHECK (operations >= 0),
      body BLOB NOT NULL, -- see PlanBody
      UNIQUE (digest, content)
    ) STRICT;

    CREATE TABLE plan_operation (
      plan INTEGER NOT NULL REFERENCES plan (id),
      position INTEGER NOT NULL CHECK (position >= 0),
      kind TEXT NOT NULL CHECK (kind IN ('nftables', 'process', 'message')),
      summary TEXT NOT NULL, -- JSON, by language
      command TEXT, -- JSON array: the executable and its arguments
      literal BLOB NOT NULL, -- UTF-8: the commands, the message or the standard input
      UNIQUE (plan, position),
      CHECK ((kind = 'process') = (command IS NOT NULL))
    ) STRICT;

    CREATE TABLE action (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      kind TEXT NOT NULL CHECK (kind IN
        ('block', 'unblock', 'allow', 'disallow', 'expire', 'reconcile', 'rollback')),
      firewall INTEGER NOT NULL REFERENCES firewall (id),
      cause INTEGER NOT NULL REFERENCES cause (id),
      started_at INTEGER NOT NULL,
      plan INTEGER NOT NULL REFERENCES plan (id),
      ending TEXT NOT NULL CHECK (ending IN ('expired', 'unblocked', 'rolledBack', 'failed')),
      first_decision INTEGER NOT NULL CHECK (first_decision > 0),
      decisions INTEGER NOT NULL CHECK (decisions >= 0),
      rollback_of INTEGER REFERENCES action (id),
      outcome TEXT CHECK (outcome IN ('applied', 'restored', 'stranded'))
    ) STRICT;
    CREATE INDEX action_open ON action (firewall) WHERE outcome IS NULL;
    CREATE INDEX action_firewall ON action (firewall);
    CREATE INDEX action_rollback ON action (rollback_of) WHERE rollback_of IS NOT NULL;

    CREATE TABLE decision (
      id INTEGER PRIMARY KEY,
      began_by INTEGER NOT NULL REFERENCES action (id),
      firewall INTEGER NOT NULL REFERENCES firewall (id),
      -- Not as IN: SQLite looks that up in a table of its own, which costs a third of each row.
      kind TEXT NOT NULL CHECK (kind = 'address4' OR kind = 'address6' OR kind = 'prefix4'
        OR kind = 'prefix6' OR kind = 'name'),
      target TEXT NOT NULL,
      made_at INTEGER NOT NULL,
      deadline INTEGER NOT NULL,
      cause INTEGER NOT NULL REFERENCES cause (id),
      verdict TEXT,
      failed INTEGER NOT NULL DEFAULT 0 CHECK (failed IN (0, 1)),
      ended_by INTEGER REFERENCES action (id)
    ) STRICT;
    CREATE INDEX decision_in_force ON decision (firewall) WHERE failed = 0 AND ended_by IS NULL;
    CREATE INDEX decision_target ON decision (target);

    CREATE TABLE decision_event (
      action INTEGER NOT NULL REFERENCES action (id),
      decision INTEGER NOT NULL REFERENCES decision (id),
      kind TEXT NOT NULL CHECK (kind IN ('end', 'reinstate')),
      PRIMARY KEY (action, decision)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX decision_event_decision ON decision_event (decision);

    CREATE TABLE allow_entry (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      added_by INTEGER NOT NULL REFERENCES action (id),
      firewall INTEGER NOT NULL REFERENCES firewall (id),
      kind TEXT NOT NULL CHECK (kind IN ('address4', 'address6', 'prefix4', 'prefix6', 'name')),
      target TEXT NOT NULL,
      added_at INTEGER NOT NULL,
      cause INTEGER NOT NULL REFERENCES cause (id),
      failed INTEGER NOT NULL DEFAULT 0 CHECK (failed IN (0, 1)),
      removed_by INTEGER REFERENCES action (id)
    ) STRICT;
    CREATE INDEX allow_entry_in_force ON allow_entry (firewall, target)
      WHERE failed = 0 AND removed_by IS NULL;
    CREATE INDEX allow_entry_added ON allow_entry (added_by);
    CREATE TABLE allow_removal (
      action INTEGER NOT NULL REFERENCES action (id),
      entry INTEGER NOT NULL REFERENCES allow_entry (id),
      PRIMARY KEY (action, entry)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE receipt (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      action INTEGER NOT NULL REFERENCES action (id),
      outcome TEXT NOT NULL
        CHECK (outcome IN ('applied', 'restored', 'stranded', 'unknown')),
      plan_digest TEXT NOT NULL,
      firewall TEXT NOT NULL,
      started_at INTEGER NOT NULL,
      finished_at INTEGER NOT NULL,
      read_back_at INTEGER,
      performed INTEGER NOT NULL CHECK (performed >= 0),
      verified INTEGER NOT NULL CHECK (verified >= 0),
      detail TEXT NOT NULL -- the outcome with its cause, as JSON
    ) STRICT;
    CREATE INDEX receipt_action ON receipt (action);
    CREATE UNIQUE INDEX receipt_deciding ON receipt (action) WHERE outcome <> 'unknown';
    """

  /// SQLite cannot change a condition of a table: the rows move to one with the other condition.
  private static let requests = """
    CREATE TABLE wider_plan_operation (
      plan INTEGER NOT NULL REFERENCES plan (id),
      position INTEGER NOT NULL CHECK (position >= 0),
      kind TEXT NOT NULL CHECK (kind IN ('nftables', 'process', 'request', 'message')),
      summary TEXT NOT NULL, -- JSON, by language
      -- JSON array: the executable and its arguments, or method, address, and names and values of fields
      command TEXT,
      literal BLOB NOT NULL, -- UTF-8: the commands, the message, the standard input or the body
      UNIQUE (plan, position),
      CHECK ((kind IN ('process', 'request')) = (command IS NOT NULL))
    ) STRICT;
    INSERT INTO wider_plan_operation SELECT * FROM plan_operation ORDER BY plan, position;
    DROP TABLE plan_operation;
    ALTER TABLE wider_plan_operation RENAME TO plan_operation;
    """

  private static let audit = """
    CREATE TABLE audit (
      sequence INTEGER PRIMARY KEY,
      at INTEGER NOT NULL,
      kind TEXT NOT NULL CHECK (kind <> ''),
      actor TEXT NOT NULL CHECK (actor <> ''),
      payload TEXT NOT NULL,
      hash BLOB NOT NULL CHECK (length(hash) = 32)
    ) STRICT;
    -- Against slips, not against attackers: those are found by the hashes.
    CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit BEGIN
      SELECT raise(ABORT, 'the audit log only grows');
    END;
    CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit BEGIN
      SELECT raise(ABORT, 'the audit log only grows');
    END;
    """
}
