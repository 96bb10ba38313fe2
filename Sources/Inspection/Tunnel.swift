/// Tunnels over IP, one level down: IP in IP (RFC 2003, RFC 2473), 6in4 (RFC 4213), GRE (RFC 2784,
/// RFC 2890) with IP, Ethernet (RFC 7637) or ERSPAN (draft-foschiano-erspan) inside, VXLAN (RFC 7348) and
/// GENEVE (RFC 8926).
enum Tunnel {
  private static let vxlanPort: UInt16 = 4789
  private static let genevePort: UInt16 = 6081

  /// Whether the protocol number is one of a tunnel.
  static func carries(_ protocolNumber: UInt8) -> Bool {
    protocolNumber == 4 || protocolNumber == 41 || protocolNumber == 47
  }

  /// Whether the packet looks like one of a tunnel.
  static func isOne(_ headers: PacketHeaders) -> Bool {
    switch headers.transport {
    case .tcp, .icmp: false
    case .udp: headers.destinationPort == vxlanPort || headers.destinationPort == genevePort
    case .other: carries(headers.protocolNumber)
    }
  }

  /// Where the inner packet lies; `nil` when the headers are of something else after all. `packet` is
  /// the frame up to the end of the outer packet.
  static func networkLayer(
    of packet: Span<UInt8>, _ headers: PacketHeaders, counters: inout InspectionCounters
  ) -> NetworkLayer? {
    let start = headers.payload.lowerBound
    let count = packet.count &- start
    if headers.transport == .other {
      guard headers.protocolNumber == 47 else { return count > 0 ? .ip(at: start) : .malformed }
      return gre(packet, at: start, counters: &counters)
    }
    guard count >= 8 else { return nil }
    if headers.destinationPort == vxlanPort {
      // Only the flag for a valid network identifier.
      guard packet[start] & 0xF7 == 0, packet[start] & 0x08 != 0 else { return nil }
      return Ethernet.networkLayer(of: packet, at: start &+ 8, counters: &counters)
    }
    let options = Int(packet[start] & 0x3F) &* 4
    guard packet[start] &>> 6 == 0, count >= 8 &+ options else { return nil }
    return follow(
      packet.uint16(at: start &+ 2), in: packet, at: start &+ 8 &+ options, counters: &counters)
  }

  private static func gre(
    _ packet: Span<UInt8>, at start: Int, counters: inout InspectionCounters
  ) -> NetworkLayer? {
    guard packet.count &- start >= 4 else { return .malformed }
    let flags = packet.uint16(at: start)
    // Version 1 is PPTP's, and source routes are long gone.
    guard flags & 0x4007 == 0 else { return nil }
    let hasSequence = flags & 0x1000 != 0
    var offset = start &+ 4
    if flags & 0x8000 != 0 { offset &+= 4 }
    if flags & 0x2000 != 0 { offset &+= 4 }
    if hasSequence { offset &+= 4 }
    switch packet.uint16(at: start &+ 2) {
    case 0x88BE:
      // ERSPAN type II has a sequence number and 8 bytes of its own, type I neither.
      return Ethernet.networkLayer(
        of: packet, at: hasSequence ? offset &+ 8 : offset, counters: &counters)
    case 0x22EB:
      // ERSPAN type III: 12 bytes, and 8 more when the last bit says so.
      guard packet.count &- offset >= 12 else { return .malformed }
      let hasSubheader = packet[offset &+ 11] & 1 != 0
      return Ethernet.networkLayer(
        of: packet, at: offset &+ (hasSubheader ? 20 : 12), counters: &counters)
    case let type:
      return follow(type, in: packet, at: offset, counters: &counters)
    }
  }

  private static func follow(
    _ type: UInt16, in packet: Span<UInt8>, at offset: Int, counters: inout InspectionCounters
  ) -> NetworkLayer {
    type == EtherType.transparentEthernet
      ? Ethernet.networkLayer(of: packet, at: offset, counters: &counters)
      : EtherType.follow(type, in: packet, at: offset, counters: &counters)
  }
}
