import FirewallConformance
import FirewallSimulators
import Foundation
import Language
import Testing

@testable import PANOS

/// The laws and the walk, over TLS.
@Suite struct PANOSLawTests {
  private static let isLong = ProcessInfo.processInfo.environment["SEKISHO_LONG"] == "1"

  @Test func itKeepsTheLaws() async throws {
    let firewall = try await PANOSFirewall()
    let report = try await Conformance.run(firewall.subject())
    for line in report.broken { Issue.record("\(line.law): \(line.finding)") }
    #expect(report.lines.contains { $0.finding == .held })
    #expect(firewall.device.violations == [])
  }

  /// Several firewalls at once: most of the time goes by waiting for answers.
  @Test(arguments: 0..<8)
  func itAgreesWithTheLedgerWhateverHappens(walk: Int) async throws {
    let firewall = try await PANOSFirewall()
    let sequences = Self.isLong ? 250 : 12
    do throws(RandomWalk.Misstep) {
      try await RandomWalk(sequences: sequences, seed: UInt64(walk * 100_000 + 1)).run(
        firewall.subject(patience: .seconds(1)))
    } catch {
      Issue.record("seed \(error.seed): \(error.because.en)\n\(error.trail.joined(separator: "\n"))")
    }
    #expect(firewall.device.violations == [])
  }
}
