import Enforcement
import FirewallKit
import Foundation
import Gateway
import Lab
import Ledger
import Logging
import NetworkTypes
import Policy
import Reputation
import Synchronization
import Testing

extension EndToEndTests {
  /// Real packets of a terminal, through the whole gateway, to blocks that are read back.
  @Suite(.serialized) final class DetectorTests {
    init() throws { try KernelFirewalls.empty() }
    deinit { try? KernelFirewalls.empty() }

    @Test func anAnswerForAListedNameBlocksAllItsAddresses() async throws {
      try await Lab.run { lab in
        try await Watch.run(listing: [LabNetwork.badName.text]) { gateway, watch in
          _ = try await lab.terminal.resolve(LabNetwork.badName)
          #expect(try await watch.orders([LabNetwork.badV4, LabNetwork.badV6]), "\(watch.log)")
          let status = try await gateway.engines[0].status()
          #expect(status.health == .good)
          #expect(
            Set(status.blocks.filter(\.readBack).map(\.target)) == targets(LabNetwork.badV4, LabNetwork.badV6)
          )
          #expect(status.blocks.allSatisfy { $0.origin == .detector })
          for secure in [false, true] {
            let bad = try await lab.terminal.fetch(
              Terminal.url(of: LabNetwork.badName, secure: secure), timeout: .milliseconds(700))
            #expect(!bad.reached)
            #expect(
              try await lab.terminal.fetch(Terminal.url(of: LabNetwork.goodName, secure: secure)).reached)
          }
          #expect(try await gateway.ledger.verifyAudit().isIntact)
        }
      }
    }

    @Test func aConnectionToAListedAddressBlocksIt() async throws {
      try await Lab.run { lab in
        try await Watch.run(listing: ["\(LabNetwork.badV4)", "2001:db8:2::/64"]) { gateway, watch in
          _ = try await lab.terminal.fetch(Terminal.url(of: LabNetwork.badV4), timeout: .milliseconds(700))
          _ = try await lab.terminal.fetch(Terminal.url(of: LabNetwork.badV6), timeout: .milliseconds(700))
          #expect(try await watch.orders([LabNetwork.badV4, LabNetwork.badV6]), "\(watch.log)")
          let status = try await gateway.engines[0].status()
          #expect(
            Set(status.blocks.filter(\.readBack).map(\.target)) == targets(LabNetwork.badV4, LabNetwork.badV6)
          )
          let again = try await lab.terminal.fetch(
            Terminal.url(of: LabNetwork.badV4), timeout: .milliseconds(700))
          #expect(!again.reached)
          #expect(try await lab.terminal.fetch(Terminal.url(of: LabNetwork.goodV4)).reached)
        }
      }
    }

    @Test func aDryRunPlansAndChangesNothing() async throws {
      try await Lab.run { lab in
        let untouched = try await RulesetSnapshot.read()
        try await Watch.run(mode: "dry-run", listing: [LabNetwork.badName.text]) { gateway, watch in
          _ = try await lab.terminal.resolve(LabNetwork.badName)
          #expect(try await watch.orders([LabNetwork.badV4, LabNetwork.badV6]), "\(watch.log)")
          #expect(watch.reports.allSatisfy { $0.receipt == nil && $0.action == nil })
          #expect(try await RulesetSnapshot.read() == untouched)
          #expect(try await lab.terminal.fetch(Terminal.url(of: LabNetwork.badName)).reached)
          #expect(try await gateway.engines[0].status().blocks.isEmpty)
          #expect(watch.log.contains { $0.contains("dry run: would block") })
        }
      }
    }

    @Test func theRateLimitOfThePolicyHolds() async throws {
      try await Lab.run { lab in
        let policy = "{ new-blocks-per-minute: 1, new-blocks-per-hour: 10 }"
        try await Watch.run(listing: ["\(LabNetwork.badV4)", "\(LabNetwork.goodV4)"], limits: policy) {
          gateway, watch in
          _ = try await lab.terminal.fetch(Terminal.url(of: LabNetwork.badV4), timeout: .milliseconds(700))
          #expect(try await watch.orders([LabNetwork.badV4]), "\(watch.log)")
          let second = try await lab.terminal.fetch(Terminal.url(of: LabNetwork.goodV4))
          #expect(try await watch.refuses(LabNetwork.goodV4), "\(watch.log)")
          #expect(second.reached)
          let status = try await gateway.engines[0].status()
          #expect(status.blocks.map(\.target) == Array(targets(LabNetwork.badV4)))
          #expect(watch.log.contains { $0.contains("refused") && $0.contains("\(LabNetwork.goodV4)") })
        }
      }
    }

    @Test func whatIsProtectedIsNeverBlockedAndTheRefusalIsLogged() async throws {
      try await Lab.run { lab in
        let untouched = try await RulesetSnapshot.read()
        // A poisoned list: the resolver, and this gateway itself.
        let listed = [LabNetwork.resolver, LabNetwork.gatewayInsideV4]
        try await Watch.run(listing: listed.map(\.description), protecting: [LabNetwork.resolver]) {
          gateway, watch in
          for address in listed {
            _ = try await lab.terminal.fetch(Terminal.url(of: address), timeout: .milliseconds(700))
            #expect(try await watch.refuses(address), "\(address)")
            #expect(
              watch.log.contains { $0.contains("refused") && $0.contains("\(address)") }, "\(watch.log)")
          }
          #expect(try await gateway.engines[0].status().blocks.isEmpty)
          #expect(try await RulesetSnapshot.read() == untouched)
          #expect(try await lab.terminal.resolve(LabNetwork.goodName).count == 2)
        }
      }
    }
  }
}

