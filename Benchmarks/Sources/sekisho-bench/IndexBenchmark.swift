import CFloors
import Glibc
import NetworkTypes
import Randomness
import Reputation
import TrafficGeneration

/// The compiled index at growing sizes, half names and half IPv4 addresses: its bytes, how long compiling
/// and opening take, and what a look-up costs beside a bare probe of a C hash table of the same entries.
enum IndexBenchmark {
  static func run(_ arguments: Arguments) throws {
    let most = try arguments.number("indicators", default: 10_000_000)
    let rounds = try arguments.number("rounds", default: 9)
    let seed = UInt64(try arguments.number("seed", default: 1))
    var results: [Result] = []
    for count in [100_000, 1_000_000, 10_000_000] where count <= most {
      results.append(try measure(count, rounds: rounds, seed: seed))
    }
    guard !results.isEmpty else { throw BenchmarkError("--indicators needs at least 100000") }
    if arguments.isJSON {
      let rows = results.map(\.json).joined(separator: ",")
      print(#"{"benchmark":"index","rounds":\#(rounds),"sizes":[\#(rows)]}"#)
    } else {
      print(text(results, rounds: rounds))
    }
  }

  private struct Result {
    let indicators: Int
    let bytes: Int
    let nameBytes: Double
    let compileSeconds: Double
    let peakMegabytes: Double
    let openMilliseconds: Double
    var lookUps: [(name: String, ours: Rounds, alone: Rounds, floor: Rounds)] = []

    var bytesEach: Double { Double(bytes) / Double(indicators) }

    var json: String {
      let times = lookUps.map { lookUp in
        """
        "\(lookUp.name)":{"nanoseconds":\(decimal(lookUp.ours.median, 1)),\
        "least":\(decimal(lookUp.ours.least, 1)),"alone":\(decimal(lookUp.alone.median, 1)),"floorLeast":\(decimal(lookUp.floor.least, 1)),\
        "floorNanoseconds":\(decimal(lookUp.floor.median, 1))}
        """
      }
      return """
        {"indicators":\(indicators),"bytesEach":\(decimal(bytesEach, 2)),\
        "nameBytes":\(decimal(nameBytes, 2)),"compileSeconds":\(decimal(compileSeconds, 2)),\
        "peakMegabytes":\(decimal(peakMegabytes, 0)),"openMilliseconds":\(decimal(openMilliseconds, 3)),\
        \(times.joined(separator: ","))}
        """
    }
  }

  private static func measure(_ count: Int, rounds: Int, seed: UInt64) throws -> Result {
    var random = SplitMix64(seed: seed)
    var listed = NameText()
    for _ in 0..<(count / 2) { listed.append(domain(&random)) }
    // 11.0.0.0 to 95.255.255.255: none of them special or private.
    let addresses = (0..<(count / 2)).map { _ in UInt32.random(in: 0x0B00_0000...0x5FFF_FFFF, using: &random)
    }
    let file = "/tmp/sekisho-bench-\(getpid()).index"
    defer { unlink(file) }
    let compileSeconds = try compile(listed, addresses, &random, to: file)

    var opening = Rounds()
    for _ in 0..<rounds {
      let start = ContinuousClock.now
      let index = try ReputationIndex(mapping: file)
      opening.add((ContinuousClock.now - start) / .milliseconds(1))
      _ = index.count
    }
    let index = try ReputationIndex(mapping: file)
    var result = Result(
      indicators: index.count, bytes: index.byteCount,
      nameBytes: Double(listed.text.count) / Double(listed.count), compileSeconds: compileSeconds,
      peakMegabytes: Surroundings.peakMegabytes, openMilliseconds: opening.median)
    try lookUp(listed, addresses, in: index, rounds: rounds, &random, into: &result)
    return result
  }

  /// Seconds that compiling took.
  private static func compile(
    _ names: NameText, _ addresses: [UInt32], _ random: inout SplitMix64, to file: String
  ) throws -> Double {
    let source = ReputationSource(
      id: "bench", name: "Benchmark", category: .malware, confidence: 0.9, file: "bench.txt")
    var builder = try IndicatorListBuilder(source: source)
    for number in 0..<names.count {
      builder.add(name: names.text.span.extracting(names.range(number)), line: number + 1)
    }
    for (number, address) in addresses.enumerated() {
      builder.add(.address(IPAddress(ipv4: address)), line: number + 1)
    }
    for number in 0..<1000 {
      let bits = UInt32.random(in: 0xC600_0000...0xC6FF_FFFF, using: &random)
      guard let prefix = IPPrefix(IPAddress(ipv4: bits), length: 24) else { continue }
      builder.add(.prefix(prefix), line: number + 1)
    }
    let list = try builder.finish()
    let start = ContinuousClock.now
    try ReputationIndex.compile([list], to: file, seed: 1)
    return (ContinuousClock.now - start) / .seconds(1)
  }

  private static func lookUp(
    _ listed: NameText, _ addresses: [UInt32], in index: ReputationIndex, rounds: Int,
    _ random: inout SplitMix64, into result: inout Result
  ) throws {
    guard let nameFloor = index_floor_make(listed.count), let addressFloor = index_floor_make(addresses.count)
    else { throw BenchmarkError("no memory for the floor's tables") }
    defer {
      index_floor_free(nameFloor)
      index_floor_free(addressFloor)
    }
    for number in 0..<listed.count {
      let range = listed.range(number)
      listed.text.withUnsafeBufferPointer {
        index_floor_add_name(nameFloor, $0.baseAddress! + range.lowerBound, range.count)
      }
    }
    for address in addresses { index_floor_add_address(addressFloor, address) }

    let queries = 100_000
    var (missing, known, below) = (NameText(), NameText(), NameText())
    for _ in 0..<queries {
      missing.append("www." + domain(&random))
      let name = listed[Int.random(in: 0..<listed.count, using: &random)]
      known.append(name)
      below.append("www." + name)
    }
    let absent = (0..<queries).map { _ in UInt32.random(in: 0x6000_0000...0x63FF_FFFF, using: &random) }
    let present = (0..<queries).map { _ in addresses[Int.random(in: 0..<addresses.count, using: &random)] }

    for (name, texts, hits) in [
      ("nameMiss", missing, 0), ("nameHit", known, queries), ("parentHit", below, queries),
    ] {
      try time(
        name, queries: queries, hits: hits, rounds: rounds, into: &result,
        ours: {
          var found = 0
          for number in 0..<texts.count
          where index.lookUp(name: texts.text.span.extracting(texts.range(number))) != nil { found += 1 }
          return found
        },
        floor: { index_floor_names(nameFloor, texts.text, texts.ends, texts.count) })
    }
    for (name, bits, hits) in [("addressMiss", absent, 0), ("addressHit", present, queries)] {
      try time(
        name, queries: queries, hits: hits, rounds: rounds, into: &result,
        ours: {
          var found = 0
          for address in bits where index.lookUp(IPAddress(ipv4: address)) != nil { found += 1 }
          return found
        },
        floor: { index_floor_addresses(addressFloor, bits, bits.count) })
    }
  }

  /// Nanoseconds of a look-up, ours and the floor's in turn, so that each finds the caches full of the
  /// other's tables; then ours by itself, round after round. A first round is not counted.
  private static func time(
    _ name: String, queries: Int, hits: Int, rounds: Int, into result: inout Result, ours: () -> Int,
    floor: () -> Int
  ) throws {
    var (own, bare) = (Rounds(), Rounds())
    for round in 0...rounds {
      let start = threadNanoseconds()
      let found = ours()
      let middle = threadNanoseconds()
      let probed = floor()
      let end = threadNanoseconds()
      guard found == hits, probed >= hits else {
        throw BenchmarkError("\(name): \(found) of \(hits) found, by the floor \(probed)")
      }
      guard round > 0 else { continue }
      own.add(Double(middle - start) / Double(queries))
      bare.add(Double(end - middle) / Double(queries))
    }
    var alone = Rounds()
    for round in 0...rounds {
      let start = threadNanoseconds()
      let found = ours()
      let end = threadNanoseconds()
      guard found == hits else { throw BenchmarkError("\(name): \(found) of \(hits) found") }
      if round > 0 { alone.add(Double(end - start) / Double(queries)) }
    }
    result.lookUps.append((name, own, alone, bare))
  }

  private static func text(_ results: [Result], rounds: Int) -> String {
    var table = Table(["indicators"] + results.map { String($0.indicators) })
    table.add(["bytes each"] + results.map { decimal($0.bytesEach, 1) })
    table.add(["  of which bytes of a name"] + results.map { decimal($0.nameBytes, 1) })
    table.add(["compile, s"] + results.map { decimal($0.compileSeconds, 2) })
    table.add(["peak memory so far, MB"] + results.map { decimal($0.peakMegabytes, 0) })
    table.add(["open, ms"] + results.map { decimal($0.openMilliseconds, 3) })
    for (position, lookUp) in (results.first?.lookUps ?? []).enumerated() {
      let times = results.map { $0.lookUps[position] }
      table.add(["\(lookUp.name), ns"] + times.map { cell($0.ours) })
      table.add(["  by itself, ns"] + times.map { cell($0.alone) })
      table.add(["  hash table in C, ns"] + times.map { cell($0.floor) })
      table.add(
        ["  growth on the size before"]
          + times.indices.map { place in
            guard place > 0 else { return "" }
            let (now, before) = (times[place].ours, times[place - 1].ours)
            return "\(decimal(now.median / before.median, 2)) (\(decimal(now.least / before.least, 2)))"
          })
    }
    return "CPU time of one look-up: median (least) of \(rounds) rounds\n" + table.text
  }

  private static func cell(_ rounds: Rounds) -> String {
    "\(decimal(rounds.median, 1)) (\(decimal(rounds.least, 1)))"
  }

  private static func domain(_ random: inout SplitMix64) -> String {
    let letters = Array("abcdefghijklmnopqrstuvwxyz0123456789".utf8)
    let label = (0..<Int.random(in: 8...16, using: &random)).map { _ in
      letters[Int.random(in: 0..<letters.count, using: &random)]
    }
    return String(decoding: label, as: UTF8.self) + ".example"
  }

  /// Names one after the other in one array: five million strings would be most of the memory.
  private struct NameText {
    private(set) var text: [UInt8] = []
    private(set) var ends: [UInt32] = []

    var count: Int { ends.count }

    mutating func append(_ name: String) {
      text += name.utf8
      ends.append(UInt32(text.count))
    }

    func range(_ number: Int) -> Range<Int> { Int(number == 0 ? 0 : ends[number - 1])..<Int(ends[number]) }

    subscript(number: Int) -> String { String(decoding: text[range(number)], as: UTF8.self) }
  }
}
