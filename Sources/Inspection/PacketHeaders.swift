public import NetworkTypes

/// What IP carries, as far as it is told apart here.
public enum Transport: UInt8, Hashable, Sendable {
  case tcp, udp, icmp, other

  /// `tcp`, `udp`, `icmp` (both versions) or `other`.
  public var name: String {
    switch self {
    case .tcp: "tcp"
    case .udp: "udp"
    case .icmp: "icmp"
    case .other: "other"
    }
  }
}

/// The control bits of TCP (RFC 9293 section 3.1).
public struct TCPFlags: OptionSet, Hashable, Sendable {
  public let rawValue: UInt8
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  public static let fin = TCPFlags(rawValue: 0x01)
  public static let syn = TCPFlags(rawValue: 0x02)
  public static let rst = TCPFlags(rawValue: 0x04)
  public static let psh = TCPFlags(rawValue: 0x08)
  public static let ack = TCPFlags(rawValue: 0x10)
}

/// The addresses, ports and payload of one packet: of fixed size, filled in place.
public struct PacketHeaders: Hashable, Sendable {
  public internal(set) var source = IPAddress(high: 0, low: 0)
  public internal(set) var destination = IPAddress(high: 0, low: 0)
  /// 0 where there is no port: ICMP, other transports, fragments after the first.
  public internal(set) var sourcePort: UInt16 = 0
  public internal(set) var destinationPort: UInt16 = 0
  public internal(set) var transport = Transport.other
  /// The IANA protocol number behind `transport`.
  public internal(set) var protocolNumber: UInt8 = 0
  /// Empty unless `transport` is TCP and the header was there.
  public internal(set) var tcpFlags = TCPFlags()
  /// The TCP sequence number; 0 for others.
  public internal(set) var sequence: UInt32 = 0
  /// Whether the packet is any fragment of a larger one, the first included.
  public internal(set) var isFragment = false
  /// Whether it is a fragment after the first, which has no transport header.
  public internal(set) var isLaterFragment = false
  /// Whether the capture has only the beginning of the packet.
  public internal(set) var isCut = false
  /// Where the bytes after the transport header lie in the frame, link padding left out. While the
  /// headers are being read, what is still to be read.
  public internal(set) var payload: Range<Int> = 0..<0

  public init() {}
}
