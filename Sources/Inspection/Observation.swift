public import NetworkTypes

/// What one packet tells about where a terminal goes.
///
/// All storage is inside the value, with fixed bounds: the caller keeps one and hands it to the
/// inspector again and again, and filling it allocates nothing. The accessors that make strings and
/// arrays are for packets of interest.
public struct Observation: Sendable {
  /// What was seen; the raw value is the word of `inspect --json`.
  public enum Kind: String, Sendable, CaseIterable {
    case dnsQuery = "dns-query"
    case dnsAnswer = "dns-answer"
    case tlsClientHello = "tls-client-hello"
    /// A server's certificate, in clear up to TLS 1.2; `source` is the server.
    case tlsCertificate = "tls-certificate"
    case quicClientHello = "quic-client-hello"
    case httpRequest = "http-request"
    /// The first packet of a flow.
    case connection
  }

  /// Addresses that are kept of one packet; `addressesOmitted` counts the rest.
  public static let addressCapacity = 16
  /// Aliases, and likewise ALPN protocols and versions, that are kept of one packet.
  public static let listCapacity = 8
  /// Names of a certificate that are kept; `certificateNamesOmitted` counts the rest.
  public static let certificateNameCapacity = 16

  public internal(set) var kind = Kind.connection
  /// When the packet was captured.
  public internal(set) var time = Timestamp(microseconds: 0)
  public internal(set) var transport = Transport.other
  /// Who sent the packet. For a `connection` told from a SYN-ACK, who opened it.
  public internal(set) var source = Endpoint(address: IPAddress(high: 0, low: 0), port: 0)
  public internal(set) var destination = Endpoint(address: IPAddress(high: 0, low: 0), port: 0)

  /// Which service asked or answered, for `dnsQuery` and `dnsAnswer`.
  public internal(set) var nameService = NameService.dns
  /// The question's type, DNS only.
  public internal(set) var recordType: DNSRecordType?
  /// The response code of a DNS answer: 0 for no error.
  public internal(set) var responseCode: UInt8 = 0
  /// How long the answer may be kept, in seconds: the least time to live of the records that were
  /// followed (RFC 1035 section 3.2.1); `nil` where there is none.
  public internal(set) var timeToLive: UInt32?
  /// Addresses beyond `addressCapacity`.
  public internal(set) var addressesOmitted = 0
  /// Aliases beyond `listCapacity`.
  public internal(set) var aliasesOmitted = 0
  /// Names of a certificate beyond `certificateNameCapacity`.
  public internal(set) var certificateNamesOmitted = 0
  /// Whether a ClientHello has an encrypted one inside (RFC 9849), real or made up: then `name` is
  /// that of the server in front.
  public internal(set) var hasEncryptedClientHello = false
  /// Whether `path` is the beginning of a longer one.
  public internal(set) var pathIsCut = false

  var nameBuffer = NameBuffer()
  private var addressStorage = InlineArray<16, IPAddress>(repeating: IPAddress(high: 0, low: 0))
  /// How many addresses are kept.
  public private(set) var addressCount = 0

  private var arena = TextArena()
  private var aliasSlices = InlineArray<8, TextArena.Slice>(repeating: .none)
  /// How many aliases are kept.
  public private(set) var aliasCount = 0
  private var protocolSlices = InlineArray<8, TextArena.Slice>(repeating: .none)
  private var protocolCount = 0
  private var versions = InlineArray<8, UInt16>(repeating: 0)
  private(set) var versionCount = 0
  private var ja4Storage = InlineArray<36, UInt8>(repeating: 0)
  private var hasJA4 = false
  private var certificateSHA256Storage = InlineArray<32, UInt8>(repeating: 0)
  private var certificateSHA1Storage = InlineArray<20, UInt8>(repeating: 0)
  private var certificateNameSlices = InlineArray<16, TextArena.Slice>(repeating: .none)
  private var certificateNameCount = 0
  private var methodSlice = TextArena.Slice.none
  private var pathSlice = TextArena.Slice.none
  private var userAgentSlice = TextArena.Slice.none

  public init() {}

  // MARK: Reading

  /// The name that was asked for or contacted: lower-case A-labels; `nil` where the packet has none.
  public var name: String? {
    nameBuffer.count > 0 ? withNameBytes { text(of: $0) } : nil
  }

  /// `name` as a value to look up.
  public var domainName: DomainName? { name.flatMap { DomainName($0) } }

