import NetworkTypes

/// Inputs of the programs that read packets. The first bytes are for the program: which carrier, which cuts.
enum WireSeeds {
  typealias B = FrameBuilder
  typealias Inputs = [(String, [UInt8])]

  private static let name = B.name("www.example.org")

  private static let answer = B.dnsAnswer(
    name,
    records: [
      B.record([0xC0, 12], 5, [3] + "cdn".utf8 + [0xC0, 16]), B.record([0xC0, 45], 1, [192, 0, 2, 77]),
      B.record([0xC0, 45], 28, IPAddress("2001:db8::77")!.bytes),
    ])

  private static let binding: [UInt8] =
    [0, 1] + B.name("svc.example.net") + [0, 1] + B.sized([2, 0x68, 0x32]) + [0, 4]
    + B.sized([192, 0, 2, 1, 192, 0, 2, 2]) + [0, 6] + B.sized(IPAddress("2001:db8::6")!.bytes)

  static let dns: Inputs = [
    ("query", [0] + B.dnsQuery(name)), ("answer", [4] + answer),
    ("answer-https", [4] + B.dnsAnswer(name, type: 65, records: [B.record([0xC0, 12], 65, binding)])),
    ("answer-nxdomain", [4] + B.dnsAnswer(name, code: 3, records: [])),
    (
      "answer-many",
      [4] + B.dnsAnswer(name, records: (0..<20).map { B.record([0xC0, 12], 1, [192, 0, 2, $0]) })
    ),
    (
      "mdns-query",
      [1] + B.dnsQuery(B.name("printer.local"), questions: 2) + B.name("b.local") + [0, 1, 0, 1]
    ),
    (
      "mdns-answer",
      [5, 0, 0, 0x84, 0, 0, 0, 0, 1, 0, 0, 0, 0] + B.record(B.name("printer.local"), 1, [192, 0, 2, 33])
    ),
    ("llmnr", [2] + B.dnsQuery(B.name("host"))), ("tcp-query", [3] + B.dnsQuery(name)),
    ("tcp-answer", [7] + answer),
    (
      "long-name",
      [0]
        + B.dnsQuery(
          B.name(Array(repeating: String(repeating: "a", count: 62), count: 4).joined(separator: ".")))
    ),
    ("loop", [0] + B.dnsQuery([3] + "www".utf8 + [0xC0, 12])),
  ]

  private static let extensions: [UInt8] =
    [0x1A, 0x1A, 0, 0] + B.alpn(["h2", "http/1.1"]) + B.serverName(Array("a.example.org".utf8))
    + [0, 43] + B.sized([4, 3, 4, 3, 3]) + [0, 13] + B.sized(B.sized([4, 3, 8, 4, 4, 1]))
    + [0xFE, 0x0D] + B.sized([1, 2, 3])
  private static let ciphers: [UInt16] = [0x2A2A, 0x1301, 0x1302, 0xC02B]
  private static let hello = B.helloMessage(ciphers: ciphers, extensions: extensions)
  private static let flight = B.serverFlight(certificate: PublishedBytes.certificate)

  static let tls: Inputs =
    [
      ("hello", [0, 128] + B.record(hello)),
      ("hello-two-records", [0, 90] + B.record(Array(hello[..<40])) + B.record(Array(hello[40...]))),
      ("hello-bare", [0, 5] + B.clientHello(extensions: nil)),
      (
        "hello-address",
        [0x80, 60] + B.clientHello(extensions: B.serverName(Array("192.0.2.1".utf8)))
      ),
      ("certificate", [1, 0] + B.record(flight)),
      ("certificate-two-records", [1, 0] + B.record(Array(flight[..<80])) + B.record(Array(flight[80...]))),
      ("dtls", [2, 0] + datagram),
    ]
    + PublishedBytes.hellos.enumerated().map { ("published-\($0)", [0, 200] + B.record($1.hello)) }

  private static let datagram: [UInt8] = {
    let message = B.helloMessage(version: 0xFEFD, ciphers: ciphers, extensions: extensions, cookie: [1, 2])
    let body = Array(message[4...])
    let length = [UInt8(0)] + B.bytes(UInt16(body.count))
    let handshake = [1] + length + [0, 0, 0, 0, 0] + length + body
    return [22, 0xFE, 0xFD, 0, 0, 0, 0, 0, 0, 0, 0] + B.sized(handshake)
  }()

  static let quic: Inputs = {
    let half = hello.count / 2
    let whole = QUICClient.crypto(hello, 0..<hello.count)
    let first = QUICClient.crypto(hello, 0..<half)
    let second = QUICClient.crypto(hello, half..<hello.count)
    return [
      ("version1", [0, 0, 0] + whole), ("version2", [1, 0, 0] + whole),
      ("reversed", [0, 0, 0] + second + first),
      ("two-packets", [0, UInt8(256 * second.count / (first.count + second.count) + 1), 0] + second + first),
      ("coalesced", [3, UInt8(256 * first.count / (first.count + second.count) + 1), 0] + first + second),
      ("acknowledgement", [0, 0, 0, 2, 1, 0, 1, 0, 0, 0] + [3, 1, 0, 0, 0, 1, 1, 1, 1] + whole),
      ("close", [0, 0, 0] + first + [0x1C, 0, 0, 0]),
      ("published1", [0x80, 0, 0] + PublishedBytes.quicVersion1),
      ("published2", [0x80, 0, 0] + PublishedBytes.quicVersion2),
    ]
  }()

