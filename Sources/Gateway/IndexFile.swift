public import Feeds
import Foundation
public import Language
public import Reputation

/// The compiled index of a gateway: one file in its state directory, mapped by whoever looks up.
///
/// It is replaced whole, by renaming; who maps the former one keeps it.
public struct IndexFile: Sendable {
  /// Where an index comes from.
  public enum Origin: Hashable, Sendable {
    /// The file that was there, compiled from the same lists and whole.
    case kept
    /// There was no file, or one of other lists.
    case compiled
    /// The file that was there cannot be used, because of this.
    case replaced(Phrase)
  }

  public let path: String

  /// - Parameter state: the state directory of the gateway.
  public init(state: String) { path = state + "/reputation.index" }

  /// Opens the file when it was compiled from exactly what the feeds list; otherwise, or when it is
  /// damaged, compiles it anew.
  /// - Throws: when the lists cannot be compiled, or the file cannot be written or read.
  public func open(
    for contents: [FeedContent]
  ) throws(ReputationError) -> (index: ReputationIndex, origin: Origin) {
    let lists = contents.map(\.list)
    var origin = Origin.compiled
    do throws(ReputationError) {
      if let index = try kept(of: lists) { return (index, .kept) }
    } catch {
      origin = .replaced(error.message)
    }
    removeRemains()
    try ReputationIndex.compile(lists, to: path)
    return (try ReputationIndex(mapping: path), origin)
  }

  /// As `open(for:)`, for who only asks: the state directory stays as it is, and an index that is not
  /// there is compiled in memory.
  public func openUnchanged(for contents: [FeedContent]) throws(ReputationError) -> ReputationIndex {
    let lists = contents.map(\.list)
    if let index = try? kept(of: lists) { return index }
    return try ReputationIndex(lists)
  }

  private func kept(of lists: [IndicatorList]) throws(ReputationError) -> ReputationIndex? {
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    let index = try ReputationIndex(mapping: path)
    guard index.isCompiled(from: lists) else { return nil }
    try ReputationIndex.verify(path)
    return index
  }

  /// What a process left that ended while it compiled.
  private func removeRemains() {
    let file = URL(filePath: path)
    let folder = file.deletingLastPathComponent()
    for name in (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    where name.hasPrefix(file.lastPathComponent + ".") && name.hasSuffix(".new") {
      try? FileManager.default.removeItem(at: folder.appending(path: name))
    }
  }
}
