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

  /// Blocks what the findings ask for and was not handled a moment ago.
  func dispatch(_ findings: [Detector.Finding]) async {
    let now = clock()
    var fresh: [(finding: Detector.Finding, orders: [BlockOrder])] = []
    for finding in findings {
      let orders = finding.orders.filter { order in
        guard let last = handled[order.target] else { return true }
        return now - last >= Self.quietTime
      }
      guard !orders.isEmpty else { continue }
      for order in orders { handled[order.target] = now }
      fresh.append((finding, orders))
    }
    if handled.count > Self.maximumRemembered { handled = handled.filter { now - $0.value < Self.quietTime } }
    // One action for each verdict: each can be explained and taken back alone.
    for (finding, orders) in fresh {
      let cause = Cause(
        origin: .detector, actor: "detector", reason: Detector.reason(finding.verdict))
      var reports: [ActionReport] = []
      for engine in engines {
        do throws(EngineError) {
          let report = try await engine.block(orders, cause: cause)
          reports.append(report)
          log(report, finding)
        } catch {
          // The sighting is not lost: the target is forgotten, so the next packet asks again.
          for order in orders { handled[order.target] = nil }
          logger.error(
            "block failed",
            metadata: ["firewall": "\(engine.name)", "error": "\(error.text(in: .english))"])
        }
      }
      onReport(finding, reports)
    }
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
