import Enforcement
import FirewallConformance
import FirewallKit
import Foundation
import Iptables
import Ledger
import NetworkTypes
import Nftables
import Policy

/// The real firewalls that kills are placed on, with names of their own.
enum KillFirewall: String, CaseIterable, Sendable {
  case nftables, iptables

  static let table = "kill_test"
  static let prefix = "killtest"

  /// An engine over the real firewall and the ledger in a directory. With a tripwire, everything that
  /// can be interrupted is a boundary of it.
  func engine(
    in directory: String, shiftedBy shift: Duration = .zero, tripwire: Tripwire? = nil
  ) throws -> (engine: FirewallEngine, ledger: Ledger) {
    let clock: @Sendable () -> Timestamp = { Timestamp.now() + shift }
    let ledger = try Ledger(
      path: directory + "/ledger.sqlite", durability: .processEnd, actor: "kill test", clock: clock)
    let adapter: any FirewallAdapter =
      switch self {
      case .nftables:
        guarded(NftablesAdapter(settings: NftablesSettings(table: Self.table), clock: clock), tripwire)
      case .iptables:
        guarded(IptablesAdapter(settings: IptablesSettings(prefix: Self.prefix), clock: clock), tripwire)
      }
    let journal: any Journal = tripwire.map { TripwireJournal(ledger, $0) } ?? ledger
    let policy = try Policy(
      parsing: """
        name: kill-test
        mode: enforce
        time-to-live: 1h
        maximum-time-to-live: 7d
        minimum-prefix-length: { ipv4: 24, ipv6: 48 }
        """, file: "kill-test.yaml")
    let engine = FirewallEngine(
      name: "edge", adapter: adapter, journal: journal, policy: policy, mode: .enforce, protection: { [] },
      lock: WriterLock(directory: directory, firewall: "edge"), clock: clock)
    return (engine, ledger)
  }

  private func guarded<Adapter: FirewallAdapter>(_ adapter: Adapter, _ tripwire: Tripwire?)
    -> any FirewallAdapter
  {
    tripwire.map { TripwireAdapter(adapter, $0) } ?? adapter
  }
}
