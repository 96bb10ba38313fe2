public import FirewallKit
public import Language
public import NetworkTypes

/// The number of an action in the journal; grows with time.
public typealias ActionID = Int64

/// What kind of change an action makes.
public enum ActionKind: String, Sendable, Codable, CaseIterable {
  case block, unblock, allow, disallow, expire, reconcile, rollback
}

/// A change to what is in force, and the plan that will carry it to a firewall.
///
/// Recorded before the first operation, so that nothing can be on a firewall that the journal does
/// not know of.
public struct Intent: Sendable, Codable, Equatable {
  public var kind: ActionKind
  public var firewall: String
  public var cause: Cause
  public var startedAt: Timestamp
  /// Decisions that come into force with this action; their `id` is 0.
  public var begins: [Decision]
  /// Decisions that this action ends.
  public var ends: [Int64]
  public var ending: DecisionEnding
  /// Ended decisions that are in force again, by a rollback.
  public var reinstates: [Int64]
  public var allows: [AllowEntry]
  /// Targets that leave the allow list.
  public var disallows: [BlockTarget]
  /// The action that this one takes back.
  public var rollbackOf: ActionID?

  public init(
    kind: ActionKind, firewall: String, cause: Cause, startedAt: Timestamp, begins: [Decision] = [],
    ends: [Int64] = [], ending: DecisionEnding = .unblocked, reinstates: [Int64] = [],
    allows: [AllowEntry] = [], disallows: [BlockTarget] = [], rollbackOf: ActionID? = nil
  ) {
    self.kind = kind
    self.firewall = firewall
    self.cause = cause
    self.startedAt = startedAt
    self.begins = begins
    self.ends = ends
    self.ending = ending
    self.reinstates = reinstates
    self.allows = allows
    self.disallows = disallows
    self.rollbackOf = rollbackOf
  }
}

/// What the journal answers when an intent is recorded.
public struct BegunAction: Sendable, Equatable {
  public var id: ActionID
  /// The ids that the intent's decisions got, in their order.
  public var decisions: Range<Int64>

  public init(id: ActionID, decisions: Range<Int64>) {
    self.id = id
    self.decisions = decisions
  }
}

/// An action as the journal has it.
public struct RecordedAction: Sendable, Codable, Equatable {
  public var id: ActionID
  public var kind: ActionKind
  public var firewall: String
  public var cause: Cause
  public var startedAt: Timestamp
  public var planDigest: String
  /// Decisions that came into force with it, and those it ended.
  public var began: [Int64]
  public var ended: [Int64]
  public var reinstated: [Int64]
  public var allowed: [AllowEntry]
  public var disallowed: [AllowEntry]
  public var rollbackOf: ActionID?
  /// `nil` while nobody knows how it ended.
  public var receipt: Receipt?

  public init(
    id: ActionID, kind: ActionKind, firewall: String, cause: Cause, startedAt: Timestamp,
    planDigest: String, began: [Int64], ended: [Int64], reinstated: [Int64], allowed: [AllowEntry],
    disallowed: [AllowEntry], rollbackOf: ActionID?, receipt: Receipt?
  ) {
    self.id = id
    self.kind = kind
    self.firewall = firewall
    self.cause = cause
    self.startedAt = startedAt
    self.planDigest = planDigest
    self.began = began
    self.ended = ended
    self.reinstated = reinstated
    self.allowed = allowed
    self.disallowed = disallowed
    self.rollbackOf = rollbackOf
    self.receipt = receipt
  }
}

/// Why the journal cannot be used.
public struct JournalError: Error, Sendable, Equatable {
  public enum Code: String, Sendable {
    /// The disk is full or read-only, or the file is damaged: no change may be made.
    case unwritable
    case unreadable
    /// What was asked for is not in it.
    case missing
  }

  public var code: Code
  public var message: Phrase

  public init(code: Code, message: Phrase) {
    self.code = code
    self.message = message
  }
}

/// Where the engine records what it intends and what happened. The ledger is one; tests use memory.
public protocol Journal: Sendable {
  /// Keeps a plan that was shown, so that exactly it can be applied later.
  func keep(_ plan: Plan) async throws(JournalError)
  /// The kept plan with this digest, or the only one whose digest begins with it (8 digits at least).
  func plan(digest: String) async throws(JournalError) -> Plan?

  /// Records an intent with its plan in one transaction, before anything is done. From here on its
  /// decisions are in force. Returns after the record is where a killed process can find it.
  func begin(_ intent: Intent, plan: Plan) async throws(JournalError) -> BegunAction
  /// Records how an action ended. `applied` keeps what the intent changed; `restored` and
  /// `stranded` take it back (its decisions end as `failed`, what it ended is in force again).
  /// `unknown` is only noted: the action stays open.
  /// - Returns: the revision of the firewall afterwards.
  @discardableResult
  func finish(_ action: ActionID, receipt: Receipt) async throws(JournalError) -> Int64

  /// Actions without a receipt that decides, oldest first, with their plans.
  func openActions(on firewall: String) async throws(JournalError) -> [(RecordedAction, Plan)]
  func action(_ id: ActionID) async throws(JournalError) -> RecordedAction?
  /// Actions that started at or after a moment, newest first; at most `limit`.
  func actions(on firewall: String?, since: Timestamp?, limit: Int) async throws(JournalError)
    -> [RecordedAction]

  /// Decisions that have not ended, whatever their deadline.
  func decisionsInForce(on firewall: String) async throws(JournalError) -> [Decision]
  func decisions(_ ids: [Int64]) async throws(JournalError) -> [Decision]
  func allowEntries(on firewall: String) async throws(JournalError) -> [AllowEntry]

  /// A number that grows with each begin and finish on a firewall, by whichever process.
  func revision(on firewall: String) async throws(JournalError) -> Int64
}
