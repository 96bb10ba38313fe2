import ConfigurationFile
import FirewallKit
import Language
import NetworkTypes

/// A plan and the intent that will be recorded with it.
struct Draft: Sendable {
  var plan: Plan
  var intent: Intent
}

extension FirewallEngine {
  /// How long a kept plan may wait: its timers count from when it was made.
  static let planLifetime: Duration = .seconds(3600)

  /// From how many changes on it pays to use a second core.
  private static let worthOverlapping = 1000

  /// The draft that blocks what rules and the firewall's abilities permit.
  func blockDraft(_ orders: [BlockOrder], cause: Cause) async throws(EngineError) -> Draft {
    let now = clock()
    let judged = judge(orders, cause: cause, at: now)
    var intent = Intent(kind: .block, firewall: name, cause: cause, startedAt: now)
    // In the order of the targets, so that the ledger's index of them is written from end to end.
    intent.begins = judged.orders.inOrder(of: \.target).map { order in
      Decision(
        firewall: name, target: order.target, madeAt: now, deadline: order.deadline ?? now, cause: cause,
        verdict: order.verdict)
    }
    return try await draft(intent, orders: judged.orders, refused: judged.refused, warnings: judged.warnings)
  }

  /// The draft that ends all decisions on the targets; a target that nobody blocks is refused.
  func unblockDraft(_ targets: [BlockTarget], cause: Cause) async throws(EngineError) -> Draft {
    var intent = Intent(kind: .unblock, firewall: name, cause: cause, startedAt: clock())
    var orders: [Order] = []
    var refused: [Refusal] = []
    var warnings: [Phrase] = []
    for target in Set(targets).sorted() {
      let ids = intended.ids(on: target)
      let covering = intended.covering(target).map(\.description).joined(separator: ", ")
      guard !ids.isEmpty else {
        refused.append(
          Refusal(
            target: target, rule: "in-force",
            reason: covering.isEmpty
              ? Phrase(
                en: "No decision blocks \(target) on \(name).",
                ja: "\(name) で \(target) を遮断する決定はありません。")
              : Phrase(
                en:
                  "\(target) itself is not blocked; it lies in \(covering), which is. Unblock that, or allow \(target).",
                ja: "\(target) 自体は遮断されていませんが、遮断中の \(covering) に含まれます。そちらを解除するか、\(target) を許可してください。"
              )))
        continue
      }
      if !covering.isEmpty {
        warnings.append(
          Phrase(
            en: "\(target) stays blocked as part of \(covering).",
            ja: "\(target) は \(covering) に含まれるため、引き続き遮断されます。"))
      }
      intent.ends += ids
      orders.append(Order(verb: .unblock, target: target))
    }
    return try await draft(intent, orders: orders, refused: refused, warnings: warnings)
  }

  /// The draft that adds to or takes from the allow list.
  func allowDraft(_ targets: [BlockTarget], remove: Bool, cause: Cause) async throws(EngineError) -> Draft {
    let now = clock()
    var intent = Intent(kind: remove ? .disallow : .allow, firewall: name, cause: cause, startedAt: now)
    var orders: [Order] = []
    var refused: [Refusal] = []
    for target in Set(targets).sorted() {
      if intended.allowed.contains(target) != remove {
        refused.append(
          Refusal(
            target: target, rule: "allow-list",
            reason: remove
              ? Phrase(
                en: "\(target) is not on the allow list.", ja: "\(target) は許可リストにありません。")
              : Phrase(
                en: "\(target) is on the allow list already.", ja: "\(target) はすでに許可リストにあります。")))
      } else if remove {
        intent.disallows.append(target)
        orders.append(Order(verb: .disallow, target: target))
      } else {
        intent.allows.append(AllowEntry(firewall: name, target: target, addedAt: now, cause: cause))
        orders.append(Order(verb: .allow, target: target))
      }
    }
    return try await draft(intent, orders: orders, refused: refused, warnings: [])
  }

