import Enforcement
import FirewallKit
import Language
import NetworkTypes
import Randomness

/// One sequence of a random walk.
struct Walker {
  private let trial: Trial
  private let journal = MemoryJournal()
  private let faults = Faults()
  private let adapter: any FirewallAdapter
  private let finishLate: @Sendable () async -> Void
  private let movesTime: Bool
  private var random: SplitMix64
  private var engine: FirewallEngine
  private var model = WalkModel()
  /// Whether something happened to the device that the engine was not told of.
  private var drifted = false
  private var actions: [ActionID] = []
  private(set) var trail: [String] = []

  private static let targets = [
    "198.51.100.0/24", "198.51.100.0/25", "198.51.100.128/25", "198.51.100.64/26", "198.51.100.80/28",
    "198.51.100.90/31", "198.51.100.90", "198.51.100.91", "198.51.100.255", "192.0.2.1", "192.0.2.0/30",
    "2001:db8::/46", "2001:db8:1::/48", "2001:db8:1:8000::/49", "2001:db8:1::/127", "2001:db8:1::1",
    "2001:db8:1::",
  ].compactMap { BlockTarget($0) }

  init(_ trial: Trial, seed: UInt64, movesTime: Bool) {
    self.trial = trial
    self.movesTime = movesTime
    random = SplitMix64(seed: seed)
    (adapter, finishLate) = Conformance.wrap(trial.adapter, faults)
    engine = trial.engine(adapter, faults: faults, journal: journal)
  }

  private mutating func pick() -> [BlockTarget] {
    let kinds = trial.capabilities.kinds
    let usable = Self.targets.filter { kinds.contains($0.kind) }
    return (0..<Int.random(in: 1...3, using: &random)).compactMap { _ in usable.randomElement(using: &random)
    }
  }

  private mutating func orders() -> [BlockOrder] {
    pick().map { target in
      BlockOrder(
        target: target, timeToLive: .seconds([40, 300, 600, 3600, 7200].randomElement(using: &random) ?? 60))
    }
  }

  mutating func step() async throws {
    planFault()
    let choice = Int.random(in: 0..<100, using: &random)
    switch choice {
    case 0..<34:
      let orders = orders()
      let engine = engine
      try await request("block \(orders.map { "\($0.target) \($0.timeToLive?.components.seconds ?? 0)" })") {
        () async throws(EngineError) in try await engine.block(orders, cause: Trial.cause)
      }
    case 34..<50:
      let targets = pick()
      let engine = engine
      try await request("unblock \(targets)") { () async throws(EngineError) in
        try await engine.unblock(targets, cause: Trial.cause)
      }
    case 50..<58:
      let targets = pick()
      let remove = !model.allowed.isEmpty && Bool.random(using: &random)
      let engine = engine
      let chosen = remove ? Array(model.allowed.sorted().prefix(1)) : targets
      try await request("\(remove ? "disallow" : "allow") \(chosen)") { () async throws(EngineError) in
        try await engine.allow(chosen, remove: remove, cause: Trial.cause)
      }
    case 58..<66:
      guard let id = actions.randomElement(using: &random) else { return }
      let engine = engine
      try await request("rollback \(id)", takingBack: id) { () async throws(EngineError) in
        try await engine.rollback(id, cause: Trial.cause)
      }
    case 66..<74:
      try await applyKeptPlan()
    case 74..<82:
      guard movesTime else { return }
      let seconds = Int64.random(in: 1...900, using: &random)
      await trial.subject.wait(.seconds(seconds))
      let engine = engine
      try await request("expire after \(seconds) s", expiring: true) { () async throws(EngineError) in
        try await engine.expire()
      }
    case 82..<88:
      trail.append("lose")
      if let lose = trial.subject.lose { try await lose() } else { try await trial.clear() }
      drifted = true
    case 88..<94:
      trail.append("restart")
      engine = trial.engine(adapter, faults: faults, journal: journal)
      try await settle()
    default:
      let engine = engine
      try await request("reconcile") { () async throws(EngineError) in try await engine.reconcile() }
    }
    if !drifted { try await check() }
  }

  /// Everything taken back: nothing of ours is left.
  mutating func end() async throws {
    faults.plan()
    try await settle()
    try await check()
    trail.append("rollback all")
    let report = try await engine.rollbackAll(cause: Trial.cause)
    // Where nothing is in force and nothing of ours is there, there is nothing to carry out.
    if report.action != nil || !report.plan.isEmpty { try trial.expectApplied(report) }
    try trial.expect(
      try await trial.state().isEmpty, Phrase(en: "Something of ours is left.", ja: "本製品のエントリーが残っています。"))
  }

