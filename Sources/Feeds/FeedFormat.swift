public import Reputation

/// How a feed is written, and what of it counts.
public enum FeedFormat: Hashable, Sendable {
  /// One of the formats that the room Reputation reads.
  case list(ListFormat)
  /// `||name^` of advertisement blockers.
  case adblock
  /// `address=/name/0.0.0.0`.
  case dnsmasq
  /// `local-zone: "name" always_nxdomain`.
  case unbound
  /// A response policy zone in a zone file. `localData`: whether a record with an answer of its own blocks.
  case policyZone(localData: Bool)
  /// Suricata's IP reputation. Scores are 0...127; no categories means all.
  case reputationList(minimumScore: Int, categories: Set<Int>)
  /// Suricata's datasets.
  case dataset(DatasetType, minimumScore: Int)
  /// Spamhaus DROP as JSON lines.
  case spamhaus
  /// A MISP feed: `manifest.json` and a file for each event. Events older than `maximumAge` are left out.
  case misp(maximumAge: Duration?)
  /// STIX 2.1 bundles or objects. Confidences are 0...100.
  case stix(minimumConfidence: Int)
  /// A collection of a TAXII 2.1 server.
  case taxii(TAXIICollection, minimumConfidence: Int)
  /// The decisions of a CrowdSec local API. `types`: the kinds of decision that block.
  case crowdsec(types: Set<String>)

  /// As it stands in the configuration.
  public var word: FeedFormatWord {
    switch self {
    case .list(.plain): .plain
    case .list(.csv): .csv
    case .list(.hosts): .hosts
    case .adblock: .adblock
    case .dnsmasq: .dnsmasq
    case .unbound: .unbound
    case .policyZone: .rpz
    case .reputationList: .suricataReputation
    case .dataset: .suricataDataset
    case .spamhaus: .spamhaus
    case .misp: .misp
    case .stix: .stix
    case .taxii: .taxii
    case .crowdsec: .crowdsec
    }
  }

  /// Whether entries end by themselves: the same bytes list less later.
  var expires: Bool {
    switch self {
    case .stix, .taxii, .crowdsec: true
    default: false
    }
  }
}

/// The word for a format.
public enum FeedFormatWord: String, Hashable, Sendable, Codable, CaseIterable {
  case plain, csv, hosts, adblock, dnsmasq, unbound, rpz
  case suricataReputation = "suricata-iprep"
  case suricataDataset = "suricata-dataset"
  case spamhaus = "spamhaus-json"
  case misp, stix, taxii, crowdsec
}

/// Which collection of a TAXII server is read.
public struct TAXIICollection: Hashable, Sendable {
  /// Path or address of the API root; `nil` for the one that the server's discovery names.
  public var root: String?
  /// Identifier, alias or title.
  public var name: String

  public init(root: String? = nil, name: String) {
    self.root = root
    self.name = name
  }
}
