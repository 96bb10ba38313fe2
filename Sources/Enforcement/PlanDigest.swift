import Crypto
import FirewallKit
import Language
import NetworkTypes

/// The digests of plans and states: SHA-256 over a canonical form in which every part is preceded by
/// its length, so that no two different plans share their bytes.
enum PlanDigest {
  /// Over what the plan would do and what it starts from: orders, changes, literal operations. The time
  /// it was made is in it, because timers in the operations count from there.
  static func plan(
    firewall: String, adapter: String, madeAt: Timestamp, basisDigest: String, goalDigest: String,
    orders: [Order], operations: [Operation]
  ) -> String {
    var form = CanonicalForm()
    form.add("plan/1")
    form.add(firewall)
    form.add(adapter)
    form.add(madeAt.microseconds)
    form.add(basisDigest)
    form.add(goalDigest)
    form.add(Int64(orders.count))
    for order in orders {
      form.add(order.verb.rawValue)
      form.add(order.target)
      form.add(order.deadline?.microseconds ?? -1)
      form.add(order.verdict ?? "")
    }
    form.add(Int64(operations.count))
    for operation in operations {
      form.add(operation.kind)
      form.add(operation.literal)
    }
    return form.digest()
  }

  /// That of a plan as it stands.
  static func plan(of plan: Plan) -> String {
    self.plan(
      firewall: plan.firewall, adapter: plan.adapter, madeAt: plan.madeAt, basisDigest: plan.basisDigest,
      goalDigest: plan.goalDigest, orders: plan.orders, operations: plan.operations)
  }

  /// Over one side of the plan's changes with its scaffold and allow list.
  static func state(
    scaffold: Scaffold, allowed: Set<IPPrefix>, changes: [Change], side: (Change) -> Timestamp?
  ) -> String {
    var form = CanonicalForm()
    form.add("state/1")
    form.add(Int64(scaffold.count))
    for (part, content) in scaffold.sorted(by: { $0.key < $1.key }) {
      form.add(part)
      form.add(content)
    }
    form.add(Int64(allowed.count))
    for prefix in allowed.sorted() { form.add(BlockTarget.prefix(prefix)) }
    form.add(Int64(changes.count))
    for change in changes {
      form.add(change.target)
      form.add(side(change)?.microseconds ?? -1)
    }
    return form.digest()
  }
}

/// Bytes fed to SHA-256, each part with its length or of fixed size.
private struct CanonicalForm {
  private var hash = SHA256()
  private var buffer: [UInt8] = []

  init() { buffer.reserveCapacity(1 << 16) }

  mutating func add(_ text: String) {
    add(Int64(text.utf8.count))
    buffer.append(contentsOf: text.utf8)
    flush(over: 1 << 15)
  }

  mutating func add(_ number: Int64) {
    let value = UInt64(bitPattern: number)
    let start = buffer.count
    buffer.append(contentsOf: repeatElement(0, count: 8))
    var bytes = buffer.mutableSpan
    for index in 0..<8 { bytes[start + index] = UInt8(truncatingIfNeeded: value >> (56 - 8 * UInt64(index))) }
  }

  /// Prefixes by their bits, names by their text: making text of 100,000 addresses costs more than the
  /// whole hash.
  mutating func add(_ target: BlockTarget) {
    switch target {
    case .prefix(let prefix):
      add(Int64(prefix.length))
      add(Int64(bitPattern: prefix.address.high))
      add(Int64(bitPattern: prefix.address.low))
    case .name(let name):
      add(name.text)
    }
    flush(over: 1 << 15)
  }

  mutating func digest() -> String {
    flush(over: 0)
    let digits = Array("0123456789abcdef".utf8)
    return String(
      decoding: hash.finalize().flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }

  private mutating func flush(over limit: Int) {
    guard buffer.count > limit else { return }
    hash.update(data: buffer)
    buffer.removeAll(keepingCapacity: true)
  }
}
