import Enforcement
import FirewallKit
import Foundation
import GRDB
import Language
import NetworkTypes
import Testing

@testable import Ledger

/// Whether the tests run as root of a namespace of their own, where file systems may be mounted.
private let isLab = ProcessInfo.processInfo.environment["SEKISHO_LAB"] == "1"

struct LedgerFileTests {
  private func mode(_ path: String) throws -> Int {
    try #require(FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int)
  }

  private func refusal(_ path: String) -> JournalError? {
    do throws(JournalError) {
      _ = try Ledger(path: path)
      return nil
    } catch {
      return error
    }
  }

  @Test func theFileIsForItsOwnerOnly() async throws {
    let place = try Place()
    let ledger = try place.open()
    try await ledger.keep(Sample.plan())
    #expect(try mode(place.directory + "/state") == 0o700)
    for suffix in ["", "-wal", "-shm"] { #expect(try mode(place.path + suffix) == 0o600) }
  }

  @Test func whatIsNoLedgerIsRefusedAndLeftAsItIs() throws {
    let place = try Place()
    let text = place.directory + "/notes.txt"
    try String(repeating: "These are notes. ", count: 100)
      .write(toFile: text, atomically: true, encoding: .utf8)
    let before = try Data(contentsOf: URL(fileURLWithPath: text))
    #expect(refusal(text)?.code == .unreadable)
    #expect(refusal(text)?.message.en.contains("SQLite") == true)
    #expect(try Data(contentsOf: URL(fileURLWithPath: text)) == before)
    #expect(refusal(text + "/ledger.db")?.message.en.contains("not a directory") == true)
    #expect(refusal(place.directory)?.message.en.contains("no regular file") == true)

    let other = place.directory + "/other.db"
    try DatabaseQueue(path: other).write { try $0.execute(sql: "CREATE TABLE t (a)") }
    #expect(refusal(other)?.message.en.contains("another program") == true)
  }

  @Test func aLedgerOfANewerVersionIsRefused() throws {
    let place = try Place()
    try place.open().close()
    try place.tamper("INSERT INTO grdb_migrations VALUES ('2 something later')")
    #expect(refusal(place.path)?.code == .unreadable)
    #expect(refusal(place.path)?.message.en.contains("newer version") == true)
  }

  @Test func aLedgerFromBeforeThereWereRequestsIsKeptAndTakesThem() async throws {
    let place = try Place()
    try FileManager.default.createDirectory(
      atPath: place.directory + "/state", withIntermediateDirectories: true)
    var old = Sample.plan(0x1111_1111)
    old.operations.removeLast()
    let pool = try DatabasePool(path: place.path)
    try LedgerSchema.migrator.migrate(pool, upTo: "1 journal and audit log")
    let (prepared, new) = (PreparedPlan(old), PreparedPlan(Sample.plan(0x2222_2222)))
    _ = try await pool.write { db in try PlanRows.store(prepared, in: db) }
    await #expect(throws: DatabaseError.self) { try await pool.write { try PlanRows.store(new, in: $0) } }
    try pool.close()
    let ledger = try place.open()
    try await ledger.keep(new.plan)
    #expect(try await ledger.plan(digest: old.digest) == old)
    #expect(try await ledger.plan(digest: new.plan.digest) == new.plan)
  }

  @Test func aDamagedFileIsSaidToBeDamaged() async throws {
    let place = try Place()
    let ledger = try place.open()
    for number in 0..<20 { _ = try await ledger.begin(Sample.intent([]), plan: Sample.plan(number)) }
    try ledger.close()
    // Also takes away the log, from which SQLite would mend the file.
    try place.tamper("")
    let handle = try #require(FileHandle(forUpdatingAtPath: place.path))
    let size = try handle.seekToEnd()
    try #require(size > 40_960, "the log was not copied back: \(size) bytes")
    for offset in stride(from: 4096, to: size, by: 4096) {
      try handle.seek(toOffset: offset)
      try handle.write(contentsOf: Data(repeating: 0xA5, count: 512))
    }
    try handle.close()
    let error = await #expect(throws: JournalError.self) {
      _ = try await place.open().begin(Sample.intent([]), plan: Sample.plan())
    }
    #expect(error?.code == .unreadable)
    #expect(error?.message.en.contains("damaged") == true)
  }

