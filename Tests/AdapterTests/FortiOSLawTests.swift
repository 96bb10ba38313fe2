import FirewallConformance
import FirewallSimulators
import Language
import Testing

@testable import FortiOS

/// The laws and the walk in both ways, over TLS.
@Suite struct FortiOSLawTests {
  @Test(arguments: FortiOSSettings.Way.allCases)
  func itKeepsTheLaws(way: FortiOSSettings.Way) async throws {
    let firewall = try await FortiOSFirewall(way)
    let report = try await Conformance.run(firewall.subject())
    for line in report.broken { Issue.record("\(line.law): \(line.finding)") }
    #expect(firewall.device.violations == [])
    // The device checks no plan, and its limit is too high for a trial; bans are applied one by one.
    let silent = way == .threatFeed ? 2 : 3
    #expect(report.lines.count { $0.finding == .held } == Conformance.laws.count - silent)
  }

  /// Several firewalls at once, each with its own walk.
  @Test(arguments: FortiOSSettings.Way.allCases)
  func itAgreesWithTheLedgerWhateverHappens(way: FortiOSSettings.Way) async throws {
    let sequences = DeviceTrial.isLong ? 250 : 6
    await withTaskGroup { group in
      for walk in 0..<(DeviceTrial.isLong ? 8 : 3) {
        group.addTask {
          do {
            let firewall = try await FortiOSFirewall(way)
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
