import Synchronization

/// The way from capture threads to the detector: bounded, never waiting. What does not fit is dropped
/// and counted, the newest first, because the oldest is nearest to being handled.
final class SightingChannel: Sendable {
  private let continuation: AsyncStream<Sighting>.Continuation
  let sightings: AsyncStream<Sighting>
  private let droppedCount = Atomic<UInt64>(0)

  init(capacity: Int = 4096) {
    (sightings, continuation) = AsyncStream.makeStream(
      of: Sighting.self, bufferingPolicy: .bufferingOldest(capacity))
  }

  func send(_ sighting: Sighting) {
    if case .dropped = continuation.yield(sighting) { droppedCount.add(1, ordering: .relaxed) }
  }

  func finish() { continuation.finish() }

  var dropped: UInt64 { droppedCount.load(ordering: .relaxed) }
}
