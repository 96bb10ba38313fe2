import Feeds
import HTTPTransport
import NetworkTypes
import Reputation

/// 2026-06-01T00:00:00Z.
let june = Timestamp(seconds: 1_780_272_000)

func feed(
  _ format: FeedFormat, urlHosts: Bool = false, confidence: Double = 0.9, subdomains: Bool = true,
  limits: FeedLimits = FeedLimits(list: ListLimits(bytes: 1 << 20))
) -> FeedSource {
  FeedSource(
    reputation: ReputationSource(
      id: "feed", name: "Feed", category: .malware, confidence: confidence, file: "feed.txt",
      includesSubdomains: subdomains, acceptsURLHosts: urlHosts),
    format: format, origin: .file("feed.txt"), limits: limits)
}

func read(_ text: String, _ source: FeedSource, now: Timestamp = june) throws(FeedError) -> FeedContent {
  try FeedReader.read(Array(text.utf8), from: source, now: now)
}

func read(_ text: String, _ format: FeedFormat) throws(FeedError) -> FeedContent {
  try read(text, feed(format))
}

extension FeedContent {
  /// The indicators in order; `*.` before a name that stands for those under it.
  var texts: [String] { list.texts }
  /// `code@line`, with the object where there is one.
  var faults: [String] { problems.map { "\($0.code)@\($0.line)" + ($0.object.map { "(\($0))" } ?? "") } }
}

extension IndicatorList {
  var texts: [String] {
    (0..<count).map { position in
      switch self[position].indicator {
      case .domain(let name, includingSubdomains: true): "*.\(name)"
      case let other: other.text
      }
    }
  }
}

/// The code of the error that `body` throws; `nil` when it throws none.
func code(of body: () throws(FeedError) -> FeedContent) -> FeedError.Code? {
  do throws(FeedError) {
    _ = try body()
    return nil
  } catch {
    return error.code
  }
}
