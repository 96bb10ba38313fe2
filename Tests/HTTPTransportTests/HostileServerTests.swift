import Foundation
import Glibc
import Language
import Testing

@testable import HTTPTransport

/// What servers do wrong, and whether the request counts as not sent or as unknown afterwards.
@Suite struct HostileServerTests {
  private let client = HTTPClient()

  private func ending(
    _ limits: TransportLimits = TransportLimits(total: .seconds(10)), gzip: Bool = false,
    body: SensitiveText? = "block", behave: @escaping @Sendable (Peer) -> Void
  ) async throws -> HTTPError {
    let server = RawServer { peer, _ in behave(peer) }
    return try await failure(
      client,
      HTTPRequest(
        .post, try server.url("/api?key=1"), body: body, acceptsGzip: gzip, transport: plainly(limits)))
  }

  private func answerThenWait(_ answer: String) -> @Sendable (Peer) -> Void {
    { peer in
      guard peer.readRequest() != nil else { return }
      peer.write(answer)
      peer.waitForEnd()
    }
  }

  private func answerThenClose(_ answer: String) -> @Sendable (Peer) -> Void {
    { peer in
      guard peer.readRequest() != nil else { return }
      peer.write(answer)
    }
  }

  @Test func aRefusedConnectionSentNothing() async throws {
    let port = RawServer.closedPort()
    let error = try await failure(
      client, HTTPRequest(.post, try HTTPURL("http://127.0.0.1:\(port)/"), body: "x", transport: plainly()))
    #expect(error.code == .notConnected && error.fate == .notSent, "\(error)")
    #expect(error.message.en.contains("Nothing was sent.") && error.message.ja.contains("送信されていません"))
  }

  @Test func aNameWithoutAddressSentNothing() async throws {
    // RFC 6761 reserves the name: resolvers answer that it does not exist.
    let error = try await failure(
      client, HTTPRequest(.get, try HTTPURL("https://firewall.invalid/")))
    #expect(error.code == .nameNotResolved && error.fate == .notSent, "\(error)")
  }

