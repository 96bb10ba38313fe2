public import NetworkTypes

/// What is known of a frame besides its bytes.
public struct FrameInfo: Hashable, Sendable {
  /// When it was captured. Files with nanoseconds are rounded down to microseconds.
  public var time: Timestamp
  /// Its bytes on the wire, which may be more than were captured.
  public var originalLength: Int

  public init(time: Timestamp, originalLength: Int) {
    self.time = time
    self.originalLength = originalLength
  }
}

/// What a reader of frames wants after one.
public enum AfterFrame: Hashable, Sendable {
  case goOn, stop
}

/// How a capture ended when nothing was wrong.
public enum CaptureEnding: Hashable, Sendable {
  /// All frames of the file were read.
  case endOfFile
  /// It was asked to stop.
  case stopped
  /// The interface was removed.
  case interfaceGone
}

/// What the kernel counted for a live capture since it began.
public struct CaptureCounters: Hashable, Sendable {
  /// Frames that passed the filter; those dropped for want of room are among them.
  public var received: UInt64 = 0
  /// Frames lost because the ring was full.
  public var dropped: UInt64 = 0
  /// Frames the interface or its driver lost.
  public var droppedByInterface: UInt64 = 0

  public init() {}
}
