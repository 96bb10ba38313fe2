import FoundationEssentials
import Glibc
import Language
public import NetworkTypes
import Reputation

/// The directory where the last good list of each feed is kept, with what is remembered of it.
///
/// `ID.list` is the list as it came, or what is kept of a collection; `ID.json` the state. Both are
/// replaced by renaming, the list first: a process that dies in between leaves a new list with an old
/// state, which only means that the same is asked for once more.
public struct FeedStore: Sendable {
  public let directory: String

  public init(directory: String) { self.directory = directory }

  /// Where the list of a feed is kept.
  public func listPath(of id: String) -> String { "\(directory)/\(Self.fileName(of: id)).list" }

  private func statePath(of id: String) -> String { "\(directory)/\(Self.fileName(of: id)).json" }

  /// The state of a feed; a new one when there is none, when it cannot be read, or belongs to another
  /// address or format.
  func state(of source: FeedSource) -> FeedState {
    let fresh = FeedState(identity: source.identity)
    guard let data = try? Data(contentsOf: URL(filePath: statePath(of: source.id))),
      let state = try? JSONDecoder().decode(FeedState.self, from: data), state.identity == source.identity
    else { return fresh }
    return state
  }

  /// The kept list; `nil` when there is none, or it belongs to another address or format.
  func list(of source: FeedSource, _ state: FeedState) -> [UInt8]? {
    guard state.summary != nil else { return nil }
    return try? Self.contents(of: listPath(of: source.id), limit: source.limits.list.bytes, feed: source.id)
  }

  /// The last good list as it counts at a moment; `nil` when there is none. Nothing is asked.
  public func lastGood(of source: FeedSource, now: Timestamp) -> FeedContent? {
    lastGood(of: source, state(of: source), now: now)?.content
  }

  /// As `lastGood(of:now:)`, but says why there is none.
  public func kept(of source: FeedSource, now: Timestamp) throws(FeedError) -> FeedContent {
    let path = listPath(of: source.id)
    guard state(of: source).summary != nil else {
      throw FeedError(
        .absent, source.id, en: "nothing was fetched yet. Run: sekisho feeds update \(source.id)",
        ja: "まだ取得していません。取得するには: sekisho feeds update \(source.id)")
    }
    let bytes = try Self.contents(of: path, limit: source.limits.list.bytes, feed: source.id)
    return try FeedReader.read(bytes, from: placed(source), now: now)
  }

  func lastGood(
    of source: FeedSource, _ state: FeedState, now: Timestamp
  ) -> (content: FeedContent, bytes: [UInt8])? {
    guard let kept = list(of: source, state),
      let content = try? FeedReader.read(kept, from: placed(source), now: now)
    else { return nil }
    return (content, kept)
  }

  /// The source with the file that evidence refers to: the list of this host itself, or what is kept.
  func placed(_ source: FeedSource) -> FeedSource {
    var source = source
    switch (source.origin, source.format) {
    case (.web, _), (_, .misp): source.reputation.file = listPath(of: source.id)
    case (.file(let path), _): source.reputation.file = path
    }
    return source
  }

  func save(_ list: [UInt8], of source: FeedSource) throws(FeedError) {
    try replace(listPath(of: source.id), by: Data(list), feed: source.id)
  }

  func save(_ state: FeedState, of source: FeedSource) throws(FeedError) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let data: Data
    do {
      data = try encoder.encode(state)
    } catch {
      throw .storage(source.id, statePath(of: source.id), Self.reason(error))
    }
    try replace(statePath(of: source.id), by: data, feed: source.id)
  }

  /// Keeps other processes from updating a feed until the result ends.
  func lock(_ source: FeedSource) throws(FeedError) -> FeedLock {
    try prepare(feed: source.id)
    let path = "\(directory)/\(Self.fileName(of: source.id)).lock"
    guard let lock = FeedLock(path: path) else {
      throw FeedError(
        .busy, source.id, en: "another process updates it now. Try again in a moment.",
        ja: "別のプロセスが更新中です。しばらくしてから再試行してください。")
    }
    return lock
  }

  // MARK: Files

  private func prepare(feed: String) throws(FeedError) {
    do {
      try FileManager.default.createDirectory(
        atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    } catch {
      throw .storage(feed, directory, Self.reason(error))
    }
  }

  /// Puts a whole file in the place of another, so that a power failure leaves one or the other.
  private func replace(_ path: String, by data: Data, feed: String) throws(FeedError) {
    try prepare(feed: feed)
    let draft = path + ".new"
    do {
      try data.write(to: URL(filePath: draft))
    } catch {
      unlink(draft)
      throw .storage(feed, draft, Self.reason(error))
    }
    guard Self.flush(draft), rename(draft, path) == 0, Self.flush(directory) else {
      let words = String(cString: strerror(errno))
      unlink(draft)
      throw .storage(feed, path, Phrase(verbatim: words))
    }
  }

  /// Waits until what is written is on the disk.
  private static func flush(_ path: String) -> Bool {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    return fsync(descriptor) == 0
  }

  /// The bytes of a regular file.
  static func contents(of path: String, limit: Int, feed: String) throws(FeedError) -> [UInt8] {
    let url = URL(filePath: path).resolvingSymlinksInPath()
    do {
      // Type and size first: a pipe would never end, and a mistaken path can be a disk image.
      let attributes = try FileManager.default.attributesOfItem(atPath: url.path)
      guard attributes[.type] as? FileAttributeType == .typeRegular else {
        throw FeedError.storage(
          feed, path, Phrase(en: "it is not a regular file", ja: "通常のファイルではありません"))
      }
      let size = (attributes[.size] as? any BinaryInteger).map { Int(clamping: $0) } ?? 0
      guard size <= limit else { throw FeedError.tooLarge(feed, limit: limit) }
      return Array(try Data(contentsOf: url))
    } catch let error as FeedError {
      throw error
    } catch {
      throw .storage(feed, path, reason(error))
    }
  }

  private static func reason(_ error: any Error) -> Phrase {
    switch (error as? CocoaError)?.code {
    case .fileReadNoSuchFile, .fileNoSuchFile: Phrase(en: "there is no such file", ja: "ファイルが存在しません")
    case .fileReadNoPermission, .fileWriteNoPermission: Phrase(en: "permission denied", ja: "権限がありません")
    case .fileWriteOutOfSpace: Phrase(en: "no space is left", ja: "空き容量がありません")
    default: Phrase(en: "reading or writing failed", ja: "読み書きに失敗しました")
    }
  }

  /// An identifier as a file's name: what is not a letter, digit, hyphen or underscore is written as `%`
  /// and two digits.
  private static func fileName(of id: String) -> String {
    var name = ""
    for byte in id.utf8.prefix(64) {
      let isPlain =
        (byte | 0x20) &- UInt8(ascii: "a") < 26 || byte &- UInt8(ascii: "0") < 10
        || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
      name += isPlain ? String(Unicode.Scalar(byte)) : (byte < 16 ? "%0" : "%") + String(byte, radix: 16)
    }
    return name
  }
}

/// An advisory lock (flock), given back at the end of its life or of the process.
final class FeedLock: Sendable {
  private let descriptor: Int32

  fileprivate init?(path: String) {
    descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { return nil }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      close(descriptor)
      return nil
    }
  }

  deinit { close(descriptor) }
}
