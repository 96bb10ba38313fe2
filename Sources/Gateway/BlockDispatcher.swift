import Detection
import Enforcement
import FirewallKit
import Language
import Logging
import NetworkTypes
import Policy

/// Takes what the detector wants blocked to every firewall. What comes while a change is under way
/// travels together in the next one.
actor BlockDispatcher {
  /// How long a target is left alone after it was handled: the terminal goes on knocking at a blocked
  /// address, and in dry run the same plan would be made with each packet.
  private static let quietTime: Duration = .seconds(30)
  /// Targets remembered as handled; the oldest are forgotten beyond it.
  private static let maximumRemembered = 65_536

  private let engines: [FirewallEngine]
  private let logger: Logger
  private let clock: @Sendable () -> Timestamp
  private var handled: [BlockTarget: Timestamp] = [:]
  private let onReport: @Sendable (Detector.Finding, [ActionReport]) -> Void

  init(
    engines: [FirewallEngine], logger: Logger, clock: @escaping @Sendable () -> Timestamp,
    onReport: @escaping @Sendable (Detector.Finding, [ActionReport]) -> Void
  ) {
    self.engines = engines
    self.logger = logger
    self.clock = clock
    self.onReport = onReport
  }

  /// Blocks what the findings ask for and was not handled a moment ago; tells of what is only notable.
  func dispatch(_ findings: [Detector.Finding]) async {
    let now = clock()
    var fresh: [Detector.Finding] = []
    for var finding in findings {
      finding.orders.removeAll { isQuiet($0.target, now) }
      finding.held.removeAll { isQuiet(.prefix(IPPrefix($0.address)), now) }
      for order in finding.orders { handled[order.target] = now }
      for held in finding.held { handled[.prefix(IPPrefix(held.address))] = now }
      if finding.verdict.outcome == .report { tell(finding, now) }
      if !finding.orders.isEmpty || !finding.held.isEmpty { fresh.append(finding) }
    }
    if handled.count > Self.maximumRemembered { handled = handled.filter { now - $0.value < Self.quietTime } }
    // One action for each verdict: each can be explained and taken back alone.
    for finding in fresh { await carryOut(finding) }
  }

  private func isQuiet(_ target: BlockTarget, _ now: Timestamp) -> Bool {
    handled[target].map { now - $0 < Self.quietTime } ?? false
  }

  private func carryOut(_ finding: Detector.Finding) async {
    let cause = Cause(origin: .detector, actor: "detector", reason: Detector.reason(finding.verdict))
    var reports: [ActionReport] = []
    for engine in engines {
      let byName = Self.nameOrders(finding, engine)
      logHeld(finding, engine, blockedByName: !byName.isEmpty)
      let orders = finding.orders + byName
      guard !orders.isEmpty else { continue }
      do throws(EngineError) {
        let report = try await engine.block(orders, cause: cause)
        reports.append(report)
        log(report, finding)
      } catch {
        // The sighting is not lost: the target is forgotten, so the next packet asks again.
        for order in finding.orders { handled[order.target] = nil }
        logger.error(
          "block failed",
          metadata: ["firewall": "\(engine.name)", "error": "\(error.text(in: .english))"])
      }
    }
    onReport(finding, reports)
  }

  /// Blocks by name in the place of addresses that must stay open, where the firewall can.
  private static func nameOrders(_ finding: Detector.Finding, _ engine: FirewallEngine) -> [BlockOrder] {
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

  private func logHeld(_ finding: Detector.Finding, _ engine: FirewallEngine, blockedByName: Bool) {
    for held in finding.held {
      logger.notice(
        "held",
        metadata: [
          "firewall": "\(engine.name)", "target": "\(held.address)", "rule": "\(held.objection.rule)",
          "reason": "\(held.objection.reason.en)", "why": "\(Detector.reason(finding.verdict))",
          "instead": blockedByName ? "block by name" : "report",
        ])
    }
  }

  /// A verdict that does not suffice to block.
  private func tell(_ finding: Detector.Finding, _ now: Timestamp) {
    let destination = finding.verdict.destination
    guard
      let target = destination.name.map({ BlockTarget.name($0) })
        ?? destination.address.map({ .prefix(IPPrefix($0)) }),
      !isQuiet(target, now)
    else { return }
    handled[target] = now
    logger.notice("notable", metadata: ["why": "\(Detector.reason(finding.verdict))"])
  }

  private func log(_ report: ActionReport, _ finding: Detector.Finding) {
    let targets = report.plan.orders.map(\.target.description).joined(separator: " ")
    for refusal in report.plan.refused {
      logger.notice(
        "refused",
        metadata: [
          "firewall": "\(report.firewall)", "target": "\(refusal.target)", "rule": "\(refusal.rule)",
          "reason": "\(refusal.reason.en)",
        ])
    }
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
