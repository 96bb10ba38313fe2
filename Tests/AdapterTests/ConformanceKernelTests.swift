import Enforcement
import FirewallConformance
import FirewallKit
import Foundation
import HostPrograms
import Language
import NetworkTypes
import Nftables
import Testing

@testable import Iptables

extension KernelTests {
  /// The laws and a random walk on the real kernel firewalls.
  @Suite(.serialized) struct ConformanceKernelTests {
    private static let programs = HostPrograms.iptables(directories: HostPrograms.usualDirectories)

    private static func output(_ program: String, _ arguments: String...) async throws -> String {
      String(decoding: try await programs.run(program, arguments, input: ""), as: UTF8.self)
    }

    private static let clock: @Sendable () -> Timestamp = {
      Timestamp(microseconds: Int64(Date().timeIntervalSince1970 * 1_000_000))
    }

    private static func nftables() async throws -> ConformanceSubject {
      _ = try await output(
        "nft", "add table ip others; add chain ip others c { type filter hook input priority 0; }")
      _ = try await output("nft", "add rule ip others c ip saddr 203.0.113.200 drop")
      return ConformanceSubject(
        name: "nftables", makeAdapter: { NftablesAdapter(settings: NftablesSettings()) }, clock: clock,
        foreignContent: { try await output("nft", "list table ip others") },
        lose: { _ = try await output("nft", "add table inet sekisho; delete table inet sekisho") })
    }

    private static func iptables(_ backend: IptablesSettings.Backend) async throws -> ConformanceSubject {
      let variants = ["iptables-\(backend.rawValue)", "ip6tables-\(backend.rawValue)"]
      _ = try await output("ipset", "create", "others", "hash:ip")
      _ = try await output("ipset", "add", "others", "203.0.113.200")
      _ = try await output(
        variants[0], "-A", "FORWARD", "-m", "set", "--match-set", "others", "src", "-j", "DROP")
      _ = try await output(variants[1], "-A", "FORWARD", "-s", "2001:db8:e::/48", "-j", "DROP")
      var settings = IptablesSettings()
      settings.backend = backend
      let chosen = settings
      return ConformanceSubject(
        name: "iptables-\(backend.rawValue)", makeAdapter: { IptablesAdapter(settings: chosen) },
        clock: clock,
        foreignContent: {
          var text = try await output("ipset", "list", "others")
          for variant in variants { text += try await output(variant, "-S") }
          // Ours come and go; the reference counter of the set does not change with them.
          return text.split(separator: "\n").filter { !$0.lowercased().contains("sekisho") }.joined(
            separator: "\n")
        })
    }

    private func conforms(_ subject: ConformanceSubject) async throws {
      let report = try await Conformance.run(subject)
      for line in report.broken { Issue.record("\(subject.name): \(line.law): \(line.finding)") }
      #expect(report.lines.contains { $0.finding == .held })
    }

    private func walks(_ subject: ConformanceSubject, sequences: Int) async throws {
      do throws(RandomWalk.Misstep) {
        try await RandomWalk(sequences: sequences, seed: 1, movesTime: false).run(subject)
      } catch {
        Issue.record(
          "\(subject.name) seed \(error.seed): \(error.because.en)\n\(error.trail.joined(separator: "\n"))")
      }
    }

    @Test func nftablesKeepsTheLaws() async throws { try await conforms(Self.nftables()) }

    @Test func nftablesAgreesWithTheLedgerWhateverHappens() async throws {
      try await walks(Self.nftables(), sequences: 200)
    }

    @Test(arguments: [IptablesSettings.Backend.nft, .legacy])
    func iptablesKeepsTheLaws(backend: IptablesSettings.Backend) async throws {
      try await conforms(Self.iptables(backend))
    }

    @Test(arguments: [IptablesSettings.Backend.nft, .legacy])
    func iptablesAgreesWithTheLedgerWhateverHappens(backend: IptablesSettings.Backend) async throws {
      try await walks(Self.iptables(backend), sequences: 20)
    }
  }
}
