import Enforcement
import FirewallConformance
import FirewallKit
import FirewallSimulators
import Foundation
import HTTPTransport
import Language
import NetworkTypes
import Policy
import Randomness
import Testing

/// What the tests of all adapters do that speak HTTP to a simulated device.
enum DeviceTrial {
  static let cause = Cause(origin: .person, actor: "test", reason: "trial")
  static let isLong = ProcessInfo.processInfo.environment["SEKISHO_LONG"] == "1"
  /// So short that a test can wait for them, and far above what an answer takes.
  static let impatient = TransportLimits(
    total: .seconds(4), connect: .seconds(4), stall: .milliseconds(600), bodyBytes: 1 << 22)

  static func engine(
    _ adapter: any FirewallAdapter, _ clock: AdjustableClock, _ journal: MemoryJournal = MemoryJournal()
  ) -> FirewallEngine {
    FirewallEngine(
      name: "edge", adapter: adapter, journal: journal,
      policy: Policy(
        name: "trial", mode: .enforce, maximumTimeToLive: .seconds(86_400),
        minimumPrefixLength: Policy.PrefixLengths(ipv4: 8, ipv6: 16)),
      mode: .enforce, protection: { [] }, patience: .seconds(20), clock: { clock.now })
  }

  static func orders(_ targets: [String], seconds: Int64 = 3600) -> [BlockOrder] {
    targets.map { BlockOrder(target: BlockTarget($0)!, timeToLive: .seconds(seconds)) }
  }

  /// Many addresses, all until the same moment.
  static func many(_ count: UInt32, until deadline: Timestamp) -> [BlockTarget: Timestamp] {
    Dictionary(
      uniqueKeysWithValues: (0..<count).map {
        (.prefix(IPPrefix(IPAddress(ipv4: 0x0A00_0000 + $0))), deadline)
      })
  }

  static func refusal(_ body: () async throws(AdapterError) -> Void) async -> AdapterError? {
    do throws(AdapterError) {
      try await body()
      return nil
    } catch {
      return error
    }
  }

  static func readingRefusal(_ adapter: any FirewallAdapter) async -> AdapterError? {
    await refusal { () async throws(AdapterError) in _ = try await adapter.state(in: .everything) }
  }

  /// The bytes that a shown request is, with a secret in the place of its mark.
  static func wire(
    _ step: FirewallKit.Operation.Step, to origin: String, secret: (String, String)
  ) -> String? {
    guard case .request(let method, let url, let headers, let body) = step else { return nil }
    let head =
      ["\(method) \(url.dropFirst(origin.count)) HTTP/1.1"] + headers.map { "\($0.name): \($0.value)" }
    return (head.joined(separator: "\r\n") + "\r\n\r\n" + body)
      .replacing("‹secret:\(secret.0)›", with: secret.1)
  }

  /// Bytes of a real answer with one to three of them changed, taken away or added.
  static func damaged(_ whole: [UInt8], by random: inout SplitMix64) -> [UInt8] {
    var bytes = whole
    for _ in 0..<Int.random(in: 1...3, using: &random) {
      let index = Int.random(in: 0..<bytes.count, using: &random)
      switch Int.random(in: 0..<3, using: &random) {
      case 0: bytes[index] = UInt8.random(in: 0x20...0x7E, using: &random)
      case 1: bytes.remove(at: index)
      default: bytes.insert(bytes.randomElement(using: &random) ?? 0x3C, at: index)
      }
    }
    return bytes
  }

  /// Faults on the way, at any change and any reading: no receipt says what is not so, and nothing of
  /// ours is left at the end.
  static func holdReceiptsToTheTruth(
    _ adapter: any FirewallAdapter, _ clock: AdjustableClock, _ server: DeviceServer, pool: [String],
    seed: UInt64
  ) async throws {
    var random = SplitMix64(seed: seed)
    let faults: [DeviceFault] = [
      .cutBefore, .cutAfter, .errorAfterApplying, .truncatedBody, .sessionExpired, .capacityReached,
      .tooManyRequests,
    ]
    var words: [String: Int] = [:]
    for _ in 0..<(isLong ? 1000 : 10) {
      let journal = MemoryJournal()
      let engine = engine(adapter, clock, journal)
      for _ in 0..<6 {
        for _ in 0..<Int.random(in: 0...2, using: &random) {
          let reads = Int.random(in: 0..<4, using: &random) == 0
          server.faults.plan(
            faults.randomElement(using: &random) ?? .cutAfter, at: reads ? .reading : .change,
            count: reads ? [1, 1, 1, 3].randomElement(using: &random) ?? 1 : 1)
        }
        let targets = (0..<2).compactMap { _ in pool.randomElement(using: &random) }
        let blocks = Bool.random(using: &random)
        let seconds: Int64 = Bool.random(using: &random) ? 600 : 3600
        var report: ActionReport?
        do throws(EngineError) {
          report =
            blocks
            ? try await engine.block(orders(targets, seconds: seconds), cause: cause)
            : try await engine.unblock(targets.compactMap { BlockTarget($0) }, cause: cause)
        } catch {
          words["refused", default: 0] += 1
        }
        server.faults.calm()
        if let report, let outcome = report.receipt?.outcome {
          words[outcome.word, default: 0] += 1
          let part = try await adapter.state(in: .everything).restricted(
            to: .targets(Set(report.plan.changes.map(\.target))))
          let now = clock.now
          if outcome.word == "applied" { #expect(part.holds(report.plan.goal, at: now, slack: .seconds(5))) }
          if outcome.word == "restored" {
            #expect(part.holds(report.plan.basis, at: now, slack: .seconds(5)))
          }
        }
        try await engine.recover()
        _ = try await engine.reconcile()
        #expect(try await engine.status().drift.isEmpty)
        #expect(try journal.openActions(on: "edge").isEmpty)
      }
      _ = try await engine.rollbackAll(cause: cause)
      #expect(try await adapter.state(in: .everything).isEmpty)
    }
    #expect(words["applied", default: 0] > 0 && words["restored", default: 0] > 0, "\(words)")
  }
}
