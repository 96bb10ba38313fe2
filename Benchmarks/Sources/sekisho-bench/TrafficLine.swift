import Enforcement
import Foundation
import Gateway
import Glibc
import Ledger
import Logging
import NetworkTypes
import PacketSender
import Synchronization
import TrafficGeneration

/// A veth pair with a gateway at one end, into the other of which traffic is played.
struct TrafficLine {
  static let sending = "line0"
  static let sensing = "line1"

  let gateway: Gateway
  let service: GatewayService
  private let running: Task<Void, any Error>

  /// Makes the pair. Without IPv6 the kernel itself sends nothing there.
  static func make() throws {
    try Surroundings.shell("ip link add \(sending) type veth peer name \(sensing)")
    for end in [sending, sensing] {
      try Surroundings.shell("ip link set \(end) addrgenmode none && ip link set \(end) up")
    }
  }

  /// Starts a gateway; it captures when this returns.
  static func open(
    listing: [String], mode: String, threads: Int, ring: Int, judgesNames: Bool, _ folder: String,
    onReport: @escaping @Sendable (Detector.Finding, [ActionReport]) -> Void = { _, _ in }
  ) async throws -> TrafficLine {
    try Data(listing.joined(separator: "\n").utf8).write(to: URL(filePath: "\(folder)/list.txt"))
    try Data(
      """
      name: line
      mode: enforce
      limits: { new-blocks-per-minute: 100000, new-blocks-per-hour: 100000 }

      """.utf8
    ).write(to: URL(filePath: "\(folder)/policy.yaml"))
    let models = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Models").path
    let configuration = try GatewayConfiguration(
      parsing: """
        mode: \(mode)
        firewalls: [{ name: edge, adapter: nftables }]
        sensor: { interface: \(sensing), threads: \(threads), ring-mebibytes: \(ring) }
        policy: policy.yaml
        reputation:
          sources:
            - { id: list, file: list.txt, category: malware, confidence: 0.95, private-addresses: true }
        detector:
          model: \(models)/names.model
          address-model: \(models)/addresses.model
          popular-names: \(models)/popular-names.txt
          shared-networks: \(models)/shared-networks.txt

        """, file: "\(folder)/sekisho.yaml")
    let gateway = try Gateway(configuration, state: folder, actor: "sekisho-bench")
    let index = try gateway.indexFile.open(for: try await configuration.readFeeds()).index
    let (ready, continuation) = AsyncStream.makeStream(of: Void.self)
    let service = GatewayService(
      gateway, index: index, parts: judgesNames ? try configuration.detector.load() : .listingsOnly,
      logger: Logger(label: "bench", factory: { _ in SwiftLogNoOpLogHandler() }), clock: Timestamp.now,
      onReport: onReport, onReady: { continuation.finish() })
    let running = Task {
      defer { continuation.finish() }
      try await service.run()
    }
    for await _ in ready {}
    return TrafficLine(gateway: gateway, service: service, running: running)
  }

  /// Lets the gateway read what is in its ring, and ends it; its counters are exact from then on.
  func close() async throws {
    try await Task.sleep(for: .milliseconds(500))
    running.cancel()
    _ = await running.result
    try gateway.ledger.close()
  }

  struct Played: Sendable {
    var sent: Int
    var seconds: Double
    var processorNanoseconds: Int64
  }

  /// Plays a recording, again from its start when it is over, from a thread of its own on the first core.
  static func play(_ recording: TrafficRecording, count: Int, perSecond: Int) async -> Played {
    let (bytes, ends) = (recording.bytes, recording.ends)
    return await withCheckedContinuation { continuation in
      Thread.detachNewThread {
        stay_on_core(0)
        let socket = packet_socket(sending)
        let clock = ContinuousClock()
        let start = clock.now
        let before = threadNanoseconds()
        let sent = play_frames(socket, bytes, ends, Int64(ends.count), Int64(count), Int64(perSecond))
        let played = Played(
          sent: Int(sent), seconds: (clock.now - start) / .seconds(1),
          processorNanoseconds: threadNanoseconds() - before)
        Glibc.close(socket)
        continuation.resume(returning: played)
      }
    }
  }
}
