import NetworkTypes

/// The ClientHello of TLS (RFC 8446 section 4.1.2, RFC 5246 section 7.4.1.2), DTLS (RFC 6347 section
/// 4.2.1, RFC 9147) and QUIC (RFC 9001): the server name (RFC 6066 section 3), the application protocols
/// (RFC 7301), the versions, whether there is an encrypted hello (RFC 9849), and the fingerprint.
///
/// Lengths are walked strictly.
enum TLSClientHello {
  /// Where a hello lies, behind the header of its handshake message.
  struct Place {
    /// What of it is there.
    var body: Range<Int>
    /// Where it ends, by its own length; behind `body` when a part is missing.
    var declaredEnd: Int
    var carrier: JA4.Carrier
  }

  private enum Extension {
    static let serverName: UInt16 = 0
    static let signatureAlgorithms: UInt16 = 13
    static let applicationProtocols: UInt16 = 16
    static let supportedVersions: UInt16 = 43
    static let encryptedClientHello: UInt16 = 0xFE0D
  }

  /// Whether the observation is filled; otherwise the reason is counted.
  ///
  /// A hello of which a part is missing is read as far as it is there and has no fingerprint:
  /// extensions come in random order and key shares are large, so the name is often in time.
  static func read(
    _ bytes: Span<UInt8>, _ place: Place, _ headers: PacketHeaders, at time: Timestamp,
    into observation: inout Observation, ja4: inout JA4, counters: inout InspectionCounters
  ) -> Bool {
    let helloEnd = place.declaredEnd
    let end = min(helloEnd, place.body.upperBound)
    let isComplete = helloEnd == end
    func fail(_ counters: inout InspectionCounters) -> Bool {
      if isComplete { counters.malformedClientHello &+= 1 } else { counters.splitClientHello &+= 1 }
      return false
    }
    // Version and random.
    var offset = place.body.lowerBound &+ 34
    guard offset < end else { return fail(&counters) }
    ja4.clear(version: bytes.uint16(at: place.body.lowerBound))
    let sessionLength = Int(bytes[offset])
    guard sessionLength <= 32 else {
      counters.malformedClientHello &+= 1
      return false
    }
    offset &+= 1 &+ sessionLength
    if place.carrier == .datagram {
      guard offset < end else { return fail(&counters) }
      offset &+= 1 &+ Int(bytes[offset])
    }
    guard end &- offset >= 2 else { return fail(&counters) }
    let ciphersStart = offset &+ 2
    offset = ciphersStart &+ Int(bytes.uint16(at: offset))
    guard offset < end else { return fail(&counters) }
    readCodes(bytes, ciphersStart..<offset, into: &ja4.ciphers)
    offset &+= 1 &+ Int(bytes[offset])
    guard offset <= end else { return fail(&counters) }

    observation.begin(
      place.carrier == .quic ? .quicClientHello : .tlsClientHello, headers, at: time)
    // Before TLS 1.3 a hello may have no extensions at all.
    if !(isComplete && offset == end) {
      guard end &- offset >= 2 else { return fail(&counters) }
      guard offset &+ 2 &+ Int(bytes.uint16(at: offset)) == helloEnd else {
        counters.malformedClientHello &+= 1
        return false
      }
      guard
        readExtensions(
          bytes, (offset &+ 2)..<end, to: helloEnd, into: &observation, ja4: &ja4,
          counters: &counters)
      else { return false }
    }
    if observation.versionCount == 0 { observation.append(version: ja4.version) }
    if isComplete, !observation.setJA4({ ja4.write(place.carrier, to: &$0) }) {
      counters.unfingerprintedClientHello &+= 1
    }
    if place.carrier == .quic {
      counters.quicClientHellos &+= 1
    } else {
      counters.clientHellos &+= 1
    }
    return true
  }

