public import FirewallKit
import Language
public import NetworkTypes
import Policy

extension FirewallEngine {
  /// Brings the picture of what is in force up to the journal, and resolves what a dead process left.
  ///
  /// Runs under the writer's lock, so an open action has no living owner.
  func refresh() async throws(EngineError) {
    let now = try await currentRevision()
    guard revision != now else { return }
    let open: [(RecordedAction, Plan)]
    do throws(JournalError) {
      // Only where it is still open: another process may have resolved it since.
      for (action, _) in try await journal.openActions(on: name) {
        guard let receipt = unrecorded[action.id] else { continue }
        try await journal.finish(action.id, receipt: receipt)
      }
      unrecorded = [:]
      let decisions = try await journal.decisionsInForce(on: name)
      intended = IntendedBlocks(
        decisions: decisions, allowed: try await journal.allowEntries(on: name).map(\.target),
        standing: policy.allow.entries, form: manifest.capabilities.prefixes)
      let hourAgo = clock() - .seconds(3600)
      recentBlocks = decisions.filter { $0.cause.origin == .detector && $0.madeAt >= hourAgo }
        .map(\.madeAt).sorted()
      open = try await journal.openActions(on: name)
      if isNewToJournal { isNewToJournal = try await journal.actions(on: name, since: nil, limit: 1).isEmpty }
    } catch {
      throw EngineError(error)
    }
    if !open.isEmpty { try await resolve(open) }
    revision = try await currentRevision()
  }

  /// Decides by reading how open actions ended.
  ///
  /// Their decisions have been in force since the intent was recorded, so the firewall is led forward
  /// to them. What cannot be led forward is taken back, in the firewall first and then in the journal.
  private func resolve(_ open: [(RecordedAction, Plan)]) async throws(EngineError) {
    var cause = AdapterError(
      code: .timedOut,
      message: Phrase(
        en: "The process ended before this was applied.", ja: "適用が終わる前にプロセスが終了しました。"))
    let adds = open.contains { $0.0.kind == .block || !$0.0.reinstated.isEmpty }
    if mode == .enforce || !adds {
      let receipt = try await lead(to: try await goal(after: nil, at: clock(), readAt: clock()))
      switch receipt.outcome {
      case .applied:
        for (action, plan) in open { try await close(action, plan, .applied, readBackAt: receipt.readBackAt) }
        return try await reload()
      case .restored(let error), .stranded(let error, _, _): cause = error
      case .unknown(let error): throw EngineError(error)
      }
    }
    for (action, _) in open.reversed() {
      for id in action.began + action.reinstated { intended.remove(id) }
      do throws(JournalError) {
        for decision in try await journal.decisions(action.ended) { intended.insert(decision) }
      } catch {
        throw EngineError(error)
      }
      intended.setAllowed(
        intended.allowed.subtracting(action.allowed.map(\.target)).union(action.disallowed.map(\.target)))
    }
    let receipt = try await lead(to: try await goal(after: nil, at: clock(), readAt: clock()))
    let outcome: Outcome
    switch receipt.outcome {
    case .applied:
      outcome = .restored(cause: cause)
    case .restored:
      // The way back failed and left the firewall where the dead process had: in the middle.
      outcome = .stranded(cause: cause, residue: [], remaining: [])
    case .stranded(_, let residue, let remaining):
      outcome = .stranded(cause: cause, residue: residue, remaining: remaining)
    case .unknown(let error):
      throw EngineError(error)
    }
    for (action, plan) in open.reversed() {
      try await close(action, plan, outcome, readBackAt: receipt.readBackAt)
    }
    if case .stranded = outcome { setHealth(.stranded) }
    try await reload()
  }

  /// Leads everything we own on the firewall to a goal, as a plan that no action records: the open
  /// actions do.
  private func lead(to goal: FirewallState) async throws(EngineError) -> Receipt {
    let current = try await readState(.everything)
    return await runner.run(try await plan(from: current, to: goal))
  }

