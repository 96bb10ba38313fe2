import Enforcement
import FirewallKit
import Foundation
import GRDB
import NetworkTypes
import Testing

@testable import Ledger

/// Another process at work on the ledger: the `sqlite3` shell, fed through a pipe.
private final class OtherProcess {
  private let process = Process()
  private let input = Pipe()
  private let output = Pipe()

  init(_ path: String) throws {
    process.executableURL = URL(fileURLWithPath: "/usr/bin/sqlite3")
    process.arguments = ["-bail", path]
    process.standardInput = input
    process.standardOutput = output
    try process.run()
  }

  /// Runs SQL and returns when the process says that it is done.
  func run(_ sql: String) throws {
    try input.fileHandleForWriting.write(contentsOf: Data("\(sql);\nSELECT 'done';\n".utf8))
    var answer = ""
    while !answer.contains("done") {
      let data = output.fileHandleForReading.availableData
      try #require(!data.isEmpty, "the process ended: \(answer)")
      answer += String(decoding: data, as: UTF8.self)
    }
  }

  func send(_ sql: String) throws {
    try input.fileHandleForWriting.write(contentsOf: Data("\(sql);\n".utf8))
  }

  func kill() {
    Foundation.kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
  }

  func end() throws {
    try input.fileHandleForWriting.close()
    process.waitUntilExit()
  }
}

struct CrashAndConcurrencyTests {
  static let hasShell = FileManager.default.isExecutableFile(atPath: "/usr/bin/sqlite3")

  @Test func whatBeginRecordedIsFoundByThoseWhoComeAfterAKill() async throws {
    for durability in Ledger.Durability.allCases {
      let place = try Place()
      let ledger = try place.open(durability)
      let begun = try await ledger.begin(Sample.intent([Sample.decision("192.0.2.7")]), plan: Sample.plan())
      // The bytes that the kernel has now are what the next process gets when this one is killed.
      let copy = try place.copy()
      defer { withExtendedLifetime(copy) {} }
      let left = try copy.open()
      #expect(try await left.openActions(on: "edge").map(\.0.id) == [begun.id])
      #expect(try await left.openActions(on: "edge").first?.1 == Sample.plan())
      #expect(try await left.verifyAudit().isIntact)
    }
  }

  @Test func aKillInTheMiddleOfBeginLeavesNoneOfIt() async throws {
    let place = try Place()
    let ledger = try place.open()
    _ = try await ledger.begin(Sample.intent([Sample.decision("192.0.2.7")]), plan: Sample.plan())
    let before = try await ledger.picture()
    let decisions = (0..<3000).map { Sample.decision("198.51.\($0 / 250).\($0 % 250)") }
    let left = try await ledger.write { db in
      // A small cache makes SQLite write pages to the log before the commit.
      try db.execute(sql: "PRAGMA cache_size = 10")
      let size = try FileManager.default.attributesOfItem(atPath: place.path + "-wal")[.size] as? Int
      _ = try IntentRows.begin(
        Sample.intent(decisions), plan: PreparedPlan(Sample.plan(5, changes: 3000)), in: db,
        at: Sample.moment)
      let grown = try FileManager.default.attributesOfItem(atPath: place.path + "-wal")[.size] as? Int
      #expect(try #require(grown) > #require(size))
      return try place.copy()
    }
    let opened = try left.open()
    #expect(try await opened.picture() == before)
    #expect(try await opened.verifyAudit().isIntact)
  }

  @Test(.enabled(if: hasShell, "needs /usr/bin/sqlite3"))
  func aWriterOfAnotherProcessThatIsKilledLeavesNoTrace() async throws {
    let place = try Place()
    let ledger = try place.open()
    for number in 0..<50 {
      let decision = Sample.decision("192.0.2.\(number)")
      _ = try await ledger.begin(Sample.intent([decision]), plan: Sample.plan(number))
    }
    let before = try await ledger.picture()
    let other = try OtherProcess(place.path)
    try other.run("PRAGMA cache_size = 5; BEGIN IMMEDIATE; UPDATE decision SET failed = 1, made_at = 0")
    other.kill()
    #expect(try await ledger.picture() == before)
    _ = try await ledger.begin(Sample.intent([Sample.decision("192.0.2.99")]), plan: Sample.plan())
    #expect(try await ledger.decisionsInForce(on: "edge").count == 51)
    #expect(try await ledger.verifyAudit().isIntact)
  }

  @Test(.enabled(if: hasShell, "needs /usr/bin/sqlite3"))
  func aWriterWaitsForTheWriterOfAnotherProcess() async throws {
    let place = try Place()
    let ledger = try place.open()
    let other = try OtherProcess(place.path)
    try other.run("BEGIN IMMEDIATE")
    let begun = Task { try await ledger.begin(Sample.intent([]), plan: Sample.plan()) }
    // Readers are not held up, and do not see what is not committed.
    #expect(try await ledger.actions(on: nil, since: nil, limit: 9).isEmpty)
    try other.send("COMMIT")
    #expect(try await begun.value.id == 1)
    try other.end()
  }

  @Test func aKillBeforeTheTablesWereMadeLeavesAFileThatOpens() async throws {
    let place = try Place()
    try FileManager.default.createDirectory(
      atPath: place.directory + "/state", withIntermediateDirectories: true)
    try place.tamper("CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY)")
    let ledger = try place.open()
    #expect(try await ledger.verifyAudit().isIntact)
  }

  @Test func manyThatOpenANewLedgerAtOnceAllOpenTheSame() async throws {
    for _ in 0..<40 {
      let place = try Place()
      let revisions = try await withThrowingTaskGroup(of: Int64.self) { group in
        for _ in 0..<4 { group.addTask { try await place.open(.processEnd).revision(on: "edge") } }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      #expect(revisions == [0, 0, 0, 0])
    }
  }

  @Test func manyWritersOnSeveralConnectionsLoseNothing() async throws {
    let place = try Place()
    // Opened at once: they also race to make the tables.
    let ledgers = try await withThrowingTaskGroup(of: Ledger.self) { group in
      for _ in 0..<4 { group.addTask { try place.open(.processEnd) } }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    try await withThrowingTaskGroup { group in
      for (index, ledger) in ledgers.enumerated() {
        group.addTask {
          for number in 0..<40 {
            let begun = try await ledger.begin(
              Sample.intent([Sample.decision("192.0.2.\(number)")]), plan: Sample.plan(index * 100 + number))
            try await ledger.finish(begun.id, receipt: Sample.receipt())
          }
        }
      }
      try await group.waitForAll()
    }
    #expect(try await ledgers[0].decisionsInForce(on: "edge").count == 160)
    #expect(try await ledgers[1].revision(on: "edge") == 320)
    let found = try await ledgers[2].verifyAudit()
    #expect(found.fault == nil)
    #expect(found.checked == 321)
  }
}
