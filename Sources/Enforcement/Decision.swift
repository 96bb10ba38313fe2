import FirewallKit
public import NetworkTypes

/// Who or what wanted a change, and why.
public struct Cause: Sendable, Codable, Hashable {
  public enum Origin: String, Sendable, Codable, CaseIterable {
    /// Somebody at the command line or a page.
    case person
    /// The detector, by itself.
    case detector
    /// The engine, because a deadline passed.
    case expiry
    /// The engine, because the firewall was not as the ledger says.
    case reconciliation
    /// The engine, because it was stopped in the middle.
    case recovery
  }

  public var origin: Origin
  /// The account or the part of the product; never empty.
  public var actor: String
  /// Free text of a person, or the detector's one-line explanation. May be empty.
  public var reason: String

  public init(origin: Origin, actor: String, reason: String) {
    self.origin = origin
    self.actor = actor
    self.reason = reason
  }
}

/// That a target is to be blocked on a firewall until a deadline, and why.
///
/// Several decisions may cover one target. The firewall holds the block until the last of them ends.
public struct Decision: Sendable, Codable, Hashable, Identifiable {
  /// Given by the journal when the intent is recorded; 0 before.
  public var id: Int64
  public var firewall: String
  public var target: BlockTarget
  public var madeAt: Timestamp
  public var deadline: Timestamp
  public var cause: Cause
  /// The verdict that led here, as JSON, for explanation later; `nil` when a person decided.
  public var verdict: String?
  /// The action it came into force with. Given by the journal, as `id` is.
  public var action: ActionID?

  public init(
    id: Int64 = 0, firewall: String, target: BlockTarget, madeAt: Timestamp, deadline: Timestamp,
    cause: Cause, verdict: String? = nil, action: ActionID? = nil
  ) {
    self.id = id
    self.firewall = firewall
    self.target = target
    self.madeAt = madeAt
    self.deadline = deadline
    self.cause = cause
    self.verdict = verdict
    self.action = action
  }
}

/// Why a decision is no longer in force.
public enum DecisionEnding: String, Sendable, Codable {
  case expired, unblocked, rolledBack
  /// The change that was to make it could not be applied.
  case failed
}

/// A target that is never blocked on a firewall, whatever is decided.
public struct AllowEntry: Sendable, Codable, Hashable {
  public var firewall: String
  public var target: BlockTarget
  public var addedAt: Timestamp
  public var cause: Cause

  public init(firewall: String, target: BlockTarget, addedAt: Timestamp, cause: Cause) {
    self.firewall = firewall
    self.target = target
    self.addedAt = addedAt
    self.cause = cause
  }
}
