import DeviceRequests
import Enforcement
import FirewallConformance
import FirewallKit
import FirewallSimulators
import Foundation
import HTTPTransport
import Language
import NetworkTypes
import Synchronization
import Testing

@testable import FortiOS

/// The adapter against a simulated FortiGate, over TLS.
@Suite struct FortiOSServerTests {
  private func goal(
    _ firewall: FortiOSFirewall, _ targets: String..., seconds: Int64 = 3600, allowed: [String] = []
  ) -> FirewallState {
    let now = firewall.clock.now
    var state = FirewallState(readAt: now, scaffold: firewall.adapter().scaffold)
    for target in targets { state.blocks[BlockTarget(target)!] = now + .seconds(seconds) }
    state.allowed = Set(allowed.map { IPPrefix($0)! })
    return state
  }

  private func bring(
    _ firewall: FortiOSFirewall, _ adapter: FortiOSAdapter? = nil, to goal: FirewallState
  ) async throws {
    let adapter = adapter ?? firewall.adapter()
    let current = try await adapter.state(in: .everything)
    for operation in try adapter.operations(from: current, to: goal) { try await adapter.perform(operation) }
    let found = try await adapter.state(in: .everything)
    #expect(found.holds(goal, at: firewall.clock.now, slack: .seconds(1)))
  }

  private func engine(_ firewall: FortiOSFirewall, _ adapter: FortiOSAdapter? = nil) -> FirewallEngine {
    DeviceTrial.engine(adapter ?? firewall.adapter(), firewall.clock)
  }

  private func orders(_ targets: String..., seconds: Int64 = 3600) -> [BlockOrder] {
    DeviceTrial.orders(targets, seconds: seconds)
  }

  @Test func aBlockIsThereForOthersAndGoesWithItsRollback() async throws {
    let firewall = try await FortiOSFirewall()
    let engine = engine(firewall)
    let foreign = firewall.foreign
    let report = try await engine.block(
      orders("192.0.2.7", "198.51.100.0/25", "2001:db8::7", "2001:db8:1::/48"), cause: DeviceTrial.cause)
    #expect(report.receipt?.outcome == .applied && report.plan.operations.count == 1)
    #expect(firewall.blocked == ["192.0.2.7", "198.51.100.0/25", "2001:db8::7", "2001:db8:1::/48"])
    let allowing = try await engine.allow(
      [BlockTarget("198.51.100.9")!], remove: false, cause: DeviceTrial.cause)
    #expect(allowing.receipt?.outcome == .applied && firewall.allowed == ["198.51.100.9"])
    #expect(try await engine.rollbackAll(cause: DeviceTrial.cause).receipt?.outcome == .applied)
    #expect(firewall.blocked.isEmpty && firewall.allowed.isEmpty && firewall.foreign == foreign)
    #expect(firewall.device.violations == [])
  }

  /// Our deadline passes first; the device follows a minute later, without anybody. What we wrote down
  /// stays until the next reconciliation, and blocks nothing.
  @Test func theDeviceEndsABanWhenWeAreGone() async throws {
    let firewall = try await FortiOSFirewall(.bannedList)
    let foreign = firewall.foreign
    let engine = engine(firewall)
    _ = try await engine.block(orders("192.0.2.1", seconds: 600), cause: DeviceTrial.cause)
    _ = try await engine.block(orders("192.0.2.2", seconds: 6000), cause: DeviceTrial.cause)
    firewall.clock.advance(by: .seconds(655))
    #expect(firewall.blocked == ["192.0.2.1", "192.0.2.2"])
    firewall.clock.advance(by: .seconds(10))
    #expect(firewall.blocked == ["192.0.2.2"])
    #expect(firewall.device.entries(of: "sekisho-block") == ["192.0.2.1", "192.0.2.2"])
    #expect(try await engine.reconcile()?.receipt?.outcome == .applied)
    #expect(firewall.device.entries(of: "sekisho-block") == ["192.0.2.2"])
    #expect(try await engine.reconcile() == nil)
    #expect(firewall.foreign == foreign && firewall.device.violations == [])
  }

