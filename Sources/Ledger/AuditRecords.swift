/// The payloads of the entries that the ledger itself writes. Their keys are read by verification and
/// by `sekisho audit`: they may be added to, not renamed.

/// The first entry of every ledger. The random word keeps two ledgers from having one chain.
struct LedgerRecord: Codable {
  var id: String
}

struct PlanRecord: Codable {
  /// The row, the digest that a person approves, and SHA-256 over everything in the plan.
  var plan: Int64
  var digest: String
  var content: String
  var firewall: String
}

struct IntentRecord: Codable {
  var action: Int64
  var kind: String
  var firewall: String
  var reason: String
  var plan: Int64
  var digest: String
  var content: String
  var began: Int
  var ended: Int
  var reinstated: Int
  var allowed: Int
  var disallowed: Int
  var rollbackOf: Int64?
  /// The first targets, for people; the digest of the intent covers all.
  var targets: [String]
  /// SHA-256 over the action, its decisions and its changes to the allow list.
  var intent: String

  static let shownTargets = 8
}

struct ReceiptRecord: Codable {
  var action: Int64
  var receipt: Int64
  var outcome: String
  /// SHA-256 over the row of the receipt.
  var content: String
}