  private func close(_ action: RecordedAction, _ plan: Plan, _ outcome: Outcome, readBackAt: Timestamp?)
    async throws(EngineError)
  {
    var verified = 0
    if case .applied = outcome { verified = plan.changes.count }
    let receipt = Receipt(
      planDigest: plan.digest, firewall: name, outcome: outcome, startedAt: action.startedAt,
      finishedAt: clock(), readBackAt: readBackAt, performed: 0, verified: verified)
    do throws(JournalError) {
      try await journal.finish(action.id, receipt: receipt)
    } catch {
      throw EngineError(error)
    }
  }

  private func reload() async throws(EngineError) {
    do throws(JournalError) {
      intended = IntendedBlocks(
        decisions: try await journal.decisionsInForce(on: name),
        allowed: try await journal.allowEntries(on: name).map(\.target),
        standing: policy.allow.entries, form: manifest.capabilities.prefixes)
    } catch {
      throw EngineError(error)
    }
  }

  /// Resolves what an earlier process left open. Called once at start; every other request does it too.
  public func recover() async throws(EngineError) {
    try await exclusively { () async throws(EngineError) in }
  }

  /// Ends decisions whose deadline has passed. `nil` when there was none.
  public func expire() async throws(EngineError) -> ActionReport? {
    try await exclusively { () async throws(EngineError) in
      let now = self.clock()
      let ids = await self.intended.expired(at: now)
      guard !ids.isEmpty else { return nil }
      let intent = Intent(
        kind: .expire, firewall: self.name,
        cause: Cause(origin: .expiry, actor: "sekisho", reason: "time to live"), startedAt: now,
        ends: ids, ending: .expired)
      return try await self.commit(try await self.expiryDraft(intent))
    }
  }

  /// When the next decision ends; `nil` when none is in force.
  public func nextDeadline() -> Timestamp? { intended.soonestDeadline }

  private func expiryDraft(_ intent: Intent) async throws(EngineError) -> Draft {
    // The picture leaves out decisions whose deadline has passed, so "before" must be asked for as of
    // a moment when they were still in force; reading the ended targets themselves does that.
    let now = clock()
    let targets = Set(intent.ends.compactMap { intended.decisions[$0]?.target })
    let hosts = targets.filter { $0.prefix?.isHost ?? true }
    let empties = intended.isEmpty(afterBeginning: [], ending: intent.ends, at: now)
    if hosts.count == targets.count, !empties {
      let current = try await readState(.targets(targets))
      if current.scaffold == adapter.scaffold, current.allowed == intended.allowedPrefixes {
        var goal = current
        for (target, deadline) in intended.outcome(beginning: [], ending: intent.ends, at: now) {
          goal.blocks[target] = deadline
        }
        return Draft(
          plan: try await plan(from: current, to: goal, touching: Array(targets)), intent: intent)
      }
    }
    let current = try await readState(.everything)
    let goal = try await goal(after: intent, at: now, readAt: current.readAt)
    return Draft(plan: try await plan(from: current, to: goal), intent: intent)
  }

  /// Reads everything, compares it with what is in force, and repairs the difference with a plan like
  /// any other. `nil` when there is none.
  ///
  /// In dry run, and with `dryRun`, the plan is only made. Blocks that carry our mark but are unknown
  /// to an empty journal are not removed: a lost ledger must not open the firewall.
  public func reconcile(dryRun: Bool = false) async throws(EngineError) -> ActionReport? {
    try await exclusively { () async throws(EngineError) in
      let current = try await self.readState(.everything)
      let now = self.clock()
      let goal = try await self.goal(after: nil, at: now, readAt: current.readAt)
      let differences = current.differences(from: goal, at: now, slack: PlanRunner.slack)
      guard !differences.isEmpty else {
        await self.setHealth(.good)
        return nil
      }
      await self.setHealth(.drift)
      try await self.guardAgainstLostLedger(current)
      let intent = Intent(
        kind: .reconcile, firewall: self.name,
        cause: Cause(
          origin: .reconciliation, actor: "sekisho",
          reason: "\(differences.count) differences: \(Self.summary(of: differences))"), startedAt: now)
      let plan = try await self.plan(from: current, to: goal)
      guard self.mode == .enforce, !dryRun else {
        return ActionReport(firewall: self.name, mode: .dryRun, plan: plan)
      }
      let report = try await self.commit(Draft(plan: plan, intent: intent))
      if case .applied = report.receipt?.outcome { await self.setHealth(.good) }
      return report
    }
  }

