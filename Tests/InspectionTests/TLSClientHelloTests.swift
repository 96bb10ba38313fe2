import NetworkTypes
import Testing

@testable import Inspection

@Suite("TLS ClientHello")
struct TLSClientHelloTests {
  typealias B = FrameBuilder
  static let grease: [UInt8] = [0x1A, 0x1A, 0, 0]

  @Test("the server name and the protocols are told, wherever their extensions stand")
  func nameAndProtocols() {
    var frames = InspectedFrames()
    let hello = B.clientHello(
      extensions: Self.grease + B.alpn(["h2", "http/1.1"]) + [0, 43, 0, 3, 2, 3, 4]
        + B.serverName(Array("WWW.Example.ORG.".utf8)))
    #expect(frames.take(B.tcp4(hello)) == .observation)
    #expect(frames.observation.kind == .tlsClientHello)
    #expect(frames.observation.name == "www.example.org")
    #expect(frames.observation.alpn == ["h2", "http/1.1"])
  }

  @Test("a hello wins over the connection it begins, and the flow is not told again")
  func helloWins() {
    var frames = InspectedFrames()
    let frame = B.tcp4(B.clientHello(extensions: B.serverName(Array("a.example.org".utf8))))
    #expect(frames.take(frame) == .observation)
    #expect(frames.observation.kind == .tlsClientHello)
    #expect(frames.take(B.tcp4([0x17, 3, 3, 0, 100])) == .headers)
    #expect(frames.reasons == ["clientHellos": 1])
  }

  @Test("a hello without a name, and one without extensions, are told without a name")
  func withoutName() {
    var frames = InspectedFrames()
    #expect(frames.take(B.tcp4(B.clientHello(extensions: Self.grease))) == .observation)
    #expect(frames.observation.kind == .tlsClientHello && frames.observation.name == nil)
    #expect(frames.take(B.tcp4(B.clientHello(extensions: nil, session: 0))) == .observation)
    #expect(frames.observation.kind == .tlsClientHello)
  }

  @Test("of a hello that the capture cut, a name in time is told without a fingerprint")
  func cutHello() {
    let name = B.serverName(Array("early.example.org".utf8))
    let keyShare: [UInt8] = [0, 51] + B.sized([UInt8](repeating: 5, count: 1200))
    var frames = InspectedFrames()
    let early = B.tcp4(B.clientHello(extensions: name + keyShare))
    #expect(frames.take(Array(early.prefix(600))) == .observation)
    #expect(frames.observation.name == "early.example.org" && frames.observation.ja4 == nil)
    let late = B.tcp4(B.clientHello(extensions: keyShare + name))
    #expect(frames.take(Array(late.prefix(600))) == .headers)
    #expect(frames.reasons == ["clientHellos": 1, "splitClientHello": 1, "cutByCapture": 2])
  }

  @Test("versions and an encrypted hello are told, made-up values are not")
  func versionsAndEncryptedHello() {
    var frames = InspectedFrames()
    let hello = B.clientHello(
      extensions: [0, 43] + B.sized([6, 0x2A, 0x2A, 3, 4, 3, 3]) + [0xFE, 0x0D] + B.sized([0, 1, 2]))
    #expect(frames.take(B.tcp4(hello)) == .observation)
    #expect(frames.observation.tlsVersions == [0x0304, 0x0303])
    #expect(frames.observation.hasEncryptedClientHello)
    frames.take(B.tcp4(B.clientHello(extensions: [])))
    #expect(frames.observation.tlsVersions == [0x0303] && !frames.observation.hasEncryptedClientHello)
  }

  @Test("a DTLS hello is told with its fingerprint")
  func datagramHello() {
    let message = B.helloMessage(
      version: 0xFEFD, ciphers: [0xC02B], extensions: B.serverName(Array("turn.example.org".utf8)),
      cookie: [1, 2, 3])
    let hello = [1] + message[1..<4] + [0, 0, 0, 0, 0] + message[1..<4] + message[4...]
    let datagram = [22, 0xFE, 0xFF, 0, 0, 0, 0, 0, 0, 0, 0] + B.sized(Array(hello))
    var frames = InspectedFrames()
    #expect(
      frames.take(B.ipv4(protocolNumber: 17, B.udp(50_000, 3478, datagram)), link: .rawIP) == .observation)
    #expect(frames.observation.kind == .tlsClientHello && frames.observation.transport == .udp)
    #expect(frames.observation.name == "turn.example.org")
    #expect(frames.observation.ja4?.hasPrefix("dd2d010100_") == true)
  }

  @Test("two names are refused: two readers could disagree")
  func twoNames() {
    var frames = InspectedFrames()
    let hello = B.clientHello(
      extensions: B.serverName(Array("a.example.org".utf8)) + B.serverName(Array("b.example.org".utf8)))
    frames.take(B.tcp4(hello))
    #expect(frames.observation.kind == .connection && frames.observation.name == nil)
    #expect(frames.reasons == ["malformedClientHello": 1, "connections": 1])
  }

  @Test(
    "a name with hostile bytes is counted and not told",
    arguments: ["a b", "a\u{0}.org", "a..b", "é.org", ""])
  func hostileName(_ name: String) {
    var frames = InspectedFrames()
    frames.take(B.tcp4(B.clientHello(extensions: B.serverName(Array(name.utf8)))))
    #expect(frames.observation.kind == .connection)
    #expect(frames.reasons["clientHellos"] == nil)
  }

  @Test("no byte of a hello can be changed so that a length leads outside")
  func everyLength() {
    let hello = B.clientHello(
      extensions: Self.grease + B.serverName(Array("a.example.org".utf8)) + B.alpn(["h2"]))
    for place in 3..<hello.count {
      for value in [0, 1, 0x7F, 0xFF] as [UInt8] {
        var changed = hello
        changed[place] = value
        var frames = InspectedFrames()
        #expect(frames.take(B.tcp4(changed)) == .observation)
      }
    }
    let frame = B.tcp4(hello)
    for length in (frame.count - hello.count + 6)..<frame.count {
      var frames = InspectedFrames()
      frames.take(Array(frame.prefix(length)))
      #expect(frames.reasons["splitClientHello"] == 1 || frames.observation.name == "a.example.org")
    }
  }

  @Test("an address in place of a name is told as an address")
  func addressLiteral() {
    var frames = InspectedFrames()
    frames.take(B.tcp4(B.clientHello(extensions: B.serverName(Array("198.51.100.9".utf8)))))
    #expect(frames.observation.name == nil)
    #expect(frames.observation.addresses == [IPAddress("198.51.100.9")])
  }
}
