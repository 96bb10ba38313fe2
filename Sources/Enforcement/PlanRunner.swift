import ConfigurationFile
import FirewallKit
import Language
import NetworkTypes

/// Carries out one plan on one firewall: check, perform, read back, and otherwise restore and read
/// back again. The same for every adapter.
struct PlanRunner: Sendable {
  let adapter: any FirewallAdapter
  let clock: @Sendable () -> Timestamp
  /// How long one operation or one reading may take before its result counts as unknown.
  let patience: Duration
  /// Returns when the patience has run out; throws when nobody waits any longer.
  let runOut: @Sendable (Duration) async throws -> Void

  /// How far a device's timer may be from our deadline and still count as the same: devices count
  /// whole seconds, and a timer starts when the operation arrives.
  static let slack: Duration = .seconds(5)

  /// How the firewall differs from what a plan starts from; empty when the plan may run.
  func basisDifferences(_ plan: Plan) async throws(AdapterError) -> [StateDifference] {
    try await read(plan.scope).differences(from: .basis, of: plan, at: clock(), slack: Self.slack)
  }

  func run(_ plan: Plan) async -> Receipt {
    let started = clock()
    var performed = 0
    var readBackAt: Timestamp?
    func receipt(_ outcome: Outcome, verified: Int = 0) -> Receipt {
      Receipt(
        planDigest: plan.digest, firewall: plan.firewall, outcome: outcome, startedAt: started,
        finishedAt: clock(), readBackAt: readBackAt, performed: performed, verified: verified)
    }
    do throws(AdapterError) {
      for operation in plan.operations {
        try await perform(operation)
        performed += 1
      }
      let now = try await read(plan.scope)
      readBackAt = now.readAt
      // A plan that waited for approval has set its timers that much later.
      let waited = max(.zero, started - plan.madeAt)
      let differences = now.differences(
        from: .goal, of: plan, at: clock(), slack: Self.slack + waited)
      guard differences.isEmpty else {
        throw AdapterError(
          code: .rejected,
          message: Phrase(
            en:
              "The firewall said yes, but \(differences.count) of the changes are not there when read back.",
            ja: "ファイアウォールは成功と応答しましたが、読み戻すと \(differences.count) 件の変更が反映されていません。"))
      }
      return receipt(.applied, verified: plan.changes.count)
    } catch {
      let (outcome, readAt) = await restore(plan, after: error)
      readBackAt = readAt ?? readBackAt
      return receipt(outcome)
    }
  }

  /// Reads, within the patience.
  func read(_ scope: Scope) async throws(AdapterError) -> FirewallState {
    try await withinPatience { () async throws(AdapterError) in try await adapter.state(in: scope) }
  }

  /// Lets the device check operations, within the patience.
  func validate(_ operations: [Operation], with adapter: any DeviceValidating) async throws(AdapterError) {
    try await withinPatience { () async throws(AdapterError) in try await adapter.validate(operations) }
  }

  private func perform(_ operation: Operation) async throws(AdapterError) {
    try await withinPatience { () async throws(AdapterError) in try await adapter.perform(operation) }
  }

  /// Leads the firewall back to the plan's basis from wherever it is now.
  ///
  /// The way back is computed from a new reading, not by inverting operations: after a time-out nobody
  /// knows which of them took effect. Blocks whose deadline has passed are not brought back, and what
  /// is outside the plan is not touched.
  private func restore(_ plan: Plan, after cause: AdapterError) async -> (Outcome, Timestamp?) {
    let now: FirewallState
    do throws(AdapterError) {
      now = try await read(plan.scope)
    } catch {
      return (.unknown(cause: cause), nil)
    }
    var basis = plan.basis
    let moment = clock()
    basis.blocks = basis.blocks.filter { $0.value > moment }
    var goal = now
    goal.scaffold = basis.scaffold
    goal.allowed = basis.allowed
    for change in plan.changes { goal.blocks[change.target] = basis.blocks[change.target] }
    if goal.scaffold.isEmpty {
      goal.blocks = [:]
      goal.allowed = []
    }
    var remaining: [Operation] = []
    do throws(AdapterError) {
      remaining = try await adapter.operations(from: now, to: goal)
      while let operation = remaining.first {
        try await perform(operation)
        remaining.removeFirst()
      }
    } catch {
      // The reading below decides; an error here may hide an operation that took effect.
    }
    do throws(AdapterError) {
      let read = try await read(plan.scope)
      let residue = read.restricted(to: .targets(Set(plan.changes.map(\.target))))
        .differences(from: basis, at: clock(), slack: Self.slack)
      if residue.isEmpty { return (.restored(cause: cause), read.readAt) }
      var fresh = read
      fresh.scaffold = goal.scaffold
      fresh.allowed = goal.allowed
      for change in plan.changes { fresh.blocks[change.target] = goal.blocks[change.target] }
      let left = (try? await adapter.operations(from: read, to: fresh)) ?? remaining
      return (.stranded(cause: cause, residue: residue, remaining: left), read.readAt)
    } catch {
      return (.unknown(cause: cause), nil)
    }
  }

  /// The result of `body`, or `timedOut` when it takes longer than the patience.
  ///
  /// The body is not waited for then: a driver that hangs in a system call cannot be cancelled. If it
  /// takes effect later, the reading after it or the next reconciliation finds it.
  private func withinPatience<Value: Sendable>(
    _ body: @escaping @Sendable () async throws(AdapterError) -> Value
  ) async throws(AdapterError) -> Value {
    let race = Race<Result<Value, AdapterError>>()
    let work = Task {
      do throws(AdapterError) {
        race.finish(.success(try await body()))
      } catch {
        race.finish(.failure(error))
      }
    }
    let (patience, runOut) = (patience, runOut)
    // Begun at once: a way to another thread, only to fall asleep there, would take longer than a block.
    let timer = Task.immediate {
      // Cancelled, it means that the work came first.
      guard (try? await runOut(patience)) != nil else { return }
      race.finish(
        .failure(
          AdapterError(
            code: .timedOut,
            message: Phrase(
              en:
                "No answer from the firewall within \(patience.text); whether it took effect is decided by reading.",
              ja: "\(patience.text) 以内にファイアウォールから応答がありません。反映されたかどうかは読み戻しで判断します。"))))
      work.cancel()
    }
    defer { timer.cancel() }
    return try await race.value().get()
  }
}
