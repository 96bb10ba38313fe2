import NetworkTypes

/// IPv6 and its extension headers (RFC 8200, RFC 4302 for AH).
enum IPv6 {
  /// More headers than this in one packet are counted and refused: no real packet has them.
  private static let longestChain = 8

  /// As `IPv4.read`; extension headers are stepped over.
  static func read(
    _ frame: Span<UInt8>, at start: Int, into headers: inout PacketHeaders,
    counters: inout InspectionCounters
  ) -> Bool {
    let available = frame.count &- start
    guard available >= 40 else {
      counters.truncated &+= 1
      return false
    }
    var length = Int(frame.uint16(at: start &+ 4))
    // 0 is a jumbogram (RFC 2675) or a large segment before the card cuts it.
    if length == 0 { length = available &- 40 }
    headers.isCut = length > available &- 40
    if headers.isCut {
      counters.cutByCapture &+= 1
      length = available &- 40
    }
    headers.isFragment = false
    headers.isLaterFragment = false
    headers.source = IPAddress(high: frame.uint64(at: start &+ 8), low: frame.uint64(at: start &+ 16))
    headers.destination = IPAddress(
      high: frame.uint64(at: start &+ 24), low: frame.uint64(at: start &+ 32))
    return followChain(
      of: frame, from: start &+ 40, to: start &+ 40 &+ length, first: frame[start &+ 6],
      into: &headers, counters: &counters)
  }

  private static func followChain(
    of frame: Span<UInt8>, from start: Int, to end: Int, first: UInt8,
    into headers: inout PacketHeaders, counters: inout InspectionCounters
  ) -> Bool {
    var next = first
    var offset = start
    for _ in 0...longestChain {
      switch next {
      case 0, 43, 44, 51, 60:
        guard end &- offset >= 8 else {
          counters.truncated &+= 1
          return false
        }
        let length: Int
        switch next {
        case 44:
          let fragment = frame.uint16(at: offset &+ 2)
          // An atomic fragment (offset 0, no more; RFC 6946) is a whole packet.
          if fragment & 0xFFF9 != 0 { headers.isFragment = true }
          if fragment & 0xFFF8 != 0 { headers.isLaterFragment = true }
          length = 8
        case 51:
          length = (Int(frame[offset &+ 1]) &+ 2) &* 4
        default:
          length = (Int(frame[offset &+ 1]) &+ 1) &* 8
        }
        next = frame[offset]
        guard length <= end &- offset else {
          counters.malformedIPv6 &+= 1
          return false
        }
        offset &+= length
        guard !headers.isLaterFragment else {
          headers.protocolNumber = next
          headers.payload = offset..<end
          return true
        }
      default:
        headers.protocolNumber = next
        headers.payload = offset..<end
        return true
      }
    }
    counters.tooManyExtensionHeaders &+= 1
    return false
  }
}
