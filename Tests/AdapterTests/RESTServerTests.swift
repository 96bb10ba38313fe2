import ConfigurationFile
import DeviceRequests
import Enforcement
import FirewallConformance
import FirewallKit
import FirewallSimulators
import Foundation
import HTTPTransport
import Language
import NetworkTypes
import Policy
import Synchronization
import Testing

@testable import RESTPlugins

/// The two descriptions against simulated firewalls, over TLS.
@Suite(.serialized) struct RESTServerTests {
  private static let cause = Cause(origin: .person, actor: "test", reason: "trial")
  /// So short that a test can wait for them, and far above what an answer takes.
  private static let impatient = TransportLimits(
    total: .seconds(4), connect: .seconds(4), stall: .milliseconds(600), bodyBytes: 1 << 22)

  private func goal(
    _ adapter: RESTAdapter, _ now: Timestamp, _ targets: [String], seconds: Int64 = 3600,
    allowed: [String] = []
  ) -> FirewallState {
    var state = FirewallState(
      readAt: now, scaffold: targets.isEmpty && allowed.isEmpty ? [:] : adapter.scaffold)
    for target in targets { state.blocks[BlockTarget(target)!] = now + .seconds(seconds) }
    state.allowed = Set(allowed.map { IPPrefix($0)! })
    return state
  }

  private func bring(_ adapter: RESTAdapter, to goal: FirewallState) async throws {
    let current = try await adapter.state(in: .everything)
    for operation in try adapter.operations(from: current, to: goal) { try await adapter.perform(operation) }
    let found = try await adapter.state(in: .everything)
    #expect(found.holds(goal, at: goal.readAt, slack: .seconds(1)))
  }

  private func engine(_ adapter: RESTAdapter, _ clock: AdjustableClock) -> FirewallEngine {
    FirewallEngine(
      name: "edge", adapter: adapter, journal: MemoryJournal(),
      policy: Policy(
        name: "trial", mode: .enforce, maximumTimeToLive: .seconds(86_400),
        minimumPrefixLength: Policy.PrefixLengths(ipv4: 8, ipv6: 16)),
      mode: .enforce, protection: { [] }, clock: { clock.now })
  }

  private func orders(_ targets: String..., seconds: Int64 = 3600) -> [BlockOrder] {
    targets.map { BlockOrder(target: BlockTarget($0)!, timeToLive: .seconds(seconds)) }
  }

  private func error(_ body: () async throws(AdapterError) -> Void) async -> AdapterError? {
    do throws(AdapterError) {
      try await body()
      return nil
    } catch {
      return error
    }
  }

  private func readingError(_ adapter: RESTAdapter) async -> AdapterError? {
    await error { () async throws(AdapterError) in _ = try await adapter.state(in: .everything) }
  }

  @Test func opnsenseBlocksAndIsLedBack() async throws {
    let firewall = try await OPNsenseFirewall()
    let engine = engine(firewall.adapter(), firewall.clock)
    let report = try await engine.block(
      orders("192.0.2.7", "198.51.100.0/25", "2001:db8::7"), cause: Self.cause)
    #expect(report.receipt?.outcome == .applied && report.plan.operations.count == 3)
    #expect(firewall.blocked == ["192.0.2.7", "198.51.100.0/25", "2001:db8::7"])
    _ = try await engine.allow([BlockTarget("198.51.100.9")!], remove: false, cause: Self.cause)
    #expect(firewall.device.entries(of: "sekisho_allow") == ["198.51.100.9"])
    // After a restart of the device nothing is there, and it is put back.
    firewall.device.empty("sekisho_block")
    firewall.device.empty("sekisho_allow")
    #expect(try await engine.reconcile()?.receipt?.outcome == .applied)
    #expect(firewall.blocked.count == 3)
    firewall.clock.advance(by: .seconds(3601))
    #expect(try await engine.expire()?.receipt?.outcome == .applied)
    #expect(firewall.blocked.isEmpty)
    #expect(try await engine.rollbackAll(cause: Self.cause).receipt?.outcome == .applied)
    #expect(firewall.device.entries(of: "sekisho_allow").isEmpty)
    #expect(firewall.device.entries(of: "others") == ["203.0.113.200", "198.51.100.0/24"])
    #expect(firewall.device.violations == [])
  }