  @Test(.enabled(if: geteuid() != 0, "root may do everything"))
  func withoutPermissionTheOwnerIsNamed() throws {
    let place = try Place()
    try place.open().close()
    try FileManager.default.setAttributes([.posixPermissions: 0o400], ofItemAtPath: place.path)
    #expect(refusal(place.path)?.code == .unwritable)
    #expect(refusal(place.path)?.message.en.contains("permission") == true)
    try FileManager.default.setAttributes([.posixPermissions: 0o500], ofItemAtPath: place.directory)
    #expect(refusal(place.directory + "/elsewhere/ledger.db")?.message.en.contains("permission") == true)
    try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: place.directory)
  }

  @Test func aFullDiskLeavesNothingHalfWritten() async throws {
    let place = try Place()
    let ledger = try place.open()
    let begun = try await ledger.begin(Sample.intent([Sample.decision("192.0.2.7")]), plan: Sample.plan())
    let before = try await ledger.picture()
    try await ledger.pool.writeWithoutTransaction { db in
      let pages = try Int.fetchOne(db, sql: "PRAGMA page_count") ?? 0
      try db.execute(sql: "PRAGMA max_page_count = \(pages + 20)")
    }
    let decisions = (0..<5000).map { Sample.decision("198.51.\($0 / 250).\($0 % 250)") }
    let error = await #expect(throws: JournalError.self) {
      _ = try await ledger.begin(Sample.intent(decisions), plan: Sample.plan(9, changes: 5000))
    }
    #expect(error?.code == .unwritable)
    #expect(error?.message.en.contains("disk is full") == true)
    #expect(try await ledger.picture() == before)
    #expect(try await ledger.verifyAudit().isIntact)
    try await ledger.pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA max_page_count = 1000000") }
    try await ledger.finish(begun.id, receipt: Sample.receipt())
    #expect(try await ledger.openActions(on: "edge").isEmpty)
  }

  @Test(.enabled(if: isLab, "needs to mount a file system: SEKISHO_LAB=1"))
  func aFileSystemThatIsReallyFullOrReadOnlyIsSaidSo() async throws {
    let place = try Place()
    try run("/bin/mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", place.directory)
    defer { try? run("/bin/umount", "-l", place.directory) }
    let ballast = place.directory + "/ballast"
    try Data(count: 512 * 1024).write(to: URL(fileURLWithPath: ballast))
    let ledger = try place.open()
    _ = try await ledger.begin(Sample.intent([Sample.decision("192.0.2.7")]), plan: Sample.plan())
    let before = try await ledger.picture()
    let error = await #expect(throws: JournalError.self) {
      _ = try await ledger.begin(Sample.intent([]), plan: Sample.plan(9, changes: 100_000))
    }
    #expect(error?.code == .unwritable)
    #expect(error?.message.en.contains("disk is full") == true)
    #expect(try await ledger.picture() == before)
    try ledger.close()
    try FileManager.default.removeItem(atPath: ballast)
    let again = try place.open()
    #expect(try await again.picture() == before)
    #expect(try await again.verifyAudit().isIntact)
    _ = try await again.begin(Sample.intent([Sample.decision("192.0.2.8")]), plan: Sample.plan())
    try again.close()
    try run("/bin/mount", "-o", "remount,ro", place.directory)
    #expect(refusal(place.path)?.message.en.contains("read-only") == true)
  }

  private func run(_ executable: String, _ arguments: String...) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: executable)
    process.arguments = arguments
    try process.run()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0)
  }
}
