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

@testable import PANOS

/// The adapter against a simulated firewall, over TLS.
@Suite(.serialized) struct PANOSServerTests {
  private static let cause = DeviceTrial.cause
  private static let impatient = DeviceTrial.impatient

  private func goal(
    _ firewall: PANOSFirewall, _ targets: String..., seconds: Int64 = 3600, allowed: [String] = []
  ) -> FirewallState {
    let now = firewall.clock.now
    var state = FirewallState(readAt: now, scaffold: firewall.adapter().scaffold)
    for target in targets { state.blocks[BlockTarget(target)!] = now + .seconds(seconds) }
    state.allowed = Set(allowed.map { IPPrefix($0)! })
    return state
  }

  private func bring(
    _ firewall: PANOSFirewall, _ adapter: PANOSAdapter? = nil, to goal: FirewallState
  ) async throws {
    let adapter = adapter ?? firewall.adapter()
    let current = try await adapter.state(in: .everything)
    for operation in try adapter.operations(from: current, to: goal) { try await adapter.perform(operation) }
    let found = try await adapter.state(in: .everything)
    #expect(found.holds(goal, at: firewall.clock.now, slack: .seconds(1)))
  }

  private func engine(
    _ firewall: PANOSFirewall, _ adapter: PANOSAdapter? = nil
  ) -> FirewallEngine {
    DeviceTrial.engine(adapter ?? firewall.adapter(), firewall.clock)
  }

  private func orders(_ targets: String..., seconds: Int64 = 3600) -> [BlockOrder] {
    DeviceTrial.orders(targets, seconds: seconds)
  }

  private func error(_ body: () async throws(AdapterError) -> Void) async -> AdapterError? {
    await DeviceTrial.refusal(body)
  }

  private func readingError(_ adapter: PANOSAdapter) async -> AdapterError? {
    await DeviceTrial.readingRefusal(adapter)
  }

  @Test func aBlockIsThereForOthersAndGoesWithItsRollback() async throws {
    let firewall = try await PANOSFirewall()
    let engine = engine(firewall)
    let foreign = firewall.foreign
    let report = try await engine.block(
      orders("192.0.2.7", "198.51.100.0/25", "2001:db8::7", "203.0.113.200"), cause: Self.cause)
    #expect(report.receipt?.outcome == .applied)
    #expect(report.plan.operations.count == 1)
    #expect(firewall.blocked == ["192.0.2.7", "198.51.100.0/25", "2001:db8::7", "203.0.113.200"])
    #expect(firewall.device.registered()["203.0.113.200"]?.contains("quarantine") == true)
    let allowing = try await engine.allow([BlockTarget("198.51.100.9")!], remove: false, cause: Self.cause)
    #expect(allowing.receipt?.outcome == .applied)
    #expect(firewall.device.registered()["198.51.100.9"] == ["sekisho-allow"])
    #expect(try await engine.rollbackAll(cause: Self.cause).receipt?.outcome == .applied)
    #expect(firewall.blocked.isEmpty && firewall.foreign == foreign)
    #expect(firewall.device.violations == [])
  }

  /// Our deadline passes first; the device follows a minute later, without anybody.
  @Test func theDeviceEndsABlockWhenWeAreGone() async throws {
    let firewall = try await PANOSFirewall()
    try await bring(firewall, to: goal(firewall, "192.0.2.1", seconds: 600))
    firewall.clock.advance(by: .seconds(655))
    #expect(firewall.blocked == ["192.0.2.1"])
    firewall.clock.advance(by: .seconds(10))
    #expect(firewall.device.registered()["192.0.2.1"] == nil)
    #expect(try await firewall.adapter().state(in: .everything).isEmpty)
  }

