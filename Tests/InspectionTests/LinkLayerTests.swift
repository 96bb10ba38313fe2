import NetworkTypes
import Testing

@testable import Inspection

@Suite("Link layers")
struct LinkLayerTests {
  static let packet4 = FrameBuilder.ipv4(protocolNumber: 6, FrameBuilder.tcp(flags: 0x02))
  static let packet6 = FrameBuilder.ipv6(next: 6, FrameBuilder.tcp(flags: 0x02))

  static let wrapped: [(LinkType, [UInt8], Bool)] = [
    (.ethernet, FrameBuilder.ethernet(0x0800, packet4), true),
    (.ethernet, FrameBuilder.ethernet(0x86DD, packet6), false),
    (.ethernet, FrameBuilder.ethernet(0x8100, [0, 7, 8, 0] + packet4), true),
    (.ethernet, FrameBuilder.ethernet(0x88A8, [0, 7, 0x81, 0, 0, 8, 0x86, 0xDD] + packet6), false),
    (.ethernet, FrameBuilder.ethernet(0x9100, [0, 7, 0x81, 0, 0, 8, 8, 0] + packet4), true),
    (.linuxCooked, [0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0, 8, 0] + packet4, true),
    (.linuxCooked, [0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0, 0x86, 0xDD] + packet6, false),
    (.linuxCooked2, [8, 0, 0, 0, 0, 0, 0, 2, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0] + packet4, true),
    (
      .linuxCooked2, [0x81, 0, 0, 0, 0, 0, 0, 2, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0, 0, 7, 8, 0] + packet4,
      true
    ),
    (.rawIP, packet4, true), (.rawIP, packet6, false),
    (.loopback, [2, 0, 0, 0] + packet4, true), (.loopback, [0, 0, 0, 2] + packet4, true),
    (.loopback, [30, 0, 0, 0] + packet6, false), (.loopback, [0, 0, 0, 24] + packet6, false),
    (.loop, [0, 0, 0, 2] + packet4, true), (.loop, [0, 0, 0, 24] + packet6, false),
  ]

  @Test("the packet inside is found under every link layer and tag", arguments: wrapped.indices)
  func packetIsFound(_ index: Int) {
    let (link, frame, isIPv4) = Self.wrapped[index]
    var frames = InspectedFrames()
    #expect(frames.take(frame, link: link) == .observation)
    #expect(frames.observation.kind == .connection)
    #expect(frames.headers.source == IPAddress(isIPv4 ? "192.0.2.10" : "2001:db8::10"))
    #expect(frames.headers.destination == IPAddress(isIPv4 ? "203.0.113.7" : "2001:db8:ffff::7"))
    #expect(frames.headers.sourcePort == 49_152 && frames.headers.destinationPort == 443)
    #expect(frames.headers.tcpFlags == .syn)
  }

  @Test("every cut of every frame is counted, none is read beyond its end", arguments: wrapped.indices)
  func everyCut(_ index: Int) {
    let (link, frame, _) = Self.wrapped[index]
    for length in 0..<frame.count {
      var frames = InspectedFrames()
      let result = frames.take(Array(frame.prefix(length)), link: link)
      #expect(result == .malformed || result == .uninteresting)
      #expect(!frames.reasons.isEmpty)
    }
  }

  @Test("what is no IP is of no interest and counted")
  func otherEtherTypes() {
    var frames = InspectedFrames()
    #expect(frames.take(FrameBuilder.ethernet(0x0806, [UInt8](repeating: 0, count: 46))) == .uninteresting)
    #expect(frames.take(FrameBuilder.ethernet(0x0026, [UInt8](repeating: 0, count: 46))) == .uninteresting)
    #expect(frames.take([7, 0, 0, 0, 0x45], link: .loopback) == .uninteresting)
    // DLT_LOOP has network order only.
    #expect(frames.take([2, 0, 0, 0, 0x45], link: .loop) == .uninteresting)
    #expect(frames.take([0x45], link: .unsupported(147)) == .uninteresting)
    #expect(frames.reasons == ["unsupportedEtherType": 4, "unsupportedLinkType": 1])
  }

  @Test("a tower of VLAN tags is refused")
  func towerOfTags() {
    var frames = InspectedFrames()
    let tags = [[UInt8]](repeating: [0, 1, 0x81, 0], count: 9).flatMap { $0 }
    #expect(frames.take(FrameBuilder.ethernet(0x8100, tags)) == .malformed)
    #expect(frames.reasons == ["tooManyTags": 1])
  }

  @Test("DLT numbers name link types, and the unknown keep their number")
  func numbers() {
    let known: [(Int32, LinkType)] = [
      (0, .loopback), (1, .ethernet), (12, .rawIP), (108, .loop), (113, .linuxCooked),
      (276, .linuxCooked2), (228, .rawIP), (229, .rawIP),
    ]
    for (number, link) in known {
      #expect(LinkType(dataLink: number) == link)
      #expect(LinkType.isSupported(dataLink: number))
    }
    #expect(LinkType(dataLink: 127) == .unsupported(127))
    #expect(!LinkType.isSupported(dataLink: 127))
  }
}
