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
      state.networks = find().map { ProtectedNetwork($0.prefix, because: $0.because) }
      state.readAt = now
      return state.networks
    }
  }
}
