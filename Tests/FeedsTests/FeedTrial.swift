import Feeds
import Foundation
import HTTPTransport
import NetworkTypes
import Reputation
import Synchronization

/// One feed from a local server, its store, and a clock that the test sets.
final class FeedTrial: Sendable {
  let server: LocalSite
  let state: Folder
  let client = HTTPClient()
  private let time = Mutex(june)

  init(certificate: (file: String, key: String)? = nil) throws {
    server = try LocalSite(
      on: certificate.map { try LocalServer(certificate: $0) } ?? LocalServer.shared.get())
    state = try Folder()
  }

  var store: FeedStore { FeedStore(directory: state.path + "/feeds") }

  /// A fresh one knows only what is on the disk: as after a restart.
  func updater() -> FeedUpdater {
    FeedUpdater(store: store, sender: client, clock: { self.time.withLock { $0 } })
  }

  func pass(_ duration: Duration) { time.withLock { $0 = $0 + duration } }

  func publish(_ lines: [String], as name: String = "list.txt", meta: String? = nil) throws {
    try server.folder.write(lines.map { $0 + "\n" }.joined(), to: name)
    if let meta { try server.folder.write(meta, to: name + ".meta") }
  }

  func source(
    _ path: String = "/list.txt", format: FeedFormat = .list(.plain), id: String = "feed",
    limits: FeedLimits = FeedLimits(list: ListLimits(bytes: 1 << 20), time: .seconds(20)),
    configure: (inout FeedAddress) -> Void = { _ in }
  ) throws -> FeedSource {
    var address = FeedAddress(url: try server.url(path), proxy: .none, permitsPlainText: true)
    configure(&address)
    return FeedSource(
      reputation: ReputationSource(
        id: id, name: "Feed", category: .malware, confidence: 0.9, file: "", includesSubdomains: false),
      format: format, origin: .web(address), limits: limits, every: .seconds(600))
  }
}

/// Names under example.org.
func names(_ count: Int) -> [String] { (0..<count).map { "bad\($0).example.org" } }
