internal import Crypto
import Enforcement
import FirewallKit
import NetworkTypes

/// All that an action says, as it is hashed into the audit log: when it is written, and again from its
/// rows when the log is verified.
struct IntentContent {
  var action: ActionID
  var kind: String
  var firewall: String
  var cause: Cause
  var startedAt: Int64
  var ending: String
  var rollbackOf: ActionID?
  /// The content hash of the plan, in hexadecimal.
  var plan: String
  /// In the order of their numbers, like all that follow.
  var decisions: [Decision]
  /// The texts of the decisions' targets, in their order: made once, because they are many.
  var targets: [String]
  var ends: [Int64]
  var reinstates: [Int64]
  var allows: [(id: Int64, entry: AllowEntry)]
  var disallows: [Int64]

  var digest: String {
    var hash = SHA256()
    var writer = ByteWriter()
    writer.put(action)
    writer.put(kind)
    writer.put(firewall)
    put(cause, in: &writer)
    writer.put(startedAt)
    writer.put(ending)
    writer.put(rollbackOf)
    writer.put(plan)
    for list in [ends, reinstates, disallows] {
      writer.put(list.count)
      for id in list { writer.put(id) }
    }
    writer.put(allows.count)
    for (id, entry) in allows {
      writer.put(id)
      writer.put(entry.firewall)
      writer.put(entry.target.description)
      writer.put(entry.addedAt.microseconds)
      put(entry.cause, in: &writer)
    }
    hash.update(data: writer.bytes)

    var rows = ByteWriter()
    rows.reserve(decisions.count * 64)
    // Most decisions of one action share their cause; it is written where it changes.
    var last: Cause?
    for (decision, target) in zip(decisions, targets) {
      rows.put(decision.id)
      rows.put(decision.firewall)
      rows.put(target)
      rows.put(decision.madeAt.microseconds)
      rows.put(decision.deadline.microseconds)
      let repeats = decision.cause == last
      rows.put(byte: repeats ? 0 : 1)
      if !repeats {
        put(decision.cause, in: &rows)
        last = decision.cause
      }
      rows.put(decision.verdict)
    }
    hash.update(data: rows.bytes)
    return AuditLog.hexadecimal(Array(hash.finalize()))
  }

  private func put(_ cause: Cause, in writer: inout ByteWriter) {
    writer.put(cause.origin.rawValue)
    writer.put(cause.actor)
    writer.put(cause.reason)
  }
}
