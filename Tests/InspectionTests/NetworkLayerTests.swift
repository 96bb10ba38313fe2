import NetworkTypes
import Testing

@testable import Inspection

@Suite("IP and transports")
struct NetworkLayerTests {
  @Test("IPv4 options are stepped over and link padding is no payload")
  func optionsAndPadding() {
    var frames = InspectedFrames()
    let packet = FrameBuilder.ipv4(
      protocolNumber: 17, options: [0x94, 4, 0, 0, 1, 1, 1, 0], FrameBuilder.udp(5000, 123, [1, 2, 3]))
    #expect(frames.take(FrameBuilder.ethernet(0x0800, packet + [0, 0, 0, 0])) == .observation)
    #expect(frames.headers.destinationPort == 123)
    #expect(frames.headers.payload == 50..<53)
  }

  @Test("only the first fragment has ports; the others give addresses")
  func fragments() {
    var frames = InspectedFrames()
    let first = FrameBuilder.ipv4(
      protocolNumber: 17, fragment: 0x2000, FrameBuilder.udp(5000, 4500, [UInt8](repeating: 0, count: 16)))
    #expect(frames.take(first, link: .rawIP) == .observation)
    #expect(frames.headers.isFragment && !frames.headers.isLaterFragment)
    #expect(frames.headers.destinationPort == 4500)
    let later = FrameBuilder.ipv4(protocolNumber: 17, fragment: 3, [0x13, 0x88, 0, 53, 0, 8, 0, 0])
    #expect(frames.take(later, link: .rawIP) == .headers)
    #expect(frames.headers.isLaterFragment && frames.headers.sourcePort == 0)
    #expect(frames.headers.destination == IPAddress("203.0.113.7"))
    let later6 = FrameBuilder.ipv6(next: 44, [6, 0, 0, 0x09, 0, 0, 0, 1, 1, 2, 3])
    #expect(frames.take(later6, link: .rawIP) == .headers)
    #expect(frames.headers.isLaterFragment && frames.headers.transport == .tcp)
    #expect(frames.reasons == ["connections": 1, "laterFragments": 2])
  }

  @Test("IPv6 extension headers are followed to the transport")
  func extensionHeaders() {
    var frames = InspectedFrames()
    let chain: [UInt8] =
      [43, 0, 1, 4, 0, 0, 0, 0]  // hop-by-hop, next routing
      + [60, 2, 0, 0] + [UInt8](repeating: 0, count: 20)  // routing, next destination options
      + [51, 0, 1, 4, 0, 0, 0, 0]  // destination options, next AH
      + [44, 4, 0, 0] + [UInt8](repeating: 0, count: 20)  // AH of 24 bytes, next fragment
      + [6, 0, 0, 0, 0, 0, 0, 1]  // atomic fragment, next TCP
    let packet = FrameBuilder.ipv6(next: 0, chain + FrameBuilder.tcp(flags: 0x02))
    #expect(frames.take(packet, link: .rawIP) == .observation)
    #expect(frames.headers.transport == .tcp && frames.headers.destinationPort == 443)
    #expect(!frames.headers.isFragment)
  }

  @Test("a chain of extension headers has an end")
  func endlessChain() {
    var frames = InspectedFrames()
    let chain = [[UInt8]](repeating: [0, 0, 1, 4, 0, 0, 0, 0], count: 100).flatMap { $0 }
    #expect(frames.take(FrameBuilder.ipv6(next: 0, chain), link: .rawIP) == .malformed)
    #expect(frames.reasons == ["tooManyExtensionHeaders": 1])
  }

  @Test("lying lengths are refused by reason")
  func lyingLengths() {
    var frames = InspectedFrames()
    var packet = FrameBuilder.ipv4(protocolNumber: 6, FrameBuilder.tcp())
    packet[0] = 0x44
    #expect(frames.take(packet, link: .rawIP) == .malformed)
    packet[0] = 0x45
    packet[3] = 19
    #expect(frames.take(packet, link: .rawIP) == .malformed)
    packet[0] = 0x95
    #expect(frames.take(packet, link: .rawIP) == .malformed)
    var segment = FrameBuilder.tcp()
    segment[12] = 0x40
    #expect(frames.take(FrameBuilder.ipv4(protocolNumber: 6, segment), link: .rawIP) == .malformed)
    segment[12] = 0xF0
    #expect(frames.take(FrameBuilder.ipv4(protocolNumber: 6, segment), link: .rawIP) == .malformed)
    let datagram: [UInt8] = [0, 1, 0, 2, 0, 7, 0, 0]
    #expect(frames.take(FrameBuilder.ipv4(protocolNumber: 17, datagram), link: .rawIP) == .malformed)
    let header: [UInt8] = [6, 200, 0, 0, 0, 0, 0, 0]
    #expect(frames.take(FrameBuilder.ipv6(next: 60, header), link: .rawIP) == .malformed)
    #expect(
      frames.reasons == ["malformedIPv4": 3, "malformedTCP": 2, "malformedUDP": 1, "malformedIPv6": 1])
  }

  @Test("a packet cut by the capture is read as far as it is there")
  func cutByCapture() {
    var frames = InspectedFrames()
    let frame = FrameBuilder.tcp4([UInt8](repeating: 0x17, count: 1000))
    #expect(frames.take(Array(frame.prefix(96))) == .observation)
    #expect(frames.headers.payload == 54..<96)
    #expect(frames.reasons["cutByCapture"] == 1)
  }

  @Test("ICMP of both versions and other transports give headers")
  func withoutPorts() {
    var frames = InspectedFrames()
    #expect(frames.take(FrameBuilder.ipv4(protocolNumber: 1, [8, 0, 0, 0, 1]), link: .rawIP) == .headers)
    #expect(frames.headers.transport == .icmp && frames.headers.payload.count == 1)
    #expect(frames.take(FrameBuilder.ipv6(next: 58, [128, 0, 0, 0]), link: .rawIP) == .headers)
    #expect(frames.headers.transport == .icmp)
    #expect(frames.take(FrameBuilder.ipv4(protocolNumber: 47, [0, 0, 8, 0]), link: .rawIP) == .headers)
    #expect(frames.headers.transport == .other && frames.headers.protocolNumber == 47)
  }
}
