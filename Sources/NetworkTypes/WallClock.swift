import Glibc

extension Timestamp {
  /// The wall clock of this host now.
  public static func now() -> Timestamp { read(CLOCK_REALTIME) }

  /// A wall clock that somebody's setting of the time does not move: it starts right and then counts
  /// elapsed time, sleep included. Deadlines of a running service keep their length when the clock
  /// jumps; after a restart the wall clock counts again.
  public static func steadyClock() -> @Sendable () -> Timestamp {
    let start = now()
    let origin = read(CLOCK_BOOTTIME)
    return { start + (read(CLOCK_BOOTTIME) - origin) }
  }

  private static func read(_ clock: clockid_t) -> Timestamp {
    var time = timespec()
    clock_gettime(clock, &time)
    return Timestamp(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000)
  }
}
