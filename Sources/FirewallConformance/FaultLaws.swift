import Enforcement
import FirewallKit
import Language
import NetworkTypes

extension Conformance {
  /// About requests on a device that fails: whatever happens, the receipt says what is true.
  static let faultLaws: [ConformanceLaw] =
    Faults.Performing.allCases.map { fault in
      ConformanceLaw(
        "fault-operation-\(fault.rawValue)",
        Phrase(
          en:
            "A fault at any operation (\(fault.rawValue)) ends applied, restored, stranded or unknown, as it really is.",
          ja: "どの操作で障害（\(fault.rawValue)）が起きても、結果は適用・復元・復元不能・不明のいずれかとして正しく報告される。")
      ) { trial in try await endsTruthfully(trial) { ([$0: fault], [:]) } }
    }
    + Faults.Reading.allCases.map { fault in
      ConformanceLaw(
        "fault-reading-\(fault.rawValue)",
        Phrase(
          en: "A fault at any reading (\(fault.rawValue)) never makes a false success.",
          ja: "どの読み戻しで障害（\(fault.rawValue)）が起きても、誤って成功と報告されない。")
      ) { trial in try await endsTruthfully(trial) { ([:], [$0: fault]) } }
    }
    + [
      ConformanceLaw(
        "fault-way-back",
        Phrase(
          en: "When the way back fails too, it is told loudly with what is left to do.",
          ja: "復元にも失敗した場合は、残りの操作とともに明確に報告される。")
      ) { trial in
        try await endsTruthfully(trial) { first in
          (Dictionary(uniqueKeysWithValues: (first..<first + 64).map { ($0, .throwsBefore) }), [:])
        }
      }
    ]

  private enum Scenario: CaseIterable {
    case block, unblock, allow, rollbackAll

    func run(_ engine: FirewallEngine, _ trial: Trial) async throws(EngineError) -> ActionReport {
      switch self {
      case .block:
        try await engine.block(
          trial.orders(["192.0.2.20", "198.51.100.0/25", "2001:db8::20"], seconds: 9000), cause: Trial.cause)
      case .unblock:
        try await engine.unblock(
          [trial.target("192.0.2.1"), trial.target("198.51.100.0/24")], cause: Trial.cause)
      case .allow:
        try await engine.allow([trial.target("192.0.2.64/30")], remove: false, cause: Trial.cause)
      case .rollbackAll:
        try await engine.rollbackAll(cause: Trial.cause)
      }
    }
  }

  /// Runs each scenario, on an empty device and on one with blocks, with a fault at its call number 0,
  /// 1, 2… until it no longer meets one.
  private static func endsTruthfully(
    _ trial: Trial, fault: (Int) -> ([Int: Faults.Performing], [Int: Faults.Reading])
  ) async throws {
    for populated in [false, true] {
      for scenario in Scenario.allCases where populated || scenario != .unblock {
        var call = 0
        while try await meetsFault(trial, populated, scenario, call, fault) {
          call += 1
          try await trial.clear()
        }
        try await trial.clear()
      }
    }
  }

  private static func meetsFault(
    _ trial: Trial, _ populated: Bool,
    _ scenario: Scenario, _ call: Int,
    _ fault: (Int) -> ([Int: Faults.Performing], [Int: Faults.Reading])
  ) async throws -> Bool {
    let faults = Faults()
    let faulty = wrap(trial.adapter, faults)
    let journal = MemoryJournal()
    let engine = trial.engine(faulty.adapter, faults: faults, journal: journal)
    if populated {
      try trial.expectApplied(
        try await engine.block(
          trial.orders(["192.0.2.1", "192.0.2.2", "198.51.100.0/24", "2001:db8::1"]), cause: Trial.cause))
    }
    let (performing, reading) = fault(call)
    let (performed, read) = (faults.performed, faults.read)
    faults.plan(performing: performing, reading: reading)
    let report: ActionReport?
    do throws(EngineError) {
      report = try await scenario.run(engine, trial)
    } catch {
      // Refused before anything was recorded or sent.
      report = nil
    }
    let met = performing.isEmpty ? faults.read - read > call : faults.performed - performed > call
    faults.plan()
    if let report { try await check(report, trial) }
    await faulty.finishLate()
    try await engine.recover()
    _ = try await engine.reconcile()
    let settled = try await trial.state()
    let status = try await engine.status()
    try trial.expect(
      status.drift.isEmpty && status.blocks.allSatisfy { $0.intended == $0.readBack },
      Phrase(
        en:
          "After call \(call) failed, device and ledger do not come together: \(status.drift) \(settled.blocks.keys.sorted())",
        ja: "\(call) 回目の呼び出しの障害後、デバイスと台帳が一致しません: \(status.drift)"))
    let open = try journal.openActions(on: engine.name)
    try trial.expect(
      open.isEmpty, Phrase(en: "An action stays open.", ja: "結果の決まらない操作が残っています。"))
    return met
  }

  /// That what a report says is what stands on the device, read past all faults.
  static func check(_ report: ActionReport, _ trial: Trial) async throws {
    guard let receipt = report.receipt else { return }
    let plan = report.plan
    let state = try await trial.state()
    let part = state.restricted(to: .targets(Set(plan.changes.map(\.target))))
    let now = trial.now
    switch receipt.outcome {
    case .applied:
      try trial.expectHolds(part, plan.goal)
    case .restored:
      try trial.expectHolds(part, plan.basis)
    case .stranded(_, let residue, let remaining):
      try trial.expect(
        !residue.isEmpty && !remaining.isEmpty,
        Phrase(en: "Stranded, without saying what is left.", ja: "復元不能ですが、残りの内容が示されていません。"))
      try trial.expect(
        !part.holds(plan.basis, at: now, slack: Trial.slack),
        Phrase(en: "Told as stranded, and restored in truth.", ja: "復元不能と報告されましたが、実際は復元されています。"))
      for operation in remaining { try await trial.adapter.perform(operation) }
      let led = try await trial.state().restricted(to: .targets(Set(plan.changes.map(\.target))))
      try trial.expectHolds(led, plan.basis)
    case .unknown:
      break
    }
  }

  static func wrap(_ adapter: any FirewallAdapter, _ faults: Faults) -> (
    adapter: any FirewallAdapter, finishLate: @Sendable () async -> Void
  ) {
    func opened<Base: FirewallAdapter>(_ base: Base) -> (
      adapter: any FirewallAdapter, finishLate: @Sendable () async -> Void
    ) {
      let faulty = FaultyAdapter(base, faults: faults)
      return (faulty, { await faulty.finishLate() })
    }
    return opened(adapter)
  }
}
