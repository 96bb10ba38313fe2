/// ICMP for IPv4 (RFC 792) and IPv6 (RFC 4443): type, code and checksum, then the message.
enum ICMP {
  /// Moves the payload behind the fixed header.
  static func read(
    _ frame: Span<UInt8>, into headers: inout PacketHeaders,
    counters: inout InspectionCounters
  ) -> Bool {
    let start = headers.payload.lowerBound
    let end = headers.payload.upperBound
    guard end &- start >= 4 else {
      counters.truncated &+= 1
      return false
    }
    headers.payload = (start &+ 4)..<end
    return true
  }
}
