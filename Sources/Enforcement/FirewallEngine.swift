public import FirewallKit
import Language
public import NetworkTypes
public import Policy

/// Decides, plans, carries out and undoes on one firewall, and keeps it as the journal says.
///
/// The one writer of its firewall in this process; a `WriterLock` makes it the only one on the host.
/// All public functions may be called at any time; they take effect one after another.
public actor FirewallEngine {
  public nonisolated let name: String
  public nonisolated let mode: PolicyMode
  public nonisolated let manifest: AdapterManifest
  let adapter: any FirewallAdapter
  let journal: any Journal
  let policy: Policy
  let runner: PlanRunner
  let clock: @Sendable () -> Timestamp
  private let protection: @Sendable () -> [ProtectedNetwork]
  private let lock: WriterLock?
  private let gate = SerialGate()

  var intended: IntendedBlocks
  /// The journal's revision that `intended` was loaded at; `nil` before the first load.
  var revision: Int64?
  /// Whether the journal has no action on this firewall yet.
  var isNewToJournal = true
  private(set) var health: FirewallHealth = .good
  /// Receipts that the journal could not take; it gets them with the next request.
  var unrecorded: [ActionID: Receipt] = [:]
  /// When blocks came into force lately, oldest first: what rate limits count.
  var recentBlocks: [Timestamp] = []

  /// - Parameters:
  ///   - protection: networks the host must not cut off, asked for with every change.
  ///   - lock: keeps other processes out; `nil` when there can be none (tests, demo).
  ///   - patience: how long one operation or reading may take before its result counts as unknown.
  ///   - runOut: returns when that time is over; something else than a sleep only where failures are planned.
  public init(
    name: String, adapter: any FirewallAdapter, journal: any Journal, policy: Policy, mode: PolicyMode,
    protection: @escaping @Sendable () -> [ProtectedNetwork], lock: WriterLock? = nil,
    patience: Duration = .seconds(30),
    runOut: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) },
    clock: @escaping @Sendable () -> Timestamp
  ) {
    self.name = name
    self.adapter = adapter
    self.manifest = adapter.manifest
    self.journal = journal
    self.policy = policy
    self.mode = mode
    self.protection = protection
    self.lock = lock
    self.clock = clock
    self.runner = PlanRunner(adapter: adapter, clock: clock, patience: patience, runOut: runOut)
    self.intended = IntendedBlocks(
      decisions: [], allowed: [], standing: policy.allow.entries,
      form: adapter.manifest.capabilities.prefixes)
  }

  /// Runs `body` alone: after everyone before it, with the writer's lock, on fresh knowledge of the
  /// journal, and after actions that a dead process left open have been resolved.
  func exclusively<Value: Sendable>(
    _ body: @escaping @Sendable () async throws(EngineError) -> Value
  ) async throws(EngineError) -> Value {
    let resolved: @Sendable () async throws(EngineError) -> Value = {
      () async throws(EngineError) in
      try await self.refresh()
      return try await body()
    }
    return try await gate.run { () async throws(EngineError) in
      guard let lock = self.lock else { return try await resolved() }
      return try await lock.hold(resolved)
    }
  }

  // MARK: Requests

  /// What blocking the targets would do. Nothing is changed; the plan is kept for `apply`.
  public func previewBlock(_ orders: [BlockOrder], cause: Cause) async throws(EngineError) -> Plan {
    try await exclusively { () async throws(EngineError) in
      let draft = try await self.blockDraft(orders, cause: cause)
      return try await self.preview(draft)
    }
  }

  /// What unblocking the targets would do. Nothing is changed; the plan is kept for `apply`.
  public func previewUnblock(_ targets: [BlockTarget], cause: Cause) async throws(EngineError) -> Plan {
    try await exclusively { () async throws(EngineError) in
      let draft = try await self.unblockDraft(targets, cause: cause)
      return try await self.preview(draft)
    }
  }

  /// Blocks targets as far as rules permit, reads them back, and records all of it. In dry run the plan
  /// is only made and kept.
  public func block(_ orders: [BlockOrder], cause: Cause) async throws(EngineError) -> ActionReport {
    try await exclusively { () async throws(EngineError) in
      let draft = try await self.blockDraft(orders, cause: cause)
      guard self.mode == .enforce, !draft.plan.orders.isEmpty else {
        return ActionReport(firewall: self.name, mode: self.mode, plan: try await self.preview(draft))
      }
      return try await self.commit(draft)
    }
  }

  /// Ends every decision on exactly these targets. Also in dry run: taking away is always possible.
  public func unblock(_ targets: [BlockTarget], cause: Cause) async throws(EngineError) -> ActionReport {
    try await exclusively { () async throws(EngineError) in
      let draft = try await self.unblockDraft(targets, cause: cause)
      guard !draft.plan.orders.isEmpty else {
        return ActionReport(firewall: self.name, mode: self.mode, plan: draft.plan)
      }
      return try await self.commit(draft)
    }
  }

  /// Lets targets pass whatever is blocked, or takes that back.
  public func allow(_ targets: [BlockTarget], remove: Bool, cause: Cause) async throws(EngineError)
    -> ActionReport
  {
    try await exclusively { () async throws(EngineError) in
      let draft = try await self.allowDraft(targets, remove: remove, cause: cause)
      guard !draft.plan.orders.isEmpty else {
        return ActionReport(firewall: self.name, mode: self.mode, plan: draft.plan)
      }
      return try await self.commit(draft)
    }
  }

  /// Carries out exactly the kept plan with this digest, or throws `conflict` when the firewall or the
  /// ledger is no longer what the plan assumed. Returns `nil` when the plan is for another firewall.
  public func apply(digest: String, cause: Cause) async throws(EngineError) -> ActionReport? {
    try await exclusively { () async throws(EngineError) in
      guard let draft = try await self.keptDraft(digest: digest, cause: cause) else { return nil }
      try await self.checkBasis(of: draft.plan)
      return try await self.commit(draft)
    }
  }

  // MARK: Carrying out

  /// Checks with the device where it can, keeps the plan and returns it.
  private func preview(_ draft: Draft) async throws(EngineError) -> Plan {
    var plan = draft.plan
    if let validating = adapter as? any DeviceValidating, !plan.operations.isEmpty {
      do throws(AdapterError) {
        try await runner.validate(plan.operations, with: validating)
      } catch {
        plan.warnings.append(
          Phrase(
            en: "The firewall would refuse this plan: \(error.text(in: .english))",
            ja: "ファイアウォールはこの変更計画を拒否します: \(error.text(in: .japanese))"))
      }
    }
    do throws(JournalError) {
      try await journal.keep(plan)
    } catch {
      throw EngineError(error)
    }
    return plan
  }

  /// Throws `conflict` when the firewall is no longer what a kept plan starts from. Nothing has been
  /// recorded or sent then.
  private func checkBasis(of plan: Plan) async throws(EngineError) {
    let differences: [StateDifference]
    do throws(AdapterError) {
      differences = try await runner.basisDifferences(plan)
    } catch {
      throw EngineError(error)
    }
    guard !differences.isEmpty else { return }
    throw EngineError(
      code: .conflict,
      message: Phrase(
        en:
          "\(name) changed after the plan was made (differences: \(differences.count)). Nothing was changed; make the plan anew.",
        ja: "変更計画の作成後に \(name) が変更されています（差異 \(differences.count) 件）。何も変更していません。計画を作り直してください。"))
  }

  /// Records the intent, runs the plan, records the receipt.
  func commit(_ draft: Draft) async throws(EngineError) -> ActionReport {
    let begun: BegunAction
    do throws(JournalError) {
      begun = try await journal.begin(draft.intent, plan: draft.plan)
    } catch {
      throw EngineError(error)
    }
    isNewToJournal = false
    // While the firewall is at work. What the journal has taken is in force until a receipt says
    // otherwise, and then everything is loaded anew.
    async let running = runner.run(draft.plan)
    await adopt(draft.intent, begun)
    let receipt = await running
    var report = ActionReport(
      firewall: name, mode: mode, plan: draft.plan, action: begun.id, receipt: receipt)
    do throws(JournalError) {
      let now = try await journal.finish(begun.id, receipt: receipt)
      if revision != nil { revision = now }
    } catch {
      // The change is real and its intent is recorded; only the receipt is not. Left open, it is
      // resolved by reading the firewall when the ledger can be written again.
      report.unrecorded = error.message
      revision = nil
      unrecorded[begun.id] = receipt
    }
    note(receipt.outcome)
    // Taken back, or open until a reading decides.
    if receipt.outcome != .applied { revision = nil }
    return report
  }

  private func note(_ outcome: Outcome) {
    switch outcome {
    case .applied, .restored: if health != .stranded { health = .good }
    case .stranded: health = .stranded
    case .unknown: health = .unreachable
    }
  }

  func setHealth(_ value: FirewallHealth) { health = value }

  /// Takes the changes of a recorded intent into the picture of what is in force.
  private func adopt(_ intent: Intent, _ begun: BegunAction) async {
    intended.makeRoom(for: intent.begins.count)
    for (decision, id) in zip(intent.begins, begun.decisions) {
      var decision = decision
      decision.id = id
      decision.action = begun.id
      intended.insert(decision)
      if decision.cause.origin == .detector { recentBlocks.append(decision.madeAt) }
    }
    for id in intent.ends { intended.remove(id) }
    if !intent.reinstates.isEmpty {
      do throws(JournalError) {
        for decision in try await journal.decisions(intent.reinstates) { intended.insert(decision) }
      } catch {
        revision = nil
      }
    }
    if !intent.allows.isEmpty || !intent.disallows.isEmpty {
      intended.setAllowed(
        intended.allowed.subtracting(intent.disallows).union(intent.allows.map(\.target)))
    }
  }

  func protectedNetworks() -> [ProtectedNetwork] {
    ProtectedNetwork.always + policy.protectedNetworks + protection()
  }

  func currentRevision() async throws(EngineError) -> Int64 {
    do throws(JournalError) {
      return try await journal.revision(on: name)
    } catch {
      throw EngineError(error)
    }
  }
}
