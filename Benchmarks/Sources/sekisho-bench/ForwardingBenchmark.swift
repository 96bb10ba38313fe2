import FirewallKit
import Foundation
import Lab
import NetworkTypes
import Nftables
import PacketSender

/// What our rules cost packets that they let pass: the same packets through the laboratory's gateway
/// with the table at work and with the table asleep (`dormant`: no hook is registered), in turn.
enum ForwardingBenchmark {
  /// Routed to the outside, which drops it without a word.
  private static let destinations = "198.19.0.0/16"
  private static let destination: UInt32 = 0xC613_0001

  static func run(_ arguments: Arguments) async throws {
    try Surroundings.enterNamespace()
    let blocks = try arguments.number("blocks", default: 100_000)
    let rounds = try arguments.number("rounds", default: 15)
    let packets = try arguments.number("packets", default: 100_000)
    let result = try await Lab.run { _ in try await measure(blocks: blocks, rounds: rounds, packets: packets)
    }
    if arguments.isJSON {
      print(
        """
        {"benchmark":"forwarding","blocks":\(blocks),"packets":\(packets),"rounds":\(rounds),\
        "nanosecondsWithout":\(decimal(result.without.median, 0)),\
        "nanosecondsWith":\(decimal(result.with.median, 0)),"ratio":\(decimal(result.ratio.median, 3)),\
        "ratioLeast":\(decimal(result.ratio.least, 3)),"ratioMost":\(decimal(result.ratio.most, 3))}
        """)
    } else {
      var table = Table(["\(packets) packets of 60 bytes, one core, ns each", "median", "least", "most"])
      for (name, rounds) in [
        ("without rules", result.without), ("with \(blocks) blocks, both directions", result.with),
      ] {
        table.add([name, decimal(rounds.median, 0), decimal(rounds.least, 0), decimal(rounds.most, 0)])
      }
      print(table.text)
      print(
        "ratio \(decimal(result.ratio.median, 2)) (\(decimal(result.ratio.least, 2)) to \(decimal(result.ratio.most, 2)), \(rounds) rounds), every packet counted on its way out"
      )
    }
  }

  struct Result: Sendable {
    var without = Rounds()
    var with = Rounds()
    var ratio = Rounds()
  }

  private static func measure(blocks: Int, rounds: Int, packets: Int) async throws -> Result {
    let inside = LabNetwork.insideInterface
    try Surroundings.shell(
      """
      ip route add \(destinations) via \(LabNetwork.resolver)
      ip -n \(LabNetwork.outsideNamespace) route add blackhole \(destinations)
      for file in all \(inside); do echo 0 > /proc/sys/net/ipv4/conf/$file/rp_filter; done
      ping -c 1 -W 1 \(LabNetwork.resolver) > /dev/null 2>&1 || true
      """)
    let adapter = NftablesAdapter(settings: NftablesSettings())
    let start = try await adapter.state(in: .everything)
    var goal = FirewallState(readAt: start.readAt, scaffold: adapter.scaffold)
    for number in 0..<blocks {
      goal.blocks[.prefix(IPPrefix(IPAddress(ipv4: 0x0B00_0000 + UInt32(number) &* 131)))] =
        start.readAt + .seconds(3600)
    }
    for operation in try adapter.operations(from: start, to: goal) { try await adapter.perform(operation) }
    return try Self.send(rounds: rounds, packets: packets)
  }

  /// Synchronous, so that all of it stays on one thread and one core.
  private static func send(rounds: Int, packets: Int) throws -> Result {
    let nft = try LibnftablesFloor()
    let socket = packet_socket_in(Surroundings.path(ofNamespace: LabNetwork.terminalNamespace), "eth0")
    var gateway = [UInt8](repeating: 0, count: 6)
    guard socket >= 0, ethernet_address(LabNetwork.insideInterface, &gateway) == 0 else {
      throw BenchmarkError("no packet socket at the terminal")
    }
    defer { close(socket) }
    stay_on_core(0)
    func burst(_ flags: String) throws -> Double {
      try nft.run("add table inet sekisho { \(flags) }")
      let before = try transmitted(on: LabNetwork.outsideInterface)
      let clock = ContinuousClock()
      let start = clock.now
      let sent = send_packets(socket, gateway, destination, Int64(packets))
      let time = clock.now - start
      let arrived = try transmitted(on: LabNetwork.outsideInterface) - before
      guard sent == Int64(packets), arrived >= packets else {
        throw BenchmarkError("\(sent) of \(packets) packets were sent and \(arrived) forwarded")
      }
      return time / .nanoseconds(1) / Double(packets)
    }
    var result = Result()
    // The first round warms caches and neighbours and is not counted.
    for round in 0...rounds {
      let asleepFirst = round % 2 == 0
      let first = try burst(asleepFirst ? "flags dormant;" : "")
      let second = try burst(asleepFirst ? "" : "flags dormant;")
      guard round > 0 else { continue }
      let (without, with) = asleepFirst ? (first, second) : (second, first)
      result.without.add(without)
      result.with.add(with)
      result.ratio.add(with / without)
    }
    return result
  }

  /// Packets that an interface of this namespace has sent.
  private static func transmitted(on interface: String) throws -> Int {
    let text = try String(contentsOfFile: "/proc/thread-self/net/dev", encoding: .utf8)
    for line in text.split(separator: "\n") {
      let parts = line.split(whereSeparator: { $0 == " " || $0 == ":" })
      guard parts.first.map(String.init) == interface, parts.count > 10, let number = Int(parts[10])
      else { continue }
      return number
    }
    throw BenchmarkError("no counters of \(interface)")
  }
}