  /// Our deadline passes first; the router follows a minute later, without anybody.
  @Test func theRouterEndsABlockWhenWeAreGone() async throws {
    let firewall = try await RouterOSFirewall()
    let adapter = firewall.adapter()
    try await bring(
      adapter, to: goal(adapter, firewall.clock.now, ["192.0.2.1", "2001:db8::1"], seconds: 600))
    #expect(firewall.blocked == ["192.0.2.1", "2001:db8::1/128"])
    firewall.clock.advance(by: .seconds(655))
    #expect(firewall.blocked.count == 2)
    firewall.clock.advance(by: .seconds(10))
    #expect(firewall.blocked.isEmpty)
    #expect(try await adapter.state(in: .everything).isEmpty)
    #expect(firewall.device.violations == [])
  }

  @Test func aNewDeadlineHoldsOnTheRouterToo() async throws {
    let firewall = try await RouterOSFirewall()
    let engine = engine(firewall.adapter(), firewall.clock)
    _ = try await engine.block(orders("192.0.2.1", "2001:db8::1", seconds: 300), cause: Self.cause)
    let report = try await engine.block(orders("192.0.2.1", "2001:db8::1", seconds: 7200), cause: Self.cause)
    #expect(report.receipt?.outcome == .applied && report.plan.operations.count == 2)
    firewall.clock.advance(by: .seconds(7000))
    #expect(firewall.blocked.count == 2)
    // An entry of ours without a timer, as somebody may have made it, is put right.
    firewall.device.clear(comment: "sekisho")
    firewall.device.add("192.0.2.1", to: "sekisho-block", comment: "sekisho")
    #expect(try await engine.reconcile()?.receipt?.outcome == .applied)
    #expect(firewall.device.entries.filter { $0.comment == "sekisho" }.allSatisfy { $0.end != nil })
    let back = try await engine.rollback(try #require(report.action), cause: Self.cause)
    #expect(back.receipt?.outcome == .applied)
    #expect(firewall.device.violations == [])
  }

  /// The very bytes, with user and password in the place of their mark.
  @Test func whatIsPreviewedIsWhatIsSent() async throws {
    let first = try await OPNsenseFirewall()
    try await expectSentAsShown(first, "\(first.device.model.key):\(first.device.model.secret)", 6)
    #expect(first.device.violations == [])
    let second = try await RouterOSFirewall()
    try await expectSentAsShown(second, "\(second.device.model.user):\(second.device.model.password)", 5)
    #expect(second.device.violations == [])
  }

  private func expectSentAsShown(
    _ firewall: DescribedFirewall<some SimulatedDevice>, _ credentials: String, _ count: Int
  ) async throws {
    let adapter = firewall.adapter()
    let now = firewall.clock.now
    try await bring(adapter, to: goal(adapter, now, ["192.0.2.1", "192.0.2.2", "2001:db8::1"]))
    let operations = try adapter.operations(
      from: try await adapter.state(in: .everything),
      to: goal(adapter, now, ["192.0.2.2", "198.51.100.0/24", "203.0.113.9"], allowed: ["198.51.100.7"]))
    var sent: [String] = []
    for operation in operations {
      _ = firewall.server.takeExchanges()
      try await adapter.perform(operation)
      sent += firewall.server.takeExchanges().map { String(decoding: $0.request, as: UTF8.self) }
    }
    let shown = operations.map { operation -> String in
      guard case .request(let method, let url, let headers, let body) = operation.step else { return "" }
      let head =
        ["\(method) \(url.dropFirst(firewall.server.origin.count)) HTTP/1.1"]
        + headers.map { "\($0.name): \($0.value)" }
      return (head.joined(separator: "\r\n") + "\r\n\r\n" + body).replacing(
        "‹secret:credentials›", with: Data(credentials.utf8).base64EncodedString())
    }
    #expect(sent == shown)
    #expect(operations.allSatisfy { $0.literal.contains("Authorization: Basic ‹secret:credentials›\n") })
  }

  /// Whatever happens on the way, the error says whether it may have been applied, and reading decides.
  @Test(arguments: [
    (DeviceFault.cutBefore, AdapterError.Code.timedOut, false), (.cutAfter, .timedOut, true),
    (.errorAfterApplying, .timedOut, true), (.truncatedBody, .timedOut, true), (.slowDrip, .timedOut, true),
    (.sessionExpired, .unauthorized, false), (.capacityReached, .rejected, false),
  ])
  func aLostAnswerIsDecidedByReading(fault: DeviceFault, code: AdapterError.Code, isApplied: Bool)
    async throws
  {
    let router = try await RouterOSFirewall()
    let found = try await meet(fault, router, isApplied: isApplied) { router.blocked }
    #expect(found == code)
    #expect(router.device.violations == [])
    let firewall = try await OPNsenseFirewall()
    // What pf refuses is called done, and only reading shows that it is not.
    let other = try await meet(fault, firewall, isApplied: isApplied) { firewall.blocked }
    #expect(other == (fault == .capacityReached ? nil : code))
    #expect(firewall.device.violations == [])
  }

  /// The code of the refusal. The engine leads it back, and says so.
  private func meet(
    _ fault: DeviceFault, _ firewall: DescribedFirewall<some SimulatedDevice>, isApplied: Bool,
    blocked: () -> Set<String>
  ) async throws -> AdapterError.Code? {
    let adapter = firewall.adapter(limits: Self.impatient)
    let empty = FirewallState(readAt: firewall.clock.now)
    let operation = try #require(
      try adapter.operations(from: empty, to: goal(adapter, firewall.clock.now, ["192.0.2.1"])).first)
    firewall.server.faults.plan(fault, at: .change)
    let refused = await error { () async throws(AdapterError) in try await adapter.perform(operation) }
    #expect(blocked().isEmpty == !isApplied)
    #expect(firewall.server.changes == 1, "it is sent once")
    #expect(try await adapter.state(in: .everything).blocks.isEmpty == !isApplied)
    try await bring(adapter, to: empty)
    firewall.server.faults.plan(fault, at: .change)
    let report = try await engine(adapter, firewall.clock).block(orders("192.0.2.1"), cause: Self.cause)
    #expect(report.receipt?.outcome.word == "restored")
    #expect(blocked().isEmpty)
    return refused?.code
  }