  /// The queue of the listener is full, so the handshake is never answered.
  @Test func aSilentAddressSentNothing() async throws {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(listener) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    var fillers: [Int32] = []
    withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        precondition(bind(listener, $0, length) == 0 && listen(listener, 0) == 0)
        getsockname(listener, $0, &length)
        for _ in 0..<3 {
          let filler = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
          _ = connect(filler, $0, length)
          fillers.append(filler)
        }
      }
    }
    defer { for filler in fillers { close(filler) } }
    let url = try HTTPURL("http://127.0.0.1:\(UInt16(bigEndian: address.sin_port))/")
    let error = try await failure(
      client,
      HTTPRequest(.post, url, body: "x", transport: plainly(TransportLimits(connect: .milliseconds(200)))))
    #expect(error.code == .connectTimedOut && error.fate == .notSent, "\(error)")
  }

  @Test func cutBeforeAnsweringIsUnknown() async throws {
    for resets in [false, true] {
      let error = try await ending { peer in
        _ = peer.readRequest()
        if resets { peer.resetOnClose() }
      }
      #expect(error.code == .cut && error.fate == .unknown && error.status == nil, "\(error)")
      #expect(error.message.en.contains("may have been applied"))
      #expect(!error.message.en.contains("key=1"))
    }
  }

  @Test func cutInTheMiddleIsUnknown() async throws {
    for answer in [
      "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", "HTTP/1.1 200 OK\r\nContent-Le", "HTT",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFF\r\nhello",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n",
      "HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n",
    ] {
      let error = try await ending(behave: answerThenClose(answer))
      #expect(error.fate == .unknown, "\(answer): \(error)")
      #expect(error.code == .cut || error.code == .malformed, "\(answer): \(error)")
    }
  }

  @Test func whatIsNotHTTPIsUnknown() async throws {
    for answer in [
      "SSH-2.0-OpenSSH_9.2\r\n", "<html>\r\n\r\n",
      "HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 0\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
    ] {
      let error = try await ending(behave: answerThenClose(answer))
      #expect(error.code == .malformed && error.fate == .unknown, "\(answer): \(error)")
    }
  }

  @Test func silenceEndsAtTheTotalLimit() async throws {
    let start = ContinuousClock.now
    let error = try await ending(TransportLimits(total: .milliseconds(300), stall: .milliseconds(100))) {
      peer in
      _ = peer.readRequest()
      peer.waitForEnd()
    }
    #expect(error.code == .timedOut && error.fate == .unknown, "\(error)")
    #expect(ContinuousClock.now - start >= .milliseconds(290))
  }

  /// One byte now and then keeps most clients busy for ever.
  @Test func aDripIsAStall() async throws {
    for head in ["HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", "HTTP/1.1 200 OK\r\nX-Slow: "] {
      let error = try await ending(TransportLimits(total: .seconds(30), stall: .milliseconds(300))) { peer in
        guard peer.readRequest() != nil else { return }
        peer.write(head)
        while peer.write("a") { usleep(20_000) }
      }
      #expect(error.code == .stalled && error.fate == .unknown, "\(error)")
    }
  }

  /// A request that the server does not take in stalls too.
  @Test func aServerThatDoesNotReadIsAStall() async throws {
    let error = try await ending(
      TransportLimits(total: .seconds(30), stall: .milliseconds(300)),
      body: SensitiveText(bytes: [UInt8](repeating: 0x61, count: 32 << 20))
    ) { peer in
      // POLLRDHUP: tells the end of the connection and takes no byte.
      var state = pollfd(fd: peer.descriptor, events: Int16(0x2000), revents: 0)
      poll(&state, 1, -1)
    }
    #expect(error.code == .stalled && error.fate == .unknown, "\(error)")
  }

  @Test func aBodyAboveTheLimitEndsTheTransfer() async throws {
    let limits = TransportLimits(total: .seconds(10), bodyBytes: 100_000)
    let endless = RawServer { peer, _ in
      guard peer.readRequest() != nil else { return }
      peer.write("HTTP/1.1 200 OK\r\n\r\n")
      while peer.write(String(repeating: "x", count: 65_536)) {}
    }
    let error = try await failure(
      client, HTTPRequest(.get, try endless.url(), transport: plainly(limits)))
    #expect(error.code == .bodyTooLarge && error.fate == .unknown && error.status == 200, "\(error)")

    let exact = RawServer.answering(
      "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + String(repeating: "x", count: 100_000))
    #expect(
      try await client.send(HTTPRequest(.get, try exact.url(), transport: plainly(limits))).body.count
        == 100_000)
  }

  /// A thousandfold: what counts is what comes out.
  @Test func aGzipBombEndsAtTheLimitOfWhatComesOut() async throws {
    let bomb = try gzip("head -c 50000000 /dev/zero | gzip -9")
    #expect(bomb.count < 60_000)
    let head = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: \(bomb.count)\r\n\r\n"
    let error = try await ending(TransportLimits(total: .seconds(10), bodyBytes: 1_000_000), gzip: true) {
      peer in
      guard peer.readRequest() != nil else { return }
      peer.write(Array(head.utf8) + bomb)
      peer.waitForEnd()
    }
    #expect(error.code == .bodyTooLarge && error.fate == .unknown, "\(error)")
  }

  @Test func gzipIsUnpackedAndDamageIsSeen() async throws {
    let packed = try gzip("printf 'hello world' | gzip")
    func answer(_ bytes: [UInt8]) -> RawServer {
      let head = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: \(bytes.count)\r\n\r\n"
      return RawServer { peer, _ in
        while peer.readRequest() != nil { peer.write(Array(head.utf8) + bytes) }
      }
    }
    let good = answer(packed)
    let request = HTTPRequest(.get, try good.url(), acceptsGzip: true, transport: plainly())
    #expect(try await client.send(request).text == "hello world")
    var unasked = request
    unasked.acceptsGzip = false
    #expect(try await client.send(unasked).body == packed)

    var damaged = packed
    damaged[damaged.count - 6] ^= 0xFF
    let bad = answer(damaged)
    let error = try await failure(
      client, HTTPRequest(.get, try bad.url(), acceptsGzip: true, transport: plainly()))
    #expect(error.fate == .unknown, "\(error)")
  }

  @Test func hugeHeadsEndTheTransfer() async throws {
    for answer in [
      "HTTP/1.1 200 OK\r\n"
        + String(repeating: "X-A: \(String(repeating: "a", count: 1000))\r\n", count: 100),
      "HTTP/1.1 200 OK\r\n" + String(repeating: "X: y\r\n", count: 1000),
      "HTTP/1.1 200 OK\r\nX-A: " + String(repeating: "a", count: 400_000),
      String(repeating: "HTTP/1.1 100 Continue\r\n\r\n", count: 10_000),
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"
        + String(repeating: "X: y\r\n", count: 1000),
    ] {
      let error = try await ending(behave: answerThenWait(answer))
      #expect(error.fate == .unknown, "\(error)")
      #expect(error.code == .headersTooLarge || error.code == .other, "\(answer.prefix(60)): \(error)")
    }
  }

  @Test func interimAnswersAndTrailersAreNotTheAnswersHead() async throws {
    let server = RawServer.answering(
      "HTTP/1.1 103 Early Hints\r\nX-Early: 1\r\n\r\nHTTP/1.1 200 OK\r\nX-Late:  two words \t\r\nx-late: again\r\n"
        + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Trailer: 1\r\n\r\n")
    let response = try await client.send(HTTPRequest(.get, try server.url(), transport: plainly()))
    #expect(response.status == 200 && response.text == "abc")
    #expect(response.headers["X-Early"] == nil && response.headers["X-Trailer"] == nil)
    #expect(response.headers.values(of: "X-LATE") == ["two words", "again"])
  }

  /// A kept connection dies just as the next request is sent. Sending it again would do it twice.
  @Test func aRequestIsNotSentTwiceBehindTheCallersBack() async throws {
    func server() -> RawServer {
      RawServer { peer, number in
        guard peer.readRequest() != nil else { return }
        peer.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        if number == 0 {
          // The second request is read, perhaps applied, and never answered.
          _ = peer.readRequest()
        } else {
          peer.waitForEnd()
        }
      }
    }
    let careful = server()
    let request = HTTPRequest(.delete, try careful.url(), transport: plainly())
    _ = try await client.send(request)
    let error = try await failure(client, request)
    #expect(error.code == .cut && error.fate == .unknown, "\(error)")
    #expect(careful.requests.count == 2)

    let bold = server()
    let repeatable = HTTPRequest(
      .delete, try bold.url(), retry: RetryPolicy(attempts: 1, isRepeatable: true), transport: plainly())
    _ = try await client.send(repeatable)
    #expect(try await client.send(repeatable).status == 200)
    #expect(bold.requests.count == 3)
  }

  @Test func anAnswerGoesToAFile() async throws {
    let path = FileManager.default.temporaryDirectory.path + "/sekisho-body-\(UUID().uuidString)"
    try Data("something older and longer than the answer".utf8).write(to: URL(filePath: path))
    let file = try FileHandle(forUpdating: URL(filePath: path))
    defer { try? FileManager.default.removeItem(atPath: path) }
    func get(_ server: RawServer, _ limit: Int = 1000) throws -> HTTPRequest {
      HTTPRequest(
        .get, try server.url(), destination: .file(descriptor: file.fileDescriptor),
        transport: plainly(TransportLimits(total: .seconds(10), bodyBytes: limit)))
    }
    func content() throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

    // An answer that is no success leaves the file alone.
    let sorry = RawServer.answering("HTTP/1.1 503 Busy\r\nContent-Length: 5\r\n\r\nsorry")
    #expect(try await client.send(get(sorry)).text == "sorry")
    #expect(try content().hasPrefix("something"))

    let list = RawServer.answering("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlist")
    let response = try await client.send(get(list))
    #expect(response.body.isEmpty && response.bodyBytes == 4)
    #expect(try content() == "list")

    let error = try await failure(client, get(list, 3))
    #expect(error.code == .bodyTooLarge)

    let empty = RawServer.answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    #expect(try await client.send(get(empty)).bodyBytes == 0)
    #expect(try content() == "")
  }

  private func gzip(_ command: String) throws -> [UInt8] {
    let process = Process()
    process.executableURL = URL(filePath: "/bin/sh")
    process.arguments = ["-c", command]
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let bytes = [UInt8](output.fileHandleForReading.readDataToEndOfFile())
    process.waitUntilExit()
    return bytes
  }
}
