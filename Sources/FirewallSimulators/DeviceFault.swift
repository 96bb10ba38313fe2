import Synchronization

/// What goes wrong with one request, the same for all devices.
public enum DeviceFault: Sendable, Hashable {
  // On the way.
  /// 429 with a page of HTML, as of something in front of the device. Nothing is done.
  case tooManyRequests
  /// 500, and it was done.
  case errorAfterApplying
  /// The connection ends, and nothing was done.
  case cutBefore
  /// It was done, and the connection ends before a byte of the answer.
  case cutAfter
  /// It was done, and half of the answer's body arrives.
  case truncatedBody
  /// It was done, and the answer arrives byte by byte, so slowly that nobody waits for its end.
  case slowDrip

  // Inside of the device.
  /// The key or session is not known any more.
  case sessionExpired
  /// Everything that would be added is refused for want of room.
  case capacityReached
}

/// Faults in the order in which they are to happen.
public final class FaultScript: Sendable {
  /// Which requests a fault waits for.
  public enum Occasion: Sendable, Hashable {
    case reading, change, any
  }

  private let queue = Mutex<[(fault: DeviceFault, occasion: Occasion)]>([])

  public init() {}

  /// Adds a fault for the next so many requests of a kind that have none yet.
  public func plan(_ fault: DeviceFault, at occasion: Occasion = .any, count: Int = 1) {
    queue.withLock { $0 += Array(repeating: (fault, occasion), count: count) }
  }

  /// Forgets what was planned and did not happen.
  public func calm() { queue.withLock { $0 = [] } }

  func next(isChange: Bool) -> DeviceFault? {
    queue.withLock { queue in
      let index = queue.firstIndex {
        $0.occasion == .any || ($0.occasion == .change) == isChange
      }
      return index.map { queue.remove(at: $0).fault }
    }
  }
}
