public import Feeds
import NetworkTypes

extension GatewayConfiguration {
  /// Reads the feeds that are files of this host, and what is kept of the others. Nothing is fetched, and
  /// nothing is written.
  ///
  /// - Parameter updater: knows what is kept; without it feeds from the web are left out.
  /// - Returns: the content of each feed that has one; its problems stand in it.
  public func readFeeds(keptBy updater: FeedUpdater? = nil) async throws(FeedError) -> [FeedContent] {
    var contents: [FeedContent] = []
    for feed in feeds {
      if case .file = feed.origin {
        contents.append(try FeedReader.read(fileOf: feed, now: Timestamp.now()))
      } else if let content = await updater?.lastGood(of: feed) {
        contents.append(content)
      }
    }
    return contents
  }

  /// Takes new versions of the feeds that are files of this host, keeps them as last good lists, and
  /// reads what is kept of the others. Nothing is fetched.
  ///
  /// - Throws: when a file cannot be used and no last good list of it is kept.
  public func takeFeeds(by updater: FeedUpdater) async throws(FeedError) -> [FeedContent] {
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
    return contents
  }
}