private func targets(_ addresses: IPAddress...) -> Set<BlockTarget> {
  Set(addresses.map { .prefix(IPPrefix($0)) })
}

/// A gateway that watches the laboratory in this process, and what it tells.
private final class Watch: Sendable {
  private struct State {
    var reports: [ActionReport] = []
    var lines: [String] = []
    var isReady = false
  }

  private let state = Mutex(State())

  var reports: [ActionReport] { state.withLock(\.reports) }
  var log: [String] { state.withLock(\.lines) }

  func note(_ line: String) { state.withLock { $0.lines.append(line) } }

  /// Whether blocks of all the addresses have been planned or made.
  func orders(_ addresses: [IPAddress]) async throws -> Bool {
    let wanted = Set(addresses.map { BlockTarget.prefix(IPPrefix($0)) })
    return try await comesAbout { wanted.isSubset(of: self.reports.flatMap { $0.plan.orders.map(\.target) }) }
  }

  /// Whether a block of the address has been refused, and written to the log.
  func refuses(_ address: IPAddress) async throws -> Bool {
    let wanted = BlockTarget.prefix(IPPrefix(address))
    return try await comesAbout { self.reports.contains { $0.plan.refused.contains { $0.target == wanted } } }
  }

  static func run(
    mode: String = "enforce", listing: [String], limits: String = "{ new-blocks-per-minute: 60 }",
    protecting: [IPAddress] = [], _ body: @Sendable (Gateway, Watch) async throws -> Void
  ) async throws {
    let folder = try TemporaryFolder()
    let list = try folder.file("list.txt", listing.joined(separator: "\n") + "\n")
    let policy = try folder.file(
      "policy.yaml",
      """
      name: watch
      mode: enforce
      limits: \(limits)
      protected: [\(protecting.map { "\"\($0)\"" }.joined(separator: ", "))]
      """)
    let configuration = try GatewayConfiguration(
      parsing: """
        mode: \(mode)
        firewalls:
          - { name: edge, adapter: nftables, settings: { table: e2e_watch } }
        sensor: { interface: \(LabNetwork.insideInterface) }
        policy: \(policy)
        reputation:
          sources:
            - { id: own, name: Own list, file: \(list), category: malware, confidence: 0.95 }
        """, file: folder.path + "/watch.yaml")
    let gateway = try Gateway(configuration, state: folder.path + "/state", actor: "watch")
    let watch = Watch()
    let index = try gateway.indexFile.open(for: try await configuration.readFeeds()).index
    let service = GatewayService(
      gateway, index: index,
      logger: Logger(label: "watch", factory: { _ in WatchLog(watch: watch) }), clock: Timestamp.now,
      onReport: { _, reports in watch.state.withLock { $0.reports += reports } },
      onReady: { watch.state.withLock { $0.isReady = true } })
    let running = Task { try await service.run() }
    do {
      try #require(try await comesAbout { watch.state.withLock(\.isReady) }, "the gateway does not capture")
      try await body(gateway, watch)
    } catch {
      running.cancel()
      _ = await running.result
      throw error
    }
    running.cancel()
    _ = await running.result
    _ = try await gateway.engines[0].rollbackAll(
      cause: Cause(origin: .person, actor: "watch", reason: "end of test"))
    try gateway.ledger.close()
  }
}

private struct WatchLog: LogHandler {
  let watch: Watch
  var logLevel: Logger.Level = .debug
  var metadata: Logger.Metadata = [:]

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    let details = (event.metadata ?? [:]).map { "\($0.key)=\($0.value)" }.sorted().joined(separator: " ")
    watch.note("\(event.message) \(details)")
  }
}
