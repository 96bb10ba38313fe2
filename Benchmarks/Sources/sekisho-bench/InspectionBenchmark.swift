import CFloors
import Capture
import Glibc
import Inspection
import TrafficGeneration

/// Capture and Inspection of a file beside a bare `pcap_loop` of the same file: rounds of both in
/// turn, so that what the machine does meanwhile falls on both.
enum InspectionBenchmark {
  static func run(_ arguments: Arguments) throws {
    let rounds = max(5, try arguments.number("rounds", default: 9))
    var path = arguments.words.dropFirst().first ?? ""
    let isOwn = path.isEmpty
    if isOwn {
      path = "/tmp/sekisho-bench-\(getpid()).pcap"
      let packets = try arguments.number("packets", default: 500_000)
      try TrafficWriter.write(to: path, mix: .mixed, packets: packets, seed: 1)
    }
    defer { if isOwn { unlink(path) } }

    var floor = Rounds()
    var inspection = Rounds()
    var ratio = Rounds()
    var last = Result(packets: 0, observations: 0)
    // The first round fills the page cache and is not counted.
    for round in 0...rounds {
      let start = threadNanoseconds()
      let packets = floor_pcap_loop(path)
      let middle = threadNanoseconds()
      last = try inspect(path)
      let end = threadNanoseconds()
      guard packets == last.packets, packets > 0 else {
        throw BenchmarkError("pcap_loop read \(packets) packets of \(path), Capture \(last.packets)")
      }
      guard round > 0 else { continue }
      let floorCost = Double(middle - start) / Double(packets)
      let cost = Double(end - middle) / Double(packets)
      floor.add(floorCost)
      inspection.add(cost)
      ratio.add(cost / floorCost)
    }
    if arguments.isJSON {
      print(
        """
        {"benchmark":"inspection","packets":\(last.packets),"observations":\(last.observations),\
        "rounds":\(rounds),"floorNanoseconds":\(decimal(floor.median, 1)),\
        "inspectionNanoseconds":\(decimal(inspection.median, 1)),"ratio":\(decimal(ratio.median, 3)),\
        "ratioLeast":\(decimal(ratio.least, 3)),"ratioMost":\(decimal(ratio.most, 3))}
        """)
    } else {
      print(
        """
        \(last.packets) packets, \(last.observations) observations, median of \(rounds) rounds (least to most)
        pcap_loop, empty callback   \(line(floor)) ns CPU per packet
        Capture + Inspection        \(line(inspection)) ns CPU per packet
        ratio                       \(decimal(ratio.median, 2)) (\(decimal(ratio.least, 2)) to \(decimal(ratio.most, 2)))
        """)
    }
  }

  private struct Result {
    var packets: Int
    var observations: Int
  }

  private static func inspect(_ path: String) throws -> Result {
    var file = try PacketFile(path, isReadable: LinkType.isSupported(dataLink:))
    let link = LinkType(dataLink: file.dataLink)
    var inspector = Inspector(seed: 1)
    var headers = PacketHeaders()
    var observation = Observation()
    var observations = 0
    _ = try file.forEachFrame { frame, info in
      let inspection = inspector.inspect(
        frame, link: link, time: info.time, headers: &headers, observation: &observation)
      if inspection == .observation { observations += 1 }
      return .goOn
    }
    return Result(packets: file.packets, observations: observations)
  }

  private static func line(_ rounds: Rounds) -> String {
    "\(decimal(rounds.median, 1)) (\(decimal(rounds.least, 1)) to \(decimal(rounds.most, 1)))"
  }
}
