import NetworkTypes
import Testing

@testable import Inspection

@Suite("Tunnels")
struct TunnelTests {
  typealias B = FrameBuilder

  @Test("the inner packet is told", arguments: TunnelFrames.all)
  func inner(_ name: String, _ frame: [UInt8]) {
    var frames = InspectedFrames()
    #expect(frames.take(frame) == .observation)
    #expect(frames.observation.kind == .dnsQuery && frames.observation.name == "in.example.org")
    let ends = [IPAddress("198.51.100.1"), IPAddress("2001:db8:1::1")]
    #expect(ends.contains(frames.headers.source))
    #expect(frames.headers.payload.upperBound == frame.count)
    let isTunnel = !name.hasPrefix("MPLS") && !name.hasPrefix("PPPoE")
    #expect(frames.reasons == (isTunnel ? ["dnsQueries": 1, "tunnelled": 1] : ["dnsQueries": 1]))
  }

  @Test("a tunnel inside a tunnel is told as the packet of the first, and counted")
  func nested() {
    var frames = InspectedFrames()
    let middle = B.ipv4("198.51.100.3", "198.51.100.4", protocolNumber: 4, TunnelFrames.inner4)
    #expect(frames.take(B.ethernet(0x0800, B.ipv4(protocolNumber: 4, middle))) == .headers)
    #expect(frames.headers.source == IPAddress("198.51.100.3"))
    #expect(frames.reasons == ["tunnelled": 1, "nestedTunnels": 1])
  }

  @Test("a tunnel with something unreadable inside is told as itself")
  func unreadable() {
    var frames = InspectedFrames()
    #expect(frames.take(B.ethernet(0x0800, B.ipv4(protocolNumber: 4, [0x45, 0, 0]))) == .headers)
    #expect(frames.headers.destination == IPAddress("203.0.113.7"))
    #expect(frames.take(TunnelFrames.udp(4789, [8, 0, 0, 0, 0, 0, 1, 0, 1, 2])) == .observation)
    #expect(frames.observation.kind == .connection && frames.observation.destination.port == 4789)
    #expect(frames.reasons["malformedTunnel"] == 2)
    // What only has the port is no tunnel.
    #expect(frames.take(TunnelFrames.udp(6081, [0xFF, 1, 2, 3, 4, 5, 6, 7, 8])) == .observation)
    #expect(frames.reasons["malformedTunnel"] == 2 && frames.reasons["tunnelled"] == nil)
  }

  @Test("an inner packet does not reach beyond the outer one")
  func bounded() {
    var frames = InspectedFrames()
    let outer = B.ipv4(protocolNumber: 4, Array(TunnelFrames.inner4.dropLast(10)))
    #expect(frames.take(B.ethernet(0x0800, outer + [UInt8](repeating: 0x61, count: 10))) == .observation)
    #expect(frames.observation.kind == .connection)
    #expect(frames.headers.payload.upperBound == 14 + outer.count)
  }

  @Test("every cut of every tunnel ends in a counter")
  func cuts() {
    for (_, frame) in TunnelFrames.all {
      for length in 14..<frame.count {
        var frames = InspectedFrames()
        frames.take(Array(frame.prefix(length)))
        #expect(frames.reasons["dnsQueries"] == nil)
      }
    }
  }
}
