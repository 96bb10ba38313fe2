import FirewallKit
import NetworkTypes

/// All of our table but the blocks, as it was at one generation of the ruleset.
///
/// Table, chains, rules, sets and the allow list change by transactions only (nothing of them has a
/// timer), and the kernel raises the generation with each transaction of anybody. So an outline holds
/// for as long as the kernel tells its generation.
struct TableOutline {
  private(set) var generation: UInt32
  let scaffold: Scaffold
  let allowed: Set<IPPrefix>

  init(generation: UInt32, scaffold: Scaffold, allowed: Set<IPPrefix>) {
    self.generation = generation
    self.scaffold = scaffold
    self.allowed = allowed
  }

  /// The generation that the next transaction makes. The kernel's counter leaves out 0.
  static func generation(after generation: UInt32) -> UInt32 {
    generation == .max ? 1 : generation + 1
  }

  /// The outline after a transaction of ours; `nil` when it has to be read again.
  ///
  /// - Parameter made: the generation that the transaction made. The kernel takes a transaction for the
  ///   generation before that one only, so nothing of others lies between.
  func following(_ commands: [NftablesCommand], making made: UInt32) -> TableOutline? {
    guard Self.generation(after: generation) == made, commands.allSatisfy(\.changesBlocksOnly) else {
      return nil
    }
    var next = self
    next.generation = made
    return next
  }
}

extension NftablesCommand {
  fileprivate var changesBlocksOnly: Bool {
    if case .elements(_, let set, _) = self { !set.isAllowed } else { false }
  }
}
