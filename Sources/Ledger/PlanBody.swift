import FirewallKit
import Language
import NetworkTypes

/// The part of a plan that is kept as one blob: everything but what is asked for in queries and the
/// operations, which have rows of their own.
///
/// Binary, because a hundred thousand changes as JSON take seconds. Texts here may hold any character.
enum PlanBody {
  /// The first byte. A body of another layout gets another number; both stay readable.
  private static let layout: UInt8 = 1

  static func encoded(_ plan: Plan) -> [UInt8] {
    var writer = ByteWriter()
    writer.reserve(256 + (plan.changes.count + plan.orders.count) * 32)
    writer.put(byte: layout)
    writer.put(plan.basisDigest)
    writer.put(plan.goalDigest)
    writer.put(plan.orders.count)
    for order in plan.orders {
      writer.put(order.verb.rawValue)
      put(order.target, in: &writer)
      writer.put(order.deadline?.microseconds)
      // The empty text stands for none: a verdict is JSON and never empty.
      writer.put(order.verdict ?? "")
    }
    writer.put(plan.changes.count)
    for change in plan.changes {
      put(change.target, in: &writer)
      writer.put(change.before?.microseconds)
      writer.put(change.after?.microseconds)
    }
    for scaffold in [plan.scaffold.before, plan.scaffold.after] {
      writer.put(scaffold.count)
      for (part, content) in scaffold.sorted(by: { $0.key < $1.key }) {
        writer.put(part)
        writer.put(content)
      }
    }
    for allowed in [plan.allowed.before, plan.allowed.after] {
      writer.put(allowed.count)
      for prefix in allowed.sorted() { put(.prefix(prefix), in: &writer) }
    }
    writer.put(plan.refused.count)
    for refusal in plan.refused {
      put(refusal.target, in: &writer)
      writer.put(refusal.rule)
      put(refusal.reason, in: &writer)
    }
    writer.put(plan.warnings.count)
    for warning in plan.warnings { put(warning, in: &writer) }
    writer.put(plan.cost.operations)
    writer.put(plan.cost.bytes)
    writer.put(plan.cost.expectedSeconds.bitPattern)
    return writer.bytes
  }

  /// The plan of a body and of what its row and its operations' rows hold.
  static func plan(
    _ bytes: [UInt8], digest: String, firewall: String, adapter: String, madeAt: Timestamp,
    operations: [Operation]
  ) throws -> Plan {
    var reader = ByteReader(bytes)
    guard try reader.byte() == layout else { throw DamagedRow("a plan has an unknown layout") }
    let basis = try reader.text()
    let goal = try reader.text()
    let orders = try (0..<(try reader.count())).map { _ in try order(&reader) }
    var changes: [Change] = []
    let count = try reader.count()
    changes.reserveCapacity(count)
    for _ in 0..<count {
      changes.append(
        Change(
          target: try target(&reader), before: try reader.optional().map(Timestamp.init(microseconds:)),
          after: try reader.optional().map(Timestamp.init(microseconds:))))
    }
    let scaffold = Transition(before: try scaffold(&reader), after: try scaffold(&reader))
    let allowed = Transition(before: try prefixes(&reader), after: try prefixes(&reader))
    let refused = try (0..<(try reader.count())).map { _ in
      Refusal(target: try target(&reader), rule: try reader.text(), reason: try phrase(&reader))
    }
    let warnings = try (0..<(try reader.count())).map { _ in try phrase(&reader) }
    let cost = PlanCost(
      operations: Int(try reader.signed()), bytes: Int(try reader.signed()),
      expectedSeconds: Double(bitPattern: try reader.number()))
    guard reader.isAtEnd else { throw DamagedRow("a plan goes on after its end") }
    return Plan(
      digest: digest, firewall: firewall, adapter: adapter, madeAt: madeAt, basisDigest: basis,
      goalDigest: goal, orders: orders, changes: changes, scaffold: scaffold, allowed: allowed,
      operations: operations,
      refused: refused, warnings: warnings, cost: cost)
  }

  private static func order(_ reader: inout ByteReader) throws -> Order {
    guard let verb = Order.Verb(rawValue: try reader.text()) else {
      throw DamagedRow("a plan has an unknown kind of order")
    }
    let target = try target(&reader)
    let deadline = try reader.optional().map(Timestamp.init(microseconds:))
    let verdict = try reader.text()
    return Order(verb: verb, target: target, deadline: deadline, verdict: verdict.isEmpty ? nil : verdict)
  }

  /// Tags: 4 and 6 are followed by the address and the length, 0 by a name.
  private static func put(_ target: BlockTarget, in writer: inout ByteWriter) {
    switch target {
    case .prefix(let prefix):
      if prefix.isIPv4 {
        writer.put(byte: 4)
      } else {
        writer.put(byte: 6)
        writer.put(prefix.address.high)
      }
      writer.put(prefix.address.low)
      writer.put(byte: UInt8(prefix.length))
    case .name(let name):
      writer.put(byte: 0)
      writer.put(name.text)
    }
  }

  private static func target(_ reader: inout ByteReader) throws -> BlockTarget {
    let tag = try reader.byte()
    switch tag {
    case 4, 6:
      let high = tag == 6 ? try reader.number() : 0
      let address = IPAddress(high: high, low: try reader.number())
      guard let prefix = IPPrefix(address, length: Int(try reader.byte())) else {
        throw DamagedRow("a plan has a false prefix")
      }
      return .prefix(prefix)
    case 0:
      guard let name = DomainName(try reader.text()) else { throw DamagedRow("a plan has a false name") }
      return .name(name)
    default:
      throw DamagedRow("a plan has an unknown kind of target")
    }
  }

  private static func put(_ phrase: Phrase, in writer: inout ByteWriter) {
    writer.put(phrase.en)
    writer.put(phrase.ja)
  }

  private static func phrase(_ reader: inout ByteReader) throws -> Phrase {
    Phrase(en: try reader.text(), ja: try reader.text())
  }

  private static func scaffold(_ reader: inout ByteReader) throws -> Scaffold {
    var scaffold: Scaffold = [:]
    for _ in 0..<(try reader.count()) {
      let part = try reader.text()
      scaffold[part] = try reader.text()
    }
    return scaffold
  }

  private static func prefixes(_ reader: inout ByteReader) throws -> Set<IPPrefix> {
    var prefixes: Set<IPPrefix> = []
    for _ in 0..<(try reader.count()) {
      guard case .prefix(let prefix) = try target(&reader) else {
        throw DamagedRow("a plan has a name in its allow list")
      }
      prefixes.insert(prefix)
    }
    return prefixes
  }
}
