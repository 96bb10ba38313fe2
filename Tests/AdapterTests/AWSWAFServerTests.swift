import Enforcement
import FirewallConformance
import FirewallKit
import Foundation
import HTTPTransport
import Language
import NetworkTypes
import Policy
import Randomness
import Testing

@testable import AWSWAF

/// The adapter against moto's WAFv2.
@Suite(.serialized, .enabled(if: MotoServer.isInstalled, "Scripts/adapter-peers installs moto from PyPI"))
struct AWSWAFServerTests {
  private static let cause = Cause(origin: .person, actor: "test", reason: "trial")

  private func goal(_ targets: String..., allowed: [String] = []) -> FirewallState {
    var state = FirewallState(readAt: Timestamp.now(), scaffold: AWSWAFDialect.scaffold)
    for target in targets { state.blocks[BlockTarget(target)!] = .untimed }
    state.allowed = Set(allowed.map { IPPrefix($0)! })
    return state
  }

  private func bring(_ adapter: AWSWAFAdapter, to goal: FirewallState) async throws {
    let current = try await adapter.state(in: .everything)
    for operation in try adapter.operations(from: current, to: goal) { try await adapter.perform(operation) }
    let found = try await adapter.state(in: .everything)
    #expect(found.holds(goal, at: Timestamp.now(), slack: .seconds(1)))
  }

  private func engine(_ adapter: AWSWAFAdapter, _ journal: MemoryJournal = MemoryJournal()) -> FirewallEngine
  {
    FirewallEngine(
      name: "edge", adapter: adapter, journal: journal,
      policy: Policy(
        name: "trial", mode: .enforce, maximumTimeToLive: .seconds(86_400),
        minimumPrefixLength: Policy.PrefixLengths(ipv4: 8, ipv6: 16)),
      mode: .enforce, protection: { [] }, patience: .seconds(10), clock: Timestamp.now)
  }

  private func error(_ body: () async throws(AdapterError) -> Void) async -> AdapterError? {
    do throws(AdapterError) {
      try await body()
      return nil
    } catch {
      return error
    }
  }

