/// What the first bytes of a frame are, by libpcap's data link type (DLT) number.
public enum LinkType: Hashable, Sendable {
  /// Ethernet II, with any VLAN tags (DLT_EN10MB).
  case ethernet
  /// Linux cooked capture, version 1 (DLT_LINUX_SLL).
  case linuxCooked
  /// Linux cooked capture, version 2 (DLT_LINUX_SLL2).
  case linuxCooked2
  /// IPv4 or IPv6 without a link header (DLT_RAW, DLT_IPV4, DLT_IPV6).
  case rawIP
  /// BSD loopback: the address family in the byte order of the machine that captured (DLT_NULL).
  case loopback
  /// OpenBSD loopback: the address family in network order (DLT_LOOP).
  case loop
  /// A link layer that is not read here.
  case unsupported(Int32)

  /// The link type of a DLT number as `pcap_datalink` gives it on Linux.
  public init(dataLink number: Int32) {
    switch number {
    case 0: self = .loopback
    case 1: self = .ethernet
    case 12, 14, 101, 228, 229: self = .rawIP
    case 108: self = .loop
    case 113: self = .linuxCooked
    case 276: self = .linuxCooked2
    default: self = .unsupported(number)
    }
  }

  /// Whether frames of this DLT number can be read.
  public static func isSupported(dataLink number: Int32) -> Bool {
    if case .unsupported = LinkType(dataLink: number) { false } else { true }
  }
}
