/// How one peer is spoken to: trust, way, limits. Part of each request, because requests to all peers
/// share one client.
public struct TransportSettings: Sendable {
  public var tls: TLSSettings
  public var proxy: ProxySettings
  public var limits: TransportLimits
  /// Whether an `http://` address may be asked. Everything then travels in clear, secrets too: for
  /// loopback and for lists that are public.
  public var permitsPlainText: Bool

  public init(
    tls: TLSSettings = TLSSettings(), proxy: ProxySettings = .none,
    limits: TransportLimits = TransportLimits(), permitsPlainText: Bool = false
  ) {
    self.tls = tls
    self.proxy = proxy
    self.limits = limits
    self.permitsPlainText = permitsPlainText
  }
}

/// What is demanded of a server's certificate, and shown to it. TLS 1.2 at least; the certificate and
/// the name in it are always verified: no setting switches that off. For a device with a certificate of
/// its own there are `authorityFile` and, in addition, `pins`.
public struct TLSSettings: Sendable {
  /// PEM file with the authorities that are trusted *instead of* the system's; `nil` for the system's.
  public var authorityFile: String?
  /// When not empty, the server's public key must also be one of these.
  public var pins: [PublicKeyPin]
  public var clientCertificate: ClientCertificate?

  public init(
    authorityFile: String? = nil, pins: [PublicKeyPin] = [], clientCertificate: ClientCertificate? = nil
  ) {
    self.authorityFile = authorityFile
    self.pins = pins
    self.clientCertificate = clientCertificate
  }
}

/// SHA-256 over a public key (SubjectPublicKeyInfo, DER), as in RFC 7469: `sha256//` and 44 characters
/// of base64.
public struct PublicKeyPin: Sendable, Hashable, LosslessStringConvertible {
  public let description: String

  public init?(_ text: String) {
    let prefix = "sha256//"
    guard text.hasPrefix(prefix) else { return nil }
    let digest = Array(text.utf8.dropFirst(prefix.utf8.count))
    let isBase64 = digest.dropLast().allSatisfy { byte in
      byte == UInt8(ascii: "+") || byte == UInt8(ascii: "/")
        || (PercentEncoding.isUnreserved(byte) && !"-._~".utf8.contains(byte))
    }
    guard digest.count == 44, digest.last == UInt8(ascii: "="), isBase64 else { return nil }
    description = text
  }
}

/// Who we are, for servers that ask for a certificate.
public struct ClientCertificate: Sendable {
  /// PEM: our certificate, then those between it and the authority.
  public var certificateFile: String
  /// PEM of the private key.
  public var key: Secret
  public var passphrase: Secret?

  public init(certificateFile: String, key: Secret, passphrase: Secret? = nil) {
    self.certificateFile = certificateFile
    self.key = key
    self.passphrase = passphrase
  }
}

/// Whether requests go through a proxy. All of them tunnel (CONNECT), so a proxy sees host and port, and
/// neither fields nor bodies of an encrypted request.
public enum ProxySettings: Sendable {
  case none
  case server(HTTPURL, user: String = "", password: Secret? = nil)
  /// As `https_proxy`, `http_proxy`, `all_proxy` and `no_proxy` say when the request is made.
  case environment
}

/// Bounds of one exchange. Whatever is above them ends it with an error of its own.
public struct TransportLimits: Sendable, Hashable {
  /// From the call to the last byte, waiting for a free connection and redirects included.
  public var total: Duration
  /// Until a new connection is ready: look-up of the name, TCP, proxy, TLS.
  public var connect: Duration
  /// While bytes are due: at least `stallBytes` in each such time. Not counted while the device thinks,
  /// which may take as long as `total` allows.
  public var stall: Duration
  public var stallBytes: Int
  /// Bytes of an answer's body, after decompression.
  public var bodyBytes: Int
  /// Bytes and fields of all heads of an answer (interim answers and trailers included).
  public var headerBytes: Int
  public var headerFields: Int

  public init(
    total: Duration = .seconds(60), connect: Duration = .seconds(10), stall: Duration = .seconds(20),
    stallBytes: Int = 64, bodyBytes: Int = 16 << 20, headerBytes: Int = 64 << 10, headerFields: Int = 200
  ) {
    self.total = total
    self.connect = connect
    self.stall = stall
    self.stallBytes = stallBytes
    self.bodyBytes = bodyBytes
    self.headerBytes = headerBytes
    self.headerFields = headerFields
  }
}
