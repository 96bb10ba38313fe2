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
    var found: [StateDifference] = []
    for (part, content) in goal.scaffold where scaffold[part] != content {
      found.append(.scaffold(part: part))
    }
    for part in scaffold.keys where goal.scaffold[part] == nil { found.append(.surplusScaffold(part: part)) }
    for prefix in goal.allowed where !allowed.contains(prefix) { found.append(.missingAllowed(prefix)) }
    for prefix in allowed where !goal.allowed.contains(prefix) { found.append(.surplusAllowed(prefix)) }
    for (target, deadline) in goal.blocks {
      guard let actual = blocks[target] else {
        if deadline > now { found.append(.missing(target, deadline: deadline)) }
        continue
      }
      guard actual != .untimed, deadline != .untimed, deadline > now else { continue }
      let distance = actual > deadline ? actual - deadline : deadline - actual
      if distance > slack { found.append(.deadline(target, expected: deadline, found: actual)) }
    }
    for (target, deadline) in blocks where goal.blocks[target] == nil && deadline > now {
      found.append(.surplus(target, deadline: deadline))
    }
    return found
  }

  /// Whether this state, as read, is what a goal asks for. See `differences(from:at:slack:)`.
  public func holds(_ goal: FirewallState, at now: Timestamp, slack: Duration) -> Bool {
    differences(from: goal, at: now, slack: slack).isEmpty
  }
}
