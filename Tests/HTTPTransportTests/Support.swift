import Foundation
import HTTPTransport
import Language
import NetworkTypes
import Synchronization

/// Settings for servers of the test on loopback, in clear.
func plainly(_ limits: TransportLimits = TransportLimits(total: .seconds(10))) -> TransportSettings {
  TransportSettings(limits: limits, permitsPlainText: true)
}

extension RawServer {
  func url(_ target: String = "/") throws -> HTTPURL { try HTTPURL("http://127.0.0.1:\(port)\(target)") }
}

/// The error of an exchange that must fail.
func failure(_ client: any HTTPSending, _ request: HTTPRequest) async throws -> HTTPError {
  do throws(HTTPError) {
    let response = try await client.send(request)
    throw Unexpected(words: "status \(response.status): \(response.text.prefix(200))").asHTTPError
  } catch {
    if error.place == Unexpected.place { throw Unexpected(words: error.reason.en) }
    return error
  }
}

struct Unexpected: Error {
  static let place = "unexpected"
  var words: String
  var asHTTPError: HTTPError {
    HTTPError(code: .other, fate: .unknown, place: Self.place, reason: .init(verbatim: words))
  }
}

/// Returns when something is so; what waits for it has no time of its own but the suite's.
func waitUntil(_ condition: @Sendable () -> Bool) async throws {
  while !condition() { try await Task.sleep(for: .milliseconds(2)) }
}

/// Time that passes by sleeping only, so that hours take no time.
final class JumpingClock: Sendable {
  private struct State {
    var elapsed = Duration.zero
    var sleeps: [Duration] = []
  }
  private let state = Mutex(State())
  static let start = Timestamp(seconds: 1_800_000_000)

  var elapsed: Duration { state.withLock { $0.elapsed } }
  var sleeps: [Duration] { state.withLock { $0.sleeps } }
  func advance(_ duration: Duration) { state.withLock { $0.elapsed += duration } }

  var clock: TransportClock {
    TransportClock(
      now: { Self.start + self.elapsed }, elapsed: { self.elapsed },
      sleep: { (duration) async throws(CancellationError) in
        if Task.isCancelled { throw CancellationError() }
        self.state.withLock { state in
          state.elapsed += duration
          state.sleeps.append(duration)
        }
      })
  }
}
