import NetworkTypes
import Randomness
import Testing

@testable import Inspection

@Suite("Hostile frames")
struct HostileFrameTests {
  typealias B = FrameBuilder

  /// Frames of which nothing is hashed or deciphered.
  static var plainCorpus: [(LinkType, [UInt8])] {
    corpus.filter { link, frame in
      var frames = InspectedFrames()
      frames.take(frame, link: link)
      return frames.observation.ja4 == nil && frames.observation.kind != .tlsCertificate
    }
  }

  /// One frame of each kind that is read, to mutate.
  static let corpus: [(LinkType, [UInt8])] = {
    let hello = B.clientHello(
      extensions: [0x1A, 0x1A, 0, 0] + B.alpn(["h2", "http/1.1"]) + B.serverName(Array("a.example.org".utf8)))
    let answer = B.dnsAnswer(
      B.name("www.example.org"),
      records: [
        B.record([0xC0, 12], 5, [3] + "cdn".utf8 + [0xC0, 16]), B.record([0xC0, 45], 1, [192, 0, 2, 77]),
        B.record([0xC0, 45], 28, IPAddress("2001:db8::77")!.bytes),
      ])
    let request = Array(
      "GET http://b.example.org/p HTTP/1.1\r\nHost: [2001:db8::1]:80\r\nUser-Agent: x\r\n\r\n".utf8)
    let chain: [UInt8] =
      [44, 0, 1, 4, 0, 0, 0, 0, 51, 0, 0, 0, 0, 0, 0, 1, 6, 1, 0, 0] + [UInt8](repeating: 0, count: 8)
    let tags: [UInt8] = [[UInt8]](repeating: [0, 1, 0x81, 0], count: 3).flatMap { $0 } + [0, 1, 8, 0]
    let longChain: [UInt8] =
      [[UInt8]](repeating: [60, 0, 1, 4, 0, 0, 0, 0], count: 7).flatMap { $0 } + [58, 0, 1, 4, 0, 0, 0, 0]
    let longName = Array(repeating: String(repeating: "a", count: 62), count: 4).joined(separator: ".")
    let tunnels = TunnelFrames.all.map { (LinkType.ethernet, $0.1) }
    let many = B.record(B.helloMessage(ciphers: (0..<300).map { 0x4000 + $0 }, extensions: []))
    let binding = B.dnsAnswer(
      B.name("www.example.org"), type: 65, records: [B.record([0xC0, 12], 65, DNSTests.binding)])
    let query = B.sized(B.dnsQuery(B.name("tcp.example.org")))
    let shown: [UInt8] =
      [0, 0, 0x84, 0, 0, 0, 0, 1, 0, 0, 0, 0] + B.record(B.name("printer.local"), 1, [192, 0, 2, 33])
    return tunnels + [
      (.rawIP, B.ipv4(protocolNumber: 17, B.udp(50_000, 443, PublishedBytes.quicVersion1))),
      (.rawIP, B.ipv4(protocolNumber: 17, B.udp(50_000, 443, PublishedBytes.quicVersion2))),
      (.rawIP, B.segment(TLSCertificateTests.flight, sequence: 1, isUp: false)),
      (.ethernet, B.tcp4(many)), (.ethernet, B.answer4(binding)),
      (.rawIP, B.segment(query + query, sequence: 1, port: 53)),
      (.rawIP, B.ipv4(protocolNumber: 17, B.udp(5353, 5353, shown))),
      (.rawIP, B.ipv4(protocolNumber: 4, B.ipv4(protocolNumber: 4, B.ipv4(protocolNumber: 6, B.tcp())))),
      (.ethernet, B.ethernet(0x8100, tags + B.ipv4(protocolNumber: 50, [1, 2, 3]))),
      (.rawIP, B.ipv6(next: 60, longChain + [128, 0, 0, 0])),
      (.ethernet, B.query4(B.dnsQuery(B.name(longName)))),
      (.ethernet, B.tcp4(hello)), (.ethernet, B.answer4(answer)), (.ethernet, B.tcp4(request, port: 80)),
      (.ethernet, B.query4(B.dnsQuery(B.name("www.example.org")))),
      (
        .ethernet,
        B.ethernet(0x88A8, [0, 1, 0x81, 0, 0, 2, 0x86, 0xDD] + B.ipv6(next: 6, B.tcp(49_152, 443, hello)))
      ),
      (.rawIP, B.ipv6(next: 0, chain + B.tcp(49_152, 443, hello))),
      (
        .loopback, [2, 0, 0, 0] + B.ipv4(protocolNumber: 17, options: [1, 1, 1, 1], B.udp(53, 5000, answer))
      ),
      (.linuxCooked, [UInt8](repeating: 0, count: 14) + [8, 0] + B.ipv4(protocolNumber: 1, [8, 0, 0, 0])),
      (
        .linuxCooked2,
        [0x86, 0xDD] + [UInt8](repeating: 0, count: 18) + B.ipv6(next: 17, B.udp(9, 53, answer))
      ),
    ]
  }()