  /// The device tells whole seconds, so two readings of one ban differ by parts of a second, which is no
  /// reason to ban again.
  @Test func readingsBetweenTwoSecondsAskForNothing() async throws {
    let firewall = try await FortiOSFirewall(.bannedList)
    let adapter = firewall.adapter()
    firewall.clock.advance(by: .milliseconds(950))
    try await bring(firewall, to: goal(firewall, "192.0.2.1", "192.0.2.2"))
    let first = try await adapter.state(in: .everything)
    for _ in 0..<12 {
      firewall.clock.advance(by: .milliseconds(170))
      let next = try await adapter.state(in: .everything)
      #expect(try adapter.operations(from: first, to: next).isEmpty)
      #expect(try adapter.operations(from: next, to: first).isEmpty)
    }
  }

  @Test func aRestartOfTheDeviceIsMadeGood() async throws {
    let firewall = try await FortiOSFirewall(.bannedList)
    let engine = engine(firewall)
    _ = try await engine.block(orders("192.0.2.1", "2001:db8::1"), cause: DeviceTrial.cause)
    firewall.clock.advance(by: .seconds(1000))
    firewall.device.restart()
    #expect(firewall.blocked.isEmpty)
    #expect(try await engine.reconcile()?.receipt?.outcome == .applied)
    #expect(firewall.blocked == ["192.0.2.1", "2001:db8::1"])
    firewall.clock.advance(by: .seconds(2655))
    #expect(firewall.blocked == ["192.0.2.1", "2001:db8::1"])
    firewall.clock.advance(by: .seconds(10))
    #expect(firewall.blocked.isEmpty)
  }

  @Test func aNewDeadlineHoldsOnTheDeviceToo() async throws {
    let firewall = try await FortiOSFirewall(.bannedList)
    let engine = engine(firewall)
    _ = try await engine.block(orders("192.0.2.1", seconds: 300), cause: DeviceTrial.cause)
    let report = try await engine.block(orders("192.0.2.1", seconds: 7200), cause: DeviceTrial.cause)
    #expect(report.receipt?.outcome == .applied && report.plan.operations.count == 1)
    firewall.clock.advance(by: .seconds(7000))
    #expect(firewall.blocked == ["192.0.2.1"])
    let back = try await engine.rollback(try #require(report.action), cause: DeviceTrial.cause)
    #expect(back.receipt?.outcome == .applied && firewall.blocked.isEmpty)
  }

  /// The device tells its time, and only what is left of a timer counts. When it jumps, its timers end
  /// early, and the bans are put back.
  @Test func aWrongClockOfTheDeviceChangesNoDeadline() async throws {
    let firewall = try await FortiOSFirewall(.bannedList)
    let skew = Mutex(Duration.seconds(-86_400))
    let clock = firewall.clock
    let device = SimulatedFortiOS(clock: { clock.now + skew.withLock(\.self) })
    for name in ["sekisho-block", "sekisho-allow"] { device.addFeed(name, comments: "kept by sekisho") }
    let server = try await DeviceServer(device)
    try Data(server.authority.utf8).write(to: URL(filePath: firewall.folder + "/skewed.pem"))
    var settings = firewall.settings
    settings.endpoint.url = try HTTPURL(server.origin)
    settings.endpoint.authorityFile = firewall.folder + "/skewed.pem"
    let engine = engine(firewall, firewall.adapter(settings))
    let report = try await engine.block(orders("192.0.2.1"), cause: DeviceTrial.cause)
    #expect(report.receipt?.outcome == .applied)
    clock.advance(by: .seconds(600))
    #expect(try await engine.reconcile() == nil)
    skew.withLock { $0 = .zero }
    #expect(device.banned().isEmpty)
    #expect(try await engine.reconcile()?.receipt?.outcome == .applied)
    #expect(device.banned().keys.contains("192.0.2.1"))
    #expect(try await engine.reconcile() == nil)
  }

  /// The very bytes, with the token in the place of its mark.
  @Test(arguments: FortiOSSettings.Way.allCases)
  func whatIsPreviewedIsWhatIsSent(way: FortiOSSettings.Way) async throws {
    let firewall = try await FortiOSFirewall(way)
    let adapter = firewall.adapter()
    try await bring(firewall, to: goal(firewall, "192.0.2.1", "192.0.2.2", "2001:db8::1", seconds: 300))
    let operations = try adapter.operations(
      from: try await adapter.state(in: .everything),
      to: goal(firewall, "192.0.2.2", "203.0.113.9", allowed: ["198.51.100.0/24"]))
    #expect(operations.count == (way == .threatFeed ? 1 : 4))
    for operation in operations {
      _ = firewall.server.takeExchanges()
      try await adapter.perform(operation)
      let sent = firewall.server.takeExchanges().map { String(decoding: $0.request, as: UTF8.self) }
      let shown = try #require(
        DeviceTrial.wire(
          operation.step, to: firewall.server.origin, secret: ("api-token", firewall.device.model.token)))
      #expect(sent == [shown])
      #expect(operation.readable.contains("Authorization: Bearer ‹secret:api-token›\n"))
    }
    #expect(firewall.device.violations == [])
  }

