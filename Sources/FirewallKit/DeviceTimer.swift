public import NetworkTypes

/// How our deadlines become timers of a device and back.
///
/// The deadline is ours: the engine removes a block when it has passed. The device's own timer is set
/// a margin later, so that blocks also end when the engine is gone, and never before it says so.
public enum DeviceTimer {
  /// How much later than our deadline a device may end a block by itself.
  public static let margin: Duration = .seconds(60)

  /// Seconds for a device's timer that starts at `moment`, rounded up; at least 1.
  public static func seconds(until deadline: Timestamp, from moment: Timestamp) -> Int64 {
    let microseconds = (deadline + margin - moment).microseconds
    return max(1, (microseconds + 999_999) / 1_000_000)
  }

  /// Our deadline for a block whose device timer has `remaining` left at `moment`.
  public static func deadline(remaining: Duration, at moment: Timestamp) -> Timestamp {
    moment + remaining - margin
  }
}
