import ConfigurationFile
public import Enforcement
import FirewallKit
import Foundation
import Language
public import Ledger
public import NetworkTypes
import Policy
import Reputation

/// The parts of a running gateway, opened from a configuration and a state directory.
public struct Gateway: Sendable {
  public let configuration: GatewayConfiguration
  public let ledger: Ledger
  /// In the order of the configuration.
  public let engines: [FirewallEngine]
  /// The directory of the ledger, the locks and what is kept besides.
  public let state: String
  /// What is looked up for each packet.
  public let indexFile: IndexFile
  let protection: ProtectionCache
  /// Adapters that have work of their own, by the firewall's name.
  let workers: [(firewall: String, adapter: any BackgroundWorking)]

  /// Opens the ledger and makes an engine for each firewall. No firewall is touched.
  ///
  /// - Parameters:
  ///   - state: the directory of the ledger and the locks; made when it does not exist.
  ///   - actor: who opens it, for the audit log.
  ///   - clock: the time for all deadlines.
  public init(
    _ configuration: GatewayConfiguration, state: String, actor: String,
    clock: @escaping @Sendable () -> Timestamp = Timestamp.now
  ) throws(JournalError) {
    self.configuration = configuration
    self.state = state
    indexFile = IndexFile(state: state)
    // A power failure takes the kernel's own firewalls along; only a device that keeps its blocks
    // needs the record of them on the disk before it is told.
    let adapters = configuration.firewalls.map { $0.make(clock) }
    workers = zip(configuration.firewalls, adapters).compactMap { firewall, adapter in
      (adapter as? any BackgroundWorking).map { (firewall.name, $0) }
    }
    let outlives = adapters.contains { $0.manifest.capabilities.survivesRestart }
    let ledger = try Ledger(
      path: state + "/ledger.sqlite", durability: outlives ? .powerLoss : .processEnd, actor: actor,
      clock: clock)
    self.ledger = ledger
    let surroundings = HostSurroundings(
      sessionVariable: ProcessInfo.processInfo.environment["SSH_CONNECTION"])
    let protection = ProtectionCache { surroundings.findings() }
    self.protection = protection
    engines = zip(configuration.firewalls, adapters).map { firewall, adapter in
      FirewallEngine(
        name: firewall.name, adapter: adapter, journal: ledger, policy: configuration.policy,
        mode: configuration.policy.mode.agreed(with: firewall.mode),
        protection: { protection.networks() },
        lock: WriterLock(directory: state, firewall: firewall.name), clock: clock)
    }
  }

  /// The engines that a block goes to when nobody names one: those that the policy names, or all.
  public var enginesOfPolicy: [FirewallEngine] {
    guard let names = configuration.policy.firewalls else { return engines }
    return engines.filter { names.contains($0.name) }
  }

  public func engine(named name: String) -> FirewallEngine? { engines.first { $0.name == name } }
}
