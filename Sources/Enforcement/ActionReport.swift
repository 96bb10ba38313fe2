public import FirewallKit
public import Language
public import NetworkTypes
public import Policy

/// A target somebody wants blocked.
public struct BlockOrder: Sendable, Equatable {
  public var target: BlockTarget
  /// The name that led to an address; an allowed name keeps its addresses from being blocked.
  public var name: DomainName?
  /// `nil` takes the policy's.
  public var timeToLive: Duration?
  /// The detector's confidence, 0...1; `nil` when a person asks.
  public var confidence: Double?
  /// The verdict as JSON, kept with the decision.
  public var verdict: String?

  public init(
    target: BlockTarget, name: DomainName? = nil, timeToLive: Duration? = nil, confidence: Double? = nil,
    verdict: String? = nil
  ) {
    self.target = target
    self.name = name
    self.timeToLive = timeToLive
    self.confidence = confidence
    self.verdict = verdict
  }
}

/// What came of one request on one firewall.
public struct ActionReport: Sendable, Codable, Equatable {
  public var firewall: String
  public var mode: PolicyMode
  public var plan: Plan
  /// `nil` when nothing was carried out: a preview, or everything was refused.
  public var action: ActionID?
  public var receipt: Receipt?
  /// Set when the firewall was changed but the ledger could not take the receipt: the action stays
  /// open and is resolved by the next reading.
  public var unrecorded: Phrase?

  public init(
    firewall: String, mode: PolicyMode, plan: Plan, action: ActionID? = nil, receipt: Receipt? = nil,
    unrecorded: Phrase? = nil
  ) {
    self.firewall = firewall
    self.mode = mode
    self.plan = plan
    self.action = action
    self.receipt = receipt
    self.unrecorded = unrecorded
  }
}

/// How a firewall stands.
public enum FirewallHealth: String, Sendable, Codable {
  case good
  /// The device differs from what is in force.
  case drift
  case unreachable
  /// A restore could not be verified; see the last action.
  case stranded
}

/// What is in force on a firewall beside what was read back from it.
public struct FirewallStatus: Sendable, Codable, Equatable {
  public struct Block: Sendable, Codable, Equatable {
    public var target: BlockTarget
    public var deadline: Timestamp
    /// Whether a decision wants it.
    public var intended: Bool
    /// Whether it was read from the firewall.
    public var readBack: Bool
    /// Who made the decision with the latest deadline; `nil` when none wants it.
    public var origin: Cause.Origin?
    public var decision: Int64?
    /// The action that the decision began with; `nil` when it is not known.
    public var action: ActionID?
    public var reason: String?
  }

  public var firewall: String
  public var adapter: String
  public var mode: PolicyMode
  public var health: FirewallHealth
  public var blocks: [Block]
  public var allowed: [BlockTarget]
  public var drift: [StateDifference]
  public var lastReadBack: Timestamp?
  public var error: AdapterError?
  /// Who fetched what is published; empty for a firewall that nobody fetches from.
  public var deliveries: [Delivery] = []
}
