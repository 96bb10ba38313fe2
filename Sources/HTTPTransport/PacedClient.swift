import Language

/// A client in front of one device: keeps its pace, and repeats what the request's policy lets repeat.
public struct PacedClient: HTTPSending {
  private let sender: any HTTPSending
  private let bucket: TokenBucket?
  private let clock: TransportClock
  private let draw: @Sendable () -> Double

  /// - Parameters:
  ///   - bucket: shared by all who talk to this device.
  ///   - draw: randomness for the waiting times, 0 ..< 1.
  public init(
    sender: any HTTPSending, bucket: TokenBucket? = nil, clock: TransportClock = .system,
    draw: @escaping @Sendable () -> Double = { Double.random(in: 0..<1) }
  ) {
    self.sender = sender
    self.bucket = bucket
    self.clock = clock
    self.draw = draw
  }

  /// Sends until there is an answer that the policy does not want repeated. When one attempt ended
  /// unknown, a later failure is unknown too, and a later answer says so.
  public func send(_ request: HTTPRequest) async throws(HTTPError) -> HTTPResponse {
    let policy = request.retry
    var attempt = 1
    var mayHaveBeenApplied = false
    while true {
      do throws(CancellationError) { try await bucket?.take() } catch {
        throw cancelled(request, mayHaveBeenApplied)
      }
      var delay = policy.delay(afterAttempt: attempt, draw: draw())
      let isLast = attempt >= policy.attempts
      do throws(HTTPError) {
        var response = try await sender.send(request)
        response.followsUnknown = mayHaveBeenApplied
        guard !isLast, policy.statuses.contains(response.status) else { return response }
        if let asked = response.headers["Retry-After"].flatMap({ RetryAfter.delay($0, now: clock.now()) }) {
          guard asked <= policy.longestRetryAfter else { return response }
          bucket?.hold(for: asked)
          delay = max(delay, asked)
        }
      } catch {
        mayHaveBeenApplied = mayHaveBeenApplied || error.fate == .unknown
        guard !isLast, policy.repeats(error) else {
          var final = error
          if mayHaveBeenApplied { final.fate = .unknown }
          throw final
        }
      }
      do throws(CancellationError) { try await clock.sleep(delay) } catch {
        throw cancelled(request, mayHaveBeenApplied)
      }
      attempt += 1
    }
  }

  private func cancelled(_ request: HTTPRequest, _ mayHaveBeenApplied: Bool) -> HTTPError {
    HTTPError(
      code: .cancelled, fate: mayHaveBeenApplied ? .unknown : .notSent, request: request,
      reason: Phrase(en: "", ja: ""))
  }
}
