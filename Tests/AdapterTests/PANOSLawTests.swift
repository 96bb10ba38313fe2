import FirewallConformance
import FirewallSimulators
import Language
import Testing

@testable import PANOS

/// The laws and the walk, over TLS.
@Suite struct PANOSLawTests {
  @Test func itKeepsTheLaws() async throws {
    let firewall = try await PANOSFirewall()
    let report = try await Conformance.run(firewall.subject())
    for line in report.broken { Issue.record("\(line.law): \(line.finding)") }
    #expect(firewall.device.violations == [])
    // Three laws speak of abilities that PAN-OS does not declare.
    #expect(report.lines.count { $0.finding == .held } == Conformance.laws.count - 3)
  }

  /// Several firewalls at once, each with its own walk.
  @Test func itAgreesWithTheLedgerWhateverHappens() async throws {
    let sequences = DeviceTrial.isLong ? 250 : 8
    await withTaskGroup { group in
      for walk in 0..<8 {
        group.addTask {
          do {
            let firewall = try await PANOSFirewall()
            try await RandomWalk(sequences: sequences, seed: UInt64(walk * 100_000 + 1)).run(
              firewall.subject())
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
