import Language
import Randomness
import Synchronization
import Testing

@testable import HTTPTransport

@Suite struct ClientLifeTests {
  private static let answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

  @Test func aThousandRequestsAtOnceShareAFewConnections() async throws {
    let server = try WebServer.shared.get()
    let client = HTTPClient(connectionsPerHost: 4)
    let request = HTTPRequest(
      .get, try HTTPURL("https://localhost:\(server.good)/"),
      transport: TransportSettings(tls: TLSSettings(authorityFile: server.authority)))
    let (answers, opened) = try await withThrowingTaskGroup(of: HTTPResponse.self) { group in
      for _ in 0..<1000 { group.addTask { try await client.send(request) } }
      return try await group.reduce(into: (0, 0)) { sum, response in
        sum.0 += response.text == "ok\n" ? 1 : 0
        sum.1 += response.openedConnections
      }
    }
    #expect(answers == 1000)
    // nginx closes a connection after 1,000 requests.
    #expect((1...8).contains(opened), "\(opened)")
  }

  @Test func connectionsAreUsedAgain() async throws {
    let server = RawServer.answering(Self.answer)
    let client = HTTPClient()
    var opened: [Int] = []
    for _ in 0..<5 {
      opened.append(
        try await client.send(HTTPRequest(.get, try server.url(), transport: plainly())).openedConnections)
    }
    #expect(opened == [1, 0, 0, 0, 0])
    #expect(server.connections == 1)
  }

  @Test func cancellingEndsTheTransfer() async throws {
    let ended = Atomic<Bool>(false)
    let server = RawServer { peer, _ in
      _ = peer.readRequest()
      peer.waitForEnd()
      ended.store(true, ordering: .releasing)
    }
    let client = HTTPClient()
    let request = HTTPRequest(.post, try server.url(), body: "x", transport: plainly())
    let task = Task { try await failure(client, request) }
    try await waitUntil { server.requests.count == 1 }
    task.cancel()
    let error = try await task.value
    #expect(error.code == .cancelled && error.fate == .unknown, "\(error)")
    try await waitUntil { ended.load(ordering: .acquiring) }
  }

  @Test func aTaskCancelledBeforeItSendsSendsNothing() async throws {
    let server = RawServer.answering(Self.answer)
    let client = HTTPClient()
    let request = HTTPRequest(.post, try server.url(), body: "x", transport: plainly())
    let error = try await Task {
      withUnsafeCurrentTask { $0?.cancel() }
      return try await failure(client, request)
    }.value
    #expect(error.code == .cancelled && error.fate == .notSent, "\(error)")
    #expect(server.connections == 0)
  }

  /// Whatever the moment: each request ends once, and the client stays usable.
  @Test func cancellingAtAnyMomentIsSafe() async throws {
    let server = RawServer.answering(Self.answer)
    let client = HTTPClient(connectionsPerHost: 2)
    let request = HTTPRequest(.get, try server.url(), transport: plainly())
    var random = SplitMix64(seed: 11)
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<300 {
        let yields = Int.random(in: 0...40, using: &random)
        group.addTask {
          let task = Task { try? await client.send(request) }
          for _ in 0..<yields { await Task.yield() }
          task.cancel()
          _ = await task.value
        }
      }
    }
    #expect(try await client.send(request).status == 200)
  }

  @Test func whatWaitsForAConnectionWasNotSent() async throws {
    let server = RawServer { peer, _ in
      _ = peer.readRequest()
      peer.waitForEnd()
    }
    let client = HTTPClient(connectionsPerHost: 1)
    let url = try server.url()
    let first = Task { try await failure(client, HTTPRequest(.get, url, transport: plainly())) }
    try await waitUntil { server.requests.count == 1 }
    let waiting = try await failure(
      client,
      HTTPRequest(.post, url, body: "x", transport: plainly(TransportLimits(total: .milliseconds(100)))))
    #expect(waiting.fate == .notSent, "\(waiting)")
    first.cancel()
    #expect(try await first.value.fate == .unknown)
  }

  @Test func shuttingDownEndsWhatIsUnderWayAndRefusesTheRest() async throws {
    let server = RawServer { peer, _ in
      _ = peer.readRequest()
      peer.waitForEnd()
    }
    let client = HTTPClient()
    let request = HTTPRequest(.post, try server.url(), body: "x", transport: plainly())
    let task = Task { try await failure(client, request) }
    try await waitUntil { server.requests.count == 1 }
    await client.shutDown()
    let error = try await task.value
    #expect(error.code == .closed && error.fate == .unknown, "\(error)")
    let late = try await failure(client, request)
    #expect(late.code == .closed && late.fate == .notSent, "\(late)")
    await client.shutDown()
    #expect(server.requests.count == 1)
  }

  @Test func shuttingDownWithGraceLetsAnswersArrive() async throws {
    let mayAnswer = Atomic<Bool>(false)
    let server = RawServer { peer, _ in
      _ = peer.readRequest()
      while !mayAnswer.load(ordering: .acquiring) {}
      peer.write(Self.answer)
    }
    let client = HTTPClient()
    let request = HTTPRequest(.post, try server.url(), body: "x", transport: plainly())
    let task = Task { try await client.send(request) }
    try await waitUntil { server.requests.count == 1 }
    let closing = Task { await client.shutDown(grace: .seconds(10)) }
    // The refusal of new requests shows that closing has begun.
    let elsewhere = try HTTPURL("https://127.0.0.1:\(RawServer.closedPort())/")
    var isClosing = false
    while !isClosing {
      do throws(HTTPError) {
        _ = try await client.send(HTTPRequest(.get, elsewhere))
      } catch {
        isClosing = error.code == .closed
      }
    }
    mayAnswer.store(true, ordering: .releasing)
    #expect(try await task.value.status == 200)
    await closing.value
  }

  /// A client that is let go takes its thread along.
  @Test func aClientThatIsLetGoClosesItsConnections() async throws {
    let ended = Atomic<Bool>(false)
    let server = RawServer { peer, _ in
      _ = peer.readRequest()
      peer.write(Self.answer)
      peer.waitForEnd()
      ended.store(true, ordering: .releasing)
    }
    _ = try await HTTPClient().send(HTTPRequest(.get, try server.url(), transport: plainly()))
    try await waitUntil { ended.load(ordering: .acquiring) }
  }

  @Test func environmentProxiesAreUsedOnlyWhenAsked() async throws {
    let target = RawServer.answering(Self.answer)
    let proxy = RawServer.answering("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
    let client = HTTPClient()
    let key = Secret(name: "key", value: "s3cr3t")
    var request = HTTPRequest(
      .get, try target.url(), headers: [.init("X-Key", "\(key)")], transport: plainly())
    #expect(try await client.send(request).status == 200)
    request.transport.proxy = .server(
      try HTTPURL("http://127.0.0.1:\(proxy.port)"), user: "me",
      password: Secret(name: "proxy", value: "pr0xy"))
    let error = try await failure(client, request)
    #expect(error.code == .proxyFailed && error.fate == .notSent, "\(error)")
    // The proxy learns whom we want to reach, and nothing of the request.
    let seen = String(decoding: try #require(proxy.requests.first), as: UTF8.self)
    #expect(seen.hasPrefix("CONNECT 127.0.0.1:\(target.port) HTTP/1.1\r\n"), "\(seen)")
    #expect(
      seen.contains("Proxy-Authorization: Basic bWU6cHIweHk=\r\n") && !seen.contains("s3cr3t"), "\(seen)")
    #expect(target.requests.count == 1)
  }
}
