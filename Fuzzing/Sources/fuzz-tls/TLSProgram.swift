import Inspection
import Promises

/// The first bytes of a TLS client or server, or a DTLS datagram.
@main enum TLSProgram {
  static func main() {
    fuzz { start, count in
      TLSProgram.read(input(start, count))
      return 0
    }
  }

  private static func read(_ input: [UInt8]) {
    guard input.count >= 3 else { return }
    let payload = Array(input[2...])
    let frames: [[UInt8]]
    switch input[0] % 3 {
    case 0:
      frames = Packet.stream(payload, port: 443)
      promiseSameInPieces(payload, port: 443, cut: Int(input[1]), isReversed: input[0] & 0x80 != 0)
    case 1: frames = [Packet.tcp(443, 50_000, sequence: 1, payload)]
    default: frames = [Packet.udp(50_000, 443, payload)]
    }
    for observation in Trial.tell(frames) where observation.kind != .connection {
      promiseTLS(observation, in: payload, orIn: handshake(payload))
    }
  }
}

/// The handshake messages without the records around them: a name may lie across two records.
private func handshake(_ payload: [UInt8]) -> [UInt8] {
  var result: [UInt8] = []
  var offset = 0
  while payload.count - offset >= 5, payload[offset] == 22 {
    let end = offset + 5 + Int(payload[offset + 3]) << 8 + Int(payload[offset + 4])
    result += payload[(offset + 5)..<min(end, payload.count)]
    guard end <= payload.count else { break }
    offset = end
  }
  return result
}
