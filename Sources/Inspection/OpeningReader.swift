import NetworkTypes

/// Reads what a piece of a TCP stream begins with: a ClientHello, a server's first TLS messages, an
/// HTTP/1 request or a DNS message.
struct OpeningReader: Sendable {
  enum Outcome {
    /// The observation is filled.
    case told
    /// Nothing to tell, now or later.
    case nothing
    /// There may be something to tell when so many bytes are there.
    case needs(Int)
  }

  /// How a piece of a stream came.
  struct Piece {
    var range: Range<Int>
    /// Whether the stream begins here, as far as is known.
    var isBeginning: Bool
    /// Whether more of it can come.
    var canWait: Bool
  }

  private(set) var dns = DNS.Scratch()
  var ja4 = JA4()
  private var handshake = [UInt8](repeating: 0, count: 16 * 1024)

  /// Whether a piece can begin with something to tell. Nearly all pieces of all streams end here.
  static func canBegin(_ byte: UInt8, _ headers: PacketHeaders) -> Bool {
    byte == TLSRecords.handshake || HTTPRequest.canBegin(byte) || headers.destinationPort == 53
      || headers.sourcePort == 53
  }

  mutating func read(
    _ bytes: Span<UInt8>, _ piece: Piece, _ headers: PacketHeaders, at time: Timestamp,
    into observation: inout Observation, counters: inout InspectionCounters
  ) -> Outcome {
    let outcome = readWhole(
      bytes, piece, headers, at: time, into: &observation, counters: &counters)
    guard case .needs(let count) = outcome, count > StreamTable.room else { return outcome }
    // It will never be whole; tell what can be told of it now.
    var last = piece
    last.canWait = false
    return readWhole(bytes, last, headers, at: time, into: &observation, counters: &counters)
  }

  private mutating func readWhole(
    _ bytes: Span<UInt8>, _ piece: Piece, _ headers: PacketHeaders, at time: Timestamp,
    into observation: inout Observation, counters: inout InspectionCounters
  ) -> Outcome {
    let first = bytes[piece.range.lowerBound]
    if headers.destinationPort == 53 || headers.sourcePort == 53 {
      return readDNS(bytes, piece, headers, at: time, into: &observation, counters: &counters)
    }
    if first == TLSRecords.handshake {
      return readTLS(bytes, piece, headers, at: time, into: &observation, counters: &counters)
    }
    guard HTTPRequest.canBegin(first) else { return .nothing }
    return HTTPRequest.read(
      bytes, piece.range, isBeginning: piece.isBeginning, canWait: piece.canWait, headers, at: time,
      into: &observation, counters: &counters)
  }

  private mutating func readTLS(
    _ bytes: Span<UInt8>, _ piece: Piece, _ headers: PacketHeaders, at time: Timestamp,
    into observation: inout Observation, counters: inout InspectionCounters
  ) -> Outcome {
    let start = piece.range.lowerBound
    let count = piece.range.count
    // What is encrypted has random bytes here: a length of less than 64 KiB and a version of TLS tell
    // a hello from it.
    guard count < 2 || bytes[start &+ 1] == 3, count < 6 || bytes[start &+ 5] & ~3 == 0,
      count < 7 || bytes[start &+ 6] == 0, count < 10 || bytes[start &+ 9] == 3
    else { return .nothing }
    guard count >= 9 else {
      if count >= 6, bytes[start &+ 5] == 1, !piece.canWait { counters.splitClientHello &+= 1 }
      return piece.canWait ? .needs(9) : .nothing
    }
    switch bytes[start &+ 5] {
    case 1:
      return Self.readHello(
        bytes, piece, headers, at: time, into: &observation, ja4: &ja4, handshake: &handshake,
        counters: &counters)
    case 2: return readServer(bytes, piece, headers, at: time, into: &observation, counters: &counters)
    default: return .nothing
    }
  }