  @Test func whoeverAsksToWaitIsAskedAgain() async throws {
    let firewall = try await RouterOSFirewall()
    let adapter = firewall.adapter()
    firewall.server.faults.plan(.tooManyRequests, at: .change)
    firewall.server.faults.plan(.tooManyRequests, at: .reading)
    try await bring(adapter, to: goal(adapter, firewall.clock.now, ["192.0.2.1"]))
    #expect(firewall.blocked == ["192.0.2.1"])
    firewall.server.faults.plan(.tooManyRequests, at: .reading, count: 3)
    #expect(await readingError(adapter)?.code == .busy)
    // Asking changes nothing, so it is done again: also a list that OPNsense wants asked for by POST.
    let other = try await OPNsenseFirewall()
    for fault in [DeviceFault.cutBefore, .cutAfter, .truncatedBody] {
      other.server.faults.plan(fault, at: .reading, count: 2)
      #expect(try await other.adapter().state(in: .everything).isEmpty)
    }
  }

  @Test func aCertificateOfSomebodyElseEndsItBeforeAnythingIsSent() async throws {
    let firewall = try await OPNsenseFirewall()
    let adapter = firewall.adapter()
    let operation = try #require(
      try adapter.operations(
        from: FirewallState(readAt: firewall.clock.now), to: goal(adapter, firewall.clock.now, ["192.0.2.1"])
      ).first)
    await firewall.server.present(wrongCertificate: true)
    let refused = await error { () async throws(AdapterError) in try await adapter.perform(operation) }
    #expect(refused?.code == .unavailable && firewall.server.requests == 0)
    await firewall.server.present(wrongCertificate: false)
    try await adapter.perform(operation)
    #expect(firewall.blocked == ["192.0.2.1"])
  }

  @Test func whatIsThereOrGoneAlreadyIsNoFalseSuccess() async throws {
    let router = try await RouterOSFirewall()
    let adapter = router.adapter()
    let empty = FirewallState(readAt: router.clock.now)
    let goal = goal(adapter, router.clock.now, ["192.0.2.1", "192.0.2.2"])
    // An entry of somebody else in our list is not taken over, and not called blocked by us.
    router.device.add("192.0.2.2", to: "sekisho-block", comment: "by hand")
    let add = try #require(try adapter.operations(from: empty, to: goal).first)
    let refused = await error { () async throws(AdapterError) in try await adapter.perform(add) }
    #expect(refused?.code == .rejected && refused?.detail == "192.0.2.2")
    #expect(router.blocked == ["192.0.2.1"])
    router.device.clear(comment: "sekisho")
    let remove = try #require(try adapter.operations(from: goal, to: empty).first)
    try await adapter.perform(remove)
    #expect(router.device.entries.contains { $0.address == "192.0.2.2" && $0.comment == "by hand" })
    #expect(router.device.violations == [])
  }

  @Test func badSettingsAreToldInTheDevicesWords() async throws {
    let firewall = try await OPNsenseFirewall()
    var settings = firewall.settings
    settings.words["alias"] = "missing"
    let missing = await readingError(firewall.adapter(settings))
    #expect(missing?.code == .unavailable && missing?.message.en.contains("no alias missing on") == true)
    firewall.device.removeAlias("sekisho_block")
    let adapter = firewall.adapter()
    let operation = try #require(
      try adapter.operations(
        from: FirewallState(readAt: firewall.clock.now), to: goal(adapter, firewall.clock.now, ["192.0.2.1"])
      ).first)
    let gone = await error { () async throws(AdapterError) in try await adapter.perform(operation) }
    #expect(gone?.code == .unavailable && gone?.detail == "nonexistent alias sekisho_block")
    firewall.device.addAlias("sekisho_block")
    try Data("wrong:secret\n".utf8).write(to: URL(filePath: firewall.folder + "/key"))
    let key = await readingError(firewall.adapter())
    #expect(key?.code == .unauthorized && key?.detail == "Authentication Failed")
    var elsewhere = firewall.settings
    elsewhere.endpoint.url = try HTTPURL("https://127.0.0.1:1")
    #expect(await readingError(firewall.adapter(elsewhere))?.code == .unavailable)
  }

  /// The plan may have been altered, or the settings changed: credentials go to their own device only, and
  /// no script runs there that is not ours.
  @Test func noOperationIsSentThatIsNotOurs() async throws {
    let router = try await RouterOSFirewall()
    let adapter = router.adapter()
    let operation = try #require(
      try adapter.operations(
        from: FirewallState(readAt: router.clock.now),
        to: goal(adapter, router.clock.now, ["192.0.2.1", "192.0.2.2"])
      ).first)
    guard case .request(let method, let url, let headers, let body) = operation.step else {
      Issue.record("\(operation.kind)")
      return
    }
    var altered: [FirewallKit.Operation.Step] = [
      .message(body), .request(method: "PUT", url: url, headers: headers, body: body),
      .request(method: method, url: "https://192.0.2.9/rest/execute", headers: headers, body: body),
      .request(
        method: method, url: url, headers: headers + [.init("X-Extra", "‹secret:credentials›")], body: body),
    ]
    for (old, new) in [
      ("address=192.0.2.2", "address=0.0.0.0/0;/system/reboot"), ("list=sekisho-block", "list=others"),
      ("comment=sekisho", "comment=‹secret:credentials›"), (":do {", "/system/reboot;:do {"),
      ("timeout=3660s", "timeout=s"), ("192.0.2.1", "192.0.2.1 disabled=yes"),
    ] {
      let other = body.replacing(old, with: new)
      #expect(other != body, "\(old)")
      let fields = headers.map {
        $0.name == "Content-Length" ? .init($0.name, String(other.utf8.count)) : $0
      }
      altered.append(.request(method: method, url: url, headers: fields, body: other))
    }
    for step in altered {
      let refused = await error { () async throws(AdapterError) in
        try await adapter.perform(.init(summary: operation.summary, step: step))
      }
      #expect(refused?.code == .unsupported, "\(step)")
    }
    #expect(router.server.changes == 0)
    try await adapter.perform(operation)
    #expect(router.blocked == ["192.0.2.1", "192.0.2.2"])
  }

  /// Fifty thousand blocks are five hundred scripts, and the time grows with their number.
  @Test(.enabled(if: ProcessInfo.processInfo.environment["SEKISHO_LONG"] == "1"))
  func manyBlocksAtRouterOSAreFewRequests() async throws {
    var seconds: [Double] = []
    for count in [12_500, 50_000] {
      let router = try await RouterOSFirewall()
      let adapter = router.adapter()
      var goal = FirewallState(readAt: router.clock.now, scaffold: adapter.scaffold)
      for number in 0..<UInt32(count) {
        goal.blocks[.prefix(IPPrefix(IPAddress(ipv4: 0x0A00_0000 + number)))] =
          router.clock.now + .seconds(3600)
      }
      let clock = ContinuousClock()
      let start = clock.now
      let operations = try adapter.operations(from: FirewallState(readAt: router.clock.now), to: goal)
      #expect(operations.count == count / 100)
      for operation in operations { try await adapter.perform(operation) }
      let applied = clock.now
      #expect(try await adapter.state(in: .everything).holds(goal, at: router.clock.now, slack: .seconds(1)))
      let end = clock.now
      #expect(router.server.changes == count / 100 && router.server.requests == count / 100 + 4)
      #expect(router.device.violations == [])
      seconds.append((end - start) / .seconds(1))
      print("RouterOS \(count): applied in \(applied - start), read back in \(end - applied)")
    }
    #expect(seconds[1] < seconds[0] * 8, "four times as many: \(seconds)")
  }

  /// One block costs a question for it, and not the reading of a long list.
  @Test func aLongListIsReadInPagesAndOneEntryAlone() async throws {
    let firewall = try await OPNsenseFirewall()
    for number in 0..<UInt32(12_000) {
      firewall.device.add(IPPrefix(IPAddress(ipv4: 0x0A00_0000 + number)), to: "sekisho_block")
    }
    let adapter = firewall.adapter()
    let before = firewall.server.requests
    #expect(try await adapter.state(in: .everything).blocks.count == 12_000)
    // What must be there, what is allowed, and three pages.
    #expect(firewall.server.requests - before == 5)
    let part = try await adapter.state(in: .targets([BlockTarget("10.0.0.1")!]))
    #expect(part.blocks.keys.map(\.description) == ["10.0.0.1"])
    #expect(firewall.server.requests - before == 7)
    let largest = firewall.server.takeExchanges().suffix(2).map(\.answer.body.count).max()
    #expect(try #require(largest) < 200_000)
    #expect(firewall.device.violations == [])
  }
}
