public import NetworkTypes

/// What a source lists as bad: the smallest thing that a destination can be compared with.
public enum Indicator: Hashable, Sendable {
  /// One address.
  case address(IPAddress)
  /// Every address inside a prefix shorter than a single address.
  case prefix(IPPrefix)
  /// A name; with `includingSubdomains` also every name under it.
  case domain(DomainName, includingSubdomains: Bool)
  /// One port of one address, 1...65535. The address as such is not listed by it.
  case addressPort(IPAddress, port: UInt16)
  /// A TLS client fingerprint of 36 characters (FoxIO, "JA4: TLS Client Fingerprinting").
  case ja4(String)
  /// A server certificate, by the hash of its DER encoding.
  case certificate(CertificateHash)

  /// The canonical text of the indicator: RFC 5952 for addresses, A-labels for names, lower-case
  /// hexadecimal digits for hashes.
  public var text: String {
    switch self {
    case .address(let address): address.description
    case .prefix(let prefix): prefix.description
    case .domain(let name, _): name.text
    case .addressPort(let address, let port): Endpoint(address: address, port: port).description
    case .ja4(let text): text
    case .certificate(let hash): hash.description
    }
  }
}

extension Indicator: CustomStringConvertible {
  public var description: String { text }
}

extension Indicator: Codable {
  private enum Kind: String, Codable {
    case address, prefix, domain
    case addressPort = "address-port"
    case ja4, certificate
  }
  private enum Key: String, CodingKey { case kind, value, subdomains, port }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    switch try container.decode(Kind.self, forKey: .kind) {
    case .address: self = .address(try container.decode(IPAddress.self, forKey: .value))
    case .prefix: self = .prefix(try container.decode(IPPrefix.self, forKey: .value))
    case .domain:
      self = .domain(
        try container.decode(DomainName.self, forKey: .value),
        includingSubdomains: try container.decode(Bool.self, forKey: .subdomains))
    case .addressPort:
      self = .addressPort(
        try container.decode(IPAddress.self, forKey: .value),
        port: try container.decode(UInt16.self, forKey: .port))
    case .ja4:
      let text = try container.decode(String.self, forKey: .value)
      guard JA4Text.isValid(text.utf8Span.span) else { throw Self.corrupted(text, in: container) }
      self = .ja4(text)
    case .certificate:
      let text = try container.decode(String.self, forKey: .value)
      guard let hash = CertificateHash(text) else { throw Self.corrupted(text, in: container) }
      self = .certificate(hash)
    }
  }

  private static func corrupted(
    _ text: String, in container: KeyedDecodingContainer<Key>
  ) -> DecodingError {
    .dataCorruptedError(
      forKey: .value, in: container, debugDescription: "“\(text)” is not an indicator of its kind")
  }

  /// `{"kind":"domain","value":"bad.example.org","subdomains":true}`,
  /// `{"kind":"address-port","value":"203.0.113.7","port":443}`.
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
    case .addressPort(let address, let port):
      try container.encode(Kind.addressPort, forKey: .kind)
      try container.encode(address, forKey: .value)
      try container.encode(port, forKey: .port)
    case .ja4(let text):
      try container.encode(Kind.ja4, forKey: .kind)
      try container.encode(text, forKey: .value)
    case .certificate(let hash):
      try container.encode(Kind.certificate, forKey: .kind)
      try container.encode(hash.description, forKey: .value)
    }
  }
}