  private static let faults: [(DeviceFault, AdapterError.Code, Bool)] = [
    (.cutBefore, .timedOut, false), (.cutAfter, .timedOut, true), (.errorAfterApplying, .timedOut, true),
    (.truncatedBody, .timedOut, true), (.slowDrip, .timedOut, true),
    (.sessionExpired, .unauthorized, false), (.capacityReached, .capacity, false),
  ]

  /// Whatever happens on the way, the error says whether it may have been applied, and reading decides.
  @Test(arguments: FortiOSSettings.Way.allCases, faults)
  func aLostAnswerIsDecidedByReading(
    way: FortiOSSettings.Way, fault: (kind: DeviceFault, code: AdapterError.Code, isApplied: Bool)
  ) async throws {
    let firewall = try await FortiOSFirewall(way)
    let foreign = firewall.foreign
    let adapter = firewall.adapter(limits: DeviceTrial.impatient)
    let operations = try adapter.operations(
      from: FirewallState(readAt: firewall.clock.now), to: goal(firewall, "192.0.2.1"))
    // The one that blocks comes last: what we wrote down before blocks nothing.
    for operation in operations.dropLast() { try await adapter.perform(operation) }
    let changes = firewall.server.changes
    firewall.server.faults.plan(fault.kind, at: .change)
    let last = try #require(operations.last)
    let refused = await DeviceTrial.refusal { () async throws(AdapterError) in
      try await adapter.perform(last)
    }
    #expect(refused?.code == fault.code, "\(String(describing: refused))")
    #expect(firewall.blocked.isEmpty == !fault.isApplied)
    #expect(firewall.server.changes == changes + 1, "it is sent once")
    #expect(try await adapter.state(in: .everything).blocks.isEmpty == !fault.isApplied)
    // The engine leads it back, and says so.
    try await bring(firewall, adapter, to: FirewallState(readAt: firewall.clock.now))
    firewall.server.faults.plan(fault.kind, at: .change)
    let report = try await engine(firewall, adapter).block(orders("192.0.2.1"), cause: DeviceTrial.cause)
    #expect(report.receipt?.outcome.word == "restored")
    #expect(firewall.blocked.isEmpty && firewall.device.entries(of: "sekisho-block").isEmpty)
    #expect(firewall.foreign == foreign && firewall.device.violations == [])
  }

  @Test func whoeverAsksToWaitIsAskedAgain() async throws {
    let firewall = try await FortiOSFirewall()
    firewall.server.faults.plan(.tooManyRequests, at: .change)
    firewall.server.faults.plan(.tooManyRequests, at: .reading)
    try await bring(firewall, to: goal(firewall, "192.0.2.1"))
    #expect(firewall.blocked == ["192.0.2.1"])
    firewall.server.faults.plan(.tooManyRequests, at: .reading, count: 3)
    let refused = await DeviceTrial.readingRefusal(firewall.adapter())
    #expect(refused?.code == .busy)
    #expect(refused?.detail == "429: <html><body><h1>429 Too Many Requests</h1></body></html>")
  }

