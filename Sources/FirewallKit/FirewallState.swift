public import NetworkTypes

/// What must exist on a firewall before blocks can work (table, chain, set, rule, group), by part.
///
/// The keys name the parts, the values tell their content in a form that is equal exactly when the
/// device would behave the same. Empty means that nothing of ours is there.
public typealias Scaffold = [String: String]

/// Which part of a firewall is read.
public enum Scope: Sendable, Codable, Equatable {
  /// Everything we own.
  case everything
  /// The scaffold, the allow list, and of the blocks only these targets: one block must not cost a
  /// reading of a hundred thousand.
  case targets(Set<BlockTarget>)
}

/// What we own on a firewall at one moment. Nothing foreign is ever in it.
public struct FirewallState: Sendable, Codable, Equatable {
  /// When it was read, by the clock of this host. Timers in operations count from here.
  public var readAt: Timestamp
  public var scaffold: Scaffold
  /// Prefixes that pass whatever is blocked.
  public var allowed: Set<IPPrefix>
  /// Each blocked target and the moment its block ends: our deadline, the device's margin taken off.
  /// A device without timers of its own answers `Timestamp.untimed`.
  public var blocks: [BlockTarget: Timestamp]

  public init(
    readAt: Timestamp, scaffold: Scaffold = [:], allowed: Set<IPPrefix> = [],
    blocks: [BlockTarget: Timestamp] = [:]
  ) {
    self.readAt = readAt
    self.scaffold = scaffold
    self.allowed = allowed
    self.blocks = blocks
  }

  /// Whether nothing of ours is on the device.
  public var isEmpty: Bool { scaffold.isEmpty && allowed.isEmpty && blocks.isEmpty }

  /// The state with only the blocks that a scope names.
  public func restricted(to scope: Scope) -> FirewallState {
    guard case .targets(let targets) = scope else { return self }
    var copy = self
    if targets.count < blocks.count {
      copy.blocks = [:]
      for target in targets { copy.blocks[target] = blocks[target] }
    } else {
      copy.blocks = blocks.filter { targets.contains($0.key) }
    }
    return copy
  }
}

extension Timestamp {
  /// The deadline that a device without timers answers for every block.
  public static let untimed = Timestamp(microseconds: .max)
}

/// One way in which a firewall is not as it should be.
public enum StateDifference: Sendable, Codable, Equatable {
  /// A part of the scaffold is absent or different.
  case scaffold(part: String)
  /// Something of the scaffold is there that should not be.
  case surplusScaffold(part: String)
  case missing(BlockTarget, deadline: Timestamp)
  case surplus(BlockTarget, deadline: Timestamp)
  /// Blocked, but its timer differs by more than the slack.
  case deadline(BlockTarget, expected: Timestamp, found: Timestamp)
  case missingAllowed(IPPrefix)
  case surplusAllowed(IPPrefix)
}

extension FirewallState {
  /// How this state, as read, differs from a goal; empty when it holds.
  ///
  /// The one comparison that verification, conflict check and reconciliation share. Targets are
  /// compared exactly. A deadline may differ by `slack`, because devices count whole seconds and a
  /// timer starts when the operation arrives. A block whose deadline has passed at `now` may be there
  /// or not: the device may have ended it meanwhile, or may keep it for its margin.
  public func differences(from goal: FirewallState, at now: Timestamp, slack: Duration) -> [StateDifference] {
    var found = differences(scaffold: goal.scaffold, allowed: goal.allowed)
    for (target, deadline) in goal.blocks {
      found.append(difference(at: target, from: deadline, at: now, slack: slack))
    }
    for target in blocks.keys where goal.blocks[target] == nil {
      found.append(difference(at: target, from: nil, at: now, slack: slack))
    }
    return found
  }

  /// How this state, as read, differs from what a plan starts from or leads to, by the same comparison.
  /// Targets that the plan does not change are left out.
  public func differences(
    from side: Plan.Side, of plan: Plan, at now: Timestamp, slack: Duration
  ) -> [StateDifference] {
    let isGoal = side == .goal
    var found = differences(
      scaffold: isGoal ? plan.scaffold.after : plan.scaffold.before,
      allowed: isGoal ? plan.allowed.after : plan.allowed.before)
    for change in plan.changes {
      let deadline = isGoal ? change.after : change.before
      found.append(difference(at: change.target, from: deadline, at: now, slack: slack))
    }
    return found
  }

  private func differences(scaffold goal: Scaffold, allowed goalAllowed: Set<IPPrefix>) -> [StateDifference] {
    var found: [StateDifference] = []
    for (part, content) in goal where scaffold[part] != content { found.append(.scaffold(part: part)) }
    for part in scaffold.keys where goal[part] == nil { found.append(.surplusScaffold(part: part)) }
    for prefix in goalAllowed where !allowed.contains(prefix) { found.append(.missingAllowed(prefix)) }
    for prefix in allowed where !goalAllowed.contains(prefix) { found.append(.surplusAllowed(prefix)) }
    return found
  }

  private func difference(
    at target: BlockTarget, from goal: Timestamp?, at now: Timestamp, slack: Duration
  ) -> StateDifference? {
    let actual = blocks[target]
    guard let deadline = goal else {
      guard let actual, actual > now else { return nil }
      return .surplus(target, deadline: actual)
    }
    guard deadline > now else { return nil }
    guard let actual else { return .missing(target, deadline: deadline) }
    guard actual != .untimed, deadline != .untimed else { return nil }
    let distance = actual > deadline ? actual - deadline : deadline - actual
    return distance > slack ? .deadline(target, expected: deadline, found: actual) : nil
  }

  /// Whether this state, as read, is what a goal asks for. See `differences(from:at:slack:)`.
  public func holds(_ goal: FirewallState, at now: Timestamp, slack: Duration) -> Bool {
    differences(from: goal, at: now, slack: slack).isEmpty
  }
}

extension [StateDifference] {
  fileprivate mutating func append(_ difference: StateDifference?) {
    if let difference { append(difference) }
  }
}
