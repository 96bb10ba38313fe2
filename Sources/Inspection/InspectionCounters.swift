/// What became of the frames of one inspector. Every frame that is refused adds to the counter of its
/// reason; sums wrap at 2⁶⁴.
public struct InspectionCounters: Hashable, Sendable {
  /// Frames given to the inspector.
  public internal(set) var packets: UInt64 = 0
  /// Captured bytes of those frames.
  public internal(set) var bytes: UInt64 = 0

  // What was told.
  public internal(set) var dnsQueries: UInt64 = 0
  public internal(set) var dnsAnswers: UInt64 = 0
  public internal(set) var clientHellos: UInt64 = 0
  public internal(set) var quicClientHellos: UInt64 = 0
  public internal(set) var tlsCertificates: UInt64 = 0
  public internal(set) var httpRequests: UInt64 = 0
  public internal(set) var connections: UInt64 = 0
  /// Frames of which the packet inside a tunnel was told, not the outer one.
  public internal(set) var tunnelled: UInt64 = 0

  // What is of no interest.
  /// Neither IPv4 nor IPv6 inside the link layer: ARP, LLDP and the like.
  public internal(set) var unsupportedEtherType: UInt64 = 0
  public internal(set) var unsupportedLinkType: UInt64 = 0
  /// IP, but neither TCP, UDP nor ICMP.
  public internal(set) var otherTransports: UInt64 = 0
  /// Fragments after the first: they have addresses but no ports.
  public internal(set) var laterFragments: UInt64 = 0

  // What could not be read.
  /// The frame ends inside a header.
  public internal(set) var truncated: UInt64 = 0
  /// The IP packet is longer than what was captured of it; its headers were read all the same.
  public internal(set) var cutByCapture: UInt64 = 0
  /// More VLAN tags or MPLS labels than anyone stacks.
  public internal(set) var tooManyTags: UInt64 = 0
  /// A tunnel whose inner packet could not be read; the outer headers were told.
  public internal(set) var malformedTunnel: UInt64 = 0
  /// Tunnels inside a tunnel: the headers told are those of the first inner packet.
  public internal(set) var nestedTunnels: UInt64 = 0
  public internal(set) var malformedIPv4: UInt64 = 0
  public internal(set) var malformedIPv6: UInt64 = 0
  /// More IPv6 extension headers than are followed.
  public internal(set) var tooManyExtensionHeaders: UInt64 = 0
  public internal(set) var malformedTCP: UInt64 = 0
  public internal(set) var malformedUDP: UInt64 = 0
  public internal(set) var malformedDNS: UInt64 = 0
  /// A compressed name whose pointer does not go strictly backwards.
  public internal(set) var nameLoop: UInt64 = 0
  /// A name with an overlong label or of more than 253 bytes.
  public internal(set) var nameTooLong: UInt64 = 0
  /// A name with bytes other than letters, digits, hyphen and underscore.
  public internal(set) var nameNotText: UInt64 = 0
  /// Answer records of names that were not asked for; they are left out.
  public internal(set) var foreignAnswers: UInt64 = 0
  /// DNS over TCP: messages behind the first of a segment, or longer than there is room for.
  public internal(set) var dnsMessagesOmitted: UInt64 = 0
  public internal(set) var malformedClientHello: UInt64 = 0
  /// ClientHellos whose server name lies in a part that was not captured or is beyond the room.
  public internal(set) var splitClientHello: UInt64 = 0
  /// ClientHellos with more codes than any client offers; they have no JA4.
  public internal(set) var unfingerprintedClientHello: UInt64 = 0
  public internal(set) var malformedCertificate: UInt64 = 0
  /// Server certificates longer than there is room for.
  public internal(set) var longCertificate: UInt64 = 0
  /// QUIC Initial packets whose header or frames do not fit.
  public internal(set) var malformedQUIC: UInt64 = 0
  /// QUIC packets that look like a client's Initial and do not open with its keys.
  public internal(set) var undecipherableQUIC: UInt64 = 0
  /// QUIC Initial packets left unread because too many before them in this second did not open.
  public internal(set) var skippedQUIC: UInt64 = 0
  public internal(set) var malformedHTTP: UInt64 = 0
  /// HTTP requests whose Host lies in a part that was not captured or is beyond the room.
  public internal(set) var splitHTTP: UInt64 = 0

  /// Flows that were forgotten because newer ones needed their place; such a flow can be told again.
  public internal(set) var flowsEvicted: UInt64 = 0
  /// Streams whose bytes were thrown away because newer ones needed their place.
  public internal(set) var streamsEvicted: UInt64 = 0
  /// Streams given up: a part never came, or they went on without telling anything.
  public internal(set) var streamsAbandoned: UInt64 = 0
  /// Segments left out because their stream had too many gaps already.
  public internal(set) var segmentsOmitted: UInt64 = 0

  public init() {}

  /// The counters of what could not be read, or only in part, with their names.
  public var faults: [(name: String, value: UInt64)] {
    let plain: Set<String> = [
      "packets", "bytes", "dnsQueries", "dnsAnswers", "clientHellos", "quicClientHellos",
      "tlsCertificates", "httpRequests", "connections", "tunnelled", "unsupportedEtherType",
      "otherTransports", "laterFragments", "flowsEvicted",
    ]
    return all.filter { !plain.contains($0.name) }
  }

  /// Every counter with its name, in a stable order.
  public var all: [(name: String, value: UInt64)] {
    [
      ("packets", packets), ("bytes", bytes), ("dnsQueries", dnsQueries), ("dnsAnswers", dnsAnswers),
      ("clientHellos", clientHellos), ("quicClientHellos", quicClientHellos),
      ("tlsCertificates", tlsCertificates), ("httpRequests", httpRequests),
      ("connections", connections), ("tunnelled", tunnelled),
      ("unsupportedEtherType", unsupportedEtherType), ("unsupportedLinkType", unsupportedLinkType),
      ("otherTransports", otherTransports), ("laterFragments", laterFragments),
      ("truncated", truncated), ("cutByCapture", cutByCapture), ("tooManyTags", tooManyTags),
      ("malformedTunnel", malformedTunnel), ("nestedTunnels", nestedTunnels),
      ("malformedIPv4", malformedIPv4), ("malformedIPv6", malformedIPv6),
      ("tooManyExtensionHeaders", tooManyExtensionHeaders), ("malformedTCP", malformedTCP),
      ("malformedUDP", malformedUDP), ("malformedDNS", malformedDNS), ("nameLoop", nameLoop),
      ("nameTooLong", nameTooLong), ("nameNotText", nameNotText), ("foreignAnswers", foreignAnswers),
      ("dnsMessagesOmitted", dnsMessagesOmitted), ("malformedClientHello", malformedClientHello),
      ("splitClientHello", splitClientHello),
      ("unfingerprintedClientHello", unfingerprintedClientHello),
      ("malformedCertificate", malformedCertificate), ("longCertificate", longCertificate),
      ("malformedQUIC", malformedQUIC), ("undecipherableQUIC", undecipherableQUIC),
      ("skippedQUIC", skippedQUIC), ("malformedHTTP", malformedHTTP), ("splitHTTP", splitHTTP),
      ("flowsEvicted", flowsEvicted), ("streamsEvicted", streamsEvicted),
      ("streamsAbandoned", streamsAbandoned), ("segmentsOmitted", segmentsOmitted),
    ]
  }
}
