/// DTLS records (RFC 6347, RFC 9147) with a whole ClientHello.
enum DTLS {
  /// Where the hello lies when the datagram begins with one that is not fragmented.
  static func clientHello(_ frame: Span<UInt8>, in payload: Range<Int>) -> TLSClientHello.Place? {
    let start = payload.lowerBound
    guard payload.count >= 25 else { return nil }
    let recordEnd = start &+ 13 &+ Int(frame.uint16(at: start &+ 11))
    let length = frame.uint24(at: start &+ 14)
    // Handshake; DTLS 1.0 or 1.2, which 1.3 gives itself out for; epoch 0; ClientHello; all of it.
    guard frame[start] == TLSRecords.handshake, frame[start &+ 1] == 0xFE,
      frame.uint16(at: start &+ 3) == 0, frame[start &+ 13] == 1, frame.uint24(at: start &+ 19) == 0,
      frame.uint24(at: start &+ 22) == length, start &+ 25 &+ length <= recordEnd
    else { return nil }
    return TLSClientHello.Place(
      body: (start &+ 25)..<min(payload.upperBound, start &+ 25 &+ length),
      declaredEnd: start &+ 25 &+ length, carrier: .datagram)
  }
}
