public import ConfigurationFile
public import DeviceRequests
import HTTPTransport
import Language

/// What the configuration may say about a FortiGate.
public struct FortiOSSettings: Sendable, Equatable {
  /// The two ways in which FortiOS refuses an address without a change of its configuration.
  public enum Way: String, Sendable, CaseIterable {
    /// External resources that we push to, named in policies.
    case threatFeed = "threat-feed"
    /// Banned addresses (quarantine), with timers of the device, ahead of all policies.
    case bannedList = "banned-list"
  }

  /// The management interface, with the token of an API administrator.
  public var endpoint: DeviceEndpoint
  public var way: Way
  /// The virtual domain.
  public var domain: String
  /// The external resources that are ours: what is blocked (or banned by us), and what passes.
  public var feed: String
  public var allowFeed: String
  /// Addresses in one request, at least 1.
  public var entriesPerRequest: Int

  public init(
    endpoint: DeviceEndpoint, way: Way = .threatFeed, domain: String = "root",
    feed: String = "sekisho-block", allowFeed: String = "sekisho-allow", entriesPerRequest: Int = 10_000
  ) {
    self.endpoint = endpoint
    self.way = way
    self.domain = domain
    self.feed = feed
    self.allowFeed = allowFeed
    self.entriesPerRequest = entriesPerRequest
  }

  /// The name of the token in requests, and of its setting.
  static let tokenName = "api-token"
  /// What the comment of an external resource says when it is ours.
  static let mark = "kept by sekisho"
  /// Entries of a feed before FortiOS 7.4.4; later versions hold more.
  static let feedCapacity = 131_072
  private static let longestFeedName = 35
  private static let longestDomainName = 31
}

extension FortiOSSettings {
  /// Reads the settings of one firewall; `nil` after what is wrong was reported to the section.
  public init?(from section: ConfigurationSection) {
    defer { section.finish() }
    let endpoint = DeviceEndpoint(
      from: section, secrets: [SecretSetting(Self.tokenName)], example: "https://fw.example.org",
      requestsPerSecond: 10)
    let way = section.contains("way") ? section.choice("way", of: Way.self) : .threatFeed
    let domain = section.text("vdom") ?? "root"
    let feed = section.text("feed") ?? "sekisho-block"
    let allowFeed = section.text("allow-feed") ?? "sekisho-allow"
    let entries =
      section.contains("entries-per-request")
      ? section.integer("entries-per-request", in: 1...Self.feedCapacity) : 10_000
    var isRight = true
    func check(_ key: String, _ isGood: Bool, _ message: Phrase) {
      guard !isGood else { return }
      section.report(.invalid, key, message)
      isRight = false
    }
    check(
      "vdom", Self.isWord(domain, upTo: Self.longestDomainName),
      Phrase(
        en: "A virtual domain has 1 to \(Self.longestDomainName) letters, digits, “-” and “_”: root.",
        ja: "VDOM 名には英数字と「-」「_」を 1〜\(Self.longestDomainName) 文字で指定してください（例: root）。"))
    for (key, name) in [("feed", feed), ("allow-feed", allowFeed)] {
      check(
        key, Self.isWord(name, upTo: Self.longestFeedName),
        Phrase(
          en: "A feed has 1 to \(Self.longestFeedName) letters, digits, “-” and “_” here.",
          ja: "フィード名には英数字と「-」「_」を 1〜\(Self.longestFeedName) 文字で指定してください。"))
    }
    check(
      "allow-feed", feed != allowFeed,
      Phrase(en: "The two feeds must differ.", ja: "2 つのフィードには異なる名前を指定してください。"))
    guard isRight, let endpoint, let way, let entries else { return nil }
    self.init(
      endpoint: endpoint, way: way, domain: domain, feed: feed, allowFeed: allowFeed,
      entriesPerRequest: entries)
  }

  /// Such names stand in a query and in JSON as they are.
  private static func isWord(_ text: String, upTo longest: Int) -> Bool {
    (1...longest).contains(text.utf8.count)
      && text.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
          true
        default: false
        }
      }
  }
}
