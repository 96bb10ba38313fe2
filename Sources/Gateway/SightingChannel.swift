import Synchronization

/// The way from capture threads to the detector: bounded, never waiting. What does not fit is dropped
/// and counted, the newest first, because the oldest is nearest to being handled.
///
/// What a list holds has a lane of its own, so that a flood of new names cannot crowd it out.
final class SightingChannel: Sendable {
  private let listedEnd: AsyncStream<Sighting>.Continuation
  private let newEnd: AsyncStream<Sighting>.Continuation
  /// What touches a list.
  let listed: AsyncStream<Sighting>
  /// Names and addresses that no list holds, to be judged.
  let new: AsyncStream<Sighting>
  private let droppedListedCount = Atomic<UInt64>(0)
  private let droppedNewCount = Atomic<UInt64>(0)

  init(capacity: Int = 4096) {
    (listed, listedEnd) = AsyncStream.makeStream(
      of: Sighting.self, bufferingPolicy: .bufferingOldest(capacity))
    (new, newEnd) = AsyncStream.makeStream(of: Sighting.self, bufferingPolicy: .bufferingOldest(capacity))
  }

  /// Whether it was taken.
  @discardableResult
  func send(_ sighting: Sighting) -> Bool {
    if sighting.isListed {
      guard case .dropped = listedEnd.yield(sighting) else { return true }
      droppedListedCount.add(1, ordering: .relaxed)
    } else {
      guard case .dropped = newEnd.yield(sighting) else { return true }
      droppedNewCount.add(1, ordering: .relaxed)
    }
    return false
  }

  func finish() {
    listedEnd.finish()
    newEnd.finish()
  }

  /// Sightings of what is listed that did not fit.
  var droppedListed: UInt64 { droppedListedCount.load(ordering: .relaxed) }
  /// New names that did not fit. They are handed over again when they are next seen.
  var droppedNew: UInt64 { droppedNewCount.load(ordering: .relaxed) }
}
