import ConfigurationFile
import Enforcement
import FirewallKit
import FirewallSimulators
import Foundation
import Gateway
import Ledger
import NetworkTypes
import Policy

/// Many blocks in one plan through adapters that speak to a device over TLS, or write lists: engine, ledger
/// and adapter as in the product, against our simulators, beside sending the same operations and nothing
/// else. The simulator is in the same process, so its time is in all figures.
struct AdaptersBenchmark {
  private static let cause = Cause(origin: .person, actor: "sekisho-bench", reason: "measurement")

  let folder: String

  static func run(_ arguments: Arguments) async throws {
    let count = try arguments.number("blocks", default: 50_000)
    let names = arguments.text("adapters", default: "panos,fortios,routeros,lists").split(separator: ",")
    try await Surroundings.withFolder { folder in
      let benchmark = AdaptersBenchmark(folder: folder)
      var results: [Result] = []
      for name in names {
        for share in [4, 1] { results.append(try await benchmark.measure(String(name), count / share)) }
      }
      print(arguments.isJSON ? try json(results) : text(results))
    }
  }

  struct Result: Encodable {
    var adapter: String
    var blocks: Int
    /// Plan, record, send, read back, record.
    var wholeMilliseconds: Double
    /// Sending the operations, without planning, ledger and reading.
    var sendingMilliseconds: Double
    var requests: Int
    var operations: Int
    /// Of this process up to here, with the simulator.
    var peakMegabytes: Double
    /// Asked for and not found afterwards, or found and not asked for.
    var lost: Int
  }

  /// A device that has nothing on it yet, and the adapter for it.
  private struct Place {
    var adapter: any FirewallAdapter
    var server: DeviceServer?
  }

  private func place(_ name: String) async throws -> Place {
    guard let entry = AdapterList.entry(named: name) else {
      throw BenchmarkError("there is no adapter \(name)")
    }
    let directory = "\(folder)/\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    var lines: [String] = []
    var server: DeviceServer?
    if let lab = LabDevice(named: name) {
      let running = try await DeviceServer(lab.device)
      try Data(running.authority.utf8).write(to: URL(filePath: directory + "/ca.pem"))
      lines = ["url: \(running.origin)", "ca: \(directory)/ca.pem", "requests-per-second: 1000"]
      for (key, value) in lab.secrets {
        let file = "\(directory)/\(key)"
        guard
          FileManager.default.createFile(
            atPath: file, contents: Data(value.utf8), attributes: [.posixPermissions: 0o600])
        else { throw BenchmarkError("\(file) cannot be written") }
        lines.append("\(key): file:\(file)")
      }
      server = running
    } else if name == "lists" {
      lines = ["directory: \(directory)"]
    } else {
      throw BenchmarkError("there is no simulator of \(name)")
    }
    let problems = ConfigurationProblems()
    let document = try ConfigurationDocument(parsing: lines.joined(separator: "\n"), file: name)
    let maker = entry.configure(ConfigurationSection(document.root, problems: problems), .both)
    try problems.throwIfAny()
    guard let maker else { throw BenchmarkError("\(name) cannot be made from \(lines)") }
    return Place(adapter: maker(Timestamp.now), server: server)
  }

  private func measure(_ name: String, _ count: Int) async throws -> Result {
    let targets = (0..<count).map {
      BlockTarget.prefix(IPPrefix(IPAddress(ipv4: 0x0B00_0000 + UInt32($0) * 3)))
    }
    let place = try await place(name)
    let ledger = try Ledger(
      path: "\(folder)/\(UUID().uuidString).sqlite", durability: .powerLoss, actor: "sekisho-bench")
    let limits = Policy.Limits(newBlocksPerMinute: .max, totalBlocks: 10_000_000, blocksPerChange: 10_000_000)
    let engine = FirewallEngine(
      name: "edge", adapter: place.adapter, journal: ledger,
      policy: Policy(name: "measurement", mode: .enforce, limits: limits), mode: .enforce,
      protection: { [] }, clock: Timestamp.now)
    try await engine.recover()
    let clock = ContinuousClock()
    let before = place.server?.requests ?? 0
    let began = clock.now
    let report = try await engine.block(targets.map { BlockOrder(target: $0) }, cause: Self.cause)
    let whole = clock.now - began
    guard report.receipt?.outcome == .applied else {
      throw BenchmarkError("\(name): \(report.receipt.map { "\($0.outcome)" } ?? "nothing was done")")
    }
    let requests = (place.server?.requests ?? 0) - before
    let found = Set(try await place.adapter.state(in: .everything).blocks.keys)
    await place.server?.close()
    return Result(
      adapter: name, blocks: count, wholeMilliseconds: whole.inMilliseconds,
      sendingMilliseconds: try await sending(name, report.plan.goal), requests: requests,
      operations: report.plan.operations.count, peakMegabytes: Surroundings.peakMegabytes,
      lost: found.symmetricDifference(targets).count)
  }

  /// The same goal on another device: only the sending is timed.
  private func sending(_ name: String, _ goal: FirewallState) async throws -> Double {
    let place = try await place(name)
    let operations = try await place.adapter.operations(
      from: FirewallState(readAt: goal.readAt), to: goal)
    let clock = ContinuousClock()
    let began = clock.now
    for operation in operations { try await place.adapter.perform(operation) }
    let time = clock.now - began
    await place.server?.close()
    return time.inMilliseconds
  }

  private static func json(_ results: [Result]) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    return String(decoding: try encoder.encode(["adapters": results]), as: UTF8.self)
  }

  private static func text(_ results: [Result]) -> String {
    var lines = ["adapter, blocks: whole ms (sending alone ms, ratio), operations, requests, peak MB, lost"]
    for result in results {
      lines.append(
        "\(result.adapter), \(result.blocks): \(decimal(result.wholeMilliseconds, 0)) "
          + "(\(decimal(result.sendingMilliseconds, 0)), "
          + "\(decimal(result.wholeMilliseconds / max(result.sendingMilliseconds, 0.001), 2))), "
          + "\(result.operations), \(result.requests), \(decimal(result.peakMegabytes, 0)), \(result.lost)")
    }
    return lines.joined(separator: "\n")
  }
}
