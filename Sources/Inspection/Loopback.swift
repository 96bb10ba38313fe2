/// BSD loopback: an address family of 4 bytes, then the packet.
///
/// DLT_NULL has it in the byte order of the machine that captured, which the file does not tell, so
/// both are tried: families are small numbers and cannot be mistaken. DLT_LOOP has network order.
enum Loopback {
  static func networkLayer(
    of frame: Span<UInt8>, hostOrder: Bool, counters: inout InspectionCounters
  ) -> NetworkLayer {
    guard frame.count >= 5 else {
      counters.truncated &+= 1
      return .malformed
    }
    let family = frame.uint32(at: 0)
    if isIP(family) || hostOrder && isIP(family.byteSwapped) { return .ip(at: 4) }
    counters.unsupportedEtherType &+= 1
    return .other
  }

  /// AF_INET is 2 everywhere; AF_INET6 is 10 on Linux, 24 on NetBSD and OpenBSD, 28 on FreeBSD and
  /// 30 on Darwin.
  private static func isIP(_ family: UInt32) -> Bool {
    switch family {
    case 2, 10, 24, 28, 30: true
    default: false
    }
  }
}
