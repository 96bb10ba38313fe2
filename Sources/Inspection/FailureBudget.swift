/// How often something costly may fail in one second of the packets' time.
///
/// Opening a packet that only looks right costs as much as opening a right one, and a stranger can
/// send any number of them.
struct FailureBudget: Sendable {
  private static let most: UInt32 = 8192
  private var second: UInt32 = 0
  private var failures: UInt32 = 0

  /// Whether one more is allowed.
  mutating func allows(at second: UInt32) -> Bool {
    if second != self.second {
      self.second = second
      failures = 0
    }
    return failures < Self.most
  }

  mutating func fail() { failures &+= 1 }
}
