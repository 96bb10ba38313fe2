public import FirewallKit
import Language
public import NetworkTypes
import Synchronization

/// A journal that lives as long as the process: for adapter conformance and for trying things out.
///
/// It keeps the same promises as the ledger except the one that matters in service, to be there after
/// the process is not.
public final class MemoryJournal: Journal {
  private struct Entry {
    var action: RecordedAction
    var plan: Plan
  }

  private struct State {
    var plans: [String: Plan] = [:]
    var actions: [Entry] = []
    var decisions: [Int64: (decision: Decision, ending: DecisionEnding?)] = [:]
    var allowed: [AllowEntry] = []
    var revisions: [String: Int64] = [:]
  }

  private let state = Mutex(State())

  public init() {}

  public func keep(_ plan: Plan) throws(JournalError) { state.withLock { $0.plans[plan.digest] = plan } }

  public func plan(digest: String) throws(JournalError) -> Plan? {
    state.withLock { state in
      if let plan = state.plans[digest] { return plan }
      guard digest.count >= 8 else { return nil }
      let matches = state.plans.values.filter { $0.digest.hasPrefix(digest) }
      return matches.count == 1 ? matches[0] : nil
    }
  }

  public func begin(_ intent: Intent, plan: Plan) throws(JournalError) -> BegunAction {
    state.withLock { state in
      let first = Int64(state.decisions.count) + 1
      for (offset, decision) in intent.begins.enumerated() {
        var decision = decision
        decision.id = first + Int64(offset)
        decision.action = ActionID(state.actions.count + 1)
        state.decisions[decision.id] = (decision, nil)
      }
      for id in intent.ends { state.decisions[id]?.ending = intent.ending }
      for id in intent.reinstates { state.decisions[id]?.ending = nil }
      let disallowed = state.allowed.filter {
        $0.firewall == intent.firewall && intent.disallows.contains($0.target)
      }
      state.allowed.removeAll { disallowed.contains($0) }
      state.allowed.append(contentsOf: intent.allows)
      state.plans[plan.digest] = plan
      let id = ActionID(state.actions.count + 1)
      let began = first..<(first + Int64(intent.begins.count))
      state.actions.append(
        Entry(
          action: RecordedAction(
            id: id, kind: intent.kind, firewall: intent.firewall, cause: intent.cause,
            startedAt: intent.startedAt, planDigest: plan.digest, began: Array(began),
            ended: intent.ends, reinstated: intent.reinstates, allowed: intent.allows,
            disallowed: disallowed, rollbackOf: intent.rollbackOf, receipt: nil),
          plan: plan))
      state.revisions[intent.firewall, default: 0] += 1
      return BegunAction(id: id, decisions: began)
    }
  }

  @discardableResult
  public func finish(_ action: ActionID, receipt: Receipt) throws(JournalError) -> Int64 {
    state.withLock { state in
      let index = Int(action) - 1
      guard state.actions.indices.contains(index) else { return 0 }
      state.actions[index].action.receipt = receipt
      let recorded = state.actions[index].action
      let revision = (state.revisions[recorded.firewall] ?? 0) + 1
      state.revisions[recorded.firewall] = revision
      switch receipt.outcome {
      case .applied, .unknown: return revision
      case .restored, .stranded: break
      }
      for id in recorded.began { state.decisions[id]?.ending = .failed }
      for id in recorded.ended { state.decisions[id]?.ending = nil }
      // What the action had reinstated was ended by a rollback's target before; it is again.
      for id in recorded.reinstated { state.decisions[id]?.ending = .unblocked }
      state.allowed.removeAll { recorded.allowed.contains($0) }
      state.allowed.append(contentsOf: recorded.disallowed)
      return revision
    }
  }

  public func openActions(on firewall: String) throws(JournalError) -> [(RecordedAction, Plan)] {
    state.withLock { state in
      state.actions.filter { entry in
        guard entry.action.firewall == firewall else { return false }
        switch entry.action.receipt?.outcome {
        case nil, .unknown: return true
        case .applied, .restored, .stranded: return false
        }
      }.map { ($0.action, $0.plan) }
    }
  }

  public func action(_ id: ActionID) throws(JournalError) -> RecordedAction? {
    state.withLock { state in
      state.actions.indices.contains(Int(id) - 1) ? state.actions[Int(id) - 1].action : nil
    }
  }

  public func actions(on firewall: String?, since: Timestamp?, limit: Int) throws(JournalError)
    -> [RecordedAction]
  {
    state.withLock { state in
      Array(
        state.actions.reversed().map(\.action).filter { action in
          (firewall == nil || action.firewall == firewall) && (since.map { action.startedAt >= $0 } ?? true)
        }.prefix(limit))
    }
  }

  public func decisionsInForce(on firewall: String) throws(JournalError) -> [Decision] {
    state.withLock { state in
      state.decisions.values.filter { $0.ending == nil && $0.decision.firewall == firewall }
        .map(\.decision).sorted { $0.id < $1.id }
    }
  }

  public func decisions(_ ids: [Int64]) throws(JournalError) -> [Decision] {
    state.withLock { state in ids.compactMap { state.decisions[$0]?.decision } }
  }

  public func allowEntries(on firewall: String) throws(JournalError) -> [AllowEntry] {
    state.withLock { state in state.allowed.filter { $0.firewall == firewall } }
  }

  public func revision(on firewall: String) throws(JournalError) -> Int64 {
    state.withLock { $0.revisions[firewall] ?? 0 }
  }
}
