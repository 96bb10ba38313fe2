import Enforcement
import Policy
import Synchronization

/// The networks this host must not cut off, read again when the last reading is older than a moment:
/// a login has to count soon, and a block must not wait for a dozen files.
final class ProtectionCache: Sendable {
  private static let lifetime: Duration = .seconds(2)

  private struct State {
    var readAt: ContinuousClock.Instant?
    var networks: [ProtectedNetwork] = []
  }

  private let find: @Sendable () -> [HostSurroundings.Finding]
  private let state = Mutex(State())

  init(find: @escaping @Sendable () -> [HostSurroundings.Finding]) { self.find = find }

  func networks() -> [ProtectedNetwork] {
    state.withLock { state in
      let now = ContinuousClock.now
      if let readAt = state.readAt, now - readAt < Self.lifetime { return state.networks }
      return read(&state, at: now)
    }
  }

  /// Reads them again every second until the task is cancelled, so that no block waits for the files: the
  /// terminal's first SYN follows a DNS answer within a few milliseconds.
  func keepFresh() async {
    repeat {
      // Outside the lock: a block that comes meanwhile takes the reading before.
      let now = ContinuousClock.now
      let networks = find().map { ProtectedNetwork($0.prefix, because: $0.because) }
      state.withLock { state in
        state.networks = networks
        state.readAt = now
      }
    } while (try? await Task.sleep(for: .seconds(1))) != nil
  }

  private func read(_ state: inout State, at now: ContinuousClock.Instant) -> [ProtectedNetwork] {
    state.networks = find().map { ProtectedNetwork($0.prefix, because: $0.because) }
    state.readAt = now
    return state.networks
  }
}
