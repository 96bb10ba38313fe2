import Language
import Randomness
import Testing

@testable import HTTPTransport

/// What is previewed is what is sent, byte by byte, as a server sees it.
@Suite struct RequestBytesTests {
  private let client = HTTPClient()
  private let key = Secret(name: "key", value: "s3cr3t-äöü")
  private static let answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

  @Test func aRequestWithEverythingArrivesAsPreviewed() async throws {
    let server = RawServer.answering(Self.answer)
    let request = HTTPRequest(
      .post, try server.url("/api/?type=op"),
      headers: [
        .init("X-PAN-KEY", "\(key)"), .init("Content-Type", "application/json"),
        .init("Authorization", .basic(user: "admin", password: key)), .init("Accept", "application/json"),
      ],
      body: "{\"user\":\"admin\",\"password\":\"\(json: key)\"}", transport: plainly())
    _ = try await client.send(request)
    let received = try #require(server.requests.first)
    #expect(received == request.message.revealed(with: request.body))
    #expect(
      request.preview == """
        → http://127.0.0.1:\(server.port)
        POST /api/?type=op HTTP/1.1
        Host: 127.0.0.1:\(server.port)
        User-Agent: sekisho
        X-PAN-KEY: ‹secret:key›
        Content-Type: application/json
        Authorization: Basic ‹secret:key›
        Accept: application/json
        Content-Length: ‹secret:length›

        {"user":"admin","password":"‹secret:key›"}
        """)
    // The same said without our own rendering: marks replaced by hand give what the server read.
    let byHand = request.preview.split(separator: "\n", maxSplits: 1)[1]
      .replacing("Basic ‹secret:key›", with: "Basic YWRtaW46czNjcjN0LcOkw7bDvA==")
      .replacing("‹secret:key›", with: "s3cr3t-äöü").replacing("‹secret:length›", with: "43")
    let halves = byHand.split(separator: "\n\n", maxSplits: 1)
    #expect(
      String(decoding: received, as: UTF8.self)
        == halves[0].replacing("\n", with: "\r\n") + "\r\n\r\n" + halves[1])
  }

  @Test func randomRequestsArriveAsPreviewed() async throws {
    var random = SplitMix64(seed: 7)
    let server = RawServer.answering(Self.answer)
    var expected: [[UInt8]] = []
    func word(_ random: inout SplitMix64, _ most: Int) -> String {
      String(
        (0..<Int.random(in: 1...most, using: &random)).map { _ in
          Character(Unicode.Scalar(UInt8.random(in: 0x21...0x7E, using: &random)))
        })
    }
    for number in 0..<100 {
      let method = HTTPRequest.Method.allCases.randomElement(using: &random)!
      var body: SensitiveText?
      if method != .get, method != .head, Bool.random(using: &random) {
        let size = [0, 1, 100, 5000, 70_000].randomElement(using: &random)!
        body = SensitiveText(bytes: (0..<size).map { UInt8(truncatingIfNeeded: $0 &* $0 &+ number) })
        if Bool.random(using: &random) { body = body! + "\(form: key)" }
      }
      var headers: [HTTPRequest.Field] = []
      for index in 0..<Int.random(in: 0...6, using: &random) {
        let text = word(&random, 60)
        headers.append(.init("X-\(index)", Bool.random(using: &random) ? "\(text) \(key)" : "\(text)"))
      }
      if Bool.random(using: &random) { headers.append(.init("User-Agent", "other/1")) }
      if Bool.random(using: &random) { headers.append(.init("Content-Type", "text/plain")) }
      let request = HTTPRequest(
        method, try server.url("/\(number)?q=\(number)"), headers: headers, body: body,
        acceptsGzip: Bool.random(using: &random), transport: plainly())
      let message = request.message.revealed(with: body)
      #expect(!request.preview.contains("s3cr3t"))
      expected.append(message)
      _ = try await client.send(request)
    }
    let received = server.requests
    #expect(received.count == expected.count)
    for (number, pair) in zip(received, expected).enumerated() {
      #expect(pair.0 == pair.1, "request \(number)")
    }
    #expect(server.connections == 1)
  }

  /// A large body is sent at once, without asking first (`Expect: 100-continue`).
  @Test func aLargeBodyIsNotAnnounced() async throws {
    let server = RawServer.answering(Self.answer)
    let request = HTTPRequest(
      .put, try server.url(), body: SensitiveText(bytes: [UInt8](repeating: 0x61, count: 3_000_000)),
      transport: plainly())
    _ = try await client.send(request)
    #expect(server.requests == [request.message.revealed(with: request.body)])
  }

  @Test func whatWouldBreakTheMessageIsRefusedBeforeItIsSent() async throws {
    let server = RawServer.answering(Self.answer)
    let url = try server.url()
    let injecting = Secret(name: "injecting", value: "x\r\nX-Admin: yes")
    let requests: [HTTPRequest] = [
      HTTPRequest(.get, url, headers: [.init("X-Key", "\(injecting)")], transport: plainly()),
      HTTPRequest(.get, url, headers: [.init("X-Key", "a\nb")], transport: plainly()),
      HTTPRequest(.get, url, headers: [.init("X-Key", "")], transport: plainly()),
      HTTPRequest(.get, url, headers: [.init("X Key", "a")], transport: plainly()),
      HTTPRequest(.get, url, headers: [.init("X-Key:", "a")], transport: plainly()),
      HTTPRequest(.get, url, headers: [.init("host", "other.example.org")], transport: plainly()),
      HTTPRequest(.post, url, headers: [.init("Content-Length", "5")], body: "12345", transport: plainly()),
      HTTPRequest(.post, url, headers: [.init("Transfer-Encoding", "chunked")], transport: plainly()),
      HTTPRequest(.get, url, body: "x", transport: plainly()),
      HTTPRequest(.post, url, body: "x", maximumRedirects: 1, transport: plainly()),
    ]
    for request in requests {
      let error = try await failure(client, request)
      #expect(error.code == .invalidRequest && error.fate == .notSent, "\(error)")
      #expect(!"\(error)\(error.message)".contains("X-Admin"))
    }
    let refused = try await failure(client, HTTPRequest(.get, url))
    #expect(refused.code == .plainTextRefused && refused.fate == .notSent)
    #expect(server.connections == 0)
  }

  @Test func devicesWordsAreRedacted() throws {
    let request = HTTPRequest(
      .post, try HTTPURL("https://192.0.2.1/"),
      headers: [.init("Authorization", .basic(user: "u", password: key))],
      body: "p=\(form: key)")
    let words = "bad s3cr3t-äöü, s3cr3t-%C3%A4%C3%B6%C3%BC, Basic dTpzM2NyM3Qtw6TDtsO8"
    #expect(request.redact(words) == "bad ‹secret:key›, ‹secret:key›, Basic ‹secret:key›")
  }
}