  /// Registering again would not prolong a timer, so the tags go and come.
  @Test func aNewDeadlineHoldsOnTheDeviceToo() async throws {
    let firewall = try await PANOSFirewall()
    let engine = engine(firewall)
    _ = try await engine.block(orders("192.0.2.1", seconds: 300), cause: Self.cause)
    let report = try await engine.block(orders("192.0.2.1", seconds: 7200), cause: Self.cause)
    #expect(report.receipt?.outcome == .applied && report.plan.operations.count == 2)
    firewall.clock.advance(by: .seconds(7000))
    #expect(firewall.blocked == ["192.0.2.1"])
    let back = try await engine.rollback(try #require(report.action), cause: Self.cause)
    #expect(back.receipt?.outcome == .applied)
    #expect(firewall.device.violations == [])
  }

  /// The very bytes, with the key in the place of its mark.
  @Test func whatIsPreviewedIsWhatIsSent() async throws {
    let firewall = try await PANOSFirewall()
    let adapter = firewall.adapter()
    try await bring(firewall, to: goal(firewall, "192.0.2.1", "192.0.2.2", "2001:db8::1", seconds: 300))
    let current = try await adapter.state(in: .everything)
    let operations = try adapter.operations(
      from: current,
      to: goal(firewall, "192.0.2.2", "198.51.100.0/24", "203.0.113.9", allowed: ["198.51.100.7"]))
    #expect(operations.count == 4)
    for operation in operations {
      _ = firewall.server.takeExchanges()
      try await adapter.perform(operation)
      let sent = firewall.server.takeExchanges().map { String(decoding: $0.request, as: UTF8.self) }
      let shown = try #require(
        DeviceTrial.wire(
          operation.step, to: firewall.server.origin, secret: ("api-key", firewall.device.model.key)))
      #expect(sent == [shown])
      // As people see it: no line that a terminal of 80 columns could not fold, and no percent signs.
      #expect(operation.readable.contains("cmd = <uid-message>\n<version>1.0</version>"))
      #expect(operation.readable.contains("X-PAN-KEY: ‹secret:api-key›\n"))
    }
    #expect(firewall.device.violations == [])
  }

