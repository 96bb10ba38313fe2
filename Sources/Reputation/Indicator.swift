public import NetworkTypes

/// What a source lists as bad: the smallest thing that a destination can be compared with.
public enum Indicator: Hashable, Sendable {
  /// One address.
  case address(IPAddress)
  /// Every address inside a prefix shorter than a single address.
  case prefix(IPPrefix)
  /// A name; with `includingSubdomains` also every name under it.
  case domain(DomainName, includingSubdomains: Bool)

  /// The canonical text of the indicator: RFC 5952 for addresses, A-labels for names.
  public var text: String {
    switch self {
    case .address(let address): address.description
    case .prefix(let prefix): prefix.description
    case .domain(let name, _): name.text
    }
  }
}

extension Indicator: CustomStringConvertible {
  public var description: String { text }
}

extension Indicator: Codable {
  private enum Kind: String, Codable { case address, prefix, domain }
  private enum Key: String, CodingKey { case kind, value, subdomains }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    switch try container.decode(Kind.self, forKey: .kind) {
    case .address: self = .address(try container.decode(IPAddress.self, forKey: .value))
    case .prefix: self = .prefix(try container.decode(IPPrefix.self, forKey: .value))
    case .domain:
      self = .domain(
        try container.decode(DomainName.self, forKey: .value),
        includingSubdomains: try container.decode(Bool.self, forKey: .subdomains))
    }
  }

  /// `{"kind":"domain","value":"bad.example.org","subdomains":true}`.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    switch self {
    case .address(let address):
      try container.encode(Kind.address, forKey: .kind)
      try container.encode(address, forKey: .value)
    case .prefix(let prefix):
      try container.encode(Kind.prefix, forKey: .kind)
      try container.encode(prefix, forKey: .value)
    case .domain(let name, let includingSubdomains):
      try container.encode(Kind.domain, forKey: .kind)
      try container.encode(name, forKey: .value)
      try container.encode(includingSubdomains, forKey: .subdomains)
    }
  }
}
