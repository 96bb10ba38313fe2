import Enforcement
import FirewallKit
import Glibc
import Ledger
import NetworkTypes
import Nftables
import Policy

/// Blocks through the engine, with the ledger and nftables as in the product, beside libnftables
/// alone on the same kernel, in turn.
struct EnforcementBenchmark {
  static let firewall = "edge"
  private static let cause = Cause(origin: .person, actor: "sekisho-bench", reason: "measurement")

  let folder: String
  let samples: Int
  let rounds: Int
  let count: Int
  private let floor: LibnftablesFloor

  static func run(_ arguments: Arguments) async throws {
    try Surroundings.enterNamespace()
    let samples = try arguments.number("samples", default: 500)
    let rounds = try arguments.number("rounds", default: 5)
    let count = try arguments.number("blocks", default: 100_000)
    try await Surroundings.withFolder { folder in
      let benchmark = EnforcementBenchmark(
        folder: folder, samples: samples, rounds: rounds, count: count, floor: try LibnftablesFloor())
      let bulk = try await benchmark.bulk()
      let singles = try await benchmark.singles()
      let healing = try await benchmark.healing()
      print(
        arguments.isJSON
          ? Self.json(bulk, singles, healing, count) : Self.text(bulk, singles, healing, count))
    }
  }

  // MARK: One engine

  private func adapter() -> NftablesAdapter { NftablesAdapter(settings: NftablesSettings()) }

  /// As the product makes it for a firewall of this host.
  private func engine(_ name: String, _ adapter: NftablesAdapter) throws -> FirewallEngine {
    let ledger = try Ledger(path: "\(folder)/\(name).sqlite", durability: .processEnd, actor: "sekisho-bench")
    let limits = Policy.Limits(
      newBlocksPerMinute: .max, totalBlocks: 10_000_000, blocksPerChange: 10_000_000)
    return FirewallEngine(
      name: Self.firewall, adapter: adapter, journal: ledger,
      policy: Policy(name: "measurement", mode: .enforce, limits: limits), mode: .enforce,
      protection: { [] }, lock: WriterLock(directory: folder, firewall: Self.firewall),
      clock: Timestamp.now)
  }

  private static func order(_ number: Int) -> BlockOrder {
    BlockOrder(target: .prefix(IPPrefix(address(number))))
  }

  /// Scattered over all of 11.0.0.0/8 to 26.0.0.0/8: an odd factor meets each number once.
  private static func address(_ number: Int) -> IPAddress {
    IPAddress(ipv4: 0x0B00_0000 + UInt32(truncatingIfNeeded: number) &* 0x9E_3779 % (1 << 28))
  }

  private func clear() throws {
    try floor.run("add table inet sekisho; delete table inet sekisho")
  }

  private static func confirm(_ report: ActionReport) throws -> Receipt {
    guard let receipt = report.receipt, receipt.outcome == .applied, report.unrecorded == nil else {
      throw BenchmarkError(
        "a change was not applied: \(report.receipt.map { "\($0.outcome)" } ?? "\(report.plan.refused.first.map { "\($0)" } ?? "")")"
      )
    }
    return receipt
  }

  // MARK: Many in one plan

  struct Bulk {
    var planning = Rounds()
    var applying = Rounds()
    var readingBack = Rounds()
    var recording = Rounds()
    var whole = Rounds()
    var floor = Rounds()
    var ratio = Rounds()
    /// Processor time of the whole, and of the floor.
    var processor = Rounds()
    var floorProcessor = Rounds()
    /// Blocks asked for that were not found afterwards, or found and not asked for, in all rounds.
    var lost = 0
    var megabytes = 0.0
  }

