import Enforcement
import FirewallConformance
import FirewallKit
import Foundation
import Language
import Logging
import NetworkTypes
import Policy
import Randomness
import Testing

@testable import ProcessPlugins

/// Plugins in Python through the real pipe, held to the laws of every adapter.
@Suite(.serialized) struct PluginConformanceTests {
  private let folder: Folder
  private let log = LogLines()

  init() throws { folder = try Folder() }

  private func nginxDeny() throws -> PluginSettings {
    try .of(.nginxDeny, in: folder, settings: "{file: \(folder.file("deny.conf")), reload: ['true']}")
  }

  private func device() throws -> PluginSettings {
    try .of(.device, in: folder, settings: "{file: \(folder.file("device.json"))}")
  }

  private func expectHolds(_ report: ConformanceReport) {
    for line in report.broken { Issue.record("\(line.law): \(line.finding)") }
    #expect(report.lines.count { $0.finding == .held } > 20)
  }

  @Test func theExampleKeepsTheLaws() async throws {
    let settings = try nginxDeny()
    let clock = AdjustableClock()
    let subject = ConformanceSubject(
      name: "nginx-deny",
      makeAdapter: { [log] in
        PluginAdapter.adapter(for: settings, logger: log.logger, clock: { clock.now })
      },
      clock: { clock.now }, wait: { clock.advance(by: $0) },
      lose: { [folder] in
        try? FileManager.default.removeItem(atPath: folder.file("deny.conf"))
        try? FileManager.default.removeItem(atPath: folder.file("deny.conf.loaded"))
      })
    let report = try await Conformance.run(subject)
    #expect(report.manifest.name == "nginx-deny")
    expectHolds(report)
    #expect(!log.text.contains("plugin ended"), "\(log.text)")
  }

  /// With timers of its own, prefixes that must not overlap, a check by the device, and names.
  @Test func aDeviceWithTimersKeepsTheLaws() async throws {
    let settings = try device()
    let subject = ConformanceSubject(
      name: "device",
      makeAdapter: { [log] in
        PluginAdapter.adapter(for: settings, logger: log.logger, clock: Timestamp.now)
      },
      clock: Timestamp.now,
      lose: { [folder] in try FileManager.default.removeItem(atPath: folder.file("device.json")) })
    // What hangs there hangs in front of the adapter, and has hung with the example.
    let laws = Conformance.laws.filter { !$0.name.lowercased().hasSuffix("hangs") }
    let report = try await Conformance.run(subject, laws: laws)
    expectHolds(report)
    #expect(report.lines.contains { $0.law == "checked-then-run" && $0.finding == .held })
    #expect(!log.text.contains("plugin ended"), "\(log.text)")
  }

  @Test func whateverHappensDeviceAndLedgerAgree() async throws {
    let settings = try nginxDeny()
    let clock = AdjustableClock()
    let adapter = PluginAdapter(settings: settings, logger: log.logger, clock: { clock.now })
    let subject = ConformanceSubject(
      name: "nginx-deny", makeAdapter: { adapter }, clock: { clock.now }, wait: { clock.advance(by: $0) })
    do throws(RandomWalk.Misstep) {
      try await RandomWalk(sequences: 30, steps: 20, seed: 4000).run(subject)
    } catch {
      Issue.record("seed \(error.seed): \(error.because.en)\n\(error.trail.joined(separator: "\n"))")
    }
    let counters = await adapter.counters()
    #expect(counters.starts == 1 && counters.ends.isEmpty, "\(counters)")
  }

  /// SIGKILL at moments of the system's choosing: whatever an action says is so, and what it leaves open is
  /// decided by reading.
  @Test func aPluginKilledAtAnyMomentLeavesWhatTheLedgerSays() async throws {
    let settings = try nginxDeny()
    let adapter = PluginAdapter(settings: settings, logger: log.logger, clock: Timestamp.now)
    let witness = PluginAdapter(settings: settings, logger: log.logger, clock: Timestamp.now)
    let engine = FirewallEngine(
      name: "edge", adapter: adapter, journal: MemoryJournal(),
      policy: Policy(
        name: "trial", mode: .enforce, maximumTimeToLive: .seconds(86_400),
        minimumPrefixLength: Policy.PrefixLengths(ipv4: 8, ipv6: 16)),
      mode: .enforce, protection: { [] }, clock: Timestamp.now)
    let cause = Cause(origin: .person, actor: "test", reason: "")
    let targets = (1...12).compactMap { BlockTarget("192.0.2.\($0)") }
    var random = SplitMix64(seed: 11)
    var killed = 0
    for _ in 0..<40 {
      let target = targets.randomElement(using: &random) ?? targets[0]
      let delay = Duration.microseconds(Int.random(in: 0..<8000, using: &random))
      let killer = Task {
        try? await Task.sleep(for: delay)
        guard let pid = await adapter.session.processIdentifier else { return false }
        return kill(pid, SIGKILL) == 0
      }
      do throws(EngineError) {
        let ends = Bool.random(using: &random)
        let report =
          ends
          ? try await engine.unblock([target], cause: cause)
          : try await engine.block([BlockOrder(target: target)], cause: cause)
        if case .applied = report.receipt?.outcome {
          let isThere = try await blocks(of: witness).contains(target)
          #expect(isThere != ends, "\(report)")
        }
      } catch {
        // Nothing was sent, or the firewall cannot be read at this moment.
      }
      if await killer.value { killed += 1 }
      try await eventually {
        do throws(EngineError) {
          try await engine.recover()
          _ = try await engine.reconcile()
          return true
        } catch {
          return false
        }
      }
      let status = try await engine.status()
      #expect(status.drift.isEmpty && status.blocks.allSatisfy { $0.intended == $0.readBack }, "\(status)")
      #expect(try await blocks(of: witness) == Set(status.blocks.map(\.target)))
    }
    #expect(killed > 10)
    let counters = await adapter.counters()
    #expect((counters.ends["exited"] ?? 0) > 10, "\(counters)")
    print("\(killed) kills, \(counters.starts) starts, \(counters.answers) answers")
  }

  private func blocks(of adapter: PluginAdapter) async throws(EngineError) -> Set<BlockTarget> {
    do throws(AdapterError) {
      return Set(try await adapter.state(in: .everything).blocks.keys)
    } catch {
      throw EngineError(code: .unreachable, message: error.message, adapterError: error)
    }
  }
}
