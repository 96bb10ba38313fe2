import NetworkTypes
import Randomness
import Testing

@testable import Inspection

@Suite("QUIC")
struct QUICTests {
  typealias B = FrameBuilder

  /// What browsers send: the codes of q13d0310h3_55b375c5d22e_cd85d2d88918, which the reference
  /// implementation tells of its captures quic-tls-handshake and quic-with-several-tls-frames.
  static let hello: [UInt8] = {
    let algorithms: [UInt16] = [0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601, 0x0201]
    var extensions = B.alpn(["h3"])
    extensions += [0, 0x2B] + B.sized([2, 3, 4])
    extensions += [0, 0x0D] + B.sized(B.sized(algorithms.flatMap { B.bytes($0) }))
    extensions += B.serverName(Array("www.example.org".utf8))
    for type in [0x000A, 0x001B, 0x002D, 0x0039, 0x4469] as [UInt16] {
      extensions += B.bytes(type) + B.sized([0])
    }
    extensions += [0, 0x33] + B.sized([UInt8](repeating: 5, count: 1300))
    return B.helloMessage(ciphers: [0x1301, 0x1302, 0x1303], extensions: extensions)
  }()
  static let shortHello = B.helloMessage(
    ciphers: [0x1301], extensions: B.serverName(Array("short.example.org".utf8)))

  private func datagram(_ payload: [UInt8], isUp: Bool = true) -> [UInt8] {
    isUp
      ? B.ipv4(protocolNumber: 17, B.udp(50_000, 443, payload))
      : B.ipv4("203.0.113.7", "192.0.2.10", protocolNumber: 17, B.udp(443, 50_000, payload))
  }

  @Test(
    "the client's packets of RFC 9001 and RFC 9369 are opened and told",
    arguments: [PublishedBytes.quicVersion1, PublishedBytes.quicVersion2])
  func published(_ packet: [UInt8]) {
    var frames = InspectedFrames()
    #expect(frames.take(datagram(packet), link: .rawIP) == .observation)
    #expect(frames.observation.kind == .quicClientHello && frames.observation.transport == .udp)
    #expect(frames.observation.name == "example.com")
    #expect(frames.observation.alpn == ["alpn"])
    #expect(frames.observation.ja4 == "q13d0211an_62ed6f6ca7ad_4d634acda6c0")
    #expect(frames.reasons == ["quicClientHellos": 1])
  }

  @Test("one changed bit anywhere in a packet, and it is a connection and counted")
  func changed() {
    var random = SplitMix64(seed: 81)
    for _ in 0..<200 {
      var packet = PublishedBytes.quicVersion1
      let bit: UInt8 = 1 << UInt8.random(in: 0..<8, using: &random)
      packet[Int.random(in: 18..<packet.count, using: &random)] ^= bit
      var frames = InspectedFrames()
      #expect(frames.take(datagram(packet), link: .rawIP) == .observation)
      #expect(frames.observation.kind == .connection)
      #expect(frames.reasons == ["connections": 1, "undecipherableQUIC": 1])
    }
  }

  @Test(
    "a hello in CRYPTO frames out of order over two datagrams has its published fingerprint",
    arguments: [QUIC.version1, QUIC.version2])
  func severalFrames(_ version: UInt32) throws {
    let client = QUICClient(version: version)
    let cuts = [0, 40, 100, 333, 800, 1000, 1200, Self.hello.count]
    let pieces = zip(cuts, cuts.dropFirst()).map { QUICClient.crypto(Self.hello, $0..<$1) }
    let first = try client.initial([1] + pieces[6] + [0, 0] + pieces[1] + pieces[0] + pieces[3])
    let second = try client.initial(
      [2] + [5, 0, 1, 0, 1, 1] + pieces[4] + pieces[2] + pieces[5], number: 1)
    for order in [[first, second], [second, first]] {
      var frames = InspectedFrames()
      #expect(frames.take(datagram(order[0]), link: .rawIP) == .observation)
      #expect(frames.observation.kind == .connection)
      #expect(frames.take(datagram(order[1]), link: .rawIP) == .observation)
      #expect(frames.observation.kind == .quicClientHello)
      #expect(frames.observation.name == "www.example.org" && frames.observation.alpn == ["h3"])
      #expect(frames.observation.ja4 == "q13d0310h3_55b375c5d22e_cd85d2d88918")
      #expect(frames.reasons == ["connections": 1, "quicClientHellos": 1])
    }
  }

  @Test("packets that share a datagram are all read")
  func coalesced() throws {
    let client = QUICClient()
    let half = Self.shortHello.count / 2
    let first = try client.initial(QUICClient.crypto(Self.shortHello, 0..<half), size: 200)
    let second = try client.initial(
      QUICClient.crypto(Self.shortHello, half..<Self.shortHello.count), number: 1, size: 1100)
    var frames = InspectedFrames()
    #expect(frames.take(datagram(first + second), link: .rawIP) == .observation)
    #expect(frames.observation.name == "short.example.org")
  }

