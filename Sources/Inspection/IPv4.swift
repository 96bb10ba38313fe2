import NetworkTypes

/// IPv4 (RFC 791).
enum IPv4 {
  /// Reads the header at `start`; on success `headers` has the addresses, the fragment marks, the
  /// protocol number, and as `payload` what the packet carries.
  static func read(
    _ frame: Span<UInt8>, at start: Int, into headers: inout PacketHeaders,
    counters: inout InspectionCounters
  ) -> Bool {
    let available = frame.count &- start
    guard available >= 20 else {
      counters.truncated &+= 1
      return false
    }
    let headerLength = Int(frame[start] & 0x0F) &* 4
    var totalLength = Int(frame.uint16(at: start &+ 2))
    // The sender's own capture shows 0 where the card will cut a large segment (TSO).
    if totalLength == 0 { totalLength = available }
    guard headerLength >= 20, totalLength >= headerLength else {
      counters.malformedIPv4 &+= 1
      return false
    }
    guard available >= headerLength else {
      counters.truncated &+= 1
      return false
    }
    headers.isCut = totalLength > available
    if headers.isCut {
      counters.cutByCapture &+= 1
      totalLength = available
    }
    let fragment = frame.uint16(at: start &+ 6)
    headers.isFragment = fragment & 0x3FFF != 0
    headers.isLaterFragment = fragment & 0x1FFF != 0
    headers.protocolNumber = frame[start &+ 9]
    headers.source = IPAddress(ipv4: frame.uint32(at: start &+ 12))
    headers.destination = IPAddress(ipv4: frame.uint32(at: start &+ 16))
    headers.payload = (start &+ headerLength)..<(start &+ totalLength)
    return true
  }
}
