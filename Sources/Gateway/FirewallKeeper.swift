import Enforcement
import FirewallKit
import Language
import Logging
import NetworkTypes

/// Keeps one firewall as the ledger says: resolves what an earlier process left, ends what has expired,
/// and repairs what others changed.
struct FirewallKeeper: Sendable {
  let engine: FirewallEngine
  let reconcileEvery: Duration
  let clock: @Sendable () -> Timestamp
  let logger: Logger

  /// Runs until the task is cancelled.
  func run() async {
    await reconcile(because: "start")
    await withDiscardingTaskGroup { group in
      group.addTask { await expireInTime() }
      group.addTask { await reconcileRegularly() }
      group.addTask { await reconcileOnNotice() }
    }
  }

  private func reconcile(because: String) async {
    do throws(EngineError) {
      guard let report = try await engine.reconcile() else { return }
      let cause = report.receipt?.outcome.word ?? "dry run"
      logger.warning(
        "drift",
        metadata: [
          "firewall": "\(engine.name)", "noticed": "\(because)", "repair": "\(cause)",
          "changes": "\(report.plan.changes.count)",
        ])
    } catch {
      logger.error(
        "cannot reconcile",
        metadata: ["firewall": "\(engine.name)", "error": "\(error.text(in: .english))"])
    }
  }

  private func expireInTime() async {
    while !Task.isCancelled {
      let next = await engine.nextDeadline()
      // New decisions can come at any time, so never sleep past a second.
      let pause = next.map { min(.seconds(1), max(.milliseconds(10), $0 - clock())) } ?? .seconds(1)
      guard (try? await Task.sleep(for: pause)) != nil else { return }
      do throws(EngineError) {
        _ = try await engine.expire()
      } catch {
        logger.error(
          "cannot end expired blocks",
          metadata: ["firewall": "\(engine.name)", "error": "\(error.text(in: .english))"])
        try? await Task.sleep(for: .seconds(5))
      }
    }
  }

  private func reconcileRegularly() async {
    while (try? await Task.sleep(for: reconcileEvery)) != nil { await reconcile(because: "interval") }
  }

  private func reconcileOnNotice() async {
    while !Task.isCancelled {
      do throws(AdapterError) {
        guard let changes = try engine.foreignChanges() else { return }
        for await _ in changes { await reconcile(because: "notification") }
      } catch {
        logger.warning(
          "changes by others are only found by interval",
          metadata: ["firewall": "\(engine.name)", "error": "\(error.text(in: .english))"])
        return
      }
      // The stream ends when the socket does; listen again, and look once for what was missed.
      guard (try? await Task.sleep(for: .seconds(1))) != nil else { return }
      await reconcile(because: "listening again")
    }
  }
}
