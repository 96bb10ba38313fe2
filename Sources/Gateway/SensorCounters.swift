import Capture
import Synchronization

/// What the sensor counted, summed over its threads; read from elsewhere while it works.
///
/// A thread tells what it counted every 1,024 packets and at its end, so the sums lag by so many packets a
/// thread behind the kernel's.
final class SensorCounters: Sendable {
  /// A thread's place in the sums.
  struct Place: Sendable {
    fileprivate let number: Int
  }

  private struct State {
    var threads: [FilterCounters] = []
    var ended = SensorStatus.Sums()
    var kernel = CaptureCounters()
  }
  private let state = Mutex(State())

  /// A place for one more filter.
  func place() -> Place {
    state.withLock { state in
      state.threads.append(FilterCounters())
      return Place(number: state.threads.count - 1)
    }
  }

  func tell(_ counters: FilterCounters, at place: Place) {
    state.withLock { $0.threads[place.number] = counters }
  }

  /// Adds up a capture that has ended; its filters are gone and their places with them.
  func end(_ kernel: CaptureCounters) {
    state.withLock { state in
      state.ended = state.ended.adding(kernel)
      for thread in state.threads { state.ended.add(thread) }
      state.threads = []
      state.kernel = CaptureCounters()
    }
  }

  /// What the kernel counted for the capture under way.
  func tell(_ kernel: CaptureCounters) { state.withLock { $0.kernel = kernel } }

  var sums: SensorStatus.Sums {
    state.withLock { state in
      var sums = state.ended.adding(state.kernel)
      for thread in state.threads { sums.add(thread) }
      return sums
    }
  }
}
