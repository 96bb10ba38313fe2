import Inspection
import NetworkTypes
import Promises

/// A message of a name service: over UDP or TCP, of DNS, multicast DNS or LLMNR, asked or answered.
@main enum DNSProgram {
  static func main() {
    fuzz { start, count in
      DNSProgram.read(input(start, count))
      return 0
    }
  }

  private static func read(_ input: [UInt8]) {
    guard let flags = input.first else { return }
    let message = Array(input.dropFirst())
    let port: UInt16 = [53, 5353, 5355, 53][Int(flags & 3)]
    let isAnswer = flags & 4 != 0
    let (source, destination) = isAnswer ? (port, 50_000) : (50_000, port)
    let isStream = flags & 3 == 3
    let frames =
      isStream
      ? [
        Packet.tcp(
          source, destination, sequence: 1,
          [UInt8(message.count >> 8), UInt8(message.count & 0xFF)] + message)
      ]
      : [Packet.udp(source, destination, message)]
    guard let observation = Trial.tell(frames).first, observation.kind != .connection else { return }
    promise(observation.kind == .dnsQuery || observation.kind == .dnsAnswer, "DNS is told as DNS")
    promise((observation.kind == .dnsAnswer) == isAnswer, "an answer comes from the port of its service")
    let folded = folded(message)
    promise(isLabelled(observation.name ?? "", in: folded), "the name is in the message")
    for alias in observation.aliases { promise(isLabelled(alias, in: folded), "an alias is in the message") }
    for address in observation.addresses {
      promise(contains(message, address.bytes), "an address is in the message")
    }
  }
}
