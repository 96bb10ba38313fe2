import CFloors
import Capture
import Glibc
import Inspection
import NetworkTypes
import Reputation
import TrafficGeneration

/// The way of each packet of a capture file through capture, inspection and the look-ups of both addresses
/// and of the name, with lists of two sizes, beside the plainest detector in C: rounds of all in turn. What is
/// found must be what the generator put in.
enum DetectionBenchmark {
  static func run(_ arguments: Arguments) throws {
    let most = try arguments.number("indicators", default: 1_000_000)
    let packets = try arguments.number("packets", default: 500_000)
    let rounds = try arguments.number("rounds", default: 7)
    let seed = UInt64(try arguments.number("seed", default: 1))
    guard most >= 10 * TrafficLists.drawn else {
      throw BenchmarkError("--indicators needs at least \(10 * TrafficLists.drawn)")
    }
    let lists = TrafficLists(count: most, seed: seed)
    var sizes: [Size] = []
    defer {
      for size in sizes {
        full_floor_free(size.floor)
        unlink(size.file)
      }
    }
    for count in [most / 10, most] { sizes.append(try Size(count, of: lists)) }
    var results: [Result] = []
    for mix in [TrafficMix.mixed, .dns] {
      let path = "/tmp/sekisho-bench-\(getpid()).pcap"
      defer { unlink(path) }
      let (_, truth) = try TrafficWriter.write(to: path, mix: mix, packets: packets, seed: seed, lists: lists)
      results.append(try measure(mix, path, packets: packets, rounds: rounds, truth, sizes))
    }
    if arguments.isJSON {
      let rows = results.map(\.json).joined(separator: ",")
      print(#"{"benchmark":"detection","packets":\#(packets),"rounds":\#(rounds),"files":[\#(rows)]}"#)
    } else {
      print("CPU time of a packet: median (least to most) of \(rounds) rounds of \(packets) packets")
      for result in results { print(result.text) }
    }
  }

  /// The lists up to a size, compiled and as the floor's tables.
  private struct Size {
    let count: Int
    let file: String
    let index: ReputationIndex
    let floor: OpaquePointer

    init(_ count: Int, of lists: TrafficLists) throws {
      self.count = count
      guard let floor = full_floor_make(count, count) else {
        throw BenchmarkError("no memory for the floor's tables")
      }
      self.floor = floor
      let source = ReputationSource(
        id: "bench", name: "Benchmark", category: .malware, confidence: 0.9, file: "bench.txt")
      var builder = try IndicatorListBuilder(source: source)
      for number in 0..<count {
        let name = Array(lists.names[number].utf8)
        full_floor_add_name(floor, name, name.count)
        full_floor_add_address(floor, lists.addresses[number])
        builder.add(name: name.span, line: number + 1)
        builder.add(.address(IPAddress(ipv4: lists.addresses[number])), line: number + 1)
      }
      file = "/tmp/sekisho-bench-\(getpid())-\(count).index"
      try ReputationIndex.compile([builder.finish()], to: file, seed: 1)
      index = try ReputationIndex(mapping: file)
      guard index.count == 2 * count else { throw BenchmarkError("the index has \(index.count) entries") }
    }
  }

  private struct Result {
    let mix: TrafficMix
    let truth: TrafficTruth
    let counts: [Int]
    var floors: [Rounds]
    var ours: [Rounds]
    var ratios: [Rounds]
    var growth = Rounds()

    var text: String {
      var lines = [
        "\n\(mix.rawValue): \(truth.addresses) packets of a listed address, \(truth.names) of a listed name, all found"
      ]
      var table = Table(["names and addresses"] + counts.map { "\($0) each" })
      table.add(["detector in C, ns"] + floors.map(Self.cell))
      table.add(["Capture, Inspection, look-ups, ns"] + ours.map(Self.cell))
      table.add(["ratio"] + ratios.map(Self.cell))
      lines.append(table.text)
      lines.append("growth from the smaller to the larger lists: \(Self.cell(growth))")
      return lines.joined(separator: "\n")
    }

    var json: String {
      let rows = counts.indices.map { place in
        """
        {"each":\(counts[place]),"floorNanoseconds":\(decimal(floors[place].median, 1)),\
        "nanoseconds":\(decimal(ours[place].median, 1)),"ratio":\(decimal(ratios[place].median, 3)),\
        "ratioLeast":\(decimal(ratios[place].least, 3)),"ratioMost":\(decimal(ratios[place].most, 3))}
        """
      }
      return """
        {"mix":"\(mix.rawValue)","addressHits":\(truth.addresses),"nameHits":\(truth.names),\
        "growth":\(decimal(growth.median, 3)),"sizes":[\(rows.joined(separator: ","))]}
        """
    }

    private static func cell(_ rounds: Rounds) -> String {
      "\(decimal(rounds.median, 2)) (\(decimal(rounds.least, 2)) to \(decimal(rounds.most, 2)))"
    }
  }

  private static func measure(
    _ mix: TrafficMix, _ path: String, packets: Int, rounds: Int, _ truth: TrafficTruth, _ sizes: [Size]
  ) throws -> Result {
    let none = sizes.map { _ in Rounds() }
    var result = Result(
      mix: mix, truth: truth, counts: sizes.map(\.count), floors: none, ours: none, ratios: none)
    // The first round fills the page cache and is not counted.
    for round in 0...rounds {
      var costs: [Double] = []
      for (place, size) in sizes.enumerated() {
        let start = threadNanoseconds()
        var hits = full_floor_hits()
        let read = full_floor_run(size.floor, path, &hits)
        let middle = threadNanoseconds()
        let found = try detect(path, size.index)
        let end = threadNanoseconds()
        guard read == packets, hits.addresses == truth.addresses, hits.names == truth.names - truth.answers
        else {
          throw BenchmarkError("\(mix) \(size.count): the floor read \(read), found \(hits), not \(truth)")
        }
        guard found == truth else {
          throw BenchmarkError("\(mix) \(size.count): found \(found), not \(truth)")
        }
        let floor = Double(middle - start) / Double(packets)
        let cost = Double(end - middle) / Double(packets)
        costs.append(cost)
        guard round > 0 else { continue }
        result.floors[place].add(floor)
        result.ours[place].add(cost)
        result.ratios[place].add(cost / floor)
      }
      if round > 0 { result.growth.add(costs[1] / costs[0]) }
    }
    return result
  }

  /// As the gateway's capture thread does for each packet, up to where a hit would leave it.
  private static func detect(_ path: String, _ index: ReputationIndex) throws -> TrafficTruth {
    var file = try PacketFile(path, isReadable: LinkType.isSupported(dataLink:))
    let link = LinkType(dataLink: file.dataLink)
    var inspector = Inspector(seed: 1)
    var headers = PacketHeaders()
    var observation = Observation()
    var found = TrafficTruth()
    _ = try file.forEachFrame { frame, info in
      switch inspector.inspect(
        frame, link: link, time: info.time, headers: &headers, observation: &observation)
      {
      case .malformed, .uninteresting: return .goOn
      case .observation:
        if observation.withNameBytes({ !$0.isEmpty && index.lookUp(name: $0) != nil }) {
          found.names += 1
          if observation.kind == .dnsAnswer { found.answers += 1 }
        }
      case .headers: break
      }
      if index.lookUp(headers.destination) != nil || index.lookUp(headers.source) != nil {
        found.addresses += 1
      }
      return .goOn
    }
    return found
  }
}
