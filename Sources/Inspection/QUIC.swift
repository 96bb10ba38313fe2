/// The id that a QUIC client picks for the server of a new connection; the keys of Initial packets are
/// derived from it and the version (RFC 9001 section 5.2).
struct QUICConnectionID: Sendable {
  private(set) var bytes = InlineArray<20, UInt8>(repeating: 0)
  private(set) var count = 0
  private(set) var version: UInt32 = 0

  init() {}

  init(_ frame: Span<UInt8>, _ range: Range<Int>, version: UInt32) {
    count = min(range.count, 20)
    self.version = version
    for index in 0..<count { bytes[index] = frame[range.lowerBound &+ index] }
  }

  /// A short form that is never 0, to know the same id again.
  var tag: UInt32 {
    var hash: UInt32 = 0x811C_9DC5 ^ version
    for index in 0..<count { hash = (hash ^ UInt32(bytes[index])) &* 0x0100_0193 }
    return hash | 1
  }
}

/// The packets and frames of QUIC version 1 (RFC 9000) and 2 (RFC 9369) as far as a ClientHello is in
/// them.
enum QUIC {
  static let version1: UInt32 = 1
  static let version2: UInt32 = 0x6B33_43CF
  /// A client's datagrams with Initial packets are at least as long (RFC 9000 section 14.1), and its own
  /// first connection id too (section 7.2).
  static let shortestDatagram = 1200
  static let shortestFirstID = 8

  /// One packet with a long header.
  struct Packet {
    var isInitial: Bool
    var version: UInt32
    var start: Int
    var connectionID: Range<Int>
    /// Where the protected packet number begins; Initial packets only.
    var number: Int
    var end: Int
  }

  enum FrameKind {
    /// CRYPTO: a piece of the handshake.
    case crypto(offset: Int, data: Range<Int>)
    case other
  }

  /// Whether a datagram can begin with a long header.
  static func canBegin(_ byte: UInt8) -> Bool { byte & 0xC0 == 0xC0 }

  /// The packet at `start`; several can share a datagram (RFC 9000 section 12.2). `nil` for other
  /// versions, short headers and what does not fit.
  static func packet(_ frame: Span<UInt8>, at start: Int, end: Int) -> Packet? {
    guard end &- start >= 7, canBegin(frame[start]) else { return nil }
    let version = frame.uint32(at: start &+ 1)
    guard version == version1 || version == version2 else { return nil }
    let type = frame[start] &>> 4 & 3
    let connectionID = (start &+ 6)..<(start &+ 6 &+ Int(frame[start &+ 5]))
    guard connectionID.count <= 20, connectionID.upperBound < end else { return nil }
    var offset = connectionID.upperBound &+ 1 &+ Int(frame[connectionID.upperBound])
    guard offset < end else { return nil }
    let initial: UInt8 = version == version1 ? 0 : 1
    let retry: UInt8 = version == version1 ? 3 : 0
    guard type != retry else { return nil }
    if type == initial {
      guard let token = integer(frame, at: offset, end: end), token.value <= end &- token.next else {
        return nil
      }
      offset = token.next &+ token.value
    }
    guard let length = integer(frame, at: offset, end: end), length.value <= end &- length.next else {
      return nil
    }
    return Packet(
      isInitial: type == initial, version: version, start: start, connectionID: connectionID,
      number: length.next, end: length.next &+ length.value)
  }

  /// The frame at `offset` of an Initial packet and where the next begins; `nil` for one that does not
  /// fit or must not be there (RFC 9000 section 17.2.2).
  static func frame(_ bytes: Span<UInt8>, at offset: Int) -> (kind: FrameKind, next: Int)? {
    let end = bytes.count
    switch bytes[offset] {
    case 0x00, 0x01: return (.other, offset &+ 1)
    case 0x02, 0x03:
      // Largest, delay, number of ranges, first range; the ranges; the counts of ECN.
      var next = offset &+ 1
      var ranges = 0
      for field in 0..<4 {
        guard let value = integer(bytes, at: next, end: end) else { return nil }
        if field == 2 { ranges = value.value }
        next = value.next
      }
      guard ranges <= end &- next else { return nil }
      for _ in 0..<(ranges &* 2 &+ (bytes[offset] == 0x03 ? 3 : 0)) {
        guard let value = integer(bytes, at: next, end: end) else { return nil }
        next = value.next
      }
      return (.other, next)
    case 0x06:
      guard let place = integer(bytes, at: offset &+ 1, end: end),
        let length = integer(bytes, at: place.next, end: end), length.value <= end &- length.next
      else { return nil }
      let next = length.next &+ length.value
      return (.crypto(offset: place.value, data: length.next..<next), next)
    // CONNECTION_CLOSE: nothing behind it matters.
    case 0x1C: return (.other, end)
    default: return nil
    }
  }

  /// A number of 1, 2, 4 or 8 bytes (RFC 9000 section 16).
  private static func integer(
    _ bytes: Span<UInt8>, at offset: Int, end: Int
  ) -> (value: Int, next: Int)? {
    guard offset < end else { return nil }
    let count = 1 &<< Int(bytes[offset] &>> 6)
    guard count <= end &- offset else { return nil }
    var value = Int(bytes[offset] & 0x3F)
    for index in 1..<max(1, count) { value = value &<< 8 | Int(bytes[offset &+ index]) }
    return (value, offset &+ count)
  }
}
