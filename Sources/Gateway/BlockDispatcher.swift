import Detection
import Enforcement
import FirewallKit
import Logging
import NetworkTypes
import Policy

/// Takes what the detector wants blocked to the lane of each firewall, once in a while and not with every
/// packet.
actor BlockDispatcher {
  /// How long a target is left alone after it was handled: the terminal goes on knocking at a blocked
  /// address, and in dry run the same plan would be made with each packet.
  private static let quietTime: Duration = .seconds(30)
  /// Targets remembered as handled; the oldest are forgotten beyond it.
  private static let maximumRemembered = 65_536

  private let lanes: [FirewallLane]
  private let logger: Logger
  private let clock: @Sendable () -> Timestamp
  private var handled: [BlockTarget: Timestamp] = [:]

  init(lanes: [FirewallLane], logger: Logger, clock: @escaping @Sendable () -> Timestamp) {
    self.lanes = lanes
    self.logger = logger
    self.clock = clock
  }

  /// Hands on what a finding asks for and was not handled a moment ago; tells of what is only notable.
  func dispatch(_ finding: Detector.Finding) {
    let now = clock()
    var finding = finding
    finding.orders.removeAll { isQuiet($0.target, now) }
    finding.held.removeAll { isQuiet(.prefix(IPPrefix($0.address)), now) }
    if finding.verdict.outcome == .report { tell(finding, now) }
    guard !finding.orders.isEmpty || !finding.held.isEmpty else { return }
    for order in finding.orders { handled[order.target] = now }
    for held in finding.held { handled[.prefix(IPPrefix(held.address))] = now }
    if handled.count > Self.maximumRemembered { handled = handled.filter { now - $0.value < Self.quietTime } }
    for lane in lanes where !lane.offer(finding) {
      // The sighting is not lost: the target is forgotten, so the next packet asks again.
      for order in finding.orders { handled[order.target] = nil }
    }
  }

  private func isQuiet(_ target: BlockTarget, _ now: Timestamp) -> Bool {
    handled[target].map { now - $0 < Self.quietTime } ?? false
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
}
