import Enforcement
import FirewallKit
import Foundation
import Gateway
import Glibc
import Lab
import Logging
import NetworkTypes
import PacketSender
import Synchronization

/// From a packet on the wire to a block that was read back, in the laboratory with the whole gateway:
/// the capture's own time of the packet against the receipt's; and how often a block stands before the first
/// packet that follows a DNS answer.
enum WireBenchmark {
  static func run(_ arguments: Arguments) async throws {
    try Surroundings.enterNamespace()
    let count = try arguments.number("blocks", default: 400)
    guard count <= 2 * 250 else { throw BenchmarkError("--blocks is at most 500") }
    let targets = (0..<count).map { $0 % 2 == 0 ? "198.51.100.\($0 / 2 + 1)" : "2001:db8:66::\($0 / 2 + 1)" }
    let result = try await Surroundings.withFolder { folder in
      try await Lab.run { _ in try await measure(targets, folder) }
    }
    if arguments.isJSON {
      let contacts = result.contacts.map {
        "{\"microseconds\":\($0.microseconds),\"sent\":\($0.sent),\"stopped\":\($0.stopped)}"
      }.joined(separator: ",")
      print(
        """
        {"benchmark":"wire","blocks":\(result.whole.values.count),\
        "p50":\(decimal(result.whole.percentile(0.5), 3)),"p99":\(decimal(result.whole.percentile(0.99), 3)),\
        "most":\(decimal(result.whole.most, 3)),\
        "detectorP50":\(decimal(result.detector.percentile(0.5), 3)),\
        "detectorP99":\(decimal(result.detector.percentile(0.99), 3)),\
        "engineP50":\(decimal(result.engine.percentile(0.5), 3)),\
        "engineP99":\(decimal(result.engine.percentile(0.99), 3)),\
        "firstPackets":[\(contacts)]}
        """)
    } else {
      var table = Table(["from the packet on the wire, ms", "p50", "p99", "most"])
      for (name, rounds) in [
        ("to the verdict: the detector's share", result.detector),
        ("to the intent recorded and the change begun", result.engine),
        ("to the block read back", result.whole),
      ] {
        table.add([
          name, decimal(rounds.percentile(0.5), 2), decimal(rounds.percentile(0.99), 2),
          decimal(rounds.most, 2),
        ])
      }
      print("\(result.whole.values.count) blocks, each seen, judged, recorded, applied and read back")
      print(table.text)
      var contacts = Table(["first packet after a DNS answer", "sent", "stopped", "share"])
      for row in result.contacts {
        contacts.add([
          "\(decimal(Double(row.microseconds) / 1000, 1)) ms", "\(row.sent)", "\(row.stopped)",
          decimal(Double(row.stopped) / Double(max(1, row.sent)), 2),
        ])
      }
      print(contacts.text)
    }
  }

  struct Result: Sendable {
    var whole = Rounds()
    var detector = Rounds()
    var engine = Rounds()
    var contacts: [FirstContacts.Row] = []
  }

  private static func measure(_ targets: [String], _ folder: String) async throws -> Result {
    let listed = targets + [FirstContacts.domain]
    try Data(listed.joined(separator: "\n").utf8).write(to: URL(filePath: "\(folder)/list.txt"))
    try Data(
      """
      name: measurement
      mode: enforce
      direction: both
      limits: { new-blocks-per-minute: 100000, new-blocks-per-hour: 100000 }

      """.utf8
    ).write(to: URL(filePath: "\(folder)/policy.yaml"))
    let configuration = try GatewayConfiguration(
      parsing: """
        mode: enforce
        firewalls: [{ name: edge, adapter: nftables }]
        sensor: { interface: \(LabNetwork.insideInterface) }
        policy: policy.yaml
        reputation:
          sources:
            - { id: list, file: list.txt, category: malware, confidence: 0.95 }

        """, file: "\(folder)/sekisho.yaml")
    let gateway = try Gateway(configuration, state: folder, actor: "sekisho-bench")
    let (events, continuation) = AsyncStream.makeStream(of: Event.self)
    let index = try gateway.indexFile.open(for: try await configuration.readFeeds()).index
    let service = GatewayService(
      gateway, index: index,
      logger: Logger(label: "bench", factory: { _ in SwiftLogNoOpLogHandler() }), clock: Timestamp.now,
      onReport: { finding, reports in
        continuation.yield(.blocked(finding, reports.first))
      },
      onReady: { continuation.yield(.ready) })
    let running = Task {
      defer { continuation.finish() }
      try await service.run()
    }
    defer { running.cancel() }
    var iterator = events.makeAsyncIterator()
    guard case .ready? = await iterator.next(isolation: #isolation) else {
      try await running.value
      throw BenchmarkError("the gateway did not start capturing")
    }
    let namespace = Surroundings.path(ofNamespace: LabNetwork.terminalNamespace)
    let sockets = (v4: udp_socket_in(namespace, 4), v6: udp_socket_in(namespace, 6))
    guard sockets.v4 >= 0, sockets.v6 >= 0 else { throw BenchmarkError("no socket at the terminal") }
    defer {
      close(sockets.v4)
      close(sockets.v6)
    }
    var result = Result()
    var random = SystemRandomNumberGenerator()
    for target in targets {
      // At any moment of the capture's own rhythm.
      try await Task.sleep(for: .microseconds(Int64.random(in: 1000...15_000, using: &random)))
      guard udp_send(target.contains(":") ? sockets.v6 : sockets.v4, target, 9) == 0 else {
        throw BenchmarkError("no packet could be sent to \(target)")
      }
      guard case .blocked(let finding, let report)? = await iterator.next(isolation: #isolation),
        report?.plan.orders.first?.target == BlockTarget(target), let receipt = report?.receipt,
        receipt.outcome == .applied
      else { throw BenchmarkError("\(target) was not blocked") }
      let sightedAt = finding.sighting.time
      if let judgedAt = finding.judgedAt { result.detector.add((judgedAt - sightedAt).inMilliseconds) }
      result.whole.add((receipt.finishedAt - sightedAt).inMilliseconds)
      result.engine.add((receipt.startedAt - sightedAt).inMilliseconds)
    }
    result.contacts = try await FirstContacts.measure {
      guard case .blocked(let finding, let report)? = await iterator.next(isolation: #isolation) else {
        throw BenchmarkError("the gateway ended")
      }
      guard report?.receipt?.outcome == .applied else { return [] }
      return finding.sighting.addresses
    }
    running.cancel()
    _ = await running.result
    return result
  }

  private enum Event: Sendable {
    case ready
    case blocked(Detector.Finding, ActionReport?)
  }
}
