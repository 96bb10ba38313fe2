public import Enforcement
internal import GRDB
internal import Glibc
public import NetworkTypes

/// The journal in a SQLite file: what was intended, what happened, who wanted it and why, and an
/// audit log whose entries are chained by their hashes.
///
/// Several processes may have one file open (WAL): the service writes while the command line reads
/// and writes. Everything is ordered by numbers that the ledger gives, never by time, so a clock that
/// jumps confuses nothing.
///
/// A call that has begun finishes even when its task is cancelled: a receipt that is not written
/// because the service stops would leave an action open that ended.
public final class Ledger: Journal {
  /// What a committed record survives.
  public enum Durability: String, Sendable, CaseIterable {
    /// The end of the process, however sudden (`synchronous=NORMAL`): a commit is in the kernel, and
    /// the disk is only waited for at checkpoints. Enough where the firewall loses its state together
    /// with this host, as its own nftables does.
    case processEnd
    /// A power failure too (`synchronous=FULL`): one wait for the disk with each commit. Needed for a
    /// device that keeps its blocks while this host comes back without the record of them.
    case powerLoss
  }

  /// The file, as given.
  public let path: String
  /// Named in the audit log where a call carries no cause of its own, as `keep` does.
  public let actor: String
  let pool: DatabasePool
  let clock: @Sendable () -> Timestamp

  /// How long a writer waits for a writer of another process, in seconds.
  static let busyTimeout = 10.0

  /// Opens a ledger; makes the file (mode 0600) and the directories that lead there (0700) if absent.
  ///
  /// - Parameters:
  ///   - actor: the part of the product that opens it, for example `sekisho run`; never empty.
  ///   - clock: what time it is, for the audit log.
  /// - Throws: `unwritable` or `unreadable`, with what to do about it.
  public init(
    path: String, durability: Durability = .powerLoss, actor: String = "sekisho",
    clock: @escaping @Sendable () -> Timestamp = Timestamp.now
  ) throws(JournalError) {
    self.path = path
    self.actor = actor
    self.clock = clock
    try LedgerFile.prepare(path)
    do {
      var configuration = Configuration()
      configuration.busyMode = .timeout(Self.busyTimeout)
      configuration.label = "ledger"
      configuration.prepareDatabase { db in
        try db.execute(sql: "PRAGMA synchronous = \(durability == .powerLoss ? "FULL" : "NORMAL")")
        // A plan of a hundred thousand blocks is some 15 MB; a smaller log would be copied back into
        // the file in the middle of every such commit.
        try db.execute(sql: "PRAGMA wal_autocheckpoint = 8192")
        // In KiB. With the usual 2 MiB the pages of such a commit go to the log and back several times.
        try db.execute(sql: "PRAGMA cache_size = -49152")
      }
      pool = try Self.pool(at: path, configuration)
      let now = clock()
      try pool.writeWithoutTransaction { db in
        try db.whole { db in
          if try AuditLog.head(db) == nil {
            try AuditLog.append(
              db, at: now, kind: .ledger, actor: actor,
              payload: LedgerRecord(id: String(UInt64.random(in: .min ... .max), radix: 16)))
          }
        }
      }
    } catch {
      throw JournalError(error, at: path, writing: false)
    }
  }

  /// Opens the file, with its tables made. Waits as long as a writer would.
  ///
  /// SQLite does not wait by itself where a reader would become the writer, as when two processes that
  /// open a new file both turn on its log.
  private static func pool(at path: String, _ configuration: Configuration) throws -> DatabasePool {
    let deadline = ContinuousClock.now + .seconds(busyTimeout)
    while true {
      do {
        let pool = try DatabasePool(path: path, configuration: configuration)
        try LedgerSchema.bring(pool, upToDateAt: path)
        return pool
      } catch let error as DatabaseError {
        guard error.resultCode == .SQLITE_BUSY, ContinuousClock.now < deadline else { throw error }
        usleep(2000)
      }
    }
  }

  /// Closes all connections once the calls under way have ended. Later calls throw.
  ///
  /// Copies the log back into the file as far as no other process reads it. GRDB closes its writer
  /// first, and the readers that remain may not do it. A log that stays is read at the next opening.
  public func close() throws(JournalError) {
    _ = try? pool.writeWithoutTransaction { try $0.checkpoint(.passive) }
    do { try pool.close() } catch { throw JournalError(error, at: path, writing: true) }
  }

  /// Runs one immediate transaction on the only writing connection.
  ///
  /// GRDB's own `async` methods throw when the task is cancelled and roll back; the callback does not.
  func write<Value: Sendable>(
    _ body: @escaping @Sendable (Database) throws -> Value
  ) async throws(JournalError) -> Value {
    let result: Result<Value, any Error> = await withCheckedContinuation { continuation in
      pool.asyncWriteWithoutTransaction { db in
        continuation.resume(returning: Result { try db.whole(body) })
      }
    }
    do { return try result.get() } catch { throw JournalError(error, at: path, writing: true) }
  }

  /// Reads from one snapshot, beside any writer.
  ///
  /// On the caller's thread: no writer makes a reader wait, and two ways between threads take longer than
  /// most readings.
  func read<Value>(_ body: (Database) throws -> Value) throws(JournalError) -> Value {
    do { return try pool.read(body) } catch { throw JournalError(error, at: path, writing: false) }
  }
}

extension Database {
  /// Runs all of `body` or nothing of it. SQLite rolls back by itself when the disk is full, hence
  /// the question before ours.
  func whole<Value>(_ body: (Database) throws -> Value) throws -> Value {
    try beginTransaction(.immediate)
    do {
      let value = try body(self)
      try commit()
      return value
    } catch {
      if isInsideTransaction { try? rollback() }
      throw error
    }
  }

  /// Runs a statement that is compiled once for each connection.
  func run(_ sql: String, _ arguments: StatementArguments = []) throws {
    try cachedStatement(sql: sql).execute(arguments: arguments)
  }

  /// The first row of a statement that is compiled once for each connection.
  func row(_ sql: String, _ arguments: StatementArguments = []) throws -> Row? {
    try Row.fetchOne(cachedStatement(sql: sql), arguments: arguments)
  }

  /// Calls `body` with each row; the row is only valid during the call.
  func each(_ sql: String, _ arguments: StatementArguments = [], _ body: (Row) throws -> Void) throws {
    let rows = try Row.fetchCursor(cachedStatement(sql: sql), arguments: arguments)
    while let row = try rows.next() { try body(row) }
  }

  /// The first column of the first row.
  func number(_ sql: String, _ arguments: StatementArguments = []) throws -> Int64? {
    try Int64.fetchOne(cachedStatement(sql: sql), arguments: arguments)
  }

  /// The first column of all rows.
  func numbers(_ sql: String, _ arguments: StatementArguments = []) throws -> [Int64] {
    try Int64.fetchAll(cachedStatement(sql: sql), arguments: arguments)
  }
}