  private func bulk() async throws -> Bulk {
    var bulk = Bulk()
    let orders = (0..<count).map(Self.order)
    let wanted = Set(orders.map(\.target))
    let text = LibnftablesFloor.addition(of: (0..<count).lazy.map(Self.address))
    for round in 0..<rounds {
      try clear()
      let adapter = adapter()
      let engine = try engine("bulk-\(round)", adapter)
      try await engine.recover()
      let clock = ContinuousClock()
      let began = Timestamp.now()
      let start = clock.now
      let processor = Surroundings.processorMilliseconds
      let report = try await engine.block(orders, cause: Self.cause)
      let whole = clock.now - start
      bulk.processor.add(Surroundings.processorMilliseconds - processor)
      let ended = Timestamp.now()
      let receipt = try Self.confirm(report)
      let readAt = receipt.readBackAt ?? receipt.finishedAt
      bulk.planning.add((receipt.startedAt - began).inMilliseconds)
      bulk.applying.add((readAt - receipt.startedAt).inMilliseconds)
      bulk.readingBack.add((receipt.finishedAt - readAt).inMilliseconds)
      bulk.recording.add((ended - receipt.finishedAt).inMilliseconds)
      bulk.whole.add(whole.inMilliseconds)
      let found = Set(try await adapter.state(in: .everything).blocks.keys)
      bulk.lost += found.symmetricDifference(wanted).count
      if round == 0 { bulk.megabytes = Surroundings.peakMegabytes }
      try floor.clear()
      let before = clock.now
      let processorBefore = Surroundings.processorMilliseconds
      try floor.run(text)
      let alone = clock.now - before
      bulk.floorProcessor.add(Surroundings.processorMilliseconds - processorBefore)
      bulk.floor.add(alone.inMilliseconds)
      bulk.ratio.add(whole / alone)
      try floor.clear()
    }
    return bulk
  }

  // MARK: One at a time

  struct Single {
    var inForce: Int
    var engine = Rounds()
    var floor = Rounds()
  }

  private func singles() async throws -> [Single] {
    try clear()
    try floor.clear()
    let adapter = adapter()
    let engine = try engine("singles", adapter)
    try await engine.recover()
    // What the keeper of a running gateway asks the engine every second.
    let keeper = Task {
      while (try? await Task.sleep(for: .seconds(1))) != nil {
        _ = await engine.nextDeadline()
        _ = try? await engine.expire()
      }
    }
    defer { keeper.cancel() }
    let clock = ContinuousClock()
    var next = 0
    var results: [Single] = []
    for inForce in Set([0, min(10_000, count), count]).sorted() {
      if inForce > next {
        let numbers = next..<inForce
        _ = try Self.confirm(try await engine.block(numbers.map(Self.order), cause: Self.cause))
        try floor.run(LibnftablesFloor.addition(of: numbers.lazy.map(Self.address)))
        next = inForce
      }
      var single = Single(inForce: inForce)
      // The first ones make the table and warm what is cached; they are not counted.
      for sample in -20..<samples {
        let start = clock.now
        let report = try await engine.block([Self.order(next)], cause: Self.cause)
        let middle = clock.now
        try floor.run(LibnftablesFloor.addition(of: CollectionOfOne(Self.address(next))))
        let end = clock.now
        _ = try Self.confirm(report)
        next += 1
        guard sample >= 0 else { continue }
        single.engine.add((middle - start).inMilliseconds)
        single.floor.add((end - middle).inMilliseconds)
      }
      results.append(single)
    }
    try floor.clear()
    return results
  }

  // MARK: Healing

  struct Healing {
    var seconds = Rounds()
    var lost = 0
  }