  /// Refuses to go on where the firewall holds blocks of ours and the journal has never changed it: the
  /// ledger was lost, or another one is meant, and to act on it would open the firewall.
  func guardAgainstLostLedger(_ current: FirewallState) throws(EngineError) {
    guard isNewToJournal, !current.blocks.isEmpty else { return }
    throw EngineError(
      code: .conflict,
      message: Phrase(
        en:
          "\(name) holds \(current.blocks.count) blocks of ours, but this ledger has never changed it. Is this the right --state directory? To remove them: sekisho rollback --all",
        ja:
          "\(name) には本製品による遮断が \(current.blocks.count) 件ありますが、この台帳に変更履歴がありません。--state の指定を確認してください。削除するには: sekisho rollback --all"
      ))
  }

  private static func summary(of differences: [StateDifference]) -> String {
    var counts: [String: Int] = [:]
    for difference in differences {
      switch difference {
      case .scaffold, .surplusScaffold: counts["scaffold", default: 0] += 1
      case .missing: counts["missing", default: 0] += 1
      case .surplus: counts["surplus", default: 0] += 1
      case .deadline: counts["deadline", default: 0] += 1
      case .missingAllowed, .surplusAllowed: counts["allow list", default: 0] += 1
      }
    }
    return counts.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
  }

  /// What is in force beside what is read back now.
  public func status() async throws(EngineError) -> FirewallStatus {
    try await exclusively { () async throws(EngineError) in try await self.statusNow() }
  }

  private func statusNow() async throws(EngineError) -> FirewallStatus {
    var status = FirewallStatus(
      firewall: name, adapter: manifest.name, mode: mode, health: health, blocks: [],
      allowed: intended.allowed.sorted(), drift: [], lastReadBack: nil, error: nil)
    let now = clock()
    let wanted = intended.blocks(at: now)
    var read: FirewallState?
    do throws(AdapterError) {
      read = try await runner.read(.everything)
    } catch {
      status.error = error
      status.health = .unreachable
    }
    if let read {
      status.lastReadBack = read.readAt
      let goal = try await goal(after: nil, at: now, readAt: read.readAt)
      status.drift = read.differences(from: goal, at: now, slack: PlanRunner.slack)
      if health != .stranded { status.health = status.drift.isEmpty ? .good : .drift }
      status.deliveries = (try? await (adapter as? any DeliveryReporting)?.deliveries()) ?? []
    }
    for target in Set(wanted.keys).union(read?.blocks.keys.map { $0 } ?? []).sorted() {
      let decision = intended.latestDecision(on: target)
      status.blocks.append(
        FirewallStatus.Block(
          target: target, deadline: wanted[target] ?? read?.blocks[target] ?? now,
          intended: wanted[target] != nil, readBack: read?.blocks[target] != nil,
          origin: decision?.cause.origin, decision: decision?.id, action: decision?.action,
          reason: decision?.cause.reason))
    }
    return status
  }

  /// Which foreign changes the device tells of, if it can.
  public nonisolated func foreignChanges() throws(AdapterError) -> AsyncStream<Void>? {
    try (adapter as? any ChangeNotifying)?.foreignChanges()
  }
}
