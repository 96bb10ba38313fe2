import Crypto
import HTTPTransport
import NetworkTypes
import Reputation

/// What is remembered of a feed between two updates, in a file beside the kept list.
struct FeedState: Codable, Sendable {
  /// `FeedSource.identity` when it was written.
  var identity: String
  var lastAttempt: Timestamp?
  /// When the feed last answered with something usable, changed or not.
  var lastSuccess: Timestamp?
  var lastChange: Timestamp?
  /// Failures since the last success.
  var failures = 0
  var error: FeedError?
  /// Those of the kept list, or of a MISP feed's manifest.
  var validators: CacheValidators?
  /// Where the next request of an increasing collection goes on.
  var cursor: String?
  /// Before this moment the publisher wants no further request.
  var notBefore: Timestamp?
  var summary: FeedSummary?

  init(identity: String) { self.identity = identity }
}

/// The kept list in figures.
public struct FeedSummary: Hashable, Sendable, Codable {
  /// Indicators when it was read, repetitions included.
  public var indicators: Int
  public var allowed: Int
  public var problemCount: Int
  /// The first few.
  public var problems: [FeedProblem]
  /// By `FeedOmission`.
  public var omissions: [String: Int]
  public var bytes: Int
  /// SHA-256 in hexadecimal digits.
  public var digest: String

  static let maximumProblems = 10

  init(_ content: FeedContent, bytes: [UInt8]) {
    indicators = content.list.count
    allowed = content.allowed.count
    problemCount = content.problemCount
    problems = Array(content.problems.prefix(Self.maximumProblems))
    omissions = [:]
    for (reason, count) in content.omissions { omissions[reason.rawValue] = count }
    self.bytes = bytes.count
    digest = Self.digest(of: bytes)
  }

  static func digest(of bytes: [UInt8]) -> String {
    SHA256.hash(data: bytes).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }
}
