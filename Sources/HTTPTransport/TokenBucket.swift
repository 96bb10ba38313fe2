import Synchronization

/// Paces requests to one device: `burst` at once, then `rate` a second. In any time t at most
/// burst + rate × t pass. Whoever asks first goes first.
public final class TokenBucket: Sendable {
  private struct State {
    var tokens: Double
    var counted: Duration
    /// Nobody passes before.
    var heldUntil: Duration
    /// Somebody waits for a token; the others wait for that one.
    var isBusy = false
    var nextTicket: UInt64 = 0
    var queue: [(ticket: UInt64, continuation: CheckedContinuation<Bool, Never>)] = []
  }

  private let rate: Double
  private let burst: Double
  private let clock: TransportClock
  private let state: Mutex<State>

  /// - Parameters:
  ///   - rate: tokens a second, above 0.
  ///   - burst: tokens that a rested bucket holds, at least 1.
  public init(rate: Double, burst: Int, clock: TransportClock = .system) {
    precondition(rate > 0 && rate.isFinite && burst >= 1, "rate \(rate), burst \(burst)")
    self.rate = rate
    self.burst = Double(burst)
    self.clock = clock
    let now = clock.elapsed()
    state = Mutex(State(tokens: Double(burst), counted: now, heldUntil: now))
  }

  /// Returns when it is the caller's turn and a token was there. A cancelled task takes none.
  public func take() async throws(CancellationError) {
    guard await enter() else { throw CancellationError() }
    defer { leave() }
    while let wait = tryTake() { try await clock.sleep(wait) }
  }

  /// Lets nobody pass for a while, as a device asks with `Retry-After`: one answer speaks for all.
  public func hold(for duration: Duration) {
    let end = clock.elapsed() + duration
    state.withLock { $0.heldUntil = max($0.heldUntil, end) }
  }

  /// How many stand behind the one in front.
  var waiting: Int { state.withLock { $0.queue.count } }

  /// Takes a token, or says how long there will be none.
  private func tryTake() -> Duration? {
    let now = clock.elapsed()
    return state.withLock { state in
      state.tokens = min(burst, state.tokens + (now - state.counted) / .seconds(1) * rate)
      state.counted = now
      if now < state.heldUntil { return state.heldUntil - now }
      guard state.tokens < 1 else {
        state.tokens -= 1
        return nil
      }
      // A microsecond more, so that rounding never makes it ask in vain.
      return .seconds((1 - state.tokens) / rate) + .microseconds(1)
    }
  }

  /// Waits for the place at the front. False when the task was cancelled before.
  private func enter() async -> Bool {
    let ticket = state.withLock { state in
      state.nextTicket += 1
      return state.nextTicket
    }
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let answer: Bool? = state.withLock { state in
          if Task.isCancelled { return false }
          guard state.isBusy else {
            state.isBusy = true
            return true
          }
          state.queue.append((ticket, continuation))
          return nil
        }
        if let answer { continuation.resume(returning: answer) }
      }
    } onCancel: {
      let waiting = state.withLock { state in
        state.queue.firstIndex { $0.ticket == ticket }.map { state.queue.remove(at: $0).continuation }
      }
      waiting?.resume(returning: false)
    }
  }

  private func leave() {
    let next = state.withLock { state in
      guard !state.queue.isEmpty else {
        state.isBusy = false
        return Optional<CheckedContinuation<Bool, Never>>.none
      }
      return state.queue.removeFirst().continuation
    }
    next?.resume(returning: true)
  }
}
