import FirewallKit
import Language
public import NetworkTypes
import Policy

extension FirewallEngine {
  /// Takes one action back: what it began ends, what it ended is in force again as far as its deadline
  /// has not passed, and the firewall is read to prove it.
  ///
  /// Decisions that others made meanwhile stay. Also in dry run.
  public func rollback(_ id: ActionID, cause: Cause) async throws(EngineError) -> ActionReport {
    try await exclusively { () async throws(EngineError) in
      let action = try await self.recorded(id)
      guard let action, action.firewall == self.name else {
        throw EngineError(
          code: .missing,
          message: Phrase(
            en: "\(self.name) has no action \(id). See: sekisho audit",
            ja: "\(self.name) に操作 \(id) はありません。一覧: sekisho audit"))
      }
      return try await self.takeBack([action], reference: id, cause: cause)
    }
  }

  /// Takes back every change that started at or after a moment, newest first. `nil` when there is none.
  public func rollback(since moment: Timestamp, cause: Cause) async throws(EngineError) -> ActionReport? {
    try await exclusively { () async throws(EngineError) in
      let actions: [RecordedAction]
      do throws(JournalError) {
        actions = try await self.journal.actions(on: self.name, since: moment, limit: .max)
      } catch {
        throw EngineError(error)
      }
      guard !actions.isEmpty else { return nil }
      return try await self.takeBack(actions, reference: nil, cause: cause)
    }
  }

  /// Ends every decision and every allow entry, and leaves nothing of ours on the firewall.
  public func rollbackAll(cause: Cause) async throws(EngineError) -> ActionReport {
    try await exclusively { () async throws(EngineError) in
      let intent = Intent(
        kind: .rollback, firewall: self.name, cause: cause, startedAt: self.clock(),
        ends: await self.intended.decisions.keys.sorted(), ending: .rolledBack,
        disallows: await self.intended.allowed.sorted())
      let current = try await self.readState(.everything)
      let goal = FirewallState(readAt: current.readAt)
      let plan = try await self.plan(from: current, to: goal)
      guard !plan.isEmpty || !intent.ends.isEmpty || !intent.disallows.isEmpty else {
        return ActionReport(firewall: self.name, mode: self.mode, plan: plan)
      }
      return try await self.commit(Draft(plan: plan, intent: intent))
    }
  }

  private func recorded(_ id: ActionID) async throws(EngineError) -> RecordedAction? {
    do throws(JournalError) {
      return try await journal.action(id)
    } catch {
      throw EngineError(error)
    }
  }

  /// Only actions that took effect have anything to take back.
  private func takeBack(_ actions: [RecordedAction], reference: ActionID?, cause: Cause)
    async throws(EngineError) -> ActionReport
  {
    // Newest first, so that the oldest action has the last word on what was before it.
    var inForce: [Int64: Bool] = [:]
    var allowedBefore: [BlockTarget: AllowEntry?] = [:]
    for action in actions {
      guard case .applied = action.receipt?.outcome, action.kind != .expire else { continue }
      for id in action.began + action.reinstated { inForce[id] = false }
      for id in action.ended { inForce[id] = true }
      for entry in action.allowed { allowedBefore.updateValue(nil, forKey: entry.target) }
      for entry in action.disallowed { allowedBefore.updateValue(entry, forKey: entry.target) }
    }
    let now = clock()
    var intent = Intent(
      kind: .rollback, firewall: name, cause: cause, startedAt: now, ending: .rolledBack,
      rollbackOf: reference)
    intent.ends = inForce.filter { !$0.value && intended.decisions[$0.key] != nil }.keys.sorted()
    var warnings: [Phrase] = []
    do throws(JournalError) {
      let protected = ProtectedNetworkList(protectedNetworks())
      for decision in try await journal.decisions(inForce.filter(\.value).keys.sorted())
      where decision.deadline > now && intended.decisions[decision.id] == nil {
        if let prefix = decision.target.prefix, let network = protected.mostTelling(about: prefix) {
          warnings.append(
            Phrase(
              en: "\(prefix) is not blocked again: \(network.prefix) is \(network.because.en).",
              ja: "\(prefix) は再び遮断されません: \(network.prefix) は\(network.because.ja)です。"))
        } else {
          intent.reinstates.append(decision.id)
        }
      }
    } catch {
      throw EngineError(error)
    }
    for (target, entry) in allowedBefore.sorted(by: { $0.key < $1.key }) {
      let isAllowed = intended.allowed.contains(target)
      if let entry, !isAllowed { intent.allows.append(entry) }
      if entry == nil, isAllowed { intent.disallows.append(target) }
    }
    return try await commit(try await draft(intent, orders: [], refused: [], warnings: warnings))
  }
}
