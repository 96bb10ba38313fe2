import FirewallConformance
import FirewallSimulators
import Foundation
import Language
import NetworkTypes
import Testing

@testable import RESTPlugins

/// The laws and the walk for firewalls that a description tells how to drive, over TLS.
@Suite struct RESTLawTests {
  private static let isLong = ProcessInfo.processInfo.environment["SEKISHO_LONG"] == "1"

  @Test func opnsenseKeepsTheLaws() async throws {
    let firewall = try await OPNsenseFirewall()
    let report = try await Conformance.run(firewall.subject())
    for line in report.broken { Issue.record("\(line.law): \(line.finding)") }
    #expect(firewall.device.violations == [])
  }

  @Test func routerOSKeepsTheLaws() async throws {
    let firewall = try await RouterOSFirewall()
    let report = try await Conformance.run(firewall.subject())
    for line in report.broken { Issue.record("\(line.law): \(line.finding)") }
    #expect(firewall.device.violations == [])
  }

  /// By the clock of this host, where two readings of a timer are never at the same moment.
  @Test func routerOSKeepsTheLawsOfReadingInRealTime() async throws {
    let model = SimulatedRouterOS.Model()
    let router = try await RouterOSFirewall(
      SimulatedRouterOS(model), clock: AdjustableClock(), description: RouterOSFirewall.description(),
      credentials: "\(model.user):\(model.password)")
    let subject = ConformanceSubject(
      name: "routeros",
      makeAdapter: { RESTAdapter(settings: router.settings, sender: router.client) },
      clock: Timestamp.now)
    let names = [
      "reading-repeats", "scoped-reading", "there-and-back", "operation-twice", "overlap-by-adapter",
    ]
    let laws = Conformance.laws.filter { names.contains($0.name) }
    #expect(laws.count == names.count)
    // Long enough for seconds to pass in between.
    for _ in 0..<3 {
      let report = try await Conformance.run(subject, laws: laws)
      for line in report.broken { Issue.record("\(line.law): \(line.finding)") }
    }
    #expect(router.device.violations == [])
  }

  /// Several firewalls at once, each with its own walk.
  @Test func theyAgreeWithTheLedgerWhateverHappens() async throws {
    let sequences = Self.isLong ? 250 : 4
    await withTaskGroup { group in
      for walk in 0..<8 {
        group.addTask {
          do {
            let random = RandomWalk(sequences: sequences, seed: UInt64(walk * 100_000 + 1))
            if walk.isMultiple(of: 2) {
              let firewall = try await OPNsenseFirewall()
              try await random.run(firewall.subject())
              #expect(firewall.device.violations == [])
            } else {
              let firewall = try await RouterOSFirewall()
              try await random.run(firewall.subject())
              #expect(firewall.device.violations == [])
            }
          } catch let misstep as RandomWalk.Misstep {
            let trail = misstep.trail.joined(separator: "\n")
            Issue.record("walk \(walk), seed \(misstep.seed): \(misstep.because.en)\n\(trail)")
          } catch {
            Issue.record(error)
          }
        }
      }
    }
  }
}
