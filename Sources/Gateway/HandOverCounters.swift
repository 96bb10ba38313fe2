import Synchronization

/// What the filters of a sensor handed over, as a capture thread last told; read from elsewhere.
final class HandOverCounters: Sendable {
  private let handedOverCount = Atomic<UInt64>(0)
  private let alreadyJudgedCount = Atomic<UInt64>(0)
  private let displacedCount = Atomic<UInt64>(0)

  /// Adds what came since the filter told before.
  func add(handedOver: UInt64, alreadyJudged: UInt64, displaced: UInt64) {
    handedOverCount.add(handedOver, ordering: .relaxed)
    alreadyJudgedCount.add(alreadyJudged, ordering: .relaxed)
    displacedCount.add(displaced, ordering: .relaxed)
  }

  /// Names and addresses that no list holds and that went to the detector.
  var handedOver: UInt64 { handedOverCount.load(ordering: .relaxed) }
  /// Sightings that cost one look-up, because they had been judged a moment ago.
  var alreadyJudged: UInt64 { alreadyJudgedCount.load(ordering: .relaxed) }
  /// Names forgotten early, because the table of what was judged is full.
  var displaced: UInt64 { displacedCount.load(ordering: .relaxed) }
}