  private mutating func planFault() {
    faults.plan()
    guard Int.random(in: 0..<100, using: &random) < 18 else { return }
    let call = Int.random(in: 0..<4, using: &random)
    let hangs = Int.random(in: 0..<4, using: &random) == 0
    if Bool.random(using: &random) {
      let fault =
        hangs ? [.hangs, .hangsThenApplies] : [Faults.Performing.throwsBefore, .throwsAfter, .saysYes]
      let chosen = fault.randomElement(using: &random) ?? .saysYes
      let length = [1, 1, 1, hangs ? 2 : 6].randomElement(using: &random) ?? 1
      faults.plan(performing: Dictionary(uniqueKeysWithValues: (call..<call + length).map { ($0, chosen) }))
      trail.append("(operations \(call)..<\(call + length): \(chosen.rawValue))")
    } else {
      let chosen = hangs ? Faults.Reading.hangs : .throwsError
      let length = [1, 1, hangs ? 2 : 6].randomElement(using: &random) ?? 1
      faults.plan(reading: Dictionary(uniqueKeysWithValues: (call..<call + length).map { ($0, chosen) }))
      trail.append("(readings \(call)..<\(call + length): \(chosen.rawValue))")
    }
  }

  private mutating func applyKeptPlan() async throws {
    let orders = orders()
    trail.append("plan \(orders.map(\.target))")
    let plan: Plan
    do throws(EngineError) {
      plan = try await engine.previewBlock(orders, cause: Trial.cause)
    } catch {
      return try await settle()
    }
    if Bool.random(using: &random) {
      let targets = pick()
      let engine = engine
      try await request("meanwhile unblock \(targets)") { () async throws(EngineError) in
        try await engine.unblock(targets, cause: Trial.cause)
      }
    }
    let engine = engine
    try await request("apply") { () async throws(EngineError) in
      try await engine.apply(digest: plan.digest, cause: Trial.cause)
    }
  }

  /// Makes a request, checks that its report is true, and takes it into the model.
  private mutating func request(
    _ name: String, takingBack taken: ActionID? = nil, expiring: Bool = false,
    _ body: () async throws(EngineError) -> ActionReport?
  ) async throws {
    trail.append(name)
    let report: ActionReport?
    do throws(EngineError) {
      report = try await body()
    } catch {
      trail.append("  refused: \(error.code)")
      return try await settle()
    }
    // Only the engine knows whether it found a passed deadline; the model ends it all the same.
    guard let report, let action = report.action, let receipt = report.receipt else { return }
    trail.append("  \(receipt.outcome.word) \(report.plan.operations.map(\.literal))")
    var outcome = receipt.outcome
    try await Conformance.check(report, trial)
    if case .stranded = outcome { drifted = true }
    if case .unknown = outcome {
      try await settle()
      guard let decided = try journal.action(action)?.receipt?.outcome else {
        throw Breach(because: Phrase(en: "An action stays open.", ja: "結果の決まらない操作が残っています。"))
      }
      outcome = decided
    }
    guard case .applied = outcome else { return }
    if let taken {
      model.takeBack(taken, as: action, at: trial.now)
    } else if expiring {
      model.expire(at: trial.now)
    } else {
      model.apply(report.plan.orders, as: action)
    }
    actions.append(action)
  }

  /// Lets the device finish what hung, and brings device and ledger together without faults.
  private mutating func settle() async throws {
    faults.plan()
    await finishLate()
    try await engine.recover()
    if let report = try await engine.reconcile() { try trial.expectApplied(report) }
    drifted = false
  }

  private mutating func check() async throws {
    let state = try await trial.state()
    let wanted = model.blocks(at: trial.now)
    do {
      try trial.expectSameReach(state, wanted, ended: model.ended(at: trial.now))
      // The same addresses, whatever the shape: an entry inside another need not reach the device.
      for address in Trial.samples(model.allowed.union(state.allowed.map { .prefix($0) })) {
        try trial.expect(
          state.allowed.contains { $0.contains(address) }
            == model.allowed.contains { $0.prefix?.contains(address) == true },
          Phrase(
            en:
              "Whether \(address) is allowed differs: \(state.allowed.sorted()) for \(model.allowed.sorted()).",
            ja: "\(address) が許可されているかどうかが異なります: \(model.allowed.sorted()) に対して \(state.allowed.sorted())。"))
      }
    } catch {
      trail.append("  held: \(state.blocks.map { "\($0.key) \($0.value)" }.sorted())")
      trail.append("  wanted: \(wanted.map { "\($0.key) \($0.value)" }.sorted()) at \(trial.now)")
      throw error
    }
  }
}
