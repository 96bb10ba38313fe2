import NetworkTypes
import Testing

@testable import Inspection

@Suite("HTTP/1 requests")
struct HTTPRequestTests {
  private func inspect(_ text: String, _ check: (borrowing InspectedFrames, Inspection) -> Void) {
    var frames = InspectedFrames()
    let result = frames.take(FrameBuilder.tcp4(Array(text.utf8), port: 80))
    check(frames, result)
  }

  @Test("method, path, host and user agent are told")
  func request() {
    inspect("GET /a/b?c=1 HTTP/1.1\r\nuser-AGENT:  curl/8.0 \r\nHOST: WWW.Example.org:8080\r\n\r\n") {
      frames, result in
      #expect(result == .observation)
      #expect(frames.observation.kind == .httpRequest)
      #expect(frames.observation.method == "GET")
      #expect(frames.observation.path == "/a/b?c=1")
      #expect(frames.observation.name == "www.example.org")
      #expect(frames.observation.userAgent == "curl/8.0")
    }
  }

  @Test(
    "every method is told",
    arguments: [
      "GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "PROPFIND", "M-SEARCH",
      "UPDATEREDIRECTREF",
    ])
  func methods(_ method: String) {
    inspect("\(method) / HTTP/1.0\r\nHost: example.org\r\n\r\n") { frames, _ in
      #expect(frames.observation.method == method)
      #expect(frames.observation.name == "example.org")
    }
  }

  @Test("CONNECT tells the host it asks for and has no path")
  func connect() {
    inspect("CONNECT bad.example.org:443 HTTP/1.1\r\nHost: proxy.example.org\r\n\r\n") { frames, _ in
      #expect(frames.observation.method == "CONNECT")
      #expect(frames.observation.name == "bad.example.org")
      #expect(frames.observation.path == nil)
    }
  }

  @Test("an absolute target overrides Host")
  func absoluteTarget() {
    inspect("GET http://user@Bad.example.org:8080/x?y HTTP/1.1\r\nHost: good.example.org\r\n\r\n") {
      frames, _ in
      #expect(frames.observation.name == "bad.example.org")
      #expect(frames.observation.path == "/x?y")
    }
  }

  @Test(
    "an address in place of a name is told as an address",
    arguments: [
      ("[2001:db8::5]", "2001:db8::5"), ("[2001:db8::5]:8080", "2001:db8::5"), ("192.0.2.5", "192.0.2.5"),
      ("192.0.2.5:81", "192.0.2.5"), ("[::ffff:192.0.2.5]", "192.0.2.5"),
    ])
  func addressLiterals(_ host: String, _ address: String) {
    inspect("GET / HTTP/1.1\r\nHost: \(host)\r\n\r\n") { frames, result in
      #expect(result == .observation)
      #expect(frames.observation.name == nil)
      #expect(frames.observation.addresses == [IPAddress(address)])
    }
  }

  @Test(
    "hosts that are none are counted and no request is told",
    arguments: ["a b", "a/b", "[::1", "[]", ":80", "example.org:123456", "exa\u{1B}mple.org", "..", "ü.org"])
  func hostileHosts(_ host: String) {
    inspect("GET / HTTP/1.1\r\nHost: \(host)\r\n\r\n") { frames, _ in
      #expect(frames.observation.kind == .connection)
      #expect(frames.reasons["httpRequests"] == nil)
      #expect((frames.reasons["nameNotText"] ?? 0) + (frames.reasons["malformedHTTP"] ?? 0) == 1)
    }
  }

  @Test("two Host fields are refused")
  func twoHosts() {
    inspect("GET / HTTP/1.1\r\nHost: a.example.org\r\nHost: b.example.org\r\n\r\n") { frames, _ in
      #expect(frames.reasons == ["malformedHTTP": 1, "connections": 1])
    }
  }

  @Test("a head that the capture cut before its Host is counted; without any Host it is told without")
  func cutAndMissing() {
    var frames = InspectedFrames()
    let frame = FrameBuilder.tcp4(
      Array("GET /long HTTP/1.1\r\nAccept: */*\r\nHost: a.example.org\r\n\r\n".utf8), port: 80)
    frames.take(Array(frame.dropLast(20)))
    #expect(frames.reasons == ["splitHTTP": 1, "connections": 1, "cutByCapture": 1])
    inspect("GET /old HTTP/1.0\r\n\r\n") { frames, _ in
      #expect(frames.observation.kind == .httpRequest && frames.observation.name == nil)
    }
  }

  @Test(
    "what is no HTTP/1 request is a connection and no fault",
    arguments: [
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "EHLO mail.example.org\r\n", "GET", "HTTP/1.1 200 OK\r\n\r\n", "A",
    ])
  func otherText(_ text: String) {
    inspect(text) { frames, _ in #expect(frames.reasons == ["connections": 1]) }
  }

  @Test("a path beyond the room is cut and says so")
  func longPath() {
    inspect("GET /\(String(repeating: "x", count: 1300)) HTTP/1.1\r\nHost: example.org\r\n\r\n") {
      frames, _ in
      #expect(frames.observation.path?.utf8.count == 1024)
      #expect(frames.observation.pathIsCut)
    }
  }
}
