import Detection
import Enforcement
import FirewallKit
import Language
import Logging
import NetworkTypes
import Policy
import Synchronization

/// What the detector wants blocked on one firewall, in order, until it is done.
///
/// Each firewall has a lane of its own: one that is away or slow holds up none of the others. What it
/// could not take is tried again until it is back, or until the block would have ended anyway.
final class FirewallLane: Sendable {
  /// Findings that wait; what does not fit is told, and asked for again with the next packet.
  static let capacity = 4096
  private static let longestPause: Duration = .seconds(60)

  private struct State {
    var targets: Set<BlockTarget> = []
    var waiting = 0
    var isStopping = false
  }

  let engine: FirewallEngine
  private let policy: Policy
  private let firstPause: Duration
  private let logger: Logger
  private let clock: @Sendable () -> Timestamp
  private let state = Mutex(State())
  private let findings: AsyncStream<Detector.Finding>
  private let end: AsyncStream<Detector.Finding>.Continuation
  private let onReport: @Sendable (Detector.Finding, [ActionReport]) -> Void

  /// - Parameter firstPause: the pause after a first failure, which doubles with each further one.
  init(
    engine: FirewallEngine, policy: Policy, logger: Logger, clock: @escaping @Sendable () -> Timestamp,
    firstPause: Duration = .seconds(1),
    onReport: @escaping @Sendable (Detector.Finding, [ActionReport]) -> Void
  ) {
    self.engine = engine
    self.policy = policy
    self.firstPause = firstPause
    self.logger = logger
    self.clock = clock
    self.onReport = onReport
    (findings, end) = AsyncStream.makeStream(
      of: Detector.Finding.self, bufferingPolicy: .bufferingOldest(Self.capacity))
  }

  /// Findings that were not carried out yet.
  var waiting: Int { state.withLock(\.waiting) }

  /// Takes what a finding asks of this firewall and does not wait here already.
  /// - Returns: false when the lane is full.
  func offer(_ finding: Detector.Finding) -> Bool {
    var finding = finding
    finding.orders += nameOrders(finding)
    logHeld(finding)
    finding.orders = state.withLock { state in
      let new = finding.orders.filter { !state.targets.contains($0.target) }
      state.targets.formUnion(new.map(\.target))
      if !new.isEmpty { state.waiting += 1 }
      return new
    }
    guard !finding.orders.isEmpty else {
      onReport(finding, [])
      return true
    }
    guard case .enqueued = end.yield(finding) else {
      done(finding)
      logger.error(
        "too many blocks wait for the firewall",
        metadata: ["firewall": "\(engine.name)", "targets": "\(Self.text(finding.orders))"])
      return false
    }
    return true
  }

  /// Carries out one finding after another, each as one action that can be explained and taken back
  /// alone, until `finish()` was called and what waited then has had its turn.
  func run() async {
    for await finding in findings {
      await carryOut(finding)
      done(finding)
    }
  }

  /// Ends `run()`. What the firewall does not take at once from now on is given up.
  func finish() {
    state.withLock { $0.isStopping = true }
    end.finish()
  }

  private func done(_ finding: Detector.Finding) {
    state.withLock { state in
      state.targets.subtract(finding.orders.map(\.target))
      state.waiting -= 1
    }
  }

  private func carryOut(_ finding: Detector.Finding) async {
    let cause = Cause(origin: .detector, actor: "detector", reason: Detector.reason(finding.verdict))
    let lifetime = finding.orders.compactMap(\.timeToLive).max() ?? policy.timeToLive
    let giveUp = clock() + lifetime
    var pause = firstPause
    while true {
      let isPassing: Bool
      do throws(EngineError) {
        let report = try await engine.block(finding.orders, cause: cause)
        log(report, finding)
        onReport(finding, [report])
        guard case .restored(let error) = report.receipt?.outcome else { return }
        isPassing = Self.passes(error)
      } catch {
        logger.error(
          "block failed",
          metadata: [
            "firewall": "\(engine.name)", "targets": "\(Self.text(finding.orders))",
            "error": "\(error.text(in: .english))",
          ])
        isPassing = Self.passes(error)
      }
      guard isPassing, clock() + pause < giveUp, await rest(pause) else {
        logger.critical(
          "block given up",
          metadata: ["firewall": "\(engine.name)", "targets": "\(Self.text(finding.orders))"])
        return
      }
      pause = min(pause * 2, Self.longestPause)
    }
  }

  /// Waits; false when the lane ends meanwhile.
  private func rest(_ pause: Duration) async -> Bool {
    let step: Duration = .milliseconds(200)
    var rest = pause
    while rest > .zero {
      if state.withLock(\.isStopping) { return false }
      guard (try? await Task.sleep(for: min(step, rest))) != nil else { return false }
      rest -= step
    }
    return !state.withLock(\.isStopping)
  }

  /// Whether the same request may succeed later without anybody's doing.
  private static func passes(_ error: EngineError) -> Bool {
    switch error.code {
    case .busy, .ledgerUnavailable: true
    case .unreachable: error.adapterError.map(passes) ?? true
    case .conflict, .missing, .refused: false
    }
  }

  private static func passes(_ error: AdapterError) -> Bool {
    switch error.code {
    case .unavailable, .busy, .timedOut, .unreadable, .conflict, .unauthorized: true
    case .rejected, .foreign, .capacity, .unsupported: false
    }
  }

  /// Blocks by name in the place of addresses that must stay open, where the firewall can.
  private func nameOrders(_ finding: Detector.Finding) -> [BlockOrder] {
    guard engine.manifest.capabilities.kinds.contains(.name) else { return [] }
    var orders: [BlockOrder] = []
    for held in finding.held {
      guard let order = held.alternative, !orders.contains(where: { $0.target == order.target }) else {
        continue
      }
      orders.append(order)
    }
    return orders
  }

  // MARK: Telling

  private static func text(_ orders: [BlockOrder]) -> String {
    orders.map(\.target.description).joined(separator: " ")
  }

  private func logHeld(_ finding: Detector.Finding) {
    let isBlockedByName = !nameOrders(finding).isEmpty
    for held in finding.held {
      logger.notice(
        "held",
        metadata: [
          "firewall": "\(engine.name)", "target": "\(held.address)", "rule": "\(held.objection.rule)",
          "reason": "\(held.objection.reason.en)", "why": "\(Detector.reason(finding.verdict))",
          "instead": isBlockedByName ? "block by name" : "report",
        ])
    }
  }

  private func log(_ report: ActionReport, _ finding: Detector.Finding) {
    for refusal in report.plan.refused {
      logger.notice(
        "refused",
        metadata: [
          "firewall": "\(report.firewall)", "target": "\(refusal.target)", "rule": "\(refusal.rule)",
          "reason": "\(refusal.reason.en)",
        ])
    }
    let targets = report.plan.orders.map(\.target.description).joined(separator: " ")
    guard !targets.isEmpty else { return }
    guard let receipt = report.receipt else {
      logger.notice(
        "dry run: would block",
        metadata: [
          "firewall": "\(report.firewall)", "targets": "\(targets)",
          "plan": "\(report.plan.digest.prefix(12))",
        ])
      return
    }
    logger.log(
      level: receipt.outcome == .applied ? .notice : .critical, "block",
      metadata: [
        "firewall": "\(report.firewall)", "targets": "\(targets)", "outcome": "\(receipt.outcome.word)",
        "action": "\(report.action ?? 0)", "why": "\(Detector.reason(finding.verdict))",
      ])
  }
}
