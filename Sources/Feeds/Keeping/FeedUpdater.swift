public import HTTPTransport
import Language
public import NetworkTypes
import Reputation

/// What an update of a feed came to.
public struct FeedUpdate: Sendable {
  public var status: FeedStatus
  /// What is in force from now on, when that is something else than before; otherwise `nil`.
  public var content: FeedContent?
}

/// Updates feeds one at a time: asks, reads, guards, keeps. An update never throws: what went wrong is in
/// the status, and the last good list stays.
public actor FeedUpdater {
  private let store: FeedStore
  private let sender: any HTTPSending
  private let clock: @Sendable () -> Timestamp
  /// What of each feed was handed out last: the digest of its list, and how much of it counted.
  private var handedOut: [String: String] = [:]
  /// When each stream was last read as a whole by this process. A server remembers for a key how far it
  /// was read, not for a process, so another one may have taken what we lack.
  private var wholeReadings: [String: Timestamp] = [:]

  /// After this time a stream is read as a whole again, in case a change was lost.
  private static let wholeEvery = Duration.seconds(900)

  /// Of fewer indicators, half of them is no sign of anything.
  private static let fewest = 10

  public init(
    store: FeedStore, sender: any HTTPSending, clock: @escaping @Sendable () -> Timestamp = Timestamp.now
  ) {
    self.store = store
    self.sender = sender
    self.clock = clock
  }

  nonisolated func now() -> Timestamp { clock() }

  /// How a feed stands, from what is kept. Nothing is asked.
  public nonisolated func status(of source: FeedSource) -> FeedStatus {
    FeedStatus(source, store.state(of: source), now: clock())
  }

  /// The last good list as it counts now; `nil` when there is none.
  public func lastGood(of source: FeedSource) -> FeedContent? {
    guard let (content, kept) = store.lastGood(of: source, store.state(of: source), now: clock()) else {
      return nil
    }
    handedOut[source.id] = Self.mark(FeedSummary.digest(of: kept), content)
    return content
  }

  /// The same bytes list less when entries have ended, and more when some have begun.
  private static func mark(_ digest: String, _ content: FeedContent) -> String {
    "\(digest) \(content.omissions[.expired] ?? 0) \(content.omissions[.notYetValid] ?? 0)"
  }

  /// Asks now, whatever the schedule says, unless the publisher asked to wait.
  /// - Parameter acceptsShrinking: takes an empty or much smaller list as well.
  public func update(_ source: FeedSource, acceptsShrinking: Bool = false) async -> FeedUpdate {
    let source = store.placed(source)
    let lock: FeedLock
    do throws(FeedError) {
      lock = try store.lock(source)
    } catch {
      var state = store.state(of: source)
      state.error = error
      return FeedUpdate(status: FeedStatus(source, state, now: clock()), content: nil)
    }
    defer { withExtendedLifetime(lock) {} }
    var state = store.state(of: source)
    let now = clock()
    let previous = store.list(of: source, state)
    if previous == nil { state.summary = nil }
    var content: FeedContent?
    do throws(FeedError) {
      if let notBefore = state.notBefore, notBefore > now {
        throw FeedError(
          .notYet, source.id, en: "the publisher asked not to come back before \(notBefore.toSeconds).",
          ja: "配布元から \(notBefore.toSeconds) まで再取得しないよう求められています。")
      }
      state.lastAttempt = now
      let wantsWhole = wholeReadings[source.id].map { now - $0 >= Self.wholeEvery || now < $0 } ?? true
      // Taken away until the answer is on the disk: the server may count it as read before it is.
      let lastWhole = wholeReadings.removeValue(forKey: source.id)
      let fetch = FeedFetch(source, state, kept: previous, sender: sender, now: now)
      switch try await fetch.run(wantsWhole: wantsWhole) {
      case .unchanged(let notBefore):
        state.notBefore = notBefore
        content = try unpublished(previous, of: source, now: now)
      case .content(let new):
        content = try take(
          new, of: source, &state, previous: previous, acceptsShrinking: acceptsShrinking, now: now)
      }
      wholeReadings[source.id] = wantsWhole ? now : lastWhole
      state.lastSuccess = now
      state.failures = 0
      state.error = nil
      try store.save(state, of: source)
    } catch {
      content = nil
      state.error = error
      if error.code != .notYet {
        state.failures += 1
        if let wait = error.retryAfter {
          state.notBefore = now + min(.seconds(max(0, wait)), FeedSchedule.longestWait)
        }
      }
      // A second failure, to write the first one down, has nowhere to go but the status.
      try? store.save(state, of: source)
    }
    return FeedUpdate(status: FeedStatus(source, state, now: now), content: content)
  }

  /// Reads a new list, and keeps it when it is good.
  private func take(
    _ new: FeedDownload.Content, of source: FeedSource, _ state: inout FeedState, previous: [UInt8]?,
    acceptsShrinking: Bool, now: Timestamp
  ) throws(FeedError) -> FeedContent? {
    if new.bytes == previous {
      state.validators = new.validators
      state.cursor = new.cursor
      state.notBefore = new.notBefore
      return try unpublished(previous, of: source, now: now)
    }
    let content = try FeedReader.read(new.bytes, from: source, now: now)
    if !acceptsShrinking, !new.isDelta {
      try guardAgainstShrinking(to: content.list.count, of: source, state, previous: previous, now: now)
    }
    try store.save(new.bytes, of: source)
    state.validators = new.validators
    state.cursor = new.cursor
    state.notBefore = new.notBefore
    state.summary = FeedSummary(content, bytes: new.bytes)
    state.lastChange = now
    handedOut[source.id] = Self.mark(FeedSummary.digest(of: new.bytes), content)
    return content
  }

  /// The kept list, when it is not what was handed out last: another process may have brought it.
  private func unpublished(
    _ kept: [UInt8]?, of source: FeedSource, now: Timestamp
  ) throws(FeedError) -> FeedContent? {
    guard let kept else { return nil }
    let digest = FeedSummary.digest(of: kept)
    let last = handedOut[source.id]
    guard source.format.expires || last?.hasPrefix(digest) != true else { return nil }
    let content = try FeedReader.read(kept, from: source, now: now)
    let mark = Self.mark(digest, content)
    guard last != mark else { return nil }
    handedOut[source.id] = mark
    return content
  }

  private func guardAgainstShrinking(
    to count: Int, of source: FeedSource, _ state: FeedState, previous: [UInt8]?, now: Timestamp
  ) throws(FeedError) {
    var before = state.summary?.indicators ?? 0
    if source.format.expires, let previous {
      // What has ended meanwhile is not missing.
      before = (try? FeedReader.read(previous, from: source, now: now).list.count) ?? before
    }
    if count == 0 {
      // A collection can be empty, and so can a list of one's own that is yet to be written.
      let mayBegin = if case .file = source.origin { true } else { source.format.expires }
      let mayEnd = source.smallestShare == 0 || source.format.expires && before < Self.fewest
      if before == 0 ? !mayBegin : !mayEnd { throw .empty(source.id) }
      return
    }
    if before >= Self.fewest, Double(count) < Double(before) * source.smallestShare {
      throw .shrunk(source.id, from: before, to: count)
    }
  }
}
