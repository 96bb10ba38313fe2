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

@testable import PANOS

/// Answers that no simulator gives: errors by number, and what is no answer of PAN-OS at all.
@Suite(.serialized) struct PANOSAnswerTests {
  private static func error(_ code: Int, _ words: String = "words") -> String {
    "<response status=\"error\" code=\"\(code)\"><msg><line>\(words)</line></msg></response>"
  }

  /// What a reading and a change end with when every answer is this.
  private func ends(
    _ bodies: [String], status: Int = 200
  ) async throws -> [(reading: AdapterError.Code?, change: AdapterError.Code?)] {
    let firewall = try await PANOSFirewall()
    let device = ScriptedDevice()
    let server = try await DeviceServer(device)
    try Data(server.authority.utf8).write(to: URL(filePath: firewall.folder + "/ca.pem"))
    var settings = firewall.settings
    settings.endpoint.url = try HTTPURL(server.origin)
    settings.groups = nil
    let adapter = firewall.adapter(settings)
    var goal = FirewallState(readAt: firewall.clock.now, scaffold: adapter.scaffold)
    goal.blocks[BlockTarget("192.0.2.1")!] = firewall.clock.now + .seconds(60)
    let operation = try #require(
      try adapter.operations(from: FirewallState(readAt: firewall.clock.now), to: goal).first)
    var found: [(reading: AdapterError.Code?, change: AdapterError.Code?)] = []
    for body in bodies {
      device.answer.withLock { $0 = SimulatedAnswer(status: status, type: "application/xml", text: body) }
      let reading = await DeviceTrial.readingRefusal(adapter)?.code
      let change = await DeviceTrial.refusal { () async throws(AdapterError) in
        try await adapter.perform(operation)
      }?.code
      found.append((reading, change))
    }
    return found
  }

  @Test func theVendorsNumbersAndWordsHaveAMeaning() async throws {
    let cases: [(String, AdapterError.Code, AdapterError.Code)] = [
      (Self.error(403, "Invalid Credential"), .unauthorized, .unauthorized),
      (Self.error(16, "Unauthorized request"), .unauthorized, .unauthorized),
      (Self.error(22, "Session timed out"), .unauthorized, .unauthorized),
      (Self.error(2), .unavailable, .timedOut), (Self.error(11), .unavailable, .timedOut),
      (Self.error(1, "Unknown command"), .rejected, .rejected), (Self.error(17), .rejected, .rejected),
      (Self.error(13, "A commit is in progress. Please try again later"), .busy, .busy),
      (Self.error(12, "maximum number of registered-ip reached"), .capacity, .capacity),
      ("<response status=\"error\"><msg>words</msg></response>", .rejected, .rejected),
    ]
    let found = try await ends(cases.map(\.0))
    for (wanted, actual) in zip(cases, found) {
      #expect(actual.reading == wanted.1 && actual.change == wanted.2, "\(wanted.0): \(actual)")
    }
  }

  /// A change may have been applied whatever was answered; a reading proves nothing.
  @Test func whatIsNoAnswerOfPANOSIsNeverTakenForOne() async throws {
    let bodies = [
      "", "<html><body>Login</body></html>", "{\"status\":\"success\"}", "<response/>",
      "<response status=\"x",
      "<!DOCTYPE a [<!ENTITY b \"b\"><!ENTITY c \"&b;&b;\">]><response status=\"success\">&c;</response>",
      String(repeating: "<response status=\"success\">", count: 500),
      "<other status=\"success\"><result/></other>", "\u{FFFE}<response status=\"success\"/>",
    ]
    for (body, actual) in zip(bodies, try await ends(bodies)) {
      #expect(actual.reading == .unreadable && actual.change == .timedOut, "\(body.prefix(60)): \(actual)")
    }
    let lists = [
      "<response status=\"success\"/>",
      "<response status=\"success\"><result><entry ip=\"192.0.2.1\"/></result></response>",
      "<response status=\"success\"><result><entry><tag/></entry></result></response>",
      "<response status=\"success\"><result><msg><line><outfile>reg.log</outfile></line></msg></result></response>",
    ]
    for (body, actual) in zip(lists, try await ends(lists)) {
      #expect(actual.reading == .unreadable, "\(body): \(actual)")
    }
    for actual in try await ends(["<html>busy</html>"], status: 503) {
      #expect(actual.reading == .unavailable && actual.change == .timedOut)
    }
  }

  /// Bytes of a real answer, damaged at random: an error or a state, and nothing worse.
  @Test func damagedAnswersEndInAnErrorOrAState() async throws {
    var random = SplitMix64(seed: 11)
    let whole = Array(
      ("<?xml version=\"1.0\"?><response status=\"success\" code=\"19\"><result><entry ip=\"192.0.2.7\" "
        + "from_agent=\"0\"><tag><member>sekisho-block</member><member>sekisho-block-until-20260101T010000Z"
        + "</member><member>sekisho-allow</member></tag></entry><count>1</count></result></response>").utf8)
    let bodies = (0..<150).map { _ in
      String(decoding: DeviceTrial.damaged(whole, by: &random), as: UTF8.self)
    }
    let found = try await ends(bodies)
    #expect(found.count == bodies.count && found.contains { $0.reading != nil })
    #expect(found.contains { $0.reading == nil })
  }
}
