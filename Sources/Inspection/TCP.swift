/// TCP (RFC 9293).
enum TCP {
  /// Reads the header at the start of `headers.payload` and moves the payload behind it.
  static func read(
    _ frame: Span<UInt8>, into headers: inout PacketHeaders,
    counters: inout InspectionCounters
  ) -> Bool {
    let start = headers.payload.lowerBound
    let end = headers.payload.upperBound
    guard end &- start >= 20 else {
      counters.truncated &+= 1
      return false
    }
    let length = Int(frame[start &+ 12] &>> 4) &* 4
    guard length >= 20, length <= end &- start else {
      counters.malformedTCP &+= 1
      return false
    }
    headers.sourcePort = frame.uint16(at: start)
    headers.destinationPort = frame.uint16(at: start &+ 2)
    headers.sequence = frame.uint32(at: start &+ 4)
    headers.tcpFlags = TCPFlags(rawValue: frame[start &+ 13])
    headers.payload = (start &+ length)..<end
    return true
  }
}