  /// Gives the bytes of the name (none when absent) without making a string.
  public func withNameBytes<Result>(_ body: (Span<UInt8>) -> Result) -> Result {
    body(nameBuffer.bytes.span.extracting(0..<nameBuffer.count))
  }

  /// An address the packet names: of the answers and hints of a DNS answer, of a certificate, or the
  /// literal that an HTTP request or a ClientHello has in place of a name.
  ///
  /// - Precondition: `index` is in `0..<addressCount`.
  public func address(at index: Int) -> IPAddress {
    precondition(index < addressCount)
    return addressStorage.span[index]
  }

  /// The addresses the packet names, as `address(at:)`.
  public var addresses: [IPAddress] { (0..<addressCount).map { addressStorage[$0] } }

  /// The names that the asked name is an alias of, in order of the answer.
  public var aliases: [String] { (0..<aliasCount).map { arena.text(aliasSlices[$0]) } }

  /// Gives the bytes of one alias without making a string.
  ///
  /// - Precondition: `index` is in `0..<aliasCount`.
  public func withAliasBytes<Result>(at index: Int, _ body: (Span<UInt8>) -> Result) -> Result {
    precondition(index < aliasCount)
    return arena.withBytes(aliasSlices[index], body)
  }

  /// The application protocols a ClientHello offers (RFC 7301).
  public var alpn: [String] { (0..<protocolCount).map { arena.text(protocolSlices[$0]) } }

  /// The TLS or DTLS versions a ClientHello offers, as numbers of the protocol (RFC 8446 section 4.2.1),
  /// in its order and without made-up values.
  public var tlsVersions: [UInt16] { (0..<versionCount).map { versions[$0] } }

  /// The JA4 fingerprint of a ClientHello, such as `t13d1516h2_8daaf6152771_02713d6af862`; `nil` where
  /// only a part of the hello was there.
  public var ja4: String? { hasJA4 ? text(of: ja4Storage.span) : nil }

  /// Gives the 36 bytes of the fingerprint (none when absent) without making a string.
  public func withJA4Bytes<Result>(_ body: (Span<UInt8>) -> Result) -> Result {
    body(ja4Storage.span.extracting(0..<(hasJA4 ? JA4.length : 0)))
  }

  /// The SHA-256 of a server certificate's DER, in hexadecimal.
  public var certificateSHA256: String? {
    kind == .tlsCertificate ? Self.hexadecimal(certificateSHA256Storage.span) : nil
  }

  /// The SHA-1 of a server certificate's DER, in hexadecimal, for lists that are keyed by it.
  public var certificateSHA1: String? {
    kind == .tlsCertificate ? Self.hexadecimal(certificateSHA1Storage.span) : nil
  }

  /// Gives the 32 bytes of the SHA-256 (none when absent) without making a string.
  public func withCertificateSHA256<Result>(_ body: (Span<UInt8>) -> Result) -> Result {
    body(certificateSHA256Storage.span.extracting(0..<(kind == .tlsCertificate ? 32 : 0)))
  }

  /// Gives the 20 bytes of the SHA-1 (none when absent) without making a string.
  public func withCertificateSHA1<Result>(_ body: (Span<UInt8>) -> Result) -> Result {
    body(certificateSHA1Storage.span.extracting(0..<(kind == .tlsCertificate ? 20 : 0)))
  }

  /// The DNS names a certificate is for, as it has them: a `*` can stand for the first label.
  public var certificateNames: [String] {
    (0..<certificateNameCount).map { arena.text(certificateNameSlices[$0]) }
  }

  /// The method of an HTTP request.
  public var method: String? { methodSlice.isNone ? nil : arena.text(methodSlice) }

  /// The path and query of an HTTP request, at most 1,024 bytes of it.
  public var path: String? { pathSlice.isNone ? nil : arena.text(pathSlice) }

  /// The User-Agent of an HTTP request, at most 256 bytes of it.
  public var userAgent: String? { userAgentSlice.isNone ? nil : arena.text(userAgentSlice) }

  private func text(of bytes: Span<UInt8>) -> String {
    String(decoding: bytes.indices.map { bytes[$0] }, as: UTF8.self)
  }

  private static func hexadecimal(_ bytes: Span<UInt8>) -> String {
    let digits = Array("0123456789abcdef".utf8)
    return String(
      decoding: bytes.indices.flatMap { [digits[Int(bytes[$0] >> 4)], digits[Int(bytes[$0] & 0xF)]] },
      as: UTF8.self)
  }

  // MARK: Filling

