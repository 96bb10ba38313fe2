import Enforcement
import FirewallKit
import Foundation
import Ledger
import NetworkTypes
import Testing

@testable import KillSubject

extension EndToEndTests {
  /// SIGKILL at each boundary of each kind of change: after a restart the firewall is what the ledger
  /// says, nothing is lost, nothing is invented, nothing is there twice.
  @Suite(.serialized) struct KillTests {
    @Test(arguments: KillFirewall.allCases)
    func afterAKillAtAnyBoundaryTheFirewallIsWhatTheLedgerSays(_ firewall: KillFirewall) async throws {
      let start = ContinuousClock.now
      var kills = 0
      for kind in KillKind.allCases { kills += try await killEverywhere(kind, on: firewall) }
      try KernelFirewalls.empty()
      print(
        "\(kills) kills placed on \(firewall.rawValue), in \((ContinuousClock.now - start).components.seconds) s"
      )
      // Begin and finish with a perform and the readings around it, in each kind.
      #expect(kills >= KillKind.allCases.count * 8)
    }

    private func killEverywhere(_ kind: KillKind, on firewall: KillFirewall) async throws -> Int {
      let before = try await words(kind, firewall, acting: false)
      let after = try await words(kind, firewall, acting: true)
      for boundary in 0... {
        let state = try TemporaryFolder()
        let foreign = try await prepare(kind, firewall, state)
        let outcome = try RunningProgram.run(
          RunningProgram.products.appending(path: "KillSubject").path,
          [firewall.rawValue, kind.rawValue, state.path, "\(boundary)"])
        let place: Comment = "\(firewall.rawValue), \(kind.rawValue), boundary \(boundary)"
        guard outcome.status == 0 || outcome.status == -SIGKILL else {
          Issue.record("\(place): \(outcome)")
          return boundary
        }
        try await check(kind, firewall, state, before: before, after: after, place)
        #expect(try KernelFirewalls.foreign() == foreign, place)
        if outcome.status == 0 { return boundary }
      }
      return 0
    }

    /// Makes what is before the change; returns what is foreign.
    private func prepare(_ kind: KillKind, _ firewall: KillFirewall, _ state: TemporaryFolder) async throws
      -> String
    {
      try KernelFirewalls.empty()
      try KernelFirewalls.addForeign()
      let foreign = try KernelFirewalls.foreign()
      var ledgers: [Ledger] = []
      try await kind.prepare { shift in
        guard let (engine, ledger) = try? firewall.engine(in: state.path, shiftedBy: shift) else {
          preconditionFailure("the ledger in \(state.path) does not open")
        }
        ledgers.append(ledger)
        return engine
      }
      for ledger in ledgers { try ledger.close() }
      if kind == .reconcile {
        switch firewall {
        case .nftables: try KernelFirewalls.run("nft", "delete table inet \(KillFirewall.table)")
        case .iptables:
          // All that another program can take away at once: the rules, and the members of a set.
          try KernelFirewalls.run("iptables", "-F \(KillFirewall.prefix.uppercased())")
          try KernelFirewalls.run("ipset", "flush \(try ourSets().first ?? "none")")
        }
      }
      return foreign
    }

    private func ourSets() throws -> [String] {
      try KernelFirewalls.run("ipset", "list -name").split(separator: "\n").map(String.init)
        .filter { $0.hasPrefix(KillFirewall.prefix) }
    }

    /// What is on the firewalls when nobody is killed.
    private func words(_ kind: KillKind, _ firewall: KillFirewall, acting: Bool) async throws -> [Substring] {
      let state = try TemporaryFolder()
      _ = try await prepare(kind, firewall, state)
      if acting {
        let (engine, ledger) = try firewall.engine(in: state.path)
        let report = try await kind.act(engine)
        #expect(report?.receipt?.outcome == .applied, "\(kind) on \(firewall)")
        try ledger.close()
      }
      return try await KernelFirewalls.words()
    }

    private func check(
      _ kind: KillKind, _ firewall: KillFirewall, _ state: TemporaryFolder, before: [Substring],
      after: [Substring], _ place: Comment
    ) async throws {
      let (engine, ledger) = try firewall.engine(in: state.path)
      defer { try? ledger.close() }
      let recorded = try await ledger.actions(on: "edge", since: nil, limit: 1).first
      let isRecorded =
        recorded?.kind == kind.recordedAs && recorded.map { $0.id > actionsBefore(kind) } == true
      try await engine.recover()
      if kind.isMadeByTheService {
        // As the service does at its start.
        _ = try await engine.expire()
        _ = try await engine.reconcile()
      }
      let happened = isRecorded || kind.isMadeByTheService

      let status = try await engine.status()
      #expect(status.health == .good, place)
      #expect(status.drift.isEmpty, place)
      let decided = try await ledger.decisionsInForce(on: "edge")
      #expect(Set(decided.map(\.target)) == (happened ? kind.decidedAfter : kind.decidedBefore), place)
      let allowed = try await Set(ledger.allowEntries(on: "edge").map(\.target))
      #expect(allowed == (happened ? kind.allowedAfter : kind.allowedBefore), place)
      let difference = try await KernelFirewalls.words().difference(from: happened ? after : before)
      #expect(difference.isEmpty, "\(place): \(difference)")

      #expect(try await ledger.openActions(on: "edge").isEmpty, place)
      let actions = try await ledger.actions(on: "edge", since: nil, limit: .max)
      #expect(actions.allSatisfy { $0.receipt?.outcome == .applied }, place)
      #expect(try await ledger.verifyAudit().isIntact, place)
      // Whatever happened, nothing more is to be done.
      #expect(try await engine.reconcile() == nil, place)
    }

    private func actionsBefore(_ kind: KillKind) -> Int64 {
      switch kind {
      case .firstBlock: 0
      case .rollback, .rollbackOfUnblock, .unblockOverlap, .disallow, .rollbackAll, .expire: 2
      default: 1
      }
    }
  }
}