  /// Whatever happens on the way, the error says whether it may have been applied, and reading decides.
  @Test(arguments: [
    (DeviceFault.cutBefore, AdapterError.Code.timedOut, false), (.cutAfter, .timedOut, true),
    (.errorAfterApplying, .timedOut, true), (.truncatedBody, .timedOut, true), (.slowDrip, .timedOut, true),
    (.sessionExpired, .unauthorized, false), (.capacityReached, .capacity, false),
  ])
  func aLostAnswerIsDecidedByReading(fault: DeviceFault, code: AdapterError.Code, isApplied: Bool)
    async throws
  {
    let firewall = try await PANOSFirewall()
    let adapter = firewall.adapter(limits: Self.impatient)
    let empty = FirewallState(readAt: firewall.clock.now)
    let operation = try #require(
      try adapter.operations(from: empty, to: goal(firewall, "192.0.2.1")).first)
    firewall.server.faults.plan(fault, at: .change)
    let refused = await error { () async throws(AdapterError) in try await adapter.perform(operation) }
    #expect(refused?.code == code, "\(String(describing: refused))")
    #expect(firewall.blocked.isEmpty == !isApplied)
    #expect(firewall.server.changes == 1, "it is sent once")
    #expect(try await adapter.state(in: .everything).blocks.isEmpty == !isApplied)
    // The engine leads it back, and says so.
    try await bring(firewall, adapter, to: empty)
    firewall.server.faults.plan(fault, at: .change)
    let report = try await engine(firewall, adapter).block(orders("192.0.2.1"), cause: Self.cause)
    #expect(report.receipt?.outcome.word == "restored")
    #expect(firewall.blocked.isEmpty)
    #expect(firewall.device.violations == [])
  }

  @Test func whoeverAsksToWaitIsAskedAgain() async throws {
    let firewall = try await PANOSFirewall()
    firewall.server.faults.plan(.tooManyRequests, at: .change)
    firewall.server.faults.plan(.tooManyRequests, at: .reading)
    try await bring(firewall, to: goal(firewall, "192.0.2.1"))
    #expect(firewall.blocked == ["192.0.2.1"])
    firewall.server.faults.plan(.tooManyRequests, at: .reading, count: 3)
    let refused = await readingError(firewall.adapter())
    #expect(refused?.code == .busy)
    #expect(refused?.detail == "429: <html><body><h1>429 Too Many Requests</h1></body></html>")
  }

  /// Asking changes nothing, so it is done again.
  @Test(arguments: [DeviceFault.cutBefore, .cutAfter, .truncatedBody])
  func aLostReadingIsRepeated(fault: DeviceFault) async throws {
    let firewall = try await PANOSFirewall()
    try await bring(firewall, to: goal(firewall, "192.0.2.1"))
    firewall.server.faults.plan(fault, at: .reading, count: 2)
    #expect(try await firewall.adapter().state(in: .everything).blocks.count == 1)
    // libcurl, too, repeats what may be repeated when a kept connection proves dead.
    firewall.server.faults.plan(fault, at: .reading, count: 10)
    #expect(await readingError(firewall.adapter())?.code == .unavailable)
  }

  @Test func aCertificateOfSomebodyElseEndsItBeforeAnythingIsSent() async throws {
    let firewall = try await PANOSFirewall()
    let adapter = firewall.adapter()
    let operation = try #require(
      try adapter.operations(
        from: FirewallState(readAt: firewall.clock.now), to: goal(firewall, "192.0.2.1")
      ).first)
    await firewall.server.present(wrongCertificate: true)
    let refused = await error { () async throws(AdapterError) in try await adapter.perform(operation) }
    #expect(refused?.code == .unavailable)
    #expect(firewall.server.requests == 0)
    await firewall.server.present(wrongCertificate: false)
    try await adapter.perform(operation)
    // And one that nobody we trust has issued.
    var settings = firewall.settings
    settings.endpoint.authorityFile = nil
    #expect(await readingError(firewall.adapter(settings))?.code == .unavailable)
  }

  /// Three fit and five are asked for: what fitted is taken back, and what was there stays.
  @Test func whatDoesNotFitIsLedBack() async throws {
    let firewall = try await PANOSFirewall(SimulatedPANOS.Model(capacity: 6))
    let foreign = firewall.foreign
    let engine = engine(firewall)
    #expect(
      try await engine.block(orders("192.0.2.1"), cause: Self.cause).receipt?.outcome == .applied)
    let report = try await engine.block(
      orders("192.0.2.11", "192.0.2.12", "192.0.2.13", "192.0.2.14", "192.0.2.15"), cause: Self.cause)
    guard case .restored(let cause) = report.receipt?.outcome else {
      Issue.record("\(String(describing: report.receipt?.outcome))")
      return
    }
    #expect(cause.code == .capacity && cause.detail.contains("192.0.2.14: registered-ip table is full"))
    #expect(firewall.blocked == ["192.0.2.1"] && firewall.foreign == foreign)
  }

  @Test func whatIsThereOrGoneAlreadyIsNoFailure() async throws {
    let firewall = try await PANOSFirewall()
    let adapter = firewall.adapter()
    let empty = FirewallState(readAt: firewall.clock.now)
    let goal = goal(firewall, "192.0.2.1", "192.0.2.2")
    let add = try #require(try adapter.operations(from: empty, to: goal).first)
    try await adapter.perform(add)
    try await adapter.perform(add)
    let remove = try #require(try adapter.operations(from: goal, to: empty).first)
    firewall.device.clear(tag: "sekisho-block")
    try await adapter.perform(remove)
    #expect(firewall.blocked.isEmpty && firewall.device.violations == [])
  }

  /// Entries with our tag that we did not write are ours to put right.
  @Test func whatOthersRegisterWithOurTagIsPutRight() async throws {
    let firewall = try await PANOSFirewall()
    let engine = engine(firewall)
    _ = try await engine.block(orders("192.0.2.1", "192.0.2.2"), cause: Self.cause)
    firewall.device.clear(tag: "sekisho-block")
    // One that is wanted, with a timer that nobody knows, and one that is not.
    firewall.device.register("192.0.2.1", tags: ["sekisho-block"], seconds: 60)
    firewall.device.register("192.0.2.99", tags: ["sekisho-block"])
    let report = try #require(try await engine.reconcile())
    #expect(report.receipt?.outcome == .applied)
    #expect(firewall.blocked == ["192.0.2.1", "192.0.2.2"])
    firewall.clock.advance(by: .seconds(3000))
    #expect(firewall.blocked == ["192.0.2.1", "192.0.2.2"])
    // A request that comes true after it was given up leaves two deadlines; the later one holds.
    firewall.device.register("192.0.2.1", tags: ["sekisho-block-until-20300101T000000Z"])
    #expect(try await engine.status().drift.count == 1)
    #expect(try await engine.reconcile()?.receipt?.outcome == .applied)
    #expect(try await engine.status().drift.isEmpty)
    firewall.device.register("192.0.2.40-192.0.2.50", tags: ["sekisho-block"])
    let refused = await readingError(firewall.adapter())
    #expect(refused?.code == .unreadable && refused?.detail == "192.0.2.40-192.0.2.50")
  }

  /// The device's clock runs ahead: its timers end early, and the blocks are put back.
  @Test func aClockThatJumpsOpensNothingForLong() async throws {
    let firewall = try await PANOSFirewall()
    let skew = Mutex(Duration.zero)
    let clock = firewall.clock
    let device = SimulatedPANOS(clock: { clock.now + skew.withLock(\.self) })
    device.addGroup("sekisho-block", filter: "'sekisho-block'")
    device.addGroup("sekisho-allow", filter: "'sekisho-allow'")
    let server = try await DeviceServer(device)
    try Data(server.authority.utf8).write(to: URL(filePath: firewall.folder + "/skewed.pem"))
    var settings = firewall.settings
    settings.endpoint.url = try HTTPURL(server.origin)
    settings.endpoint.authorityFile = firewall.folder + "/skewed.pem"
    let engine = engine(firewall, firewall.adapter(settings))
    _ = try await engine.block(orders("192.0.2.1"), cause: Self.cause)
    skew.withLock { $0 = .seconds(7200) }
    #expect(device.registered().isEmpty)
    #expect(try await engine.reconcile()?.receipt?.outcome == .applied)
    #expect(device.registered().keys.contains("192.0.2.1"))
    skew.withLock { $0 = .seconds(-7200) }
    #expect(try await engine.reconcile() == nil)
    clock.advance(by: .seconds(3601))
    #expect(try await engine.expire()?.receipt?.outcome == .applied)
    #expect(device.registered().isEmpty)
  }

  @Test func badSettingsAreToldInTheDevicesWords() async throws {
    let firewall = try await PANOSFirewall()
    func fault(_ change: (inout PANOSSettings) throws -> Void) async rethrows -> AdapterError? {
      var settings = firewall.settings
      try change(&settings)
      return await readingError(firewall.adapter(settings))
    }
    let system = await fault { $0.vsys = "vsys7" }
    #expect(system?.code == .rejected && system?.detail == "Unknown vsys vsys7")
    let missing = await fault { $0.groups?.block = "others" }
    #expect(missing?.code == .unavailable && missing?.message.en.contains("filter 'sekisho-block'") == true)
    firewall.device.addGroup("mixed", filter: "'sekisho-block' or 'quarantine'")
    let mixed = await fault { $0.groups?.block = "mixed" }
    #expect(mixed?.code == .unavailable && mixed?.detail == "'sekisho-block' or 'quarantine'")
    #expect(await fault { $0.groups = nil } == nil)
    let noKey = await fault { $0.endpoint.secrets = ["api-key": .file(path: firewall.folder + "/none")] }
    #expect(noKey?.code == .unauthorized && noKey?.message.en.contains("/none") == true)
    let noServer = try await fault { $0.endpoint.url = try HTTPURL("https://127.0.0.1:1") }
    #expect(noServer?.code == .unavailable && noServer?.message.en.contains("127.0.0.1:1") == true)
    let place = try await fault { $0.endpoint.url = try HTTPURL(firewall.server.origin + "/else") }
    #expect(place?.code == .rejected)
    #expect(firewall.device.violations == ["PAN-OS has no such thing: POST /else/api/"])
    try Data("wrong\n".utf8).write(to: URL(filePath: firewall.folder + "/key"))
    let key = await readingError(firewall.adapter())
    #expect(key?.code == .unauthorized && key?.detail == "Invalid Credential")
    // A key that is replaced is taken up without a restart.
    try Data(firewall.device.model.key.utf8).write(to: URL(filePath: firewall.folder + "/key"))
    #expect(await readingError(firewall.adapter()) == nil)
  }

  /// The plan may have been altered, or the settings changed: a key goes to its own device only.
  @Test func noOperationTakesTheKeyElsewhere() async throws {
    let firewall = try await PANOSFirewall()
    let other = try await PANOSFirewall()
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
      .request(method: method, url: url + "?type=keygen", headers: headers, body: body),
      .request(method: "GET", url: url, headers: headers, body: body),
      .request(method: method, url: url, headers: headers.dropLast(), body: body),
      .request(method: method, url: url, headers: headers + [.init("X-More", "1")], body: body),
      .request(method: method, url: url, headers: headers, body: body + "&target=1"),
      .request(
        method: method, url: url, headers: headers,
        body: body.replacing("type=user-id", with: "type=op")),
      .message(operation.literal),
    ]
    for step in altered {
      let refused = await error { () async throws(AdapterError) in
        try await adapter.perform(FirewallKit.Operation(summary: operation.summary, step: step))
      }
      #expect(refused?.code == .unsupported, "\(step)")
    }
    #expect(firewall.server.requests == 0 && other.server.requests == 0)
  }

  @Test func theKeyIsSeenNowhere() async throws {
    let firewall = try await PANOSFirewall()
    let adapter = firewall.adapter(limits: Self.impatient)
    var texts = ["\(adapter)", "\(firewall.settings)"]
    let operations = try adapter.operations(
      from: FirewallState(readAt: firewall.clock.now), to: goal(firewall, "192.0.2.1"))
    for fault: DeviceFault in [.cutAfter, .errorAfterApplying, .truncatedBody, .sessionExpired] {
      firewall.server.faults.plan(fault, at: .change, count: operations.count)
      for operation in operations {
        texts += ["\(operation)", operation.readable]
        let refused = await error { () async throws(AdapterError) in try await adapter.perform(operation) }
        texts.append("\(try #require(refused)) \(refused?.text(in: .japanese) ?? "")")
      }
    }
    for text in texts { #expect(!text.contains(firewall.device.model.key)) }
    #expect(texts.contains { $0.contains("‹secret:api-key›") })
  }

  /// Two pages and a bit; then an entry goes between two pages, and the reading begins anew.
  @Test func aListThatMovesWhileItIsReadIsReadAgain() async throws {
    let firewall = try await PANOSFirewall()
    let shifting = ShiftingDevice(firewall.device)
    let server = try await DeviceServer(shifting)
    try Data(server.authority.utf8).write(to: URL(filePath: firewall.folder + "/shifting.pem"))
    var settings = firewall.settings
    settings.endpoint.url = try HTTPURL(server.origin)
    settings.endpoint.authorityFile = firewall.folder + "/shifting.pem"
    let adapter = firewall.adapter(settings)
    var state = goal(firewall)
    for number in 0..<UInt32(1203) {
      state.blocks[.prefix(IPPrefix(IPAddress(ipv4: 0xC633_0000 + number)))] =
        firewall.clock.now + .seconds(600)
    }
    try await bring(firewall, adapter, to: state)
    // Gone from the first page after it was read: without the overlap an entry would be missed.
    shifting.afterNextPage { $0.clearAddress("198.51.0.3") }
    let found = try await adapter.state(in: .everything)
    #expect(found.blocks.count == 1202)
    #expect(firewall.device.violations == [])
    shifting.afterEachPage { device, count in
      device.register("10.0.\(count / 256).\(count % 256)", tags: ["sekisho-block"])
      device.clearAddress("198.51.1.\(count)")
    }
    #expect(await readingError(adapter)?.code == .busy)
  }

  @Test(arguments: [UInt64(1), 2])
  func noReceiptIsFalseWhateverHappensOnTheWay(seed: UInt64) async throws {
    let firewall = try await PANOSFirewall()
    let foreign = firewall.foreign
    try await DeviceTrial.holdReceiptsToTheTruth(
      firewall.adapter(), firewall.clock, firewall.server,
      pool: ["192.0.2.1", "192.0.2.2", "198.51.100.0/25", "198.51.100.90", "2001:db8::1"], seed: seed)
    #expect(firewall.foreign == foreign && firewall.device.violations == [])
  }

  /// No request for each entry: a thousand go in one, five hundred come in one.
  @Test func manyGoInFewRequests() async throws {
    let count = UInt32(DeviceTrial.isLong ? 50_000 : 5000)
    let firewall = try await PANOSFirewall()
    let adapter = firewall.adapter()
    var state = goal(firewall)
    state.blocks = DeviceTrial.many(count, until: firewall.clock.now + .seconds(600))
    let clock = ContinuousClock()
    var began = clock.now
    let operations = try adapter.operations(from: FirewallState(readAt: firewall.clock.now), to: state)
    #expect(operations.count == Int(count) / 1000)
    let planned = clock.now - began
    began = clock.now
    for operation in operations { try await adapter.perform(operation) }
    let performed = clock.now - began
    #expect(firewall.server.changes == operations.count)
    let before = firewall.server.requests
    began = clock.now
    let found = try await adapter.state(in: .everything)
    let requests = firewall.server.requests - before
    print(
      "\(count) entries: planned in \(planned), sent in \(performed), read in \(clock.now - began),",
      "\(operations.count) + \(requests) requests")
    #expect(
      found.blocks.count == Int(count) && found.holds(state, at: firewall.clock.now, slack: .seconds(1)))
    // Two groups, the exceptions, and pages that share an entry with their neighbours.
    #expect(requests <= 3 + Int(count) / 499 + 1)
  }
}

