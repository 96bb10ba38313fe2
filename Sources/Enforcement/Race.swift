import Synchronization

/// Hands on the first of several results; later ones are dropped.
final class Race<Value: Sendable>: Sendable {
  private enum State {
    case open
    case waiting(CheckedContinuation<Value, Never>)
    case finished(Value)
    case taken
  }

  private let state = Mutex(State.open)

  func finish(_ value: Value) {
    let waiter = state.withLock { state -> CheckedContinuation<Value, Never>? in
      switch state {
      case .open:
        state = .finished(value)
        return nil
      case .waiting(let continuation):
        state = .taken
        return continuation
      case .finished, .taken:
        return nil
      }
    }
    waiter?.resume(returning: value)
  }

  /// The first result. To be awaited once.
  func value() async -> Value {
    await withCheckedContinuation { continuation in
      let ready = state.withLock { state -> Value? in
        guard case .finished(let value) = state else {
          state = .waiting(continuation)
          return nil
        }
        state = .taken
        return value
      }
      if let ready { continuation.resume(returning: ready) }
    }
  }
}