  @Test("300,000 mutated and cut frames end in counters and never in a trap")
  func mutations() {
    var random = SplitMix64(seed: 61)
    var inspector = Inspector(flowCapacity: 4096, streamCapacity: 16, seed: 3)
    var headers = PacketHeaders()
    var observation = Observation()
    let links: [LinkType] = [.ethernet, .linuxCooked, .linuxCooked2, .rawIP, .loopback, .loop]
    var json: [UInt8] = []
    var broken = 0
    for number in 0..<300_000 {
      var (link, frame) = Self.corpus.randomElement(using: &random)!
      for _ in 0..<Int.random(in: 0...6, using: &random) where !frame.isEmpty {
        let place = Int.random(in: 0..<frame.count, using: &random)
        switch Int.random(in: 0..<7, using: &random) {
        case 0: frame[place] = UInt8.random(in: 0...255, using: &random)
        case 1: frame[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 2: frame[place] = [0, 1, 0x3F, 0x7F, 0x80, 0xC0, 0xFF].randomElement(using: &random)!
        case 3: frame.removeSubrange(place...)
        case 4: frame.insert(UInt8.random(in: 0...255, using: &random), at: place)
        case 5: frame.removeSubrange(place..<min(frame.count, place + 4))
        default: frame += frame[place...]
        }
      }
      if Int.random(in: 0..<20, using: &random) == 0 { link = links.randomElement(using: &random)! }
      let result = inspector.inspect(
        frame.span, link: link, time: Timestamp(microseconds: Int64(number)), headers: &headers,
        observation: &observation)
      switch result {
      case .malformed, .uninteresting: break
      case .headers, .observation:
        let payload = headers.payload
        if payload.lowerBound < 0 || payload.upperBound > frame.count { broken += 1 }
      }
      if result == .observation {
        json.removeAll(keepingCapacity: true)
        observation.appendJSON(to: &json)
        // Whatever is told as a name is one.
        let isName = observation.withNameBytes { $0.isEmpty || DomainName.isValid($0) }
        if !isName || json.last != UInt8(ascii: "}") { broken += 1 }
      }
    }
    #expect(broken == 0)
    let counters = inspector.counters
    #expect(counters.packets == 300_000)
    // That the mutations reached everything there is to refuse.
    // What takes several packets or a flood has tests of its own.
    let elsewhere: Set = [
      "unsupportedLinkType", "malformedQUIC", "skippedQUIC", "longCertificate", "segmentsOmitted",
    ]
    for (name, value) in counters.all where !elsewhere.contains(name) {
      #expect(value > 0, "\(name)")
    }
  }

  @Test("random bytes behind every link layer end in counters")
  func randomBytes() {
    var random = SplitMix64(seed: 62)
    var frames = InspectedFrames()
    for _ in 0..<60_000 {
      let frame = (0..<Int.random(in: 0...120, using: &random)).map { _ in
        UInt8.random(in: 0...255, using: &random)
      }
      for link in [LinkType.ethernet, .rawIP] { frames.take(frame, link: link) }
    }
    #expect(frames.inspector.counters.packets == 120_000)
  }
}
