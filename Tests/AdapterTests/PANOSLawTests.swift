import FirewallConformance
import FirewallSimulators
import Foundation
import Language
import Testing

@testable import PANOS

/// The laws and the walk, over TLS.
@Suite struct PANOSLawTests {
  private static let isLong = ProcessInfo.processInfo.environment["SEKISHO_LONG"] == "1"

  /// The laws in four parts, each on a firewall of its own, because most of the time goes by in hanging.
  @Test func itKeepsTheLaws() async throws {
    let laws = Conformance.laws
    let held = try await withThrowingTaskGroup(of: Int.self) { group in
      for part in 0..<4 {
        group.addTask {
          let firewall = try await PANOSFirewall()
          let report = try await Conformance.run(
            firewall.subject(patience: .seconds(1)),
            laws: laws.indices.filter { $0 % 4 == part }.map { laws[$0] })
          for line in report.broken { Issue.record("\(line.law): \(line.finding)") }
          #expect(firewall.device.violations == [])
          return report.lines.count { $0.finding == .held }
        }
      }
      return try await group.reduce(0, +)
    }
    // Three laws speak of abilities that PAN-OS does not declare.
    #expect(held == laws.count - 3)
  }

  /// Several firewalls at once, each with its own walk. The patience is so long that a busy machine keeps
  /// within it: where one hangs on purpose, the others go on.
  @Test func itAgreesWithTheLedgerWhateverHappens() async throws {
    let sequences = Self.isLong ? 250 : 8
    await withTaskGroup { group in
      for walk in 0..<8 {
        group.addTask {
          do {
            let firewall = try await PANOSFirewall()
            try await RandomWalk(sequences: sequences, seed: UInt64(walk * 100_000 + 1)).run(
              firewall.subject(patience: .seconds(2)))
            #expect(firewall.device.violations == [])
          } catch let misstep as RandomWalk.Misstep {
            let trail = misstep.trail.joined(separator: "\n")
            Issue.record("seed \(misstep.seed): \(misstep.because.en)\n\(trail)")
          } catch {
            Issue.record(error)
          }
        }
      }
    }
  }
}
