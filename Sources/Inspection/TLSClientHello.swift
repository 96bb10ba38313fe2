import NetworkTypes

/// The ClientHello of TLS (RFC 8446 section 4.1.2) where it begins a segment: the server name
/// (RFC 6066 section 3) and the application protocols (RFC 7301).
///
/// Lengths are walked strictly. A hello that goes on in the next segment is read as far as it is
/// there: extensions come in random order and key shares are large, so the name is often in time.
enum TLSClientHello {
  /// Whether a payload can be one, from its first bytes. Records of data fail on the first.
  static func canBegin(_ frame: Span<UInt8>, at start: Int, end: Int) -> Bool {
    end &- start >= 6 && frame[start] == 22 && frame[start &+ 1] == 3 && frame[start &+ 5] == 1
  }

  private enum Extension {
    static let serverName: UInt16 = 0
    static let applicationProtocols: UInt16 = 16
  }

  /// Whether the observation is filled; otherwise the reason is counted.
  static func read(
    _ frame: Span<UInt8>, _ headers: PacketHeaders, at time: Timestamp,
    into observation: inout Observation, counters: inout InspectionCounters
  ) -> Bool {
    let start = headers.payload.lowerBound
    let segmentEnd = headers.payload.upperBound
    guard segmentEnd &- start >= 9 else {
      counters.splitClientHello &+= 1
      return false
    }
    let helloEnd = start &+ 9 &+ frame.uint24(at: start &+ 6)
    let recordEnd = start &+ 5 &+ Int(frame.uint16(at: start &+ 3))
    // What is behind `end` cannot be read; whether that is a fault depends on what was promised.
    let end = min(helloEnd, recordEnd, segmentEnd)
    let isComplete = helloEnd == end
    func fail(_ counters: inout InspectionCounters) -> Bool {
      if isComplete { counters.malformedClientHello &+= 1 } else { counters.splitClientHello &+= 1 }
      return false
    }
    // Version and random.
    var offset = start &+ 9 &+ 34
    guard offset < end else { return fail(&counters) }
    let sessionLength = Int(frame[offset])
    guard sessionLength <= 32 else {
      counters.malformedClientHello &+= 1
      return false
    }
    offset &+= 1 &+ sessionLength
    guard end &- offset >= 2 else { return fail(&counters) }
    offset &+= 2 &+ Int(frame.uint16(at: offset))
    guard offset < end else { return fail(&counters) }
    offset &+= 1 &+ Int(frame[offset])
    guard offset <= end else { return fail(&counters) }

    observation.begin(.tlsClientHello, headers, at: time)
    guard !(isComplete && offset == end) else {
      // Before TLS 1.3 a hello may have no extensions at all.
      counters.clientHellos &+= 1
      return true
    }
    guard end &- offset >= 2 else { return fail(&counters) }
    guard offset &+ 2 &+ Int(frame.uint16(at: offset)) == helloEnd else {
      counters.malformedClientHello &+= 1
      return false
    }
    offset &+= 2
    var hasName = false
    while offset < end {
      guard end &- offset >= 4 else { break }
      let type = frame.uint16(at: offset)
      let body = offset &+ 4
      offset = body &+ Int(frame.uint16(at: offset &+ 2))
      guard offset <= helloEnd else {
        counters.malformedClientHello &+= 1
        return false
      }
      guard offset <= end else { break }
      if type == Extension.serverName {
        // Two names would let two readers disagree; RFC 8446 section 4.2 forbids them.
        guard !hasName,
          readServerName(frame, body..<offset, into: &observation, counters: &counters)
        else {
          if hasName { counters.malformedClientHello &+= 1 }
          return false
        }
        hasName = true
      } else if type == Extension.applicationProtocols {
        guard readProtocols(frame, body..<offset, into: &observation) else {
          counters.malformedClientHello &+= 1
          return false
        }
      }
    }
    if isComplete {
      guard offset == end else { return fail(&counters) }
    } else if !hasName {
      counters.splitClientHello &+= 1
      return false
    }
    counters.clientHellos &+= 1
    return true
  }

  private static func readServerName(
    _ frame: Span<UInt8>, _ range: Range<Int>, into observation: inout Observation,
    counters: inout InspectionCounters
  ) -> Bool {
    guard range.count >= 5, Int(frame.uint16(at: range.lowerBound)) == range.count &- 2,
      // host_name is the only type there is, and there may be one of each.
      frame[range.lowerBound &+ 2] == 0,
      Int(frame.uint16(at: range.lowerBound &+ 3)) == range.count &- 5
    else {
      counters.malformedClientHello &+= 1
      return false
    }
    return observation.set(
      host: frame, (range.lowerBound &+ 5)..<range.upperBound, counters: &counters)
  }

  private static func readProtocols(
    _ frame: Span<UInt8>, _ range: Range<Int>, into observation: inout Observation
  ) -> Bool {
    guard range.count >= 2, Int(frame.uint16(at: range.lowerBound)) == range.count &- 2 else {
      return false
    }
    var offset = range.lowerBound &+ 2
    while offset < range.upperBound {
      let start = offset &+ 1
      offset = start &+ Int(frame[offset])
      guard offset > start, offset <= range.upperBound else { return false }
      observation.append(alpn: frame, start..<offset)
    }
    return true
  }
}
