import Detection
import Synchronization

/// How the verdicts of a service came out.
final class VerdictCounters: Sendable {
  private let blockCount = Atomic<UInt64>(0)
  private let reportCount = Atomic<UInt64>(0)
  private let heldCount = Atomic<UInt64>(0)

  func count(_ finding: Detector.Finding) {
    switch finding.verdict.outcome {
    case .block: blockCount.add(1, ordering: .relaxed)
    case .report: reportCount.add(1, ordering: .relaxed)
    case .none: return
    }
    if !finding.held.isEmpty { heldCount.add(UInt64(finding.held.count), ordering: .relaxed) }
  }

  var block: UInt64 { blockCount.load(ordering: .relaxed) }
  var report: UInt64 { reportCount.load(ordering: .relaxed) }
  /// Addresses that the collateral guard kept open.
  var held: UInt64 { heldCount.load(ordering: .relaxed) }
}
