public import Feeds
import Foundation
import HTTPTransport
import NetworkTypes
public import Reputation

extension GatewayConfiguration {
  /// Reads the feeds that are files of this host, and builds an index of them. Feeds from the web need
  /// what is kept of them: `loadReputation(by:)`.
  ///
  /// - Returns: the index and the content of each feed, whose problems stand in it.
  public func loadReputation() throws(FeedError) -> (index: ReputationIndex, contents: [FeedContent]) {
    var contents: [FeedContent] = []
    for feed in feeds {
      guard case .file = feed.origin else { continue }
      contents.append(try FeedReader.read(fileOf: feed, now: Timestamp.now()))
    }
    return (try Self.index(of: contents), contents)
  }

  /// Reads the feeds that are files of this host, and what is kept of the others, and builds an index of
  /// them. Nothing is fetched.
  ///
  /// - Throws: when a file cannot be used and no last good list of it is kept.
  public func loadReputation(
    by updater: FeedUpdater
  ) async throws(FeedError) -> (index: ReputationIndex, contents: [FeedContent]) {
    var contents: [FeedContent] = []
    for feed in feeds {
      var error: FeedError?
      if case .file = feed.origin {
        let update = await updater.update(feed)
        error = update.status.error
        if let content = update.content {
          contents.append(content)
          continue
        }
      }
      if let content = await updater.lastGood(of: feed) {
        contents.append(content)
      } else if let error {
        throw error
      }
    }
    return (try Self.index(of: contents), contents)
  }

  /// An index of everything that feeds list.
  public static func index(of contents: [FeedContent]) throws(FeedError) -> ReputationIndex {
    do throws(ReputationError) {
      return try ReputationIndex(contents.map(\.list))
    } catch {
      throw FeedError(error, feed: error.source)
    }
  }
}