  /// Empties the value and takes over time, transport and ends.
  mutating func begin(_ kind: Kind, _ headers: PacketHeaders, at time: Timestamp) {
    self.kind = kind
    self.time = time
    transport = headers.transport
    source = Endpoint(address: headers.source, port: headers.sourcePort)
    destination = Endpoint(address: headers.destination, port: headers.destinationPort)
    nameService = .dns
    recordType = nil
    responseCode = 0
    timeToLive = nil
    addressesOmitted = 0
    aliasesOmitted = 0
    certificateNamesOmitted = 0
    hasEncryptedClientHello = false
    pathIsCut = false
    nameBuffer.clear()
    addressCount = 0
    arena.clear()
    aliasCount = 0
    protocolCount = 0
    versionCount = 0
    hasJA4 = false
    certificateNameCount = 0
    methodSlice = .none
    pathSlice = .none
    userAgentSlice = .none
  }

  mutating func append(_ address: IPAddress) {
    guard addressCount < Self.addressCapacity else {
      addressesOmitted &+= 1
      return
    }
    addressStorage[addressCount] = address
    addressCount &+= 1
  }

  mutating func append(alias: NameBuffer) {
    guard aliasCount < Self.listCapacity,
      let slice = arena.append(alias.bytes.span, 0..<alias.count)
    else {
      aliasesOmitted &+= 1
      return
    }
    aliasSlices[aliasCount] = slice
    aliasCount &+= 1
  }

  /// Protocols past the bound are left out: what matters is what is preferred, which comes first.
  mutating func append(alpn frame: Span<UInt8>, _ range: Range<Int>) {
    guard protocolCount < Self.listCapacity, let slice = arena.append(frame, range) else { return }
    protocolSlices[protocolCount] = slice
    protocolCount &+= 1
  }

  mutating func append(version: UInt16) {
    guard versionCount < Self.listCapacity else { return }
    versions[versionCount] = version
    versionCount &+= 1
  }

  /// Lets `body` write the fingerprint; whether it did.
  mutating func setJA4(_ body: (inout InlineArray<36, UInt8>) -> Bool) -> Bool {
    hasJA4 = body(&ja4Storage)
    return hasJA4
  }

  mutating func set(certificateSHA256 sha256: InlineArray<32, UInt8>, sha1: InlineArray<20, UInt8>) {
    certificateSHA256Storage = sha256
    certificateSHA1Storage = sha1
  }

  /// Keeps a name as the certificate has it; one with other than visible ASCII is no DNS name.
  mutating func append(certificateName bytes: Span<UInt8>, _ range: Range<Int>) {
    var isText = !range.isEmpty && range.count <= NameBuffer.longest
    for index in range where bytes[index] <= 0x20 || bytes[index] >= 0x7F { isText = false }
    guard isText, certificateNameCount < Self.certificateNameCapacity,
      let slice = arena.append(bytes, range)
    else {
      certificateNamesOmitted &+= 1
      return
    }
    certificateNameSlices[certificateNameCount] = slice
    certificateNameCount &+= 1
  }

  mutating func set(method frame: Span<UInt8>, _ range: Range<Int>) {
    methodSlice = arena.append(frame, range) ?? .none
  }

  mutating func set(path frame: Span<UInt8>, _ range: Range<Int>) {
    let kept = range.prefix(1024)
    pathIsCut = kept.count < range.count
    pathSlice = arena.append(frame, kept) ?? .none
  }

  mutating func set(userAgent frame: Span<UInt8>, _ range: Range<Int>) {
    userAgentSlice = arena.append(frame, range.prefix(256)) ?? .none
  }

  /// Takes a host as HTTP and TLS write it: an address literal becomes an address, all else a name.
  mutating func set(
    host frame: Span<UInt8>, _ range: Range<Int>, counters: inout InspectionCounters
  ) -> Bool {
    guard !range.isEmpty else {
      counters.nameNotText &+= 1
      return false
    }
    let last = frame[range.upperBound &- 1]
    if frame[range.lowerBound] == UInt8(ascii: "["), last == UInt8(ascii: "]") {
      guard range.count > 2,
        let address = IPAddress(
          parsing: frame.extracting((range.lowerBound &+ 1)..<(range.upperBound &- 1)))
      else {
        counters.nameNotText &+= 1
        return false
      }
      append(address)
      return true
    }
    if last &- UInt8(ascii: "0") <= 9, let address = IPAddress(parsing: frame.extracting(range)),
      address.isIPv4
    {
      append(address)
      return true
    }
    return nameBuffer.assign(text: frame, in: range, counters: &counters)
  }
}
