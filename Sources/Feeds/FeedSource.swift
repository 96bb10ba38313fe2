public import HTTPTransport
public import Reputation

/// A feed: what it lists, how it is written, where and how often it is fetched, and what is demanded of it.
public struct FeedSource: Sendable {
  public enum Origin: Sendable {
    /// A file of this host, for a MISP feed its directory.
    case file(String)
    case web(FeedAddress)

    /// For people: without anything that a query may hold.
    public var text: String {
      switch self {
      case .file(let path): path
      case .web(let address): address.url.withoutQuery
      }
    }
  }

  /// What is listed. Its `file` is the list itself, or for a feed from the web the copy that is kept.
  public var reputation: ReputationSource
  public var format: FeedFormat
  public var origin: Origin
  public var limits: FeedLimits
  /// How long after one update the next one starts.
  public var every: Duration
  /// The least time between two requests, failed ones included, as the publisher wants it.
  public var minimumInterval: Duration
  /// The age at which the list no longer counts as current. It stays in force, and is told.
  public var staleAfter: Duration
  /// A list with fewer than this share of the last good one's indicators is refused, 0...1; 0 for never.
  public var smallestShare: Double

  public init(
    reputation: ReputationSource, format: FeedFormat, origin: Origin, limits: FeedLimits = FeedLimits(),
    every: Duration = .seconds(3600), minimumInterval: Duration = .seconds(10),
    staleAfter: Duration? = nil, smallestShare: Double = 0.5
  ) {
    self.reputation = reputation
    self.format = format
    self.origin = origin
    self.limits = limits
    self.every = every
    self.minimumInterval = minimumInterval
    self.staleAfter = staleAfter ?? max(every * 3, .seconds(3600))
    self.smallestShare = smallestShare
  }

  public var id: String { reputation.id }

  /// What the kept copy belongs to: after a change of it, validators and copies mean nothing any more.
  var identity: String {
    switch origin {
    case .file(let path): "\(format.word.rawValue) file:\(path)"
    case .web(let address): "\(format.word.rawValue) \(address.url)\(collection)"
    }
  }

  private var collection: String {
    if case .taxii(let collection, _) = format { return "#\(collection.root ?? "")#\(collection.name)" }
    return ""
  }
}

/// Where a feed is on the web, and what is shown and demanded there.
public struct FeedAddress: Sendable {
  public enum Credential: Hashable, Sendable {
    /// User and password (RFC 7617).
    case basic(user: String, password: SecretReference)
    /// A key in a field of its own, such as `X-Api-Key`, `Auth-Key`, `Authorization`.
    case key(field: String, SecretReference)
  }

  public var url: HTTPURL
  public var credential: Credential?
  public var tls: TLSSettings
  public var proxy: ProxySettings
  /// Whether the address may be `http://`. Anyone on the way can then change the list.
  public var permitsPlainText: Bool

  public init(
    url: HTTPURL, credential: Credential? = nil, tls: TLSSettings = TLSSettings(),
    proxy: ProxySettings = .environment, permitsPlainText: Bool = false
  ) {
    self.url = url
    self.credential = credential
    self.tls = tls
    self.proxy = proxy
    self.permitsPlainText = permitsPlainText
  }
}

/// Bounds on one feed.
public struct FeedLimits: Hashable, Sendable {
  public var list: ListLimits
  /// For a whole update, all requests of it together.
  public var time: Duration

  public init(list: ListLimits = ListLimits(bytes: 256 << 20), time: Duration = .seconds(300)) {
    self.list = list
    self.time = time
  }
}
