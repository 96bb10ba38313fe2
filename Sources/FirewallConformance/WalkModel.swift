import Enforcement
import FirewallKit
import NetworkTypes

/// What should be in force, kept by counting decisions and nothing cleverer: the check on the engine.
struct WalkModel {
  struct Held {
    var target: BlockTarget
    var deadline: Timestamp
    var inForce: Bool
  }

  /// What an action did, to take it back by.
  struct Effect {
    var began: [Int] = []
    var ended: [Int] = []
    var allowed: Set<BlockTarget> = []
    var disallowed: Set<BlockTarget> = []
  }

  private(set) var held: [Held] = []
  private(set) var allowed: Set<BlockTarget> = []
  private(set) var effects: [ActionID: Effect] = [:]

  /// The blocks that decisions ask for now, overlaps and all.
  func blocks(at now: Timestamp) -> [BlockTarget: Timestamp] {
    var result: [BlockTarget: Timestamp] = [:]
    for one in held where one.inForce && one.deadline > now {
      let inside = allowed.contains { entry in
        guard let entry = entry.prefix, let prefix = one.target.prefix else { return false }
        return entry.contains(prefix)
      }
      if !inside { result[one.target] = max(one.deadline, result[one.target] ?? one.deadline) }
    }
    return result
  }

  /// Blocks whose deadline has passed and that nobody has ended yet.
  func ended(at now: Timestamp) -> [BlockTarget: Timestamp] {
    Dictionary(
      held.lazy.filter { $0.inForce && $0.deadline <= now }.map { ($0.target, $0.deadline) },
      uniquingKeysWith: max)
  }

  mutating func apply(_ orders: [Order], as action: ActionID) {
    var effect = Effect()
    for order in orders {
      switch order.verb {
      case .block:
        effect.began.append(held.count)
        held.append(Held(target: order.target, deadline: order.deadline ?? .untimed, inForce: true))
      case .unblock:
        for index in held.indices where held[index].inForce && held[index].target == order.target {
          held[index].inForce = false
          effect.ended.append(index)
        }
      case .allow:
        allowed.insert(order.target)
        effect.allowed.insert(order.target)
      case .disallow:
        allowed.remove(order.target)
        effect.disallowed.insert(order.target)
      }
    }
    effects[action] = effect
  }

  /// Ends what has passed its deadline, for good.
  mutating func expire(at now: Timestamp) {
    for index in held.indices where held[index].deadline <= now { held[index].inForce = false }
  }

  mutating func takeBack(_ taken: ActionID, as action: ActionID, at now: Timestamp) {
    guard let old = effects[taken] else { return }
    var effect = Effect()
    for index in old.began where held[index].inForce {
      held[index].inForce = false
      effect.ended.append(index)
    }
    for index in old.ended where !held[index].inForce && held[index].deadline > now {
      held[index].inForce = true
      effect.began.append(index)
    }
    effect.disallowed = old.allowed.intersection(allowed)
    effect.allowed = old.disallowed.subtracting(allowed)
    allowed.subtract(effect.disallowed)
    allowed.formUnion(effect.allowed)
    effects[action] = effect
  }
}
