import Enforcement
import FirewallKit
import Gateway
import NetworkTypes
import Synchronization

/// What the gateway told during a part of the demonstration.
final class DemonstrationEvents: Sendable {
  private struct State {
    var reports: [(sightedAt: Timestamp, report: ActionReport)] = []
    var isReady = false
  }

  private let state = Mutex(State())
  private static let patience: Duration = .seconds(10)

  func add(_ finding: Detector.Finding, _ reports: [ActionReport]) {
    state.withLock { state in
      for report in reports { state.reports.append((finding.sighting.time, report)) }
    }
  }

  func markReady() { state.withLock { $0.isReady = true } }

  func waitUntilReady() async -> Bool {
    await poll { state in state.isReady ? true : nil } ?? false
  }

  /// The last report once all of the addresses have been planned or blocked; `nil` when that does not come.
  func wait(blocking addresses: [IPAddress]) async -> ActionReport? {
    await poll { state in
      var missing = Set(addresses.map { BlockTarget.prefix(IPPrefix($0)) })
      for entry in state.reports {
        missing.subtract(entry.report.plan.orders.map(\.target))
        if missing.isEmpty { return entry.report }
      }
      return nil
    }
  }

  func latency(of report: ActionReport) -> Duration? {
    state.withLock { state in
      guard let entry = state.reports.first(where: { $0.report.action == report.action }),
        let end = report.receipt?.finishedAt
      else { return nil }
      return end - entry.sightedAt
    }
  }

  func appliedActions() -> [ActionID] {
    state.withLock { state in
      state.reports.filter { $0.report.receipt?.outcome == .applied }.compactMap(\.report.action).reversed()
    }
  }

  private func poll<Value: Sendable>(_ look: @Sendable (State) -> Value?) async -> Value? {
    let end = ContinuousClock.now + Self.patience
    while ContinuousClock.now < end {
      if let value = state.withLock({ look($0) }) { return value }
      try? await Task.sleep(for: .milliseconds(5))
    }
    return nil
  }
}