  private func healing() async throws -> Healing {
    try clear()
    let adapter = adapter()
    let engine = try engine("healing", adapter)
    let orders = (0..<count).map(Self.order)
    _ = try Self.confirm(try await engine.block(orders, cause: Self.cause))
    let (repairs, continuation) = AsyncStream.makeStream(of: ActionReport.self)
    guard let changes = try engine.foreignChanges() else {
      throw BenchmarkError("the adapter does not tell of changes")
    }
    let keeper = Task {
      for await _ in changes {
        if let report = try? await engine.reconcile() { continuation.yield(report) }
      }
    }
    defer { keeper.cancel() }
    var healing = Healing()
    let wanted = Set(orders.map(\.target))
    var iterator = repairs.makeAsyncIterator()
    for _ in 0..<rounds {
      let began = Timestamp.now()
      try floor.run("flush ruleset")
      guard let report = await iterator.next(isolation: #isolation) else { break }
      let receipt = try Self.confirm(report)
      healing.seconds.add((receipt.finishedAt - began).inMilliseconds / 1000)
      healing.lost +=
        Set(try await adapter.state(in: .everything).blocks.keys).symmetricDifference(wanted).count
    }
    return healing
  }

  // MARK: What is printed

  private static func text(_ bulk: Bulk, _ singles: [Single], _ healing: Healing, _ count: Int) -> String {
    var lines = ["one block through engine, ledger and nftables (ms)"]
    var table = Table(["in force", "p50", "p99", "libnftables alone p50", "p99", "ratio of p50"])
    for single in singles {
      table.add([
        "\(single.inForce)", decimal(single.engine.percentile(0.5), 3),
        decimal(single.engine.percentile(0.99), 3), decimal(single.floor.percentile(0.5), 3),
        decimal(single.floor.percentile(0.99), 3),
        decimal(single.engine.percentile(0.5) / single.floor.percentile(0.5), 1),
      ])
    }
    lines += [table.text, "", "\(count) blocks in one plan (ms, median of \(bulk.whole.values.count))"]
    var parts = Table(["part", "median", "least", "most"])
    for (name, rounds) in [
      ("judge, plan and record the intent", bulk.planning), ("apply", bulk.applying),
      ("read back and compare", bulk.readingBack), ("record the receipt", bulk.recording),
      ("whole", bulk.whole), ("libnftables alone, same addresses", bulk.floor),
      ("processor time of the whole", bulk.processor),
      ("processor time of libnftables alone", bulk.floorProcessor),
    ] {
      parts.add([name, decimal(rounds.median, 0), decimal(rounds.least, 0), decimal(rounds.most, 0)])
    }
    lines += [
      parts.text,
      "ratio \(decimal(bulk.ratio.median, 2)); lost or surplus \(bulk.lost); peak memory "
        + "\(decimal(bulk.megabytes, 0)) MB", "",
      "flush ruleset with \(count) in force: all back after \(decimal(healing.seconds.median, 2)) s "
        + "(\(decimal(healing.seconds.least, 2)) to \(decimal(healing.seconds.most, 2))), lost \(healing.lost)",
    ]
    return lines.joined(separator: "\n")
  }

  private static func json(_ bulk: Bulk, _ singles: [Single], _ healing: Healing, _ count: Int) -> String {
    let list = singles.map { single in
      """
      {"inForce":\(single.inForce),"p50":\(decimal(single.engine.percentile(0.5), 4)),\
      "p99":\(decimal(single.engine.percentile(0.99), 4)),\
      "floorP50":\(decimal(single.floor.percentile(0.5), 4)),\
      "floorP99":\(decimal(single.floor.percentile(0.99), 4)),"samples":\(single.engine.values.count)}
      """
    }.joined(separator: ",")
    return """
      {"benchmark":"enforcement","single":[\(list)],"bulk":{"blocks":\(count),\
      "planning":\(decimal(bulk.planning.median, 1)),"applying":\(decimal(bulk.applying.median, 1)),\
      "readingBack":\(decimal(bulk.readingBack.median, 1)),"recording":\(decimal(bulk.recording.median, 1)),\
      "whole":\(decimal(bulk.whole.median, 1)),"floor":\(decimal(bulk.floor.median, 1)),\
      "ratio":\(decimal(bulk.ratio.median, 3)),"processor":\(decimal(bulk.processor.median, 1)),\
      "floorProcessor":\(decimal(bulk.floorProcessor.median, 1)),"lost":\(bulk.lost),\
      "megabytes":\(decimal(bulk.megabytes, 0))},"healing":{"seconds":\(decimal(healing.seconds.median, 3)),\
      "most":\(decimal(healing.seconds.most, 3)),"lost":\(healing.lost)}}
      """
  }
}
