import DeviceRequests
import FirewallConformance
import FirewallKit
import FirewallSimulators
import Foundation
import HTTPTransport
import NetworkTypes
import Randomness
import Synchronization
import Testing

@testable import FortiOS

/// Answers that no simulator gives: errors by number, and what is no answer of FortiOS at all.
@Suite(.serialized) struct FortiOSAnswerTests {
  private static func error(_ status: Int, _ code: Int?, _ words: String = "") -> SimulatedAnswer {
    let number = code.map { ",\"error\":\($0)" } ?? ""
    return SimulatedAnswer(
      status: status, type: "application/json",
      text: "{\"status\":\"error\",\"http_status\":\(status)\(number),\"cli_error\":\"\(words)\"}")
  }

  private static func success(_ results: String) -> String {
    "{\"http_method\":\"GET\",\"results\":\(results),\"status\":\"success\",\"http_status\":200,"
      + "\"version\":\"v7.4.4\"}"
  }

  /// What a reading and a change end with when every answer is this.
  private func ends(
    _ answers: [SimulatedAnswer], _ way: FortiOSSettings.Way = .threatFeed
  ) async throws -> [(reading: AdapterError?, change: AdapterError?)] {
    let firewall = try await FortiOSFirewall(way)
    let device = ScriptedDevice()
    let server = try await DeviceServer(device)
    try Data(server.authority.utf8).write(to: URL(filePath: firewall.folder + "/ca.pem"))
    var settings = firewall.settings
    settings.endpoint.url = try HTTPURL(server.origin)
    let adapter = firewall.adapter(settings)
    let goal = FirewallState(
      readAt: firewall.clock.now, scaffold: adapter.scaffold,
      blocks: [BlockTarget("192.0.2.1")!: firewall.clock.now + .seconds(60)])
    let operation = try #require(
      try adapter.operations(from: FirewallState(readAt: firewall.clock.now), to: goal).first)
    var found: [(reading: AdapterError?, change: AdapterError?)] = []
    for answer in answers {
      device.answer.withLock { $0 = answer }
      let reading = await DeviceTrial.refusal { () async throws(AdapterError) in
        _ = try await adapter.state(in: .targets([BlockTarget("192.0.2.1")!]))
      }
      let change = await DeviceTrial.refusal { () async throws(AdapterError) in
        try await adapter.perform(operation)
      }
      found.append((reading, change))
    }
    return found
  }

  private func json(_ text: String, status: Int = 200) -> SimulatedAnswer {
    SimulatedAnswer(status: status, type: "application/json", text: text)
  }

  @Test func theDevicesNumbersHaveAMeaning() async throws {
    let cases: [(SimulatedAnswer, AdapterError.Code, AdapterError.Code)] = [
      (Self.error(401, nil), .unauthorized, .unauthorized),
      (Self.error(403, nil), .unauthorized, .unauthorized),
      (Self.error(500, -14), .unauthorized, .unauthorized),
      (Self.error(500, -37), .unauthorized, .unauthorized),
      (Self.error(500, -4, "full"), .capacity, .capacity), (Self.error(500, -23), .conflict, .conflict),
      (Self.error(404, -3), .rejected, .rejected), (Self.error(424, -15), .rejected, .rejected),
      (Self.error(500, -61), .rejected, .rejected), (Self.error(413, nil), .rejected, .rejected),
      (Self.error(405, nil), .rejected, .rejected), (Self.error(500, -57), .unavailable, .timedOut),
      (Self.error(500, nil), .unavailable, .timedOut),
      // A success by its status line, and no success by what it says.
      (Self.error(200, -3), .rejected, .rejected),
    ]
    let found = try await ends(cases.map(\.0))
    for (wanted, actual) in zip(cases, found) {
      #expect(
        actual.reading?.code == wanted.1 && actual.change?.code == wanted.2, "\(wanted.0): \(actual)")
    }
    #expect(found[4].change?.detail == "500, error -4: full")
  }

  /// A change may have been applied whatever was answered; a reading proves nothing.
  @Test func whatIsNoAnswerOfFortiOSIsNeverTakenForOne() async throws {
    let bodies = [
      "", "<html><body>Login</body></html>", "[]", "{}", "{\"status\":\"ok\"}", "{\"status\":1}", "null",
      "{\"status\":\"success\"", String(repeating: "[", count: 100_000), "\u{FFFE}{\"status\":\"success\"}",
    ]
    for (body, actual) in zip(bodies, try await ends(bodies.map { json($0) })) {
      #expect(
        actual.reading?.code == .unreadable && actual.change?.code == .timedOut,
        "\(body.prefix(60)): \(actual)")
    }
    let lists = [
      Self.success("{}"), Self.success("[]"), Self.success("{\"entries\":{}}"),
      Self.success("{\"entries\":[{\"valid\":true}]}"), Self.success("{\"entries\":[\"192.0.2.1\"]}"),
      Self.success("{\"entries\":[{\"entry\":\"192.0.2.1-192.0.2.9\",\"valid\":true}]}"),
      Self.success("{\"entries\":[{\"entry\":\"192.0.2.1\",\"valid\":false}]}"),
      "{\"status\":\"success\",\"http_status\":200}",
    ]
    for (body, actual) in zip(lists, try await ends(lists.map { json($0) })) {
      #expect(actual.reading?.code == .unreadable && actual.change == nil, "\(body): \(actual)")
    }
    // A list that comes with a failure is no list: it would open the firewall.
    let failures = [
      json("<html>busy</html>", status: 503), json(Self.success("{\"entries\":[]}"), status: 500),
      json("{\"status\":\"error\",\"error\":-57,\"results\":{\"entries\":[]}}"),
    ]
    for actual in try await ends(failures) {
      #expect(actual.reading?.code == .unavailable && actual.change?.code == .timedOut, "\(actual)")
    }
  }

  /// Bytes of real answers, damaged at random: an error or a state, and nothing worse.
  @Test(arguments: FortiOSSettings.Way.allCases)
  func damagedAnswersEndInAnErrorOrAState(way: FortiOSSettings.Way) async throws {
    var random = SplitMix64(seed: 11)
    let whole = Array(
      Self.success("{\"entries\":[{\"entry\":\"192.0.2.7\",\"valid\":true}],\"overflow\":false}").utf8)
    let bodies = (0..<150).map { _ in
      String(decoding: DeviceTrial.damaged(whole, by: &random), as: UTF8.self)
    }
    let found = try await ends(bodies.map { json($0) }, way)
    #expect(found.count == bodies.count && found.contains { $0.reading != nil })
    #expect(found.contains { $0.change == nil } && found.contains { $0.change != nil })
    #expect(way == .bannedList || found.contains { $0.reading == nil })
  }

  /// Numbers from the device are no ground to fall from.
  @Test func impossibleTimesAreForEverOrAnError() throws {
    let endpoint = DeviceEndpoint(url: try HTTPURL("https://fw.example.org"))
    let reader = FortiOSReader(settings: FortiOSSettings(endpoint: endpoint, way: .bannedList))
    let prefix = IPPrefix("192.0.2.1")!
    let now = Timestamp(seconds: 1_767_225_600)
    let clock = Timestamp(seconds: 1_700_000_000).microseconds / 1_000_000
    for expires in [Int64.max, Int64.min, 0, 1 << 50] {
      let bans = FortiOSReader.Bans(
        list: [FortiOSReader.Ban(address: "192.0.2.1", expires: expires)], deviceTime: clock)
      let state = try reader.state(feed: [prefix], allowed: [], bans: bans, at: now)
      #expect(state.blocks[.prefix(prefix)] == FortiOSReader.never)
    }
    // Whatever the device's clock says, what is left is what counts.
    let bans = FortiOSReader.Bans(
      list: [
        FortiOSReader.Ban(address: "192.0.2.1", expires: clock + 90),
        FortiOSReader.Ban(address: "00:11:22:33:44:55", expires: clock),
      ], deviceTime: clock)
    let state = try reader.state(feed: [prefix], allowed: [], bans: bans, at: now)
    #expect(state.blocks == [.prefix(prefix): now + .seconds(30)])
  }
}
