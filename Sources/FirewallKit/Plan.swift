public import Language
public import NetworkTypes

/// A value before and after a plan.
public struct Transition<Value: Sendable & Codable & Equatable>: Sendable, Codable, Equatable {
  public var before: Value
  public var after: Value

  public init(before: Value, after: Value) {
    self.before = before
    self.after = after
  }

  public var changes: Bool { before != after }
}

/// What a plan does to one target on one firewall.
public struct Change: Sendable, Codable, Equatable {
  public enum Kind: String, Sendable, Codable {
    case block, unblock
    /// The block stays and its deadline moves, in either direction.
    case extend
  }

  public var target: BlockTarget
  /// The deadline that was read before; `nil` when it was not blocked.
  public var before: Timestamp?
  /// The deadline that the plan sets; `nil` when the plan ends the block.
  public var after: Timestamp?

  public init(target: BlockTarget, before: Timestamp?, after: Timestamp?) {
    self.target = target
    self.before = before
    self.after = after
  }

  public var kind: Kind {
    if before == nil { .block } else if after == nil { .unblock } else { .extend }
  }
}

/// What was asked for, as it will be recorded when the plan is applied.
///
/// Orders and changes differ where blocks overlap: an order may need no change of the firewall, or a
/// prefix may reach it in pieces.
public struct Order: Sendable, Codable, Equatable {
  public enum Verb: String, Sendable, Codable { case block, unblock, allow, disallow }

  public var verb: Verb
  public var target: BlockTarget
  /// When a block is to end; `nil` for the other verbs.
  public var deadline: Timestamp?
  /// The verdict that led to a block, as JSON; `nil` when a person asked.
  public var verdict: String?

  public init(verb: Verb, target: BlockTarget, deadline: Timestamp? = nil, verdict: String? = nil) {
    self.verb = verb
    self.target = target
    self.deadline = deadline
    self.verdict = verdict
  }
}

/// A target that was asked for and is not in the plan, because a rule or the device says no.
public struct Refusal: Sendable, Codable, Equatable {
  public var target: BlockTarget
  /// The rule's name, for programs.
  public var rule: String
  public var reason: Phrase

  public init(target: BlockTarget, rule: String, reason: Phrase) {
    self.target = target
    self.rule = rule
    self.reason = reason
  }
}

/// What running a plan costs.
public struct PlanCost: Sendable, Codable, Equatable {
  public var operations: Int
  /// Bytes of all literal operations.
  public var bytes: Int
  /// A rough time to run and read back, from what was measured per entry.
  public var expectedSeconds: Double

  public init(operations: Int, bytes: Int, expectedSeconds: Double) {
    self.operations = operations
    self.bytes = bytes
    self.expectedSeconds = expectedSeconds
  }
}

/// The way from what was read on a firewall to what should be there, as literal operations.
///
/// Holds differences only: the other hundred thousand blocks of the firewall are not in it.
public struct Plan: Sendable, Codable, Equatable {
  /// SHA-256 over everything that the plan would do, in hexadecimal: what a person approves.
  public var digest: String
  public var firewall: String
  public var adapter: String
  public var madeAt: Timestamp
  /// Digest of the state that was read, as far as the plan depends on it.
  public var basisDigest: String
  public var goalDigest: String
  /// What was asked for and permitted.
  public var orders: [Order]
  /// In the order of the targets.
  public var changes: [Change]
  public var scaffold: Transition<Scaffold>
  public var allowed: Transition<Set<IPPrefix>>
  public var operations: [Operation]
  public var refused: [Refusal]
  public var warnings: [Phrase]
  public var cost: PlanCost

  public init(
    digest: String, firewall: String, adapter: String, madeAt: Timestamp, basisDigest: String,
    goalDigest: String, orders: [Order] = [], changes: [Change], scaffold: Transition<Scaffold>,
    allowed: Transition<Set<IPPrefix>>, operations: [Operation], refused: [Refusal],
    warnings: [Phrase], cost: PlanCost
  ) {
    self.digest = digest
    self.firewall = firewall
    self.adapter = adapter
    self.madeAt = madeAt
    self.basisDigest = basisDigest
    self.goalDigest = goalDigest
    self.orders = orders
    self.changes = changes
    self.scaffold = scaffold
    self.allowed = allowed
    self.operations = operations
    self.refused = refused
    self.warnings = warnings
    self.cost = cost
  }

  /// What a plan starts from, or what it leads to.
  public enum Side: Sendable {
    case basis, goal
  }

  /// Whether running it changes nothing.
  public var isEmpty: Bool { operations.isEmpty }

  /// What must be read to check, verify or restore this plan.
  ///
  /// Where a scaffold is made anew, blocks that do not change may be put back with it, so everything is
  /// read. Where there was none, or none is left, no other blocks can be there.
  public var scope: Scope {
    scaffold.changes && !scaffold.before.isEmpty && !scaffold.after.isEmpty
      ? .everything : .targets(Set(changes.map(\.target)))
  }

  /// The state the plan starts from, as far as it depends on it.
  public var basis: FirewallState {
    FirewallState(
      readAt: madeAt, scaffold: scaffold.before, allowed: allowed.before,
      blocks: Dictionary(
        uniqueKeysWithValues: changes.compactMap { change in
          change.before.map { (change.target, $0) }
        }))
  }

  /// The state the plan leads to, as far as it changes it.
  public var goal: FirewallState {
    FirewallState(
      readAt: madeAt, scaffold: scaffold.after, allowed: allowed.after,
      blocks: Dictionary(
        uniqueKeysWithValues: changes.compactMap { change in
          change.after.map { (change.target, $0) }
        }))
  }
}
