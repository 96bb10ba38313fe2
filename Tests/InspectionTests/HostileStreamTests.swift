import NetworkTypes
import Randomness
import Testing

@testable import Inspection

/// What takes more than one packet: mutated streams in random pieces, and QUIC frames that are wrong
/// inside a packet that opens.
@Suite("Hostile streams")
struct HostileStreamTests {
  typealias B = FrameBuilder

  private static func mutate(_ bytes: [UInt8], using random: inout SplitMix64) -> [UInt8] {
    var bytes = bytes
    for _ in 0..<Int.random(in: 0...5, using: &random) where !bytes.isEmpty {
      let place = Int.random(in: 0..<bytes.count, using: &random)
      switch Int.random(in: 0..<5, using: &random) {
      case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
      case 1: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      case 2: bytes[place] = [0, 1, 0x3F, 0x7F, 0x80, 0xC0, 0xFF].randomElement(using: &random)!
      case 3: bytes.insert(UInt8.random(in: 0...255, using: &random), at: place)
      default: bytes.removeSubrange(place..<min(bytes.count, place + 3))
      }
    }
    return bytes
  }

  @Test("10,000 mutated streams in pieces of any order end in observations or counters, and none stays open")
  func streams() {
    var random = SplitMix64(seed: 91)
    let message = B.dnsAnswer(
      B.name("www.example.org"),
      records: (0..<20).map { B.record([0xC0, 12], 1, [192, 0, 2, $0]) })
    let streams: [(port: UInt16, isUp: Bool, bytes: [UInt8])] = [
      (443, true, ReassemblyTests.hello), (80, true, ReassemblyTests.request),
      (443, false, TLSCertificateTests.flight), (53, false, B.sized(message)),
    ]
    var inspector = Inspector(flowCapacity: 4096, streamCapacity: 8, seed: 4)
    var headers = PacketHeaders()
    var observation = Observation()
    var kinds: Set<Observation.Kind> = []
    var broken = 0
    for number in 0..<10_000 {
      let stream = streams.randomElement(using: &random)!
      let bytes = Self.mutate(stream.bytes, using: &random)
      let first = UInt32.random(in: .min ... .max, using: &random)
      var pieces: [Range<Int>] = []
      var start = 0
      while start < bytes.count {
        let end = min(bytes.count, start + Int.random(in: 200...1400, using: &random))
        pieces.append(max(0, start - Int.random(in: 0...40, using: &random))..<end)
        start = end
      }
      if Bool.random(using: &random) { pieces.shuffle(using: &random) }
      var packets = [B.segment(sequence: first &- 1, flags: 2, port: stream.port)]
      packets += pieces.map {
        B.segment(
          Array(bytes[$0]), sequence: first &+ UInt32($0.lowerBound), port: stream.port,
          isUp: stream.isUp)
      }
      for packet in packets {
        let result = inspector.inspect(
          packet.span, link: .rawIP, time: Timestamp(seconds: Int64(number)), headers: &headers,
          observation: &observation)
        guard result == .observation else { continue }
        kinds.insert(observation.kind)
        let isName = observation.withNameBytes { $0.isEmpty || DomainName.isValid($0) }
        if !isName || observation.json.last != "}" { broken += 1 }
      }
    }
    #expect(broken == 0)
    #expect(kinds == [.connection, .tlsClientHello, .httpRequest, .tlsCertificate, .dnsAnswer])
  }

  @Test("3,000 QUIC packets with mutated frames end in observations or counters")
  func quic() throws {
    var random = SplitMix64(seed: 92)
    var inspector = Inspector(flowCapacity: 4096, streamCapacity: 8, seed: 5)
    var headers = PacketHeaders()
    var observation = Observation()
    let hello = QUICTests.shortHello
    let half = hello.count / 2
    for number in 0..<3_000 {
      let frames = Self.mutate(
        [2, 0, 0, 0, 0] + QUICClient.crypto(hello, half..<hello.count)
          + QUICClient.crypto(hello, 0..<half), using: &random)
      let packet = try QUICClient(connectionID: [1, 1, 1, 1, 1, 1] + B.bytes(UInt16(number))).initial(
        frames, number: UInt16(number))
      let frame = B.ipv4(protocolNumber: 17, B.udp(50_000, 443, packet))
      _ = inspector.inspect(
        frame.span, link: .rawIP, time: Timestamp(seconds: Int64(number)), headers: &headers,
        observation: &observation)
    }
    let counters = inspector.counters
    #expect(counters.quicClientHellos > 300 && counters.malformedQUIC > 300)
    #expect(counters.malformedClientHello > 0)
  }
}
