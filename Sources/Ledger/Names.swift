import Enforcement
import FirewallKit
internal import GRDB
import NetworkTypes

/// The rows that many others refer to: firewalls and causes. Made when first needed, never changed.
enum Names {
  static func firewall(_ name: String, in db: Database) throws -> Int64 {
    if let id = try knownFirewall(name, in: db) { return id }
    try db.run("INSERT INTO firewall (name) VALUES (?)", [name])
    return db.lastInsertedRowID
  }

  static func knownFirewall(_ name: String, in db: Database) throws -> Int64? {
    try db.number("SELECT id FROM firewall WHERE name = ?", [name])
  }

  static func cause(_ cause: Cause, in db: Database) throws -> Int64 {
    let arguments: StatementArguments = [cause.origin.rawValue, cause.actor, cause.reason]
    if let id = try db.number(
      "SELECT id FROM cause WHERE origin = ? AND actor = ? AND reason = ?", arguments)
    {
      return id
    }
    try db.run("INSERT INTO cause (origin, actor, reason) VALUES (?, ?, ?)", arguments)
    return db.lastInsertedRowID
  }
}

extension Cause {
  /// SQLite's texts end at the first NUL, and reasons may quote what came over the wire.
  var storable: Cause {
    guard actor.utf8.contains(0) || reason.utf8.contains(0) else { return self }
    func clean(_ text: String) -> String {
      String(text.unicodeScalars.map { $0 == "\0" ? "\u{FFFD}" : Character($0) })
    }
    return Cause(origin: origin, actor: clean(actor), reason: clean(reason))
  }
}

/// Reads names by their rows' numbers, each once.
struct NameReader {
  private let db: Database
  private var firewalls: [Int64: String] = [:]
  private var causes: [Int64: Cause] = [:]

  init(_ db: Database) { self.db = db }

  mutating func firewall(_ id: Int64) throws -> String {
    if let name = firewalls[id] { return name }
    guard let row = try db.row("SELECT name FROM firewall WHERE id = ?", [id]) else {
      throw DamagedRow("firewall \(id) is absent")
    }
    let name: String = row[0]
    firewalls[id] = name
    return name
  }

  mutating func cause(_ id: Int64) throws -> Cause {
    if let cause = causes[id] { return cause }
    guard let row = try db.row("SELECT origin, actor, reason FROM cause WHERE id = ?", [id]),
      let origin = Cause.Origin(rawValue: row[0])
    else { throw DamagedRow("cause \(id) is absent") }
    let cause = Cause(origin: origin, actor: row[1], reason: row[2])
    causes[id] = cause
    return cause
  }

  static func target(_ text: String, kind: String) throws -> BlockTarget {
    let target =
      kind == TargetKind.name.rawValue
      ? DomainName(text).map(BlockTarget.name) : IPPrefix(text).map(BlockTarget.prefix)
    guard let target, target.kind.rawValue == kind else { throw DamagedRow("“\(text)” is no \(kind)") }
    return target
  }
}