  /// The kept plan as a draft; `nil` when it is for another firewall.
  func keptDraft(digest: String, cause: Cause) async throws(EngineError) -> Draft? {
    let kept: Plan?
    do throws(JournalError) {
      kept = try await journal.plan(digest: digest)
    } catch {
      throw EngineError(error)
    }
    guard let kept else {
      throw EngineError(
        code: .missing,
        message: Phrase(
          en:
            "No kept plan begins with “\(digest)” (8 digits at least). Make one with: sekisho plan block TARGET",
          ja: "「\(digest)」で始まる変更計画はありません（8 桁以上で指定します）。次で作成できます: sekisho plan block 対象"))
    }
    guard kept.firewall == name else { return nil }
    guard PlanDigest.plan(of: kept) == kept.digest else {
      throw conflict(
        Phrase(
          en:
            "The kept plan is not the one with this digest: the ledger was altered. Nothing was changed. Check it with: sekisho audit verify",
          ja: "保存された変更計画がこのダイジェストと一致しません。台帳が改変されています。何も変更していません。次で検証してください: sekisho audit verify"))
    }
    let now = clock()
    var intent = Intent(kind: .unblock, firewall: name, cause: cause, startedAt: now)
    for order in kept.orders {
      switch order.verb {
      case .block:
        intent.kind = .block
        intent.begins.append(
          Decision(
            firewall: name, target: order.target, madeAt: now, deadline: order.deadline ?? now,
            cause: cause, verdict: order.verdict))
      case .unblock:
        intent.ends += intended.ids(on: order.target)
      case .allow:
        intent.kind = .allow
        intent.allows.append(
          AllowEntry(firewall: name, target: order.target, addedAt: now, cause: cause))
      case .disallow:
        intent.kind = .disallow
        intent.disallows.append(order.target)
      }
    }
    if intent.kind == .block { try checkStillPermitted(kept, cause: cause, at: now) }
    guard now - kept.madeAt <= Self.planLifetime, now - kept.madeAt >= .seconds(-60) else {
      throw conflict(
        Phrase(
          en:
            "The plan was made at \(kept.madeAt.toSeconds), too long ago for the timers in it. Nothing was changed; make it anew.",
          ja: "この変更計画は \(kept.madeAt.toSeconds) に作成されたもので、含まれる期限が古くなっています。何も変更していません。作り直してください。"))
    }
    try await checkAgainstLedger(kept, intent, at: now)
    return Draft(plan: kept, intent: intent)
  }

  /// What the ledger would ask for now must be what the plan leads to, or the two would part.
  private func checkAgainstLedger(_ plan: Plan, _ intent: Intent, at now: Timestamp) async throws(EngineError)
  {
    let goal = try await goal(after: intent, at: now, readAt: plan.madeAt)
    guard plan.scaffold.after == goal.scaffold, plan.allowed.after == goal.allowed else {
      throw conflict(Self.movedMessage)
    }
    for change in plan.changes where !Self.same(change.after, goal.blocks[change.target]) {
      throw conflict(Self.movedMessage)
    }
    // Where the plan found nothing to do, that must still be so: its own check reads only its changes.
    var untouched = intended.outcome(beginning: intent.begins, ending: intent.ends, at: now)
    for change in plan.changes { untouched[change.target] = nil }
    guard !untouched.isEmpty else { return }
    let current = try await readState(.targets(Set(untouched.keys)))
    guard untouched.allSatisfy({ Self.holds($0.value, current.blocks[$0.key]) }) else {
      throw conflict(
        Phrase(
          en: "The firewall changed since the plan was made. Nothing was changed; make the plan anew.",
          ja: "変更計画の作成後にファイアウォールが変更されました。何も変更していません。計画を作り直してください。"))
    }
  }

  /// Whether a device's answer is what is wanted; one without timers answers only that it blocks.
  private static func holds(_ wanted: Timestamp?, _ found: Timestamp?) -> Bool {
    found == .untimed ? wanted != nil : same(wanted, found)
  }

  private static let movedMessage = Phrase(
    en: "Other decisions came or ended since the plan was made. Nothing was changed; make the plan anew.",
    ja: "変更計画の作成後に、ほかの決定の追加または終了がありました。何も変更していません。計画を作り直してください。")

  private static func same(_ a: Timestamp?, _ b: Timestamp?) -> Bool {
    guard let a, let b else { return a == nil && b == nil }
    return (a > b ? a - b : b - a) <= PlanRunner.slack
  }

  private func conflict(_ message: Phrase) -> EngineError { EngineError(code: .conflict, message: message) }

  /// The plan that carries an intent to the firewall.
  ///
  /// Reads only what the intent touches. Where the scaffold or the allow list is not as it should be,
  /// everything is read and the plan repairs that too.
  func draft(_ intent: Intent, orders: [Order], refused: [Refusal], warnings: [Phrase])
    async throws(EngineError) -> Draft
  {
    let now = clock()
    var warnings = warnings
    let changesAllowed = !intent.allows.isEmpty || !intent.disallows.isEmpty
    if !changesAllowed, intent.reinstates.isEmpty, !isNewToJournal {
      let outcome = intended.outcome(beginning: intent.begins, ending: intent.ends, at: now)
      let current = try await readState(.targets(Set(outcome.keys)))
      let empties = intended.isEmpty(
        afterBeginning: intent.begins, ending: intent.ends, at: now)
      let scaffold = empties ? [:] : adapter.scaffold
      if current.scaffold == scaffold, current.allowed == (empties ? [] : intended.allowedPrefixes) {
        var goal = current
        for (target, deadline) in outcome { goal.blocks[target] = deadline }
        return try await Draft(
          plan: plan(
            from: current, to: goal, touching: Array(outcome.keys), orders: orders, refused: refused,
            warnings: warnings),
          intent: intent)
      }
    }
    let current = try await readState(.everything)
    try guardAgainstLostLedger(current)
    let goal = try await goal(after: intent, at: now, readAt: current.readAt)
    if !current.scaffold.isEmpty, current.scaffold != adapter.scaffold {
      warnings.append(
        Phrase(
          en: "The firewall is not as we left it; this plan repairs that too.",
          ja: "ファイアウォールの状態が前回の適用時と異なります。この計画はその修復も含みます。"))
    }
    return try await Draft(
      plan: plan(
        from: current, to: goal, orders: orders, refused: refused, warnings: warnings),
      intent: intent)
  }

