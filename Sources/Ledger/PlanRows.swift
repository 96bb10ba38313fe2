internal import Crypto
import FirewallKit
import Foundation
internal import GRDB
import Language
import NetworkTypes

/// A plan made ready to be written, outside of the transaction.
struct PreparedPlan: Sendable {
  let plan: Plan
  let body: [UInt8]
  /// SHA-256 over everything in the plan, its digest and its time included.
  let content: [UInt8]

  init(_ plan: Plan) {
    self.plan = plan
    body = PlanBody.encoded(plan)
    content = Self.content(of: plan, body: body)
  }

  static func content(of plan: Plan, body: [UInt8]) -> [UInt8] {
    var hash = SHA256()
    var writer = ByteWriter()
    writer.put(plan.digest)
    writer.put(plan.firewall)
    writer.put(plan.adapter)
    writer.put(plan.madeAt.microseconds)
    writer.put(body.count)
    hash.update(data: writer.bytes)
    hash.update(data: body)
    for operation in plan.operations {
      var writer = ByteWriter()
      writer.put(operation.kind)
      writer.put(operation.summary.en)
      writer.put(operation.summary.ja)
      switch operation.step {
      case .nftables(let text), .message(let text): writer.put(text)
      case .process(let executable, let arguments, let input):
        writer.put(executable)
        writer.put(arguments.count)
        for argument in arguments { writer.put(argument) }
        writer.put(input)
      case .request(let method, let url, let headers, let body):
        writer.put(method)
        writer.put(url)
        writer.put(headers.count)
        for header in headers {
          writer.put(header.name)
          writer.put(header.value)
        }
        writer.put(body)
      }
      hash.update(data: writer.bytes)
    }
    return Array(hash.finalize())
  }
}

/// Plans and their operations in the tables `plan` and `plan_operation`.
enum PlanRows {
  /// The row of this very plan; `isNew` when it was not there yet.
  ///
  /// Two plans with one digest would do the same and may differ in time and cost: both are kept.
  static func store(_ prepared: PreparedPlan, in db: Database) throws -> (id: Int64, isNew: Bool) {
    let plan = prepared.plan
    let content = Data(prepared.content)
    if let id = try db.number(
      "SELECT id FROM plan WHERE digest = ? AND content = ?", [plan.digest, content])
    {
      return (id, false)
    }
    try db.run(
      """
      INSERT INTO plan (digest, content, firewall, adapter, made_at, changes, operations, body)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?)
      """,
      [
        plan.digest, content, try Names.firewall(plan.firewall, in: db), plan.adapter,
        plan.madeAt.microseconds, plan.changes.count, plan.operations.count, Data(prepared.body),
      ])
    let id = db.lastInsertedRowID
    for (position, operation) in plan.operations.enumerated() {
      let command: String?
      let literal: String
      switch operation.step {
      case .nftables(let text), .message(let text):
        (command, literal) = (nil, text)
      case .process(let executable, let arguments, let input):
        (command, literal) = (try CanonicalJSON.text([executable] + arguments), input)
      case .request(let method, let url, let headers, let body):
        let words = [method, url] + headers.flatMap { [$0.name, $0.value] }
        (command, literal) = (try CanonicalJSON.text(words), body)
      }
      try db.run(
        """
        INSERT INTO plan_operation (plan, position, kind, summary, command, literal)
        VALUES (?, ?, ?, ?, ?, ?)
        """,
        [
          id, position, operation.kind, try CanonicalJSON.text(operation.summary), command,
          Data(literal.utf8),
        ])
    }
    return (id, true)
  }

  /// The plan of a row; throws when it is not what was once stored, so that no altered plan is run.
  static func load(_ id: Int64, in db: Database) throws -> Plan {
    guard
      let row = try db.row(
        """
        SELECT digest, content, name, adapter, made_at, body, changes, operations
        FROM plan JOIN firewall ON firewall.id = plan.firewall WHERE plan.id = ?
        """, [id])
    else { throw DamagedRow("plan \(id) is absent") }
    var operations: [FirewallKit.Operation] = []
    try db.each(
      "SELECT kind, summary, command, literal FROM plan_operation WHERE plan = ? ORDER BY position", [id]
    ) { row in
      operations.append(try operation(row))
    }
    let body = [UInt8](row[5] as Data)
    let plan = try PlanBody.plan(
      body, digest: row[0], firewall: row[2], adapter: row[3],
      madeAt: Timestamp(microseconds: row[4]), operations: operations)
    guard PreparedPlan.content(of: plan, body: body) == [UInt8](row[1] as Data),
      plan.changes.count == row[6], plan.operations.count == row[7]
    else { throw DamagedRow("plan \(plan.digest) was altered") }
    return plan
  }

  private static func operation(_ row: Row) throws -> FirewallKit.Operation {
    let summary = try CanonicalJSON.value(Phrase.self, row[1])
    let literal = String(decoding: row[3] as Data, as: UTF8.self)
    let kind: String = row[0]
    switch (kind, row[2] as String?) {
    case ("nftables", nil): return Operation(summary: summary, step: .nftables(commands: literal))
    case ("message", nil): return Operation(summary: summary, step: .message(literal))
    case ("process", let command?):
      let words = try CanonicalJSON.value([String].self, command)
      guard let executable = words.first else { throw DamagedRow("an operation has no executable") }
      return Operation(
        summary: summary,
        step: .process(executable: executable, arguments: Array(words.dropFirst()), input: literal))
    case ("request", let command?):
      let words = try CanonicalJSON.value([String].self, command)
      guard words.count >= 2, words.count.isMultiple(of: 2) else {
        throw DamagedRow("a request has no method, address or value of a field")
      }
      let headers = stride(from: 2, to: words.count, by: 2).map {
        FirewallKit.Operation.Header(words[$0], words[$0 + 1])
      }
      return Operation(
        summary: summary,
        step: .request(method: words[0], url: words[1], headers: headers, body: literal))
    default: throw DamagedRow("an operation of an unknown kind “\(kind)”")
    }
  }
}
