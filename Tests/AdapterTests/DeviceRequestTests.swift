import DeviceRequests
import FirewallKit
import FirewallSimulators
import Foundation
import HTTPTransport
import Language
import Synchronization
import Testing

/// What all adapters over HTTP share.
@Suite struct DeviceRequestTests {
  private typealias Operation = FirewallKit.Operation

  /// A secret goes in as the place wants it, and only what is named so.
  @Test func aRequestIsShownAsItIsSent() throws {
    let endpoint = DeviceEndpoint(
      url: try HTTPURL("https://fw.example.org:8443/base/"),
      secrets: ["key": .environment(variable: "NONE")])
    let step = try endpoint.step(
      DeviceRequest(
        .put, "/item/1?a=b", headers: [.init("Content-Type", "application/json")],
        body: "{\"token\":\"‹secret:key›\",\"other\":\"‹secret:none›\"}"))
    #expect(
      step
        == .request(
          method: "PUT", url: "https://fw.example.org:8443/base/item/1?a=b",
          headers: [
            .init("Host", "fw.example.org:8443"), .init("User-Agent", "sekisho"), .init("Accept", "*/*"),
            .init("Content-Type", "application/json"), .init("Content-Length", "‹secret:length›"),
          ], body: "{\"token\":\"‹secret:key›\",\"other\":\"‹secret:none›\"}"))
    let get = try endpoint.step(DeviceRequest(.get, "/list", headers: [.init("X-Key", "‹secret:key›")]))
    #expect(
      Operation(summary: Phrase(verbatim: ""), step: get).literal == """
        GET https://fw.example.org:8443/base/list
        Host: fw.example.org:8443
        User-Agent: sekisho
        Accept: */*
        X-Key: ‹secret:key›


        """)
    #expect(throws: AdapterError.self) { try endpoint.step(DeviceRequest(.get, "/with space")) }
  }

  @Test func aFormIsUnpackedForPeopleAndNothingElse() throws {
    func readable(_ type: String, _ body: String) -> String {
      Operation(
        summary: Phrase(verbatim: ""),
        step: .request(
          method: "POST", url: "https://a.example.org/", headers: [.init("Content-Type", type)], body: body)
      ).readable.split(separator: "\n\n", maxSplits: 1).last.map { String($0) } ?? ""
    }
    let form = "application/x-www-form-urlencoded"
    #expect(readable(form, "a=1&b=%3Cx%3E%3Cy%2F%3E+z") == "a = 1\nb = <x>\n<y/> z")
    // What would show something else than it is stays as it is.
    #expect(readable(form, "a=%1B%5B2J&b=%F&c=%FF&d") == "a=%1B%5B2J\nb=%F\nc=%FF\nd")
    #expect(readable("application/json", "{\"a\":\"%3C\"}") == "{\"a\":\"%3C\"}")
  }

  /// Bytes with everything that JSON, XML, forms and fields spell in their own way.
  @Test func aSecretIsSpelledAsItsPlaceWantsIt() async throws {
    let secret = "p\"<&+/= \u{e9}"
    let server = try await DeviceServer(PlainDevice())
    let folder = NSTemporaryDirectory() + "sekisho-requests-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    for (name, text) in [("ca.pem", server.authority), ("key", secret)] {
      try Data(text.utf8).write(to: URL(filePath: "\(folder)/\(name)"))
      try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: "\(folder)/\(name)")
    }
    let endpoint = DeviceEndpoint(
      url: try HTTPURL(server.origin), authorityFile: folder + "/ca.pem",
      secrets: ["key": .file(path: folder + "/key")], requestsPerSecond: 1000)
    let client = DeviceClient(endpoint: endpoint, sender: HTTPClient())
    let places = [
      ("application/json; charset=utf-8", "p\\\"<&+/= \u{e9}"),
      ("application/yang-data+xml", "p&quot;&lt;&amp;+/= \u{e9}"),
      ("application/x-www-form-urlencoded", "p%22%3C%26%2B%2F%3D%20%C3%A9"), ("text/plain", secret),
    ]
    for (type, spelling) in places {
      let request = DeviceRequest(
        .put, "/a", headers: [.init("Content-Type", type), .init("X-Key", "Token ‹secret:key›")],
        body: "[‹secret:key›][‹secret:other›]")
      let operation = Operation(summary: Phrase(verbatim: ""), step: try endpoint.step(request))
      #expect(try await client.perform(operation).status == 200)
      let sent = String(decoding: try #require(server.takeExchanges().last).request, as: UTF8.self)
      #expect(sent.hasSuffix("\r\n\r\n[\(spelling)][‹secret:other›]"), "\(sent)")
      #expect(sent.contains("\r\nX-Key: Token \(secret)\r\n"))
      // What the device repeats is shown without it.
      let answer = try await client.read(
        DeviceRequest(.get, "/\(FormText.encoded(secret))", headers: [.init("X-Key", "‹secret:key›")]))
      #expect(!answer.quotation.contains(secret))
    }
  }

  /// A status alone says whether something may have been done.
  @Test(arguments: [
    (401, AdapterError.Code.unauthorized, AdapterError.Code.unauthorized),
    (403, .unauthorized, .unauthorized),
    (301, .unreadable, .unreadable), (404, .rejected, .rejected), (429, .busy, .busy),
    (500, .timedOut, .unavailable), (503, .timedOut, .unavailable),
  ])
  func aStatusIsAnError(status: Int, ofChange: AdapterError.Code, ofReading: AdapterError.Code) async throws {
    let device = PlainDevice()
    let server = try await DeviceServer(device)
    let file = NSTemporaryDirectory() + "sekisho-ca-\(UUID().uuidString).pem"
    try Data(server.authority.utf8).write(to: URL(filePath: file))
    defer { try? FileManager.default.removeItem(atPath: file) }
    let endpoint = DeviceEndpoint(
      url: try HTTPURL(server.origin), authorityFile: file, requestsPerSecond: 1000)
    let client = DeviceClient(endpoint: endpoint, sender: HTTPClient())
    device.status.withLock { $0 = status }
    let change = Operation(
      summary: Phrase(verbatim: ""), step: try endpoint.step(DeviceRequest(.delete, "/x")))
    let refused = try await client.perform(change).refusal()
    #expect(refused.code == ofChange && refused.detail == "\(status): DELETE /x")
    #expect(try await client.read(DeviceRequest(.get, "/x")).refusal().code == ofReading)
    #expect(try await client.read(DeviceRequest(.get, "/x")).refusal(words: "no").detail == "\(status): no")
  }
}

/// Answers everything with one status and what it was asked.
private final class PlainDevice: SimulatedDevice {
  static let name = "plain"

  let status = Mutex(200)
  var violations: [String] { [] }
  func isChange(_ request: SimulatedRequest) -> Bool { request.method != "GET" }
  func answer(_ request: SimulatedRequest, fault: DeviceFault?) -> SimulatedAnswer {
    let text = ([request.header("X-Key"), "\(request.method) \(request.target)"].compactMap(\.self))
    return SimulatedAnswer(
      status: status.withLock(\.self), type: "text/plain", text: text.joined(separator: " "))
  }
}

private enum FormText {
  /// Percent-encoded, for a path.
  static func encoded(_ text: String) -> String {
    text.utf8.map { "%" + (String($0, radix: 16).count < 2 ? "0" : "") + String($0, radix: 16) }.joined()
  }
}