/// A device that somebody else changes between two pages of a list.
final class ShiftingDevice: SimulatedDevice {
  static let name = "shifting"

  typealias Change = @Sendable (SimulatedPANOS, Int) -> Void
  private struct State {
    var once: Change?
    var always: Change?
    var pages = 0
  }

  private let device: SimulatedPANOS
  private let state = Mutex(State())

  init(_ device: SimulatedPANOS) { self.device = device }

  func afterNextPage(_ change: @escaping @Sendable (SimulatedPANOS) -> Void) {
    state.withLock { $0.once = { device, _ in change(device) } }
  }

  func afterEachPage(_ change: @escaping Change) { state.withLock { $0.always = change } }

  var violations: [String] { device.violations }
  func isChange(_ request: SimulatedRequest) -> Bool { device.isChange(request) }

  func answer(_ request: SimulatedRequest, fault: DeviceFault?) -> SimulatedAnswer {
    let answer = device.answer(request, fault: fault)
    let text = String(decoding: request.body, as: UTF8.self)
    if text.contains("registered-ip"), text.contains("sekisho-block") {
      let (change, pages) = state.withLock { state in
        defer { state.once = nil }
        state.pages += 1
        return (state.once ?? state.always, state.pages)
      }
      change?(device, pages)
    }
    return answer
  }
}

extension SimulatedPANOS {
  /// Takes every tag of an address away.
  func clearAddress(_ address: String) {
    for tag in registered()[address] ?? [] { unregister(address, tag: tag) }
  }
}
