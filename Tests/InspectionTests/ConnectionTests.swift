import NetworkTypes
import Testing

@testable import Inspection

@Suite("Connections")
struct ConnectionTests {
  typealias B = FrameBuilder

  private func segment(_ flags: UInt8, sequence: UInt32 = 1000, isUp: Bool = true) -> [UInt8] {
    let up = ("192.0.2.10", "203.0.113.7")
    return isUp
      ? B.ipv4(up.0, up.1, protocolNumber: 6, B.tcp(49_152, 443, sequence: sequence, flags: flags))
      : B.ipv4(up.1, up.0, protocolNumber: 6, B.tcp(443, 49_152, sequence: sequence, flags: flags))
  }

  @Test("a flow is told once, by its SYN, in both directions and when that is repeated")
  func toldOnce() {
    var frames = InspectedFrames()
    #expect(frames.take(segment(0x02), link: .rawIP) == .observation)
    #expect(frames.take(segment(0x02), link: .rawIP) == .headers)
    #expect(frames.take(segment(0x12, isUp: false), link: .rawIP) == .headers)
    #expect(frames.take(segment(0x10, sequence: 1001), link: .rawIP) == .headers)
    #expect(frames.reasons == ["connections": 1])
  }

  @Test("a new SYN between the same ports is a new flow")
  func reusedPorts() {
    var frames = InspectedFrames()
    #expect(frames.take(segment(0x02, sequence: 1), link: .rawIP) == .observation)
    #expect(frames.take(segment(0x02, sequence: 900_000), link: .rawIP) == .observation)
  }

  @Test("a flow met midway is told once; a SYN-ACK tells who opened it")
  func midway() {
    var frames = InspectedFrames()
    #expect(frames.take(segment(0x12, isUp: false), link: .rawIP) == .observation)
    #expect(frames.observation.source == Endpoint(address: IPAddress("192.0.2.10")!, port: 49_152))
    #expect(frames.observation.destination == Endpoint(address: IPAddress("203.0.113.7")!, port: 443))
    #expect(frames.take(segment(0x10), link: .rawIP) == .headers)
  }

  @Test("a reset opens nothing")
  func reset() {
    var frames = InspectedFrames()
    #expect(frames.take(segment(0x14), link: .rawIP) == .headers)
    #expect(frames.reasons.isEmpty)
  }

  @Test("a UDP flow is told again only after a silence")
  func silence() {
    var frames = InspectedFrames()
    let packet = B.ipv4(protocolNumber: 17, B.udp(5000, 123, [1]))
    #expect(frames.take(packet, link: .rawIP) == .observation)
    frames.time = frames.time + .seconds(599)
    #expect(frames.take(packet, link: .rawIP) == .headers)
    frames.time = frames.time + .seconds(600)
    #expect(frames.take(packet, link: .rawIP) == .headers)
    frames.time = frames.time + .seconds(601)
    #expect(frames.take(packet, link: .rawIP) == .observation)
    // A clock that was set back is no silence.
    frames.time = frames.time - .seconds(100_000)
    #expect(frames.take(packet, link: .rawIP) == .headers)
  }

  @Test("a flood fills the table no further than its bound and pushes out the longest silent")
  func flood() {
    var frames = InspectedFrames()
    for port in 0..<20_000 {
      frames.take(B.ipv4(protocolNumber: 17, B.udp(UInt16(port + 1024), 9, [])), link: .rawIP)
    }
    let evicted = frames.inspector.counters.flowsEvicted
    #expect(frames.inspector.counters.connections == 20_000)
    #expect(evicted >= 20_000 - 1024 && evicted < 20_000)
  }

  @Test("many live flows in a table with room for them are each told once")
  func manyFlows() {
    var inspector = Inspector(flowCapacity: 16_384, seed: 7)
    var headers = PacketHeaders()
    var observation = Observation()
    for _ in 0..<5 {
      for port in 0..<2_000 {
        let packet = B.ipv4(protocolNumber: 17, B.udp(UInt16(port + 1024), 9, []))
        _ = inspector.inspect(
          packet.span, link: .rawIP, time: Timestamp(seconds: 1), headers: &headers,
          observation: &observation)
      }
    }
    #expect(inspector.counters.connections == 2_000)
  }
}