  /// Asking changes nothing, so it is done again.
  @Test(arguments: [DeviceFault.cutBefore, .cutAfter, .truncatedBody])
  func aLostReadingIsRepeated(fault: DeviceFault) async throws {
    let firewall = try await FortiOSFirewall(.bannedList)
    try await bring(firewall, to: goal(firewall, "192.0.2.1"))
    firewall.server.faults.plan(fault, at: .reading, count: 2)
    #expect(try await firewall.adapter().state(in: .everything).blocks.count == 1)
    // libcurl, too, repeats what may be repeated when a kept connection proves dead.
    firewall.server.faults.plan(fault, at: .reading, count: 10)
    #expect(await DeviceTrial.readingRefusal(firewall.adapter())?.code == .unavailable)
  }

  @Test func aCertificateOfSomebodyElseEndsItBeforeAnythingIsSent() async throws {
    let firewall = try await FortiOSFirewall()
    let adapter = firewall.adapter()
    let operation = try #require(
      try adapter.operations(
        from: FirewallState(readAt: firewall.clock.now), to: goal(firewall, "192.0.2.1")
      ).first)
    await firewall.server.present(wrongCertificate: true)
    let refused = await DeviceTrial.refusal { () async throws(AdapterError) in
      try await adapter.perform(operation)
    }
    #expect(refused?.code == .unavailable && firewall.server.requests == 0)
    await firewall.server.present(wrongCertificate: false)
    try await adapter.perform(operation)
  }

  /// A feed that is full cuts off in silence; what is missing is seen, and the rest taken back.
  @Test func whatIsCutOffIsLedBack() async throws {
    let firewall = try await FortiOSFirewall(.threatFeed, SimulatedFortiOS.Model(feedCapacity: 3))
    let engine = engine(firewall)
    #expect(
      try await engine.block(orders("192.0.2.1"), cause: DeviceTrial.cause).receipt?.outcome == .applied)
    let report = try await engine.block(
      orders("192.0.2.11", "192.0.2.12", "192.0.2.13"), cause: DeviceTrial.cause)
    #expect(report.receipt?.outcome.word == "restored")
    #expect(firewall.blocked == ["192.0.2.1"] && firewall.device.violations == [])
  }

  /// The list of bans refuses; what fitted is taken back.
  @Test func bansThatDoNotFitAreLedBack() async throws {
    let firewall = try await FortiOSFirewall(.bannedList, SimulatedFortiOS.Model(banCapacity: 4))
    let foreign = firewall.foreign
    let engine = engine(firewall)
    _ = try await engine.block(orders("192.0.2.1"), cause: DeviceTrial.cause)
    let report = try await engine.block(
      orders("192.0.2.11", "192.0.2.12", "192.0.2.13"), cause: DeviceTrial.cause)
    guard case .restored(let cause) = report.receipt?.outcome else {
      Issue.record("\(String(describing: report.receipt?.outcome))")
      return
    }
    #expect(cause.code == .capacity && cause.detail.hasPrefix("500, error -4: maximum number"))
    #expect(firewall.blocked == ["192.0.2.1"] && firewall.foreign == foreign)
    #expect(firewall.device.entries(of: "sekisho-block") == ["192.0.2.1"])
  }

  /// What others write into our feed is put right; their bans are theirs.
  @Test func whatOthersPutIntoOurFeedsIsPutRight() async throws {
    let firewall = try await FortiOSFirewall()
    let engine = engine(firewall)
    _ = try await engine.block(orders("192.0.2.1", "192.0.2.2"), cause: DeviceTrial.cause)
    firewall.device.setEntries(["192.0.2.1", "192.0.2.99"], of: "sekisho-block")
    firewall.device.setEntries(["198.51.100.1"], of: "sekisho-allow")
    #expect(try await engine.reconcile()?.receipt?.outcome == .applied)
    #expect(firewall.blocked == ["192.0.2.1", "192.0.2.2"] && firewall.allowed.isEmpty)
    firewall.device.setEntries(["192.0.2.1-192.0.2.9"], of: "sekisho-block")
    let refused = await DeviceTrial.readingRefusal(firewall.adapter())
    #expect(refused?.code == .unreadable && refused?.detail == "192.0.2.1-192.0.2.9")
  }

  @Test func badSettingsAreToldWithWhatToDo() async throws {
    let firewall = try await FortiOSFirewall()
    func fault(_ change: (inout FortiOSSettings) throws -> Void) async rethrows -> AdapterError? {
      var settings = firewall.settings
      try change(&settings)
      return await DeviceTrial.readingRefusal(firewall.adapter(settings))
    }
    #expect(await fault { $0.domain = "other" }?.code == .unauthorized)
    let missing = await fault { $0.feed = "none" }
    #expect(missing?.code == .unavailable && missing?.message.en.contains("VDOM root") == true)
    let foreign = await fault { $0.feed = "others" }
    #expect(foreign?.code == .foreign && foreign?.detail == "threats of the week")
    firewall.device.addFeed("names", type: "domain", comments: "kept by sekisho")
    #expect(await fault { $0.feed = "names" }?.code == .unavailable)
    firewall.device.addFeed("pulled", method: "feed", comments: "kept by sekisho")
    #expect(await fault { $0.allowFeed = "pulled" }?.message.en.contains("push") == true)
    firewall.device.addFeed("off", comments: "kept by sekisho", status: "disable")
    #expect(await fault { $0.feed = "off" }?.message.en.contains("disabled") == true)
    let noServer = try await fault { $0.endpoint.url = try HTTPURL("https://127.0.0.1:1") }
    #expect(noServer?.code == .unavailable)
    #expect(firewall.device.violations == [])
    let place = try await fault { $0.endpoint.url = try HTTPURL(firewall.server.origin + "/else") }
    #expect(place?.code == .rejected && firewall.device.violations.count == 1)
    try Data("wrong\n".utf8).write(to: URL(filePath: firewall.folder + "/token"))
    let token = await DeviceTrial.readingRefusal(firewall.adapter())
    #expect(token?.code == .unauthorized && token?.message.en.contains("api-user") == true)
    // A token that is replaced is taken up without a restart.
    try Data(firewall.device.model.token.utf8).write(to: URL(filePath: firewall.folder + "/token"))
    #expect(await DeviceTrial.readingRefusal(firewall.adapter()) == nil)
    let old = try await FortiOSFirewall(.threatFeed, SimulatedFortiOS.Model(version: "v7.0.15"))
    #expect(await DeviceTrial.readingRefusal(old.adapter())?.code == .unsupported)
  }

  /// A VDOM of its own: the same names in another are not touched.
  @Test func onlyTheDomainOfTheSettingsIsTouched() async throws {
    let firewall = try await FortiOSFirewall(
      .threatFeed, SimulatedFortiOS.Model(domains: ["root", "branch"]))
    for name in ["sekisho-block", "sekisho-allow"] {
      firewall.device.addFeed(name, comments: "kept by sekisho", in: "branch")
    }
    var settings = firewall.settings
    settings.domain = "branch"
    let adapter = firewall.adapter(settings)
    var goal = goal(firewall, "192.0.2.1")
    goal.scaffold = adapter.scaffold
    try await bring(firewall, adapter, to: goal)
    #expect(firewall.device.entries(of: "sekisho-block", in: "branch") == ["192.0.2.1"])
    #expect(firewall.blocked.isEmpty && firewall.device.violations == [])
  }

  /// The plan may have been altered, or the settings changed: a token goes to its own device, and only to
  /// what is ours there.
  @Test func noOperationTakesTheTokenElsewhere() async throws {
    let firewall = try await FortiOSFirewall()
    let other = try await FortiOSFirewall()
    let adapter = firewall.adapter()
    let operation = try #require(
      try adapter.operations(
        from: FirewallState(readAt: firewall.clock.now), to: goal(firewall, "192.0.2.1")
      ).first)
    guard case .request(let method, let url, let headers, let body) = operation.step else { return }
    let altered: [FirewallKit.Operation.Step] = [
      .request(
        method: method, url: url.replacing(firewall.server.origin, with: other.server.origin),
        headers: headers, body: body),
      .request(method: "PUT", url: url, headers: headers, body: body),
      .request(method: method, url: url + "&global=1", headers: headers, body: body),
      .request(method: method, url: url.replacing("dynamic", with: "other"), headers: headers, body: body),
      .request(method: method, url: url, headers: headers.dropLast(), body: body),
      .request(method: method, url: url, headers: headers + [.init("X-More", "1")], body: body),
      .request(
        method: method, url: url, headers: headers, body: body.replacing("sekisho-block", with: "others")),
      .request(method: method, url: url, headers: headers, body: body.replacing("add", with: "snapshot")),
      // Bans are not of this way.
      .request(
        method: method,
        url: firewall.server.origin + "/api/v2/monitor/user/banned/clear_users?vdom=root", headers: headers,
        body: "{\"ip_addresses\":[\"203.0.113.200\"]}"),
      .message(operation.literal),
    ]
    for step in altered {
      let refused = await DeviceTrial.refusal { () async throws(AdapterError) in
        try await adapter.perform(FirewallKit.Operation(summary: operation.summary, step: step))
      }
      #expect(refused?.code == .unsupported, "\(step)")
    }
    #expect(firewall.server.requests == 0 && other.server.requests == 0)
  }

  @Test func theTokenIsSeenNowhere() async throws {
    let firewall = try await FortiOSFirewall()
    let adapter = firewall.adapter(limits: DeviceTrial.impatient)
    var texts = ["\(adapter)", "\(firewall.settings)"]
    let operations = try adapter.operations(
      from: FirewallState(readAt: firewall.clock.now), to: goal(firewall, "192.0.2.1"))
    for fault: DeviceFault in [.cutAfter, .errorAfterApplying, .truncatedBody, .sessionExpired] {
      firewall.server.faults.plan(fault, at: .change, count: operations.count)
      for operation in operations {
        texts += ["\(operation)", operation.readable]
        let refused = await DeviceTrial.refusal { () async throws(AdapterError) in
          try await adapter.perform(operation)
        }
        texts.append("\(try #require(refused)) \(refused?.text(in: .japanese) ?? "")")
      }
    }
    for text in texts { #expect(!text.contains(firewall.device.model.token)) }
    #expect(texts.contains { $0.contains("‹secret:api-token›") })
  }

  @Test(arguments: zip(FortiOSSettings.Way.allCases, [UInt64(1), 2]))
  func noReceiptIsFalseWhateverHappensOnTheWay(way: FortiOSSettings.Way, seed: UInt64) async throws {
    let firewall = try await FortiOSFirewall(way)
    let foreign = firewall.foreign
    let pool = ["192.0.2.1", "192.0.2.2", "2001:db8::1"]
    try await DeviceTrial.holdReceiptsToTheTruth(
      firewall.adapter(), firewall.clock, firewall.server,
      pool: way == .threatFeed ? pool + ["198.51.100.0/25", "2001:db8:1::/48"] : pool, seed: seed)
    #expect(firewall.foreign == foreign && firewall.device.violations == [])
  }

  /// No request for each entry: ten thousand go in one, and all come in one.
  @Test(arguments: FortiOSSettings.Way.allCases)
  func manyGoInFewRequests(way: FortiOSSettings.Way) async throws {
    let count = UInt32(DeviceTrial.isLong ? 50_000 : 5000)
    let firewall = try await FortiOSFirewall(way)
    let adapter = firewall.adapter()
    var state = goal(firewall)
    state.blocks = DeviceTrial.many(count, until: firewall.clock.now + .seconds(600))
    let clock = ContinuousClock()
    var began = clock.now
    let operations = try adapter.operations(from: FirewallState(readAt: firewall.clock.now), to: state)
    let planned = clock.now - began
    let requests = (Int(count) + 9999) / 10_000
    #expect(operations.count == (way == .threatFeed ? requests : 2 * requests))
    began = clock.now
    for operation in operations { try await adapter.perform(operation) }
    let performed = clock.now - began
    #expect(firewall.server.changes == operations.count)
    let before = firewall.server.requests
    began = clock.now
    let found = try await adapter.state(in: .everything)
    let readings = firewall.server.requests - before
    print(
      "\(way.rawValue), \(count) entries: planned in \(planned), sent in \(performed),",
      "read in \(clock.now - began), \(operations.count) + \(readings) requests")
    #expect(
      found.blocks.count == Int(count) && found.holds(state, at: firewall.clock.now, slack: .seconds(1)))
    #expect(readings == (way == .threatFeed ? 3 : 5))
  }
}