  static let http: Inputs = [
    "GET /index.html?a=1 HTTP/1.1\r\nHost: www.example.org\r\nUser-Agent: test/1\r\n\r\n",
    "GET http://b.example.org/p HTTP/1.1\r\nHost: [2001:db8::1]:80\r\nUser-Agent: x\r\n\r\n",
    "CONNECT c.example.org:443 HTTP/1.1\r\nHost: c.example.org:443\r\n\r\n",
    "POST / HTTP/1.0\nhOST:192.0.2.1:8080\n\n",
    "OPTIONS * HTTP/1.1\r\nHost: d.example.org\r\nHost: e.example.org\r\n\r\n",
    "GET https://user@f.example.org:8443/ HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nHost: g.exam",
    "M-SEARCH * HTTP/1.1\r\n",
  ].enumerated().map { ("request-\($0)", [UInt8($0), UInt8($0 * 30)] + $1.utf8) }

  static let frames: Inputs = {
    let query = B.udp(50_000, 53, B.dnsQuery(name))
    let chain: [UInt8] =
      [44, 0, 1, 4, 0, 0, 0, 0, 51, 0, 0, 0, 0, 0, 0, 1, 6, 1, 0, 0] + [UInt8](repeating: 0, count: 8)
    let tls = B.record(hello)
    var inputs: Inputs = TunnelFrames.all.map { name, frame in
      let word = name.lowercased().filter { $0 != "," }.replacing(" ", with: "-")
      return ("tunnel-\(word)", [0] + frame)
    }
    let others: [(String, UInt8, [UInt8])] = [
      ("ethernet", 0, B.tcp4(tls)),
      (
        "vlan", 0,
        B.ethernet(0x88A8, [0, 1, 0x81, 0, 0, 2, 0x86, 0xDD] + B.ipv6(next: 6, B.tcp(49_152, 443, tls)))
      ),
      ("cooked", 1, [UInt8](repeating: 0, count: 14) + [8, 0] + B.ipv4(protocolNumber: 17, query)),
      ("cooked2", 2, [0x86, 0xDD] + [UInt8](repeating: 0, count: 18) + B.ipv6(next: 17, query)),
      ("raw-options", 3, B.ipv4(protocolNumber: 17, options: [1, 1, 1, 1], query)),
      ("raw-fragment", 3, B.ipv4(protocolNumber: 17, fragment: 0x2000, query)),
      ("raw-extensions", 3, B.ipv6(next: 0, chain + B.tcp(49_152, 443, tls))),
      ("raw-icmp", 3, B.ipv4(protocolNumber: 1, [8, 0, 0, 0])),
      ("loopback", 4, [2, 0, 0, 0] + B.ipv4(protocolNumber: 17, query)),
      ("loop", 5, [0, 0, 0, 2] + B.ipv4(protocolNumber: 6, B.tcp(flags: 2))),
    ]
    for (name, link, frame) in others { inputs.append((name, [link] + frame)) }
    return inputs
  }()

  static let segments: Inputs = {
    func input(_ port: UInt8, _ segments: [[UInt8]], _ text: [UInt8]) -> [UInt8] {
      [UInt8(segments.count - 1), port] + segments.flatMap { $0 } + text
    }
    let tls = B.record(hello)
    let request = Array("GET /a HTTP/1.1\r\nUser-Agent: test/1\r\nHost: www.example.org\r\n\r\n".utf8)
    let message = B.sized(answer)
    let order: [[UInt8]] = [[0, 10, 0, 0], [60, 10, 0, 0], [120, 10, 0, 0], [180, 30, 0, 0]]
    return [
      ("hello", input(0, order, tls)), ("hello-reversed", input(0, order.reversed(), tls)),
      ("hello-overlap", input(0x40, [[0, 20, 0, 0], [20, 20, 0, 0], [10, 40, 0, 0]], tls)),
      (
        "hello-contradicted",
        input(0, [[0, 10, 0, 0], [128, 40, 0, 0], [20, 60, 0xC1, 0], [0, 60, 0, 0]], tls)
      ),
      ("request", input(1, order, request)), ("request-reversed", input(1, order.reversed(), request)),
      ("dns", input(2, order, message)),
      ("flows", input(0x80, (0..<4).flatMap { flow in order.map { $0.dropLast() + [UInt8(flow)] } }, tls)),
      ("gaps", input(0, (0..<24).map { [UInt8(255 - $0 * 10), 0, 0, 0] }, tls)),
    ]
  }()

  static let captures: Inputs = {
    typealias File = CaptureFileBuilder
    let packets = [B.tcp4(B.record(hello)), B.query4(B.dnsQuery(name))].map { File.Packet(bytes: $0) }
    return [
      ("pcap", File.pcap(linkType: 1, packets)),
      ("pcap-nanoseconds", File.pcap(linkType: 1, nanoseconds: true, packets)),
      ("pcap-swapped", File.pcap(linkType: 101, isSwapped: true, packets)),
      ("pcap-cut", File.pcap(linkType: 1, packets).dropLast(10)),
      ("pcapng", File.pcapng(linkTypes: [1], packets.map { (0, $0) })),
      ("pcapng-nanoseconds", File.pcapng(linkTypes: [1, 1], nanoseconds: true, packets.map { (1, $0) })),
    ]
  }()
}
