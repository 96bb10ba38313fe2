/// Several captures on one interface that share its frames, each with a thread and a ring of its own.
///
/// The kernel gives all frames of a flow, in both directions, to the same capture (PACKET_FANOUT_HASH of
/// packet(7)), so the state of a flow belongs to one thread. What concerns several flows, such as a name
/// and the connection it leads to, may be seen by different threads.
public struct CaptureGroup: Sendable {
  private let members: [LiveCapture]

  /// Opens the interface so many times; the kernel collects frames from here on. Frames that arrive
  /// while the group forms may be seen by more than one of them.
  ///
  /// - Parameters:
  ///   - settings: for each; the ring too is each one's own.
  ///   - threads: from 1 on.
  /// - Throws: as `LiveCapture`.
  public init(
    _ settings: LiveCapture.Settings, threads: Int, isReadable: (Int32) -> Bool
  ) throws(CaptureError) {
    precondition(threads > 0)
    var members: [LiveCapture] = []
    var group: Int32?
    for _ in 0..<threads {
      let member = try LiveCapture(settings, isReadable: isReadable)
      if threads > 1 { group = try member.join(group) }
      members.append(member)
    }
    self.members = members
  }

  /// Threads, and captures.
  public var count: Int { members.count }

  /// The link layer of all frames, as libpcap's number (DLT).
  public var dataLink: Int32 { members[0].dataLink }

  /// Captures until `stop()`, cancellation, or the interface goes. May be called once.
  ///
  /// - Parameter makeBody: makes the receiver of each thread, as in `LiveCapture.run`.
  /// - Returns: how the first of them ended, which ends the others.
  /// - Throws: what the first failure was.
  public func run(
    _ makeBody: @escaping @Sendable () -> (Span<UInt8>, FrameInfo) -> Void
  ) async throws(CaptureError) -> CaptureEnding {
    let first = await withTaskGroup(of: Result<CaptureEnding, CaptureError>.self) { group in
      for member in members {
        group.addTask {
          do throws(CaptureError) {
            return .success(try await member.run(makeBody))
          } catch {
            return .failure(error)
          }
        }
      }
      let first = await group.next()
      stop()
      return first
    }
    guard let first else { return .stopped }
    return try first.get()
  }

  /// Ends all captures.
  public func stop() {
    for member in members { member.stop() }
  }

  /// What the kernel counted so far for all of them.
  public func counters() -> CaptureCounters {
    members.reduce(into: CaptureCounters()) { sum, member in
      let counters = member.counters()
      sum.received &+= counters.received
      sum.dropped &+= counters.dropped
      sum.droppedByInterface &+= counters.droppedByInterface
    }
  }
}
