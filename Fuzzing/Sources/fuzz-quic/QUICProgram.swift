import Inspection
import Promises

/// A QUIC client's first datagrams: as they come, or frames sealed here, in one to three packets.
@main enum QUICProgram {
  static func main() {
    fuzz { start, count in
      QUICProgram.read(input(start, count))
      return 0
    }
  }

  private static func read(_ input: [UInt8]) {
    guard input.count >= 3 else { return }
    let flags = input[0]
    let body = Array(input[3...])
    guard flags & 0x80 == 0 else {
      let datagram = body + [UInt8](repeating: 0, count: max(0, 1200 - body.count))
      _ = Trial.tell([Packet.udp(50_000, 443, datagram)])
      return
    }
    let cuts = [Int(input[1]), Int(input[2])].sorted().map { body.count * $0 / 256 }
    let isCoalesced = flags & 2 != 0
    let parts = [Array(body[..<cuts[0]]), Array(body[cuts[0]..<cuts[1]]), Array(body[cuts[1]...])]
      .filter { !$0.isEmpty }.enumerated().map { number, frames in
        QUICSealer.padded(frames, size: isCoalesced && number > 0 ? 60 : 1200)
      }
    let sealer = flags & 1 == 0 ? QUICSealer.version1 : QUICSealer.version2
    let packets = parts.enumerated().map { number, frames in sealer.initial(frames, number: UInt8(number)) }
    let datagrams = isCoalesced ? [packets.flatMap { $0 }] : packets
    for observation in Trial.tell(datagrams.map { Packet.udp(50_000, 443, $0) })
    where observation.kind != .connection {
      promise(observation.kind == .quicClientHello, "a QUIC datagram tells a QUIC hello")
      promiseTLS(observation, in: body, orIn: QUICSealer.cryptoStream(of: parts))
    }
  }
}