  /// Everything that should be on the firewall once an intent is in force.
  ///
  /// With nothing blocked and nothing allowed, nothing of ours is left there at all.
  func goal(after intent: Intent?, at now: Timestamp, readAt: Timestamp) async throws(EngineError)
    -> FirewallState
  {
    // Shares its tables with what is intended now: only the allow list is another.
    var after = intended
    var begins: [Decision] = []
    if let intent {
      begins = intent.begins
      if !intent.reinstates.isEmpty {
        do throws(JournalError) {
          begins += try await journal.decisions(intent.reinstates)
        } catch {
          throw EngineError(error)
        }
      }
      after.setAllowed(after.allowed.subtracting(intent.disallows).union(intent.allows.map(\.target)))
    }
    let blocks = after.blocks(at: now, beginning: begins, ending: intent?.ends ?? [])
    let empties = blocks.isEmpty && !after.allowsPrefixes
    return FirewallState(
      readAt: readAt, scaffold: empties ? [:] : adapter.scaffold,
      allowed: empties ? [] : after.allowedPrefixes, blocks: blocks)
  }

  func readState(_ scope: Scope) async throws(EngineError) -> FirewallState {
    do throws(AdapterError) {
      let state = try await runner.read(scope)
      if health == .unreachable { setHealth(.good) }
      return state
    } catch {
      if error.code != .foreign { setHealth(.unreachable) }
      throw EngineError(error)
    }
  }

  /// The plan from one state to another, over the targets that may differ: by default all of both.
  func plan(
    from current: FirewallState, to wanted: FirewallState, touching targets: [BlockTarget]? = nil,
    orders: [Order] = [], refused: [Refusal] = [], warnings: [Phrase] = []
  ) async throws(EngineError) -> Plan {
    var goal = wanted
    var changes: [Change] = []
    changes.reserveCapacity(targets?.count ?? wanted.blocks.count)
    func compare(_ target: BlockTarget, _ before: Timestamp?, _ after: Timestamp?) {
      guard before != after else { return }
      if let before, let after, before == .untimed || Self.same(before, after) {
        goal.blocks[target] = before
      } else {
        changes.append(Change(target: target, before: before, after: after))
      }
    }
    if let targets {
      for target in targets { compare(target, current.blocks[target], wanted.blocks[target]) }
    } else {
      for (target, after) in wanted.blocks { compare(target, current.blocks[target], after) }
      for (target, before) in current.blocks where wanted.blocks[target] == nil {
        compare(target, before, nil)
      }
    }
    let found = changes.inOrder(of: \.target)
    let settled = goal
    @Sendable func digest(_ state: FirewallState, _ side: (Change) -> Timestamp?) -> String {
      PlanDigest.state(scaffold: state.scaffold, allowed: state.allowed, changes: found, side: side)
    }
    let computed: Result<[Operation], AdapterError>
    let basisDigest: String
    let goalDigest: String
    if changes.count < Self.worthOverlapping {
      computed = await operations(from: current, to: settled)
      (basisDigest, goalDigest) = (digest(current, \.before), digest(settled, \.after))
    } else {
      async let digests = (digest(current, \.before), digest(settled, \.after))
      computed = await operations(from: current, to: settled)
      (basisDigest, goalDigest) = await digests
    }
    let operations: [Operation]
    do throws(AdapterError) {
      operations = try computed.get()
    } catch {
      throw EngineError(error)
    }
    let bytes = operations.reduce(0) { $0 + $1.literal.utf8.count }
    return Plan(
      digest: PlanDigest.plan(
        firewall: name, adapter: manifest.name, madeAt: current.readAt, basisDigest: basisDigest,
        goalDigest: goalDigest, orders: orders, operations: operations),
      firewall: name, adapter: manifest.name, madeAt: current.readAt, basisDigest: basisDigest,
      goalDigest: goalDigest, orders: orders, changes: found,
      scaffold: Transition(before: current.scaffold, after: goal.scaffold),
      allowed: Transition(before: current.allowed, after: goal.allowed), operations: operations,
      refused: refused, warnings: warnings,
      cost: PlanCost(
        operations: operations.count, bytes: bytes,
        expectedSeconds: Double(operations.count) * 0.003 + Double(changes.count) * 0.00001))
  }

  private func operations(
    from current: FirewallState, to goal: FirewallState
  ) async -> Result<[Operation], AdapterError> {
    do throws(AdapterError) {
      return .success(try await adapter.operations(from: current, to: goal))
    } catch {
      return .failure(error)
    }
  }
}
