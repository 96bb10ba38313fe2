import Language
import NetworkTypes
import Randomness
import Synchronization
import Testing

@testable import HTTPTransport

/// A device that answers from a script.
private final class Script: HTTPSending {
  private let steps: Mutex<[Result<HTTPResponse, HTTPError>]>
  private let count = Mutex(0)
  var sent: Int { count.withLock { $0 } }

  init(_ steps: [Result<HTTPResponse, HTTPError>]) { self.steps = Mutex(steps) }

  func send(_ request: HTTPRequest) async throws(HTTPError) -> HTTPResponse {
    count.withLock { $0 += 1 }
    return try steps.withLock { $0.removeFirst() }.get()
  }
}

@Suite struct RetryTests {
  private static let url = try? HTTPURL("https://192.0.2.1/")
  private let time = JumpingClock()

  private func answer(_ status: Int, retryAfter: String? = nil) throws -> Result<HTTPResponse, HTTPError> {
    let fields = retryAfter.map { [HTTPHeaders.Field(name: "retry-after", value: $0)] } ?? []
    return .success(HTTPResponse(status: status, headers: HTTPHeaders(fields), url: try #require(Self.url)))
  }

  private func failing(_ code: HTTPError.Code, _ fate: HTTPError.Fate) -> Result<HTTPResponse, HTTPError> {
    .failure(HTTPError(code: code, fate: fate, place: "GET x", reason: Phrase(en: "", ja: "")))
  }

  private func run(
    _ steps: [Result<HTTPResponse, HTTPError>], _ policy: RetryPolicy, bucket: TokenBucket? = nil
  ) async throws -> (result: Result<HTTPResponse, HTTPError>, sent: Int) {
    let script = Script(steps)
    let paced = PacedClient(sender: script, bucket: bucket, clock: time.clock, draw: { 0.5 })
    let request = HTTPRequest(.post, try #require(Self.url), retry: policy)
    do throws(HTTPError) {
      return (.success(try await paced.send(request)), script.sent)
    } catch {
      return (.failure(error), script.sent)
    }
  }

  @Test func nothingIsRepeatedUnlessThePolicySaysSo() async throws {
    for step in [
      try answer(503, retryAfter: "1"), try answer(429), failing(.notConnected, .notSent),
      failing(.cut, .unknown),
    ] {
      let (result, sent) = try await run([step], .never)
      #expect(sent == 1)
      if case .success(let response) = step {
        #expect(try result.get().status == response.status)
      } else {
        #expect(throws: HTTPError.self) { try result.get() }
      }
    }
    // Each permission is one of its own.
    let busy = RetryPolicy(attempts: 5, statuses: [429])
    #expect(try await run([failing(.notConnected, .notSent)], busy).sent == 1)
    #expect(try await run([failing(.cut, .unknown)], busy).sent == 1)
    #expect(try await run([answer(503)], busy).sent == 1)
    let connecting = RetryPolicy(attempts: 5, retriesNotSent: true)
    #expect(try await run([failing(.cut, .unknown)], connecting).sent == 1)
    #expect(try await run([failing(.tlsPinMismatch, .notSent)], connecting).sent == 1)
    #expect(time.elapsed == .zero)
  }

  @Test func delaysGrowToABoundAndAttemptsEnd() async throws {
    let policy = RetryPolicy(
      attempts: 6, statuses: [503], firstDelay: .seconds(1), longestDelay: .seconds(5))
    let (result, sent) = try await run(Array(repeating: answer(503), count: 6), policy)
    #expect(sent == 6)
    #expect(try result.get().status == 503)
    // Three quarters of 1, 2, 4, 5, 5 seconds: the draw is the middle.
    #expect(time.sleeps == [.seconds(0.75), .seconds(1.5), .seconds(3), .seconds(3.75), .seconds(3.75)])
  }

  @Test func delaysStayBetweenHalfAndWhole() {
    var random = SplitMix64(seed: 3)
    let policy = RetryPolicy(attempts: 9)
    for attempt in 1...100 {
      let delay = policy.delay(afterAttempt: attempt, draw: Double.random(in: 0..<1, using: &random))
      let bound = min(policy.firstDelay * (1 << min(attempt - 1, 30)), policy.longestDelay)
      #expect(delay >= bound / 2 && delay <= bound)
    }
  }

  @Test func retryAfterIsHonoured() async throws {
    let policy = RetryPolicy(attempts: 3, statuses: [429], longestRetryAfter: .seconds(60))
    // 2027-01-15 08:00:00 is the clock's beginning.
    let (result, sent) = try await run(
      [answer(429, retryAfter: "7"), answer(429, retryAfter: "Fri, 15 Jan 2027 08:00:30 GMT"), answer(200)],
      policy)
    #expect(try result.get().status == 200)
    #expect(sent == 3)
    #expect(time.sleeps == [.seconds(7), .seconds(23)])
  }

  @Test func aRetryAfterBeyondTheBoundGoesToTheCaller() async throws {
    let policy = RetryPolicy(attempts: 3, statuses: [429], longestRetryAfter: .seconds(60))
    for value in ["61", "99999999999999999999", "Fri, 15 Jan 2027 09:00:00 GMT"] {
      let (result, sent) = try await run([answer(429, retryAfter: value)], policy)
      #expect(try result.get().status == 429)
      #expect(sent == 1, "\(value)")
    }
    #expect(time.sleeps.isEmpty)
  }

  @Test func retryAfterIsReadInAllItsForms() {
    let now = Timestamp(seconds: 784_111_777 - 100)
    for (text, seconds) in [
      ("0", 0), ("120", 120), ("Sun, 06 Nov 1994 08:49:37 GMT", 100), ("Sunday, 06-Nov-94 08:49:37 GMT", 100),
      ("Sun Nov  6 08:49:37 1994", 100), ("Sun, 06 Nov 1994 08:00:00 GMT", 0),
      ("", nil), ("-5", nil), ("soon", nil), ("1.5 parsecs", nil), (String(repeating: "1 ", count: 100), nil),
    ] as [(String, Int?)] {
      #expect(RetryAfter.delay(text, now: now) == seconds.map { .seconds($0) }, "\(text)")
    }
  }

  /// After one unknown attempt nobody may conclude from a later one that nothing happened.
  @Test func oneUnknownAttemptMakesTheEndUnknown() async throws {
    let policy = RetryPolicy(attempts: 2, retriesNotSent: true, isRepeatable: true)
    let (failed, _) = try await run([failing(.cut, .unknown), failing(.notConnected, .notSent)], policy)
    #expect(
      throws: HTTPError(code: .notConnected, fate: .unknown, place: "GET x", reason: Phrase(en: "", ja: ""))
    ) {
      try failed.get()
    }
    let (answered, _) = try await run([failing(.cut, .unknown), answer(404)], policy)
    #expect(try answered.get().followsUnknown)
    let (clear, _) = try await run([failing(.notConnected, .notSent), answer(200)], policy)
    #expect(try !clear.get().followsUnknown)
  }

  @Test func oneRetryAfterHoldsEveryoneAtTheDevice() async throws {
    let bucket = TokenBucket(rate: 100, burst: 100, clock: time.clock)
    let policy = RetryPolicy(attempts: 2, statuses: [429], firstDelay: .milliseconds(1))
    _ = try await run([answer(429, retryAfter: "30"), answer(200)], policy, bucket: bucket)
    let before = time.elapsed
    bucket.hold(for: .seconds(10))
    _ = try await run([answer(200)], .never, bucket: bucket)
    #expect(time.elapsed - before >= .seconds(10))
  }

  @Test func aRealServerThatIsBusyIsAskedAgain() async throws {
    let server = RawServer { peer, _ in
      var asked = 0
      while peer.readRequest() != nil {
        asked += 1
        peer.write(
          asked < 3
            ? "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 3\r\nContent-Length: 13\r\n\r\n<html></html>"
            : "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone")
      }
    }
    let paced = PacedClient(sender: HTTPClient(), clock: time.clock)
    let policy = RetryPolicy(attempts: 4, statuses: [429])
    let response = try await paced.send(
      HTTPRequest(.post, try server.url(), body: "x", retry: policy, transport: plainly()))
    #expect(response.text == "done")
    #expect(server.requests.count == 3)
    #expect(time.sleeps == [.seconds(3), .seconds(3)])
  }
}

@Suite struct TokenBucketTests {
  @Test func noWindowHoldsMoreThanBurstAndRate() async throws {
    var random = SplitMix64(seed: 5)
    for _ in 0..<20 {
      let time = JumpingClock()
      let rate = Double.random(in: 0.5...50, using: &random)
      let burst = Int.random(in: 1...20, using: &random)
      let bucket = TokenBucket(rate: rate, burst: burst, clock: time.clock)
      var passes: [Double] = []
      for _ in 0..<200 {
        if Int.random(in: 0..<10, using: &random) == 0 {
          time.advance(.milliseconds(Int.random(in: 0...2000, using: &random)))
        }
        try await bucket.take()
        passes.append(time.elapsed / .seconds(1))
      }
      for first in passes.indices {
        for last in first..<passes.count {
          let most = Double(burst) + rate * (passes[last] - passes[first]) + 1e-6
          #expect(Double(last - first + 1) <= most, "rate \(rate), burst \(burst)")
        }
      }
      // And no slower than that: all of it is handed out.
      #expect(passes.last! <= 200 / rate + 200)
    }
  }

  @Test func whoAsksFirstGoesFirstAndACancelledOneTakesNothing() async throws {
    let gate = Gate()
    let order = Order()
    let bucket = TokenBucket(rate: 1, burst: 1, clock: gate.clock)
    try await bucket.take()
    var tasks: [Task<Void, any Error>] = []
    for number in 0..<6 {
      tasks.append(
        Task {
          try await bucket.take()
          order.numbers.withLock { $0.append(number) }
        })
      // The first of them sleeps for its token, the others stand behind it.
      try await waitUntil { gate.sleepers == 1 && bucket.waiting == number }
    }
    tasks[3].cancel()
    await #expect(throws: CancellationError.self) { try await tasks[3].value }
    for number in [0, 1, 2, 4, 5] {
      gate.pass(.seconds(2))
      try await tasks[number].value
      if number < 5 { try await waitUntil { gate.sleepers == 1 } }
    }
    #expect(order.numbers.withLock { $0 } == [0, 1, 2, 4, 5])
  }

  @Test func theOneInFrontCanBeCancelled() async throws {
    let gate = Gate()
    let bucket = TokenBucket(rate: 1, burst: 1, clock: gate.clock)
    try await bucket.take()
    let front = Task { try await bucket.take() }
    try await waitUntil { gate.sleepers == 1 }
    let next = Task { try await bucket.take() }
    try await waitUntil { bucket.waiting == 1 }
    front.cancel()
    await #expect(throws: CancellationError.self) { try await front.value }
    try await waitUntil { gate.sleepers == 1 }
    gate.pass(.seconds(2))
    try await next.value
  }
}

private final class Order: Sendable {
  let numbers = Mutex<[Int]>([])
}

/// A clock whose sleepers wake when a test lets time pass.
private final class Gate: Sendable {
  private struct State {
    var elapsed = Duration.zero
    var sleepers: [(id: Int, until: Duration, continuation: CheckedContinuation<Bool, Never>)] = []
    var nextIdentifier = 0
  }
  private let state = Mutex(State())

  var sleepers: Int { state.withLock { $0.sleepers.count } }

  func pass(_ duration: Duration) {
    let woken = state.withLock { state in
      state.elapsed += duration
      let now = state.elapsed
      defer { state.sleepers.removeAll { $0.until <= now } }
      return state.sleepers.filter { $0.until <= now }
    }
    for sleeper in woken { sleeper.continuation.resume(returning: true) }
  }

  var clock: TransportClock {
    TransportClock(
      now: { Timestamp(seconds: 0) }, elapsed: { self.state.withLock { $0.elapsed } },
      sleep: { (duration) async throws(CancellationError) in
        let id = self.state.withLock { state in
          state.nextIdentifier += 1
          return state.nextIdentifier
        }
        let slept = await withTaskCancellationHandler {
          await withCheckedContinuation { continuation in
            let refused = self.state.withLock { state in
              if Task.isCancelled { return true }
              state.sleepers.append((id, state.elapsed + duration, continuation))
              return false
            }
            if refused { continuation.resume(returning: false) }
          }
        } onCancel: {
          let sleeper = self.state.withLock { state in
            state.sleepers.firstIndex { $0.id == id }.map { state.sleepers.remove(at: $0) }
          }
          sleeper?.continuation.resume(returning: false)
        }
        if !slept { throw CancellationError() }
      })
  }
}
