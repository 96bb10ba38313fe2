/// UDP (RFC 768).
enum UDP {
  /// Reads the header at the start of `headers.payload` and moves the payload behind it.
  static func read(
    _ frame: Span<UInt8>, into headers: inout PacketHeaders,
    counters: inout InspectionCounters
  ) -> Bool {
    let start = headers.payload.lowerBound
    let end = headers.payload.upperBound
    guard end &- start >= 8 else {
      counters.truncated &+= 1
      return false
    }
    var length = Int(frame.uint16(at: start &+ 4))
    // 0 is "to the end of the packet" in jumbograms (RFC 2675 section 4).
    if length == 0 { length = end &- start }
    guard length >= 8 else {
      counters.malformedUDP &+= 1
      return false
    }
    headers.sourcePort = frame.uint16(at: start)
    headers.destinationPort = frame.uint16(at: start &+ 2)
    // A first fragment and a cut capture have less than the length says.
    headers.payload = (start &+ 8)..<(start &+ min(length, end &- start))
    return true
  }
}
