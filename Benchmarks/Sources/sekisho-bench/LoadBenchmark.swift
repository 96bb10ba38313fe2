import Enforcement
import FirewallKit
import Foundation
import Gateway
import NetworkTypes
import Synchronization
import TrafficGeneration

/// 1,000 terminals' traffic into a gateway that blocks by itself on the kernel's nftables: every listed
/// destination that was sent is blocked, nothing else, and how soon after its first packet.
enum LoadBenchmark {
  static func run(_ arguments: Arguments) async throws {
    try Surroundings.enterNamespace()
    let packets = try arguments.number("packets", default: 600_000)
    let rate = try arguments.number("rate", default: 60_000)
    let listed = try arguments.number("listed", default: 40)
    let threads = try arguments.number("threads", default: 2)
    let recording = TrafficRecording(.mixed, seed: 3, packets: packets, listed: 100..<(100 + listed))
    try TrafficLine.make()
    try await Surroundings.withFolder { folder in
      try await measure(recording, rate: rate, threads: threads, folder, arguments.isJSON)
    }
  }

  private struct Tally {
    var blocked: Set<BlockTarget> = []
    /// From the packet that asked for a block to its start and to its receipt, ms.
    var begun = Rounds()
    var done = Rounds()
  }

  private static func measure(
    _ recording: TrafficRecording, rate: Int, threads: Int, _ folder: String, _ isJSON: Bool
  ) async throws {
    let expected = Set(recording.expected.map { BlockTarget.prefix(IPPrefix(IPAddress(ipv4: $0))) })
    let tally = Mutex(Tally())
    let line = try await TrafficLine.open(
      listing: recording.domains + recording.servers.map { IPAddress(ipv4: $0).description },
      mode: "enforce", threads: threads, ring: 128, judgesNames: false, folder,
      onReport: { finding, reports in
        tally.withLock { tally in
          for report in reports {
            guard let receipt = report.receipt, receipt.outcome == .applied else { continue }
            for order in report.plan.orders { tally.blocked.insert(order.target) }
            tally.begun.add((receipt.startedAt - finding.sighting.time).inMilliseconds)
            tally.done.add((receipt.finishedAt - finding.sighting.time).inMilliseconds)
          }
        }
      })
    let played = await TrafficLine.play(recording, count: recording.count, perSecond: rate)
    let limit = ContinuousClock.now + .seconds(30)
    while !tally.withLock({ expected.isSubset(of: $0.blocked) }), ContinuousClock.now < limit {
      try await Task.sleep(for: .milliseconds(20))
    }
    let inKernel = Set(try await line.gateway.engines[0].status().blocks.filter(\.readBack).map(\.target))
    try await line.close()
    guard let status = line.service.sensorStatus else { throw BenchmarkError("there was no sensor") }
    let result = tally.withLock { $0 }
    let sums = status.sensor
    let missing = expected.subtracting(inKernel).count
    let surplus = inKernel.subtracting(expected).count
    if isJSON {
      print(
        """
        {"benchmark":"load","packets":\(played.sent),\
        "perSecond":\(decimal(Double(played.sent) / played.seconds, 0)),"seen":\(sums.packets),\
        "dropped":\(sums.dropped),"listed":\(expected.count),"blocked":\(inKernel.count),\
        "missing":\(missing),"surplus":\(surplus),"listedDropped":\(status.listedDropped),\
        "begunP50":\(decimal(result.begun.percentile(0.5), 2)),\
        "begunP99":\(decimal(result.begun.percentile(0.99), 2)),\
        "doneP50":\(decimal(result.done.percentile(0.5), 2)),\
        "doneP99":\(decimal(result.done.percentile(0.99), 2))}
        """)
      return
    }
    print(
      """
      \(played.sent) packets of 1,000 terminals at \(decimal(Double(played.sent) / played.seconds, 0)) a second, \
      \(threads) capture threads
      seen \(sums.packets), drop counter \(sums.dropped), sent - seen \(played.sent - Int(sums.packets))
      listed destinations sent \(expected.count), blocked in the kernel \(inKernel.count), \
      missing \(missing), too many \(surplus)
      listed sightings handed over \(sums.listed), dropped \(status.listedDropped)

      """)
    var table = Table(["from the packet, ms", "p50", "p99", "most"])
    for (name, rounds) in [("change begun", result.begun), ("block read back", result.done)] {
      table.add([
        name, decimal(rounds.percentile(0.5), 2), decimal(rounds.percentile(0.99), 2),
        decimal(rounds.most, 2),
      ])
    }
    print(table.text)
    guard missing == 0, surplus == 0 else { throw BenchmarkError("the blocks are not those expected") }
  }
}