  @Test("a connection is told once; answers and later packets cost one attempt for each new id at most")
  func toldOnce() throws {
    let client = QUICClient()
    let packet = try client.initial(QUICClient.crypto(Self.shortHello, 0..<Self.shortHello.count))
    var frames = InspectedFrames()
    #expect(frames.take(datagram(packet), link: .rawIP) == .observation)
    #expect(frames.take(datagram(packet), link: .rawIP) == .headers)
    let server = QUICClient(connectionID: [9, 9, 9, 9, 9, 9, 9, 9])
    let answer = try server.initial([1], keyID: client.connectionID)
    for _ in 0..<5 {
      #expect(frames.take(datagram(answer, isUp: false), link: .rawIP) == .headers)
      #expect(frames.take(datagram(answer), link: .rawIP) == .headers)
    }
    #expect(frames.reasons == ["quicClientHellos": 1, "undecipherableQUIC": 1])
    // The same ports and a new connection.
    let next = try QUICClient(connectionID: [7, 7, 7, 7, 7, 7, 7, 7]).initial(
      QUICClient.crypto(Self.shortHello, 0..<Self.shortHello.count))
    #expect(frames.take(datagram(next), link: .rawIP) == .observation)
    #expect(frames.observation.kind == .quicClientHello)
  }

  @Test("after a Retry the hello is read anew under the new id")
  func retry() throws {
    let half = Self.shortHello.count / 2
    var frames = InspectedFrames()
    frames.take(
      datagram(try QUICClient().initial(QUICClient.crypto(Self.shortHello, 0..<half))), link: .rawIP)
    let anew = QUICClient(connectionID: [8, 8, 8, 8, 8, 8, 8, 8, 8])
    let whole = try anew.initial(QUICClient.crypto(Self.shortHello, 0..<Self.shortHello.count), number: 1)
    #expect(frames.take(datagram(whole), link: .rawIP) == .observation)
    #expect(frames.observation.name == "short.example.org")
    #expect(frames.reasons == ["connections": 1, "quicClientHellos": 1])
  }

  @Test("a hello that never becomes whole is given up")
  func endless() throws {
    let packet = try QUICClient().initial(QUICClient.crypto(Self.shortHello, 0..<20))
    var frames = InspectedFrames()
    for _ in 0..<200 { frames.take(datagram(packet), link: .rawIP) }
    #expect(frames.reasons == ["connections": 1, "streamsAbandoned": 1])
  }

  @Test("frames that must not be there and impossible hellos are counted")
  func malformed() throws {
    for bad in [[0x08, 1, 1], [2, 0, 0, 0x7F, 0xFF, 0], [6, 0, 4, 2, 0, 0, 9]] as [[UInt8]] {
      var frames = InspectedFrames()
      let packet = try QUICClient().initial(bad)
      #expect(frames.take(datagram(packet), link: .rawIP) == .observation)
      #expect(frames.observation.kind == .connection)
      #expect(frames.reasons["malformedQUIC"] == 1 && frames.reasons["streamsAbandoned"] == 1, "\(bad)")
    }
  }

  @Test("a flood of packets that do not open is not tried without end")
  func flood() {
    var inspector = Inspector(flowCapacity: 16_384, seed: 2)
    var headers = PacketHeaders()
    var observation = Observation()
    var packet = PublishedBytes.quicVersion1
    packet[1199] ^= 1
    for port in 0..<9000 {
      let frame = B.ipv4(protocolNumber: 17, B.udp(UInt16(1024 + port), 443, packet))
      _ = inspector.inspect(
        frame.span, link: .rawIP, time: Timestamp(seconds: 5), headers: &headers, observation: &observation)
    }
    #expect(inspector.counters.undecipherableQUIC == 8192)
    #expect(inspector.counters.skippedQUIC == 9000 - 8192)
    #expect(inspector.counters.connections == 9000)
  }

  @Test("other versions, short headers and short datagrams cost nothing and are connections")
  func ofNoInterest() throws {
    var draft = PublishedBytes.quicVersion1
    draft[1] = 0xFF
    let whole = QUICClient.crypto(Self.shortHello, 0..<Self.shortHello.count)
    let short = try QUICClient().initial(whole, size: 600)
    for payload in [draft, [0x40] + [UInt8](repeating: 1, count: 1199), short, [0xC0], [0xC0, 0, 0, 0, 1]] {
      var frames = InspectedFrames()
      #expect(frames.take(datagram(payload), link: .rawIP) == .observation)
      #expect(frames.reasons == ["connections": 1])
    }
  }
}