  private static func readHello(
    _ bytes: Span<UInt8>, _ piece: Piece, _ headers: PacketHeaders, at time: Timestamp,
    into observation: inout Observation, ja4: inout JA4, handshake: inout [UInt8],
    counters: inout InspectionCounters
  ) -> Outcome {
    let start = piece.range.lowerBound
    let message = 4 &+ bytes.uint24(at: start &+ 6)
    let record = Int(bytes.uint16(at: start &+ 3))
    let isTold: Bool
    if record >= message {
      // In one record, as nearly all are: read where it lies.
      let whole = TLSRecords.headerLength &+ message
      if whole > piece.range.count, piece.canWait { return .needs(whole) }
      let body = (start &+ 9)..<min(start &+ whole, piece.range.upperBound)
      isTold = TLSClientHello.read(
        bytes, TLSClientHello.Place(body: body, declaredEnd: start &+ whole, carrier: .tcp), headers,
        at: time, into: &observation, ja4: &ja4, counters: &counters)
    } else {
      let gathered = TLSRecords.gather(bytes, piece.range, into: &handshake)
      if gathered.count < message {
        if gathered.isEnded, message <= handshake.count {
          counters.malformedClientHello &+= 1
          return .nothing
        }
        if !gathered.isEnded, piece.canWait {
          return .needs(piece.range.count &+ message &- gathered.count)
        }
      }
      guard gathered.count >= 4 else { return .nothing }
      isTold = TLSClientHello.read(
        handshake.span,
        TLSClientHello.Place(body: 4..<min(gathered.count, message), declaredEnd: message, carrier: .tcp),
        headers, at: time, into: &observation, ja4: &ja4, counters: &counters)
    }
    return isTold ? .told : .nothing
  }

  private mutating func readServer(
    _ bytes: Span<UInt8>, _ piece: Piece, _ headers: PacketHeaders, at time: Timestamp,
    into observation: inout Observation, counters: inout InspectionCounters
  ) -> Outcome {
    guard let isInClear = TLSCertificate.isInClear(bytes, piece.range) else {
      return piece.canWait ? .needs(piece.range.count &+ 1) : .nothing
    }
    guard isInClear else { return .nothing }
    let gathered = TLSRecords.gather(bytes, piece.range, into: &handshake)
    switch TLSCertificate.read(
      handshake, count: gathered.count, headers, at: time, into: &observation, counters: &counters)
    {
    case .told: return .told
    case .nothing: return .nothing
    case .needs(let more):
      guard !gathered.isEnded, piece.canWait else { return .nothing }
      return .needs(piece.range.count &+ more)
    }
  }

  /// DNS over TCP (RFC 1035 section 4.2.2): each message behind its length.
  private mutating func readDNS(
    _ bytes: Span<UInt8>, _ piece: Piece, _ headers: PacketHeaders, at time: Timestamp,
    into observation: inout Observation, counters: inout InspectionCounters
  ) -> Outcome {
    let start = piece.range.lowerBound
    let count = piece.range.count
    guard count >= 14 else {
      return piece.canWait && piece.isBeginning ? .needs(14) : .nothing
    }
    let length = Int(bytes.uint16(at: start))
    let isAnswer = bytes[start &+ 4] & 0x80 != 0
    // A piece from the middle of a long answer is no message, and no fault.
    guard length >= 12, bytes[start &+ 4] & 0x78 == 0, bytes.uint16(at: start &+ 6) == 1,
      isAnswer ? headers.sourcePort == 53 : headers.destinationPort == 53
    else { return .nothing }
    guard count >= 2 &+ length else {
      if piece.canWait { return .needs(2 &+ length) }
      counters.dnsMessagesOmitted &+= 1
      return .nothing
    }
    if count > 2 &+ length { counters.dnsMessagesOmitted &+= 1 }
    let message = bytes.extracting((start &+ 2)..<(start &+ 2 &+ length))
    switch DNS.read(
      message, of: .dns, headers, at: time, into: &observation, scratch: &dns, counters: &counters)
    {
    case .observed: return .told
    case .silent, .notDNS: return .nothing
    }
  }

  /// Reads a message of one of the name services in a datagram.
  mutating func readDatagram(
    _ message: Span<UInt8>, of service: NameService, _ headers: PacketHeaders, at time: Timestamp,
    into observation: inout Observation, counters: inout InspectionCounters
  ) -> DNS.Outcome {
    switch service {
    case .mdns:
      MulticastDNS.read(
        message, headers, at: time, into: &observation, scratch: &dns, counters: &counters)
    case .dns, .llmnr:
      DNS.read(
        message, of: service, headers, at: time, into: &observation, scratch: &dns,
        counters: &counters)
    }
  }
}
