import Enforcement
import FirewallKit
import Foundation
import Gateway
import Ledger
import Logging
import NetworkTypes
import PacketSender
import Policy
import Reputation
import Synchronization
import Testing
import TrafficGeneration

extension EndToEndTests {
  /// A busy line of 1,000 terminals, played into the gateway's interface while it blocks by itself.
  @Suite(.serialized) final class LoadTests {
    private static let perSecond = 12_000
    /// Made once for all cases.
    private static let line = TrafficRecording(.mixed, seed: 11, packets: 12_000, listed: 20..<60)

    init() throws {
      try KernelFirewalls.empty()
      try KernelFirewalls.run("ip", "link add line0 type veth peer name line1")
      for end in ["line0", "line1"] {
        // Without IPv6 the kernel itself sends nothing there.
        try KernelFirewalls.run("ip", "link set \(end) addrgenmode none")
        try KernelFirewalls.run("ip", "link set \(end) up")
      }
    }

    deinit {
      _ = try? KernelFirewalls.run("ip", "link delete line0")
      try? KernelFirewalls.empty()
    }

    @Test(arguments: [1, 2])
    func everyListedDestinationThatWasSeenIsBlockedAndNothingElseIs(threads: Int) async throws {
      let line = Self.line
      let expected = Set(line.expected.map { BlockTarget.prefix(IPPrefix(IPAddress(ipv4: $0))) })
      try #require(expected.count > 30)
      let folder = try TemporaryFolder()
      let listing = line.domains + line.servers.map { IPAddress(ipv4: $0).description }
      let list = try folder.file("list.txt", listing.joined(separator: "\n") + "\n")
      let policy = try folder.file(
        "policy.yaml",
        "name: line\nmode: enforce\nlimits: { new-blocks-per-minute: 100000, new-blocks-per-hour: 100000 }\n")
      let configuration = try GatewayConfiguration(
        parsing: """
          mode: enforce
          firewalls: [{ name: edge, adapter: nftables, settings: { table: e2e_line } }]
          sensor: { interface: line1, threads: \(threads), ring-mebibytes: 128 }
          policy: \(policy)
          reputation:
            sources:
              - { id: own, file: \(list), category: malware, confidence: 0.95, private-addresses: true }
          """, file: folder.path + "/line.yaml")
      let gateway = try Gateway(configuration, state: folder.path + "/state", actor: "line")
      let isReady = Atomic(false)
      let reported = Mutex<Set<BlockTarget>>([])
      let service = GatewayService(
        gateway, index: try gateway.indexFile.open(for: try await configuration.readFeeds()).index,
        logger: Logger(label: "line", factory: { _ in SwiftLogNoOpLogHandler() }), clock: Timestamp.now,
        onReport: { _, reports in
          reported.withLock { $0.formUnion(reports.flatMap { $0.plan.orders.map(\.target) }) }
        },
        onReady: { isReady.store(true, ordering: .releasing) })
      let running = Task { try await service.run() }
      defer { running.cancel() }
      try #require(
        try await comesAbout { isReady.load(ordering: .acquiring) }, "the gateway does not capture")

      let socket = packet_socket("line0")
      try #require(socket >= 0)
      defer { close(socket) }
      let sent = await Self.play(line, on: socket)
      #expect(sent == line.count)
      #expect(try await comesAbout { reported.withLock { expected.isSubset(of: $0) } })

      let status = try await gateway.engines[0].status()
      #expect(status.health == .good)
      #expect(Set(status.blocks.filter(\.readBack).map(\.target)) == expected)
      // Asked of the kernel without the product.
      let kernel = try KernelFirewalls.run("nft", "-j list table inet e2e_line")
      for target in expected { #expect(kernel.contains("\"\(try #require(target.prefix).address)\"")) }

      running.cancel()
      _ = await running.result
      let told = try #require(service.sensorStatus)
      #expect(told.threads == threads)
      #expect(told.sensor.received == UInt64(line.count))
      #expect(told.sensor.packets + told.sensor.dropped == UInt64(line.count))
      #expect(told.sensor.dropped == 0 && told.sensor.droppedByInterface == 0)
      #expect(told.listedDropped == 0 && told.newPutOff == 0 && told.held == 0)
      #expect(told.sensor.listed == told.block + told.report)
      #expect(SensorStatus(state: gateway.state)?.sensor == told.sensor)
      _ = try await gateway.engines[0].rollbackAll(
        cause: Cause(origin: .person, actor: "line", reason: "end of test"))
      try gateway.ledger.close()
    }

    /// On a thread of its own, because it never pauses.
    private static func play(_ line: TrafficRecording, on socket: Int32) async -> Int {
      let (bytes, ends) = (line.bytes, line.ends)
      return await withCheckedContinuation { continuation in
        Thread.detachNewThread {
          let sent = play_frames(
            socket, bytes, ends, Int64(ends.count), Int64(ends.count), Int64(perSecond))
          continuation.resume(returning: Int(sent))
        }
      }
    }
  }
}
