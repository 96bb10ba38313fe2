import Inspection

/// What one filter counted since it was made.
struct FilterCounters: Sendable {
  var inspection = InspectionCounters()
  /// Sightings of what a list has that were handed over.
  var listed: UInt64 = 0
  /// Further sightings of it within the quiet time.
  var listedAgain: UInt64 = 0
  /// Names and addresses that no list holds and that were handed over.
  var new: UInt64 = 0
  /// Sightings that cost one look-up, because they had been judged a moment ago.
  var newAgain: UInt64 = 0
  /// Names forgotten early, because a table of what was handed over is full.
  var forgottenEarly: UInt64 = 0
}