  @Test func aBlockIsThereForOthersAndGoesWithItsRollback() async throws {
    let moto = try await MotoServer()
    let engine = engine(moto.adapter())
    let orders = ["192.0.2.7", "198.51.100.0/25", "2001:db8:1::/48"].map {
      BlockOrder(target: BlockTarget($0)!, timeToLive: .seconds(3600))
    }
    let report = try await engine.block(orders, cause: Self.cause)
    #expect(report.receipt?.outcome == .applied)
    #expect(report.plan.operations.count == 2)
    #expect(try await moto.addresses("sekisho-block-ipv4") == ["192.0.2.7/32", "198.51.100.0/25"])
    #expect(try await moto.addresses("sekisho-block-ipv6") == ["2001:db8:1::/48"])
    let allowing = try await engine.allow([BlockTarget("198.51.100.9")!], remove: false, cause: Self.cause)
    #expect(allowing.receipt?.outcome == .applied)
    #expect(try await moto.addresses("sekisho-allow-ipv4") == ["198.51.100.9/32"])
    #expect(try await engine.rollbackAll(cause: Self.cause).receipt?.outcome == .applied)
    for role in IPSetRole.allCases { #expect(try await moto.addresses("sekisho-\(role.rawValue)").isEmpty) }
    #expect(try await moto.addresses("others") == ["203.0.113.200/32"])
  }

  /// Both requests of each operation, byte by byte, with what the first was answered in the second's marks.
  @Test func whatIsPreviewedIsWhatIsSent() async throws {
    let moto = try await MotoServer()
    let adapter = moto.adapter()
    try await bring(adapter, to: goal("192.0.2.1", "192.0.2.2", "2001:db8::1"))
    let operations = try adapter.operations(
      from: goal("192.0.2.1", "192.0.2.2", "2001:db8::1"),
      to: goal("192.0.2.2", "198.51.100.0/24", "203.0.113.9", "2001:db8:1::/48", allowed: ["198.51.100.7"]))
    #expect(operations.count == 3)
    for operation in operations {
      _ = try await moto.exchanges()
      try await adapter.perform(operation)
      let exchanges = try await moto.exchanges()
      #expect(exchanges.count == 2)
      let edit = try #require(IPSetEdit(operation.literal, moto.settings))
      let read = try AWSWAFReader(settings: moto.settings).content(
        Array(exchanges[0].answer.utf8), of: edit.role)
      let list = edit.applied(to: read.addresses).sorted()
      var expected = operation.literal
      let mark = try #require(expected.firstRange(of: /\[‹as read.*›\](?=,"LockToken")/))
      expected.replaceSubrange(mark, with: "[\(IPSetEdit.list(list))]")
      expected = expected.replacing("\"‹as read›\"", with: "\"\(read.lockToken)\"")
      let bodies = try exchanges.map { try #require($0.request.components(separatedBy: "\r\n\r\n").last) }
      expected = expected.replacing("‹as the body›", with: "\(bodies[1].utf8.count)")
      expected = expected.replacing("‹secret:session-token›", with: MotoServer.token)
      // The two that are only known when it is sent.
      let sent = exchanges.map { exchange in
        "→ \(moto.settings.endpoint.origin)\n"
          + exchange.request.replacing("\r\n", with: "\n")
          .replacing(
            /Authorization: AWS4-HMAC-SHA256 Credential=[^\n]+/,
            with: "Authorization: AWS4-HMAC-SHA256 ‹signature with ‹secret:secret-access-key››"
          )
          .replacing(/X-Amz-Date: [0-9TZ]+/, with: "X-Amz-Date: ‹time of sending›")
      }.joined(separator: "\n\n")
      #expect(sent == expected)
    }
    #expect(
      try await moto.addresses("sekisho-block-ipv4") == ["192.0.2.2/32", "198.51.100.0/24", "203.0.113.9/32"])
  }

  @Test func aSetThatMovesMeanwhileIsReadAgain() async throws {
    let moto = try await MotoServer()
    let adapter = moto.adapter()
    let operation = try #require(
      try adapter.operations(from: FirewallState(readAt: Timestamp.now()), to: goal("192.0.2.1")).first)
    try await moto.plan(.moved, at: "UpdateIPSet")
    try await adapter.perform(operation)
    // What came in between was read, and stays.
    #expect(try await moto.addresses("sekisho-block-ipv4") == ["192.0.2.1/32", "198.51.100.0/32"])
    try await moto.put([], into: "sekisho-block-ipv4")
    try await moto.plan(.moved, at: "UpdateIPSet", count: 3)
    let refused = await error { () async throws(AdapterError) in try await adapter.perform(operation) }
    #expect(refused?.code == .conflict)
    #expect(
      refused?.detail.hasPrefix("WAFOptimisticLockException: AWS WAF couldn’t save your changes") == true)
    let left = try await moto.addresses("sekisho-block-ipv4")
    #expect(left.count == 3 && !left.contains("192.0.2.1/32"))
  }

  @Test func theSetOfSomebodyElseIsNeverTouched() async throws {
    let moto = try await MotoServer()
    let foreign = try await moto.create("offices", "IPV4", "addresses of our offices", ["203.0.113.7/32"])
    var settings = moto.settings
    settings.blockIPv4 = foreign
    let adapter = moto.adapter(settings)
    let refused = await error { () async throws(AdapterError) in _ = try await adapter.state(in: .everything)
    }
    #expect(refused?.code == .foreign && refused?.detail == "addresses of our offices")
    // Not even by an operation that was made before it was looked at.
    for operation in try adapter.operations(
      from: goal("192.0.2.1"), to: FirewallState(readAt: Timestamp.now()))
    {
      _ = await error { () async throws(AdapterError) in try await adapter.perform(operation) }
    }
    #expect(try await moto.count(of: "UpdateIPSet") == 0)
    #expect(try await moto.addresses("offices") == ["203.0.113.7/32"])
  }

  /// Whatever happens on the way, the error says whether it may have been applied, and reading decides.
  @Test(arguments: [
    (MotoServer.Fault.cutBefore, AdapterError.Code.timedOut, false), (.cutAfter, .timedOut, true),
    (.errorAfter, .timedOut, true), (.truncated, .unreadable, true), (.denied, .unauthorized, false),
  ])
  func aLostAnswerIsDecidedByReading(fault: MotoServer.Fault, code: AdapterError.Code, isApplied: Bool)
    async throws
  {
    let moto = try await MotoServer()
    let adapter = moto.adapter()
    let operation = try #require(
      try adapter.operations(from: FirewallState(readAt: Timestamp.now()), to: goal("192.0.2.1")).first)
    try await moto.plan(fault, at: "UpdateIPSet")
    let refused = await error { () async throws(AdapterError) in try await adapter.perform(operation) }
    #expect(refused?.code == code)
    #expect(try await adapter.state(in: .everything).blocks.isEmpty == !isApplied)
    #expect(try await moto.count(of: "UpdateIPSet") == (isApplied ? 1 : 0), "it is sent once")
    // The engine leads it back, and says so.
    try await bring(adapter, to: FirewallState(readAt: Timestamp.now()))
    try await moto.plan(fault, at: "UpdateIPSet")
    let order = BlockOrder(target: BlockTarget("192.0.2.1")!, timeToLive: .seconds(600))
    let report = try await engine(adapter).block([order], cause: Self.cause)
    #expect(report.receipt?.outcome.word == "restored")
    #expect(try await moto.addresses("sekisho-block-ipv4").isEmpty)
  }

  @Test(arguments: [MotoServer.Fault.throttle, .html])
  func whoeverAsksToWaitIsAskedAgain(fault: MotoServer.Fault) async throws {
    let moto = try await MotoServer()
    let adapter = moto.adapter()
    try await moto.plan(fault, at: "UpdateIPSet")
    try await moto.plan(fault, at: "GetIPSet")
    try await bring(adapter, to: goal("192.0.2.1"))
    #expect(try await moto.addresses("sekisho-block-ipv4") == ["192.0.2.1/32"])
    try await moto.plan(fault, at: "GetIPSet", count: 40)
    let refused = await error { () async throws(AdapterError) in _ = try await adapter.state(in: .everything)
    }
    #expect(refused?.code == .busy)
  }

  @Test func badSettingsAreToldInAWSsWords() async throws {
    let moto = try await MotoServer()
    func fault(_ change: (inout AWSWAFSettings) throws -> Void) async rethrows -> AdapterError? {
      var settings = moto.settings
      try change(&settings)
      let adapter = moto.adapter(settings)
      return await error { () async throws(AdapterError) in _ = try await adapter.state(in: .everything) }
    }
    let missing = await fault {
      $0.blockIPv6 = IPSetARN("arn:aws:wafv2:eu-west-1:123456789012:regional/ipset/none/0-0")!
    }
    #expect(
      missing?.code == .unavailable && missing?.detail.hasPrefix("WAFNonexistentItemException: ") == true)
    #expect(missing?.message.en.contains("Make it") == true)
    let family = await fault { swap(&$0.blockIPv6, &$0.blockIPv4) }
    #expect(family?.code == .unsupported && family?.message.en.contains("needs one of IPV4") == true)
    let noKey = await fault { $0.secretAccessKey = .file(path: moto.folder + "/none") }
    #expect(noKey?.code == .unauthorized && noKey?.message.en.contains("/none") == true)
    let noServer = try await fault { $0.endpoint = try HTTPURL("http://127.0.0.1:1/") }
    #expect(noServer?.code == .unavailable && noServer?.message.en.contains("127.0.0.1:1") == true)
    try await moto.plan(.denied, at: "GetIPSet", count: 4)
    let denied = await fault { _ in }
    #expect(denied?.code == .unauthorized)
    #expect(denied?.detail == "AccessDeniedException: User is not authorized to perform wafv2:GetIPSet")
  }

  @Test func theKeyIsSeenNowhere() async throws {
    let moto = try await MotoServer()
    let adapter = moto.adapter()
    var texts: [String] = []
    let operations = try adapter.operations(
      from: FirewallState(readAt: Timestamp.now()), to: goal("192.0.2.1", "2001:db8::1"))
    for fault: MotoServer.Fault in [.cutAfter, .errorAfter, .truncated, .denied] {
      try await bring(adapter, to: FirewallState(readAt: Timestamp.now()))
      try await moto.plan(fault, at: "UpdateIPSet", count: operations.count)
      for operation in operations {
        texts.append("\(operation)")
        let refused = await error { () async throws(AdapterError) in try await adapter.perform(operation) }
        texts.append("\(try #require(refused)) \(refused?.text(in: .japanese) ?? "")")
      }
    }
    for exchange in try await moto.exchanges() {
      texts.append(exchange.request.replacing(MotoServer.token, with: ""))
    }
    texts.append("\(adapter)")
    for text in texts { #expect(!text.contains(MotoServer.key) && !text.contains(MotoServer.token)) }
    #expect(texts.contains { $0.contains("‹secret:session-token›") })
  }

  /// As many as AWS takes in one set go in one request, and not one more.
  @Test func tenThousandGoInOneRequest() async throws {
    let moto = try await MotoServer()
    let adapter = moto.adapter()
    var state = goal()
    for number in 0..<UInt64(IPSetRole.capacity) {
      // The longest spelling there is.
      let address = IPAddress(high: 0x2001_0db8_aaaa_aaaa, low: 0xaaaa_aaaa_aaaa_0000 + number)
      state.blocks[.prefix(IPPrefix(address))] = .untimed
    }
    let operations = try adapter.operations(from: FirewallState(readAt: Timestamp.now()), to: state)
    #expect(operations.count == 1)
    for operation in operations { try await adapter.perform(operation) }
    #expect(try await moto.count(of: "UpdateIPSet") == 1)
    #expect(try await adapter.state(in: .everything).blocks == state.blocks)
    let one = try adapter.operations(from: goal(), to: goal("2001:db8::1"))
    let refused = await error { () async throws(AdapterError) in try await adapter.perform(one[0]) }
    #expect(refused?.code == .capacity)
    #expect(try await moto.count(of: "UpdateIPSet") == 1)
  }

  // MARK: The laws

  /// The sets have no timers, so their time can be moved.
  private func subject(_ moto: MotoServer) -> ConformanceSubject {
    let clock = AdjustableClock()
    let adapter = moto.adapter(clock: { clock.now })
    return ConformanceSubject(
      name: "aws-waf", makeAdapter: { adapter }, clock: { clock.now }, wait: { clock.advance(by: $0) },
      patience: .milliseconds(600),
      foreignContent: { try await moto.addresses("others").joined() },
      lose: { for role in IPSetRole.allCases { try await moto.put([], into: "sekisho-\(role.rawValue)") } },
      writes: { try await moto.count(of: "UpdateIPSet") })
  }

  @Test func itKeepsTheLaws() async throws {
    let moto = try await MotoServer()
    let report = try await Conformance.run(subject(moto))
    for line in report.broken { Issue.record("\(line.law): \(line.finding)") }
    #expect(report.lines.contains { $0.finding == .held })
  }

  @Test func itAgreesWithTheLedgerWhateverHappens() async throws {
    let moto = try await MotoServer()
    do throws(RandomWalk.Misstep) {
      try await RandomWalk(sequences: 8, seed: 1).run(subject(moto))
    } catch {
      Issue.record("seed \(error.seed): \(error.because.en)\n\(error.trail.joined(separator: "\n"))")
    }
  }

  /// Faults on the way, at any update and any reading: no receipt says what is not so.
  @Test func noReceiptIsFalseWhateverHappensOnTheWay() async throws {
    let moto = try await MotoServer()
    var random = SplitMix64(seed: 3)
    let pool = [
      "192.0.2.1", "192.0.2.2", "198.51.100.0/25", "198.51.100.128/26", "2001:db8::1", "2001:db8:1::/48",
    ]
    let faults: [MotoServer.Fault] = [.cutBefore, .cutAfter, .errorAfter, .truncated, .moved, .denied]
    let adapter = moto.adapter()
    var words: [String: Int] = [:]
    for _ in 0..<8 {
      let journal = MemoryJournal()
      let engine = engine(adapter, journal)
      for _ in 0..<6 {
        for _ in 0..<Int.random(in: 0...2, using: &random) {
          let action = Int.random(in: 0..<4, using: &random) == 0 ? "GetIPSet" : "UpdateIPSet"
          let fault = faults.randomElement(using: &random) ?? .cutAfter
          // At a reading nobody moves anything.
          try await moto.plan(fault == .moved && action == "GetIPSet" ? .denied : fault, at: action)
        }
        let targets = (0..<2).compactMap { _ in pool.randomElement(using: &random).flatMap { BlockTarget($0) }
        }
        let blocks = Bool.random(using: &random)
        var report: ActionReport?
        do throws(EngineError) {
          report =
            blocks
            ? try await engine.block(
              targets.map { BlockOrder(target: $0, timeToLive: .seconds(3600)) }, cause: Self.cause)
            : try await engine.unblock(targets, cause: Self.cause)
        } catch {
          words["refused", default: 0] += 1
        }
        try await moto.calm()
        if let report, let outcome = report.receipt?.outcome {
          words[outcome.word, default: 0] += 1
          let found = try await adapter.state(in: .everything)
          let part = found.restricted(to: .targets(Set(report.plan.changes.map(\.target))))
          let now = Timestamp.now()
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
      _ = try await engine.rollbackAll(cause: Self.cause)
      #expect(try await adapter.state(in: .everything).isEmpty)
    }
    #expect(words["applied", default: 0] > 0 && words["restored", default: 0] > 0, "\(words)")
    #expect(try await moto.addresses("others") == ["203.0.113.200/32"])
  }
}
