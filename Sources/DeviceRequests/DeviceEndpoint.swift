public import HTTPTransport
import NetworkTypes

/// How one device is reached over HTTP: what the settings of all such adapters have in common.
public struct DeviceEndpoint: Sendable, Equatable {
  /// Who we are, for devices that ask for a certificate.
  public struct Client: Sendable, Equatable {
    /// PEM: our certificate, then those between it and the authority.
    public var certificateFile: String
    public var key: SecretReference

    public init(certificateFile: String, key: SecretReference) {
      self.certificateFile = certificateFile
      self.key = key
    }
  }

  /// Scheme, host and port, and a path that stands before those of all requests.
  public var url: HTTPURL
  /// PEM file with the authorities that are trusted instead of the system's.
  public var authorityFile: String?
  /// When not empty, the device's public key must also be one of these.
  public var pins: [PublicKeyPin]
  public var client: Client?
  /// Where secrets are kept, by the names that stand in requests: `‹secret:name›`.
  public var secrets: [String: SecretReference]
  /// No more requests a second than this, above 0.
  public var requestsPerSecond: Double

  public init(
    url: HTTPURL, authorityFile: String? = nil, pins: [PublicKeyPin] = [], client: Client? = nil,
    secrets: [String: SecretReference] = [:], requestsPerSecond: Double = 20
  ) {
    self.url = url
    self.authorityFile = authorityFile
    self.pins = pins
    self.client = client
    self.secrets = secrets
    self.requestsPerSecond = requestsPerSecond
  }

  /// On this host: plain text goes no further, and no proxy is asked.
  public var isLoopback: Bool { Self.isLoopback(url) }

  static func isLoopback(_ url: HTTPURL) -> Bool {
    guard let address = IPAddress(url.host) else { return url.host == "localhost" }
    return address.ipv4.map { $0 >> 24 == 127 } ?? (address.high == 0 && address.low == 1)
  }
}
