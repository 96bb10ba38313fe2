/// Where the link layer says the network layer begins.
enum NetworkLayer {
  /// An IP packet from this offset on.
  case ip(at: Int)
  /// Something else, counted.
  case other
  /// A header that does not fit the frame, counted.
  case malformed
}

/// EtherTypes (IEEE 802, IANA "ieee-802-numbers").
enum EtherType {
  /// Tags and labels that are followed.
  private static let most = 8

  static let ipv4: UInt16 = 0x0800
  static let ipv6: UInt16 = 0x86DD
  static let vlan: UInt16 = 0x8100
  static let serviceVLAN: UInt16 = 0x88A8
  /// QinQ before IEEE 802.1ad gave it a number; still made by older switches.
  static let oldServiceVLAN: UInt16 = 0x9100
  static let mpls: UInt16 = 0x8847
  static let mplsMulticast: UInt16 = 0x8848
  /// The session stage of PPP over Ethernet (RFC 2516).
  static let pppoe: UInt16 = 0x8864
  /// A whole Ethernet frame, inside a tunnel.
  static let transparentEthernet: UInt16 = 0x6558

  /// Follows VLAN tags and MPLS labels, at most eight: two tags are the standard, labels are seldom
  /// more than four, and a chain without end is an attack. PPPoE is stepped over.
  static func follow(
    _ type: UInt16, in frame: Span<UInt8>, at offset: Int,
    counters: inout InspectionCounters
  ) -> NetworkLayer {
    var type = type
    var offset = offset
    var tags = 0
    while true {
      switch type {
      case ipv4, ipv6:
        return .ip(at: offset)
      case vlan, serviceVLAN, oldServiceVLAN:
        guard tags < most else {
          counters.tooManyTags &+= 1
          return .malformed
        }
        guard frame.count >= offset &+ 4 else {
          counters.truncated &+= 1
          return .malformed
        }
        type = frame.uint16(at: offset &+ 2)
        offset &+= 4
        tags &+= 1
      case mpls, mplsMulticast:
        guard tags < most else {
          counters.tooManyTags &+= 1
          return .malformed
        }
        guard frame.count &- offset >= 5 else {
          counters.truncated &+= 1
          return .malformed
        }
        let isBottom = frame[offset &+ 2] & 1 != 0
        offset &+= 4
        tags &+= 1
        guard isBottom else { continue }
        // Nothing says what a label carries; IP shows itself by its version (RFC 4928 section 3).
        switch frame[offset] &>> 4 {
        case 4, 6: return .ip(at: offset)
        default:
          counters.unsupportedEtherType &+= 1
          return .other
        }
      case pppoe:
        guard frame.count &- offset >= 8 else {
          counters.truncated &+= 1
          return .malformed
        }
        switch frame.uint16(at: offset &+ 6) {
        case 0x0021, 0x0057: return .ip(at: offset &+ 8)
        default:
          counters.unsupportedEtherType &+= 1
          return .other
        }
      default:
        counters.unsupportedEtherType &+= 1
        return .other
      }
    }
  }
}

/// Ethernet II (IEEE 802.3): two addresses of 6 bytes, then the type.
enum Ethernet {
  static func networkLayer(
    of frame: Span<UInt8>, at start: Int = 0, counters: inout InspectionCounters
  ) -> NetworkLayer {
    guard frame.count &- start >= 14 else {
      counters.truncated &+= 1
      return .malformed
    }
    let type = frame.uint16(at: start &+ 12)
    if type == EtherType.ipv4 || type == EtherType.ipv6 { return .ip(at: start &+ 14) }
    return EtherType.follow(type, in: frame, at: start &+ 14, counters: &counters)
  }
}