  private static func readExtensions(
    _ bytes: Span<UInt8>, _ range: Range<Int>, to helloEnd: Int, into observation: inout Observation,
    ja4: inout JA4, counters: inout InspectionCounters
  ) -> Bool {
    let end = range.upperBound
    let isComplete = end == helloEnd
    var offset = range.lowerBound
    while end &- offset >= 4 {
      let type = bytes.uint16(at: offset)
      let body = offset &+ 4
      let next = body &+ Int(bytes.uint16(at: offset &+ 2))
      guard next <= helloEnd else {
        counters.malformedClientHello &+= 1
        return false
      }
      guard next <= end else { break }
      offset = next
      ja4.extensions.append(type)
      let isGood: Bool
      switch type {
      case Extension.serverName:
        // Two names would let two readers disagree; RFC 8446 section 4.2 forbids them.
        isGood = !ja4.hasServerName
        ja4.hasServerName = true
        if isGood {
          guard readServerName(bytes, body..<next, into: &observation, counters: &counters) else {
            return false
          }
        }
      case Extension.applicationProtocols:
        isGood = readProtocols(bytes, body..<next, into: &observation, ja4: &ja4)
      case Extension.supportedVersions:
        isGood = readVersions(bytes, body..<next, into: &observation, ja4: &ja4)
      case Extension.signatureAlgorithms:
        isGood = next &- body >= 2 && Int(bytes.uint16(at: body)) == next &- body &- 2
        if isGood { readCodes(bytes, (body &+ 2)..<next, into: &ja4.signatureAlgorithms) }
      case Extension.encryptedClientHello:
        observation.hasEncryptedClientHello = true
        isGood = true
      default:
        isGood = true
      }
      guard isGood else {
        counters.malformedClientHello &+= 1
        return false
      }
    }
    if isComplete {
      guard offset == end else {
        counters.malformedClientHello &+= 1
        return false
      }
    } else if !ja4.hasServerName {
      counters.splitClientHello &+= 1
      return false
    }
    return true
  }

  private static func readCodes<let capacity: Int>(
    _ bytes: Span<UInt8>, _ range: Range<Int>, into list: inout CodeList<capacity>
  ) {
    var offset = range.lowerBound
    while range.upperBound &- offset >= 2 {
      list.append(bytes.uint16(at: offset))
      offset &+= 2
    }
  }

  private static func readServerName(
    _ bytes: Span<UInt8>, _ range: Range<Int>, into observation: inout Observation,
    counters: inout InspectionCounters
  ) -> Bool {
    guard range.count >= 5, Int(bytes.uint16(at: range.lowerBound)) == range.count &- 2,
      // host_name is the only type there is, and there may be one of each.
      bytes[range.lowerBound &+ 2] == 0,
      Int(bytes.uint16(at: range.lowerBound &+ 3)) == range.count &- 5
    else {
      counters.malformedClientHello &+= 1
      return false
    }
    return observation.set(
      host: bytes, (range.lowerBound &+ 5)..<range.upperBound, counters: &counters)
  }

  private static func readProtocols(
    _ bytes: Span<UInt8>, _ range: Range<Int>, into observation: inout Observation, ja4: inout JA4
  ) -> Bool {
    guard range.count >= 2, Int(bytes.uint16(at: range.lowerBound)) == range.count &- 2 else {
      return false
    }
    var offset = range.lowerBound &+ 2
    while offset < range.upperBound {
      let start = offset &+ 1
      offset = start &+ Int(bytes[offset])
      guard offset > start, offset <= range.upperBound else { return false }
      if ja4.firstProtocol == nil { ja4.firstProtocol = (bytes[start], bytes[offset &- 1]) }
      observation.append(alpn: bytes, start..<offset)
    }
    return true
  }

  private static func readVersions(
    _ bytes: Span<UInt8>, _ range: Range<Int>, into observation: inout Observation, ja4: inout JA4
  ) -> Bool {
    guard range.count >= 3, Int(bytes[range.lowerBound]) == range.count &- 1,
      range.count & 1 == 1
    else { return false }
    var highest: UInt16?
    var offset = range.lowerBound &+ 1
    while offset < range.upperBound {
      let version = bytes.uint16(at: offset)
      offset &+= 2
      guard !CodeList<1>.isGREASE(version) else { continue }
      observation.append(version: version)
      guard let known = highest else {
        highest = version
        continue
      }
      // DTLS counts downwards.
      let isNewer = version &>> 8 == 0xFE && known &>> 8 == 0xFE ? version < known : version > known
      if isNewer { highest = version }
    }
    if let highest { ja4.version = highest }
    return true
  }
}
