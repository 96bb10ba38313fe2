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
  static let ipv4: UInt16 = 0x0800
  static let ipv6: UInt16 = 0x86DD
  static let vlan: UInt16 = 0x8100
  static let serviceVLAN: UInt16 = 0x88A8
  /// QinQ before IEEE 802.1ad gave it a number; still made by older switches.
  static let oldServiceVLAN: UInt16 = 0x9100

  /// Follows VLAN tags, at most four: two are the standard, and a chain without end is an attack.
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
        guard tags < 4 else {
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
    of frame: Span<UInt8>, counters: inout InspectionCounters
  ) -> NetworkLayer {
    guard frame.count >= 14 else {
      counters.truncated &+= 1
      return .malformed
    }
    let type = frame.uint16(at: 12)
    if type == EtherType.ipv4 || type == EtherType.ipv6 { return .ip(at: 14) }
    return EtherType.follow(type, in: frame, at: 14, counters: &counters)
  }
}
