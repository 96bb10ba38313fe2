internal import Crypto
import Foundation
internal import GRDB
import NetworkTypes

/// The table `audit`: entries that are chained by their hashes.
enum AuditLog {
  /// What stands for the hash before the first entry.
  static let origin = [UInt8](repeating: 0, count: 32)

  /// SHA-256 over the hash before, the sequence, the time in microseconds, the kind, the actor and the
  /// payload; numbers as eight bytes, most significant first, texts and the hash with their length
  /// before them in the same form.
  static func hash(
    after previous: [UInt8], sequence: Int64, at: Timestamp, kind: String, actor: String,
    payload: String
  ) -> [UInt8] {
    var writer = ByteWriter()
    writer.put(previous)
    writer.put(sequence)
    writer.put(at.microseconds)
    writer.put(kind)
    writer.put(actor)
    writer.put(payload)
    return Array(SHA256.hash(data: writer.bytes))
  }

  static func head(_ db: Database) throws -> (sequence: Int64, hash: [UInt8])? {
    try db.row("SELECT sequence, hash FROM audit ORDER BY sequence DESC LIMIT 1").map { row in
      (row[0], [UInt8](row[1] as Data))
    }
  }

  /// Adds an entry in the transaction under way, so that neither is without the other.
  @discardableResult
  static func append(
    _ db: Database, at: Timestamp, kind: AuditKind, actor: String, payload: some Encodable
  ) throws -> AuditEntry {
    let head = try head(db)
    let sequence = (head?.sequence ?? 0) + 1
    let payload = try CanonicalJSON.text(payload)
    let hash = hash(
      after: head?.hash ?? origin, sequence: sequence, at: at, kind: kind.rawValue, actor: actor,
      payload: payload)
    try db.run(
      "INSERT INTO audit (sequence, at, kind, actor, payload, hash) VALUES (?, ?, ?, ?, ?, ?)",
      [sequence, at.microseconds, kind.rawValue, actor, payload, Data(hash)])
    return AuditEntry(
      sequence: sequence, at: at, kind: kind, actor: actor, payload: payload, hash: hexadecimal(hash))
  }

  static func entry(_ row: Row) -> AuditEntry {
    AuditEntry(
      sequence: row[0], at: Timestamp(microseconds: row[1]), kind: AuditKind(rawValue: row[2]),
      actor: row[3], payload: row[4], hash: hexadecimal([UInt8](row[5] as Data)))
  }

  static func hexadecimal(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef".utf8)
    return String(
      decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }
}
