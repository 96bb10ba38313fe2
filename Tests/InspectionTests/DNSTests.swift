import NetworkTypes
import Testing

@testable import Inspection

@Suite("DNS")
struct DNSTests {
  typealias B = FrameBuilder

  @Test("a query tells the name in lower case and its type")
  func query() {
    var frames = InspectedFrames()
    #expect(frames.take(B.query4(B.dnsQuery(B.name("WWW.Example.ORG"), type: 28))) == .observation)
    #expect(frames.observation.kind == .dnsQuery)
    #expect(frames.observation.name == "www.example.org")
    #expect(frames.observation.domainName == DomainName("www.example.org"))
    #expect(frames.observation.recordType == .aaaa)
    #expect(frames.observation.source == Endpoint(address: IPAddress("192.0.2.10")!, port: 50_000))
  }

  @Test("an answer tells addresses and the chain of aliases, through compressed names")
  func answerWithAliases() {
    var frames = InspectedFrames()
    // The question ends at 12 + 17 + 4 = 33; the first record's data begins at 33 + 2 + 10 = 45.
    let message = B.dnsAnswer(
      B.name("www.example.org"),
      records: [
        B.record([0xC0, 12], 5, [3] + "cdn".utf8 + [0xC0, 16]),
        B.record([0xC0, 45], 5, [4] + "edge".utf8 + [0xC0, 45]),
        B.record([4] + "EDGE".utf8 + [0xC0, 45], 1, [192, 0, 2, 77]),
        B.record([0xC0, 63], 28, IPAddress("2001:db8::77")!.bytes),
        // EDNS OPT, where a careless server may put it.
        [0, 0, 41, 0x10, 0, 0, 0, 0, 0, 0, 0],
      ])
    #expect(frames.take(B.answer4(message)) == .observation)
    #expect(frames.observation.kind == .dnsAnswer)
    #expect(frames.observation.name == "www.example.org")
    #expect(frames.observation.aliases == ["cdn.example.org", "edge.cdn.example.org"])
    #expect(frames.observation.addresses == [IPAddress("192.0.2.77"), IPAddress("2001:db8::77")])
    #expect(frames.reasons == ["dnsAnswers": 1])
  }

  @Test("records of names that were not asked for are left out")
  func foreignRecords() {
    var frames = InspectedFrames()
    let message = B.dnsAnswer(
      B.name("www.example.org"),
      records: [
        B.record(B.name("bank.example.com"), 1, [198, 51, 100, 1]), B.record([0xC0, 12], 1, [192, 0, 2, 1]),
      ])
    #expect(frames.take(B.answer4(message)) == .observation)
    #expect(frames.observation.addresses == [IPAddress("192.0.2.1")])
    #expect(frames.reasons == ["dnsAnswers": 1, "foreignAnswers": 1])
  }

  @Test("more addresses than there is room for are counted, the first kept")
  func manyAddresses() {
    var frames = InspectedFrames()
    let message = B.dnsAnswer(
      B.name("a.example.org"), records: (0..<40).map { B.record([0xC0, 12], 1, [192, 0, 2, $0]) })
    #expect(frames.take(B.answer4(message)) == .observation)
    #expect(frames.observation.addressCount == 16 && frames.observation.addressesOmitted == 24)
    #expect(frames.observation.addresses.last == IPAddress("192.0.2.15"))
  }

  @Test("an alias that is no text does not hide the addresses behind it")
  func hiddenBehindOddAlias() {
    var frames = InspectedFrames()
    let message = B.dnsAnswer(
      B.name("www.example.org"),
      records: [
        B.record([0xC0, 12], 5, [3, 0x20, 0x00, 0xFF, 0xC0, 16]), B.record([0xC0, 45], 1, [192, 0, 2, 9]),
      ])
    #expect(frames.take(B.answer4(message)) == .observation)
    #expect(frames.observation.addresses == [IPAddress("192.0.2.9")])
    #expect(frames.observation.aliases.isEmpty)
    #expect(frames.reasons == ["dnsAnswers": 1, "nameNotText": 1])
  }

  @Test("a name that does not exist is told with its code")
  func noSuchName() {
    var frames = InspectedFrames()
    let message = B.dnsAnswer(B.name("gone.example.org"), code: 3, records: [])
    #expect(frames.take(B.answer4(message)) == .observation)
    #expect(frames.observation.responseCode == 3)
    #expect(frames.observation.json.contains(#""responseCode":"NXDOMAIN","addresses":[],"aliases":[]"#))
  }

  @Test(
    "pointers that do not go backwards end in a counter",
    arguments: [
      [0xC0, 12], [0xC0, 14], [1, 0x61, 0xC0, 12], [1, 0x61, 0xC0, 14], [0xC0, 200], [0xFF, 0xFF],
      [1, 0x61, 1, 0x62, 0xC0, 14],
    ] as [[UInt8]])
  func loops(_ name: [UInt8]) {
    var frames = InspectedFrames()
    #expect(frames.take(B.query4(B.dnsQuery(name))) == .headers)
    #expect(frames.reasons == ["nameLoop": 1])
  }

  @Test("two names that point at each other end in a counter")
  func mutualLoop() {
    var frames = InspectedFrames()
    // The owner at 33 points to 47, in its own data, which points back to 33.
    let message = B.dnsAnswer(
      B.name("www.example.org"), records: [B.record([0xC0, 47], 5, [1, 0x61, 0xC0, 33])])
    #expect(frames.take(B.answer4(message)) == .headers)
    #expect(frames.reasons["nameLoop"] == 1)
  }

  @Test("names at the limit are told, longer ones are counted")
  func longNames() {
    let label = String(repeating: "a", count: 63)
    let longest = [label, label, label, String(repeating: "b", count: 61)].joined(separator: ".")
    var frames = InspectedFrames()
    #expect(frames.take(B.query4(B.dnsQuery(B.name(longest)))) == .observation)
    #expect(frames.observation.name == longest)
    #expect(frames.take(B.query4(B.dnsQuery(B.name(longest + "b")))) == .headers)
    #expect(frames.take(B.query4(B.dnsQuery(B.name("c." + longest)))) == .headers)
    #expect(frames.reasons == ["dnsQueries": 1, "nameTooLong": 2])
  }

  @Test(
    "labels with bytes that are no name make no observation",
    arguments: [[0x61, 0x00], [0x61, 0x2E], [0xC3, 0xBC], [0x22, 0x5C], [0x1B, 0x5B]] as [[UInt8]])
  func hostileLabels(_ label: [UInt8]) {
    var frames = InspectedFrames()
    #expect(frames.take(B.query4(B.dnsQuery([2] + label + B.name("example.org")))) == .headers)
    #expect(frames.reasons == ["nameNotText": 1])
  }

  @Test("what only looks like DNS by its port is told as a connection")
  func notDNS() {
    var frames = InspectedFrames()
    #expect(frames.take(B.query4([1, 2, 3])) == .observation)
    #expect(frames.observation.kind == .connection)
    #expect(frames.reasons == ["malformedDNS": 1, "connections": 1])
  }

  @Test("the root, other classes and other opcodes are no queries to tell")
  func ofNoInterest() {
    var frames = InspectedFrames()
    #expect(frames.take(B.query4(B.dnsQuery([0], type: 2))) == .headers)
    var chaos = B.dnsQuery(B.name("version.bind"), type: 16)
    chaos[chaos.count - 1] = 3
    #expect(frames.take(B.query4(chaos)) == .headers)
    var update = B.dnsQuery(B.name("example.org"))
    update[2] = 0x28
    #expect(frames.take(B.query4(update)) == .headers)
  }

  @Test("every cut of an answer ends in a counter")
  func everyCut() {
    let message = B.dnsAnswer(
      B.name("www.example.org"),
      records: [
        B.record([0xC0, 12], 5, [3] + "cdn".utf8 + [0xC0, 16]), B.record([0xC0, 45], 1, [192, 0, 2, 77]),
      ])
    for length in 0..<message.count {
      var frames = InspectedFrames()
      frames.take(B.answer4(Array(message.prefix(length))))
      #expect(frames.reasons["malformedDNS"] == 1)
      #expect(frames.reasons["dnsAnswers"] == nil)
    }
  }

  @Test("a query and an answer with EDNS are told as those without")
  func extended() {
    let option: [UInt8] = [0, 0, 41, 0x10, 0, 0, 0, 0x80, 0, 0, 0]
    var query = B.dnsQuery(B.name("www.example.org"))
    query[11] = 1
    var frames = InspectedFrames()
    #expect(frames.take(B.query4(query + option)) == .observation)
    #expect(frames.observation.name == "www.example.org")
    var answer = B.dnsAnswer(
      B.name("www.example.org"), records: [B.record([0xC0, 12], 1, [192, 0, 2, 77])])
    answer[11] = 1
    #expect(frames.take(B.answer4(answer + option)) == .observation)
    #expect(frames.observation.addresses == [IPAddress("192.0.2.77")])
    #expect(frames.reasons == ["dnsQueries": 1, "dnsAnswers": 1])
  }

  /// HTTPS with a target and hints of both families, and a parameter that is not read.
  static let binding: [UInt8] =
    [0, 1] + B.name("svc.example.net") + [0, 1] + B.sized(B.sized([2]).dropFirst() + [0x68, 0x32])
    + [0, 4] + B.sized([192, 0, 2, 1, 192, 0, 2, 2]) + [0, 6] + B.sized(IPAddress("2001:db8::6")!.bytes)

  @Test("the hints of an HTTPS record are addresses of its name, and its target an alias")
  func serviceBinding() {
    var frames = InspectedFrames()
    let message = B.dnsAnswer(
      B.name("www.example.org"), type: 65, records: [B.record([0xC0, 12], 65, Self.binding)])
    #expect(frames.take(B.answer4(message)) == .observation)
    #expect(frames.observation.recordType == .https)
    #expect(
      frames.observation.addresses == [
        IPAddress("192.0.2.1"), IPAddress("192.0.2.2"), IPAddress("2001:db8::6"),
      ])
    #expect(frames.observation.aliases == ["svc.example.net"])
    let cut = B.dnsAnswer(
      B.name("www.example.org"), type: 65, records: [B.record([0xC0, 12], 65, Self.binding.dropLast())])
    #expect(frames.take(B.answer4(cut)) == .headers)
    #expect(frames.reasons == ["dnsAnswers": 1, "malformedDNS": 1])
  }

  private func multicast(_ message: [UInt8], port: UInt16 = 5353) -> [UInt8] {
    B.ipv4("192.0.2.10", "224.0.0.251", protocolNumber: 17, B.udp(5353, port, message))
  }

  @Test("multicast DNS is told apart: its queries, and the addresses of its answers")
  func multicastDNS() {
    var frames = InspectedFrames()
    var query = B.dnsQuery(B.name("Printer.local"), questions: 2) + B.name("b.local") + [0, 28, 0x80, 1]
    query[query.count - 4 - B.name("b.local").count - 2] = 0x80
    #expect(frames.take(multicast(query), link: .rawIP) == .observation)
    #expect(frames.observation.kind == .dnsQuery && frames.observation.nameService == .mdns)
    #expect(frames.observation.name == "printer.local")
    #expect(frames.observation.json.contains(#""protocol":"mdns","name":"printer.local""#))
    var address = B.record(B.name("printer.local"), 1, [192, 0, 2, 33])
    address[B.name("printer.local").count + 2] = 0x80
    let answer: [UInt8] =
      [0, 0, 0x84, 0, 0, 0, 0, 3, 0, 0, 0, 0] + B.record(B.name("_ipp._tcp.local"), 16, [0]) + address
      + B.record(B.name("other.local"), 1, [192, 0, 2, 34])
    #expect(frames.take(multicast(answer), link: .rawIP) == .observation)
    #expect(frames.observation.kind == .dnsAnswer && frames.observation.name == "printer.local")
    #expect(frames.observation.addresses == [IPAddress("192.0.2.33")])
    let service: [UInt8] =
      [0, 0, 0x84, 0, 0, 0, 0, 1, 0, 0, 0, 0] + B.record(B.name("_ipp._tcp.local"), 16, [0])
    #expect(frames.take(multicast(service), link: .rawIP) == .headers)
    #expect(frames.reasons == ["dnsQueries": 1, "dnsAnswers": 1])
  }

  @Test("LLMNR is told apart")
  func linkLocal() {
    var frames = InspectedFrames()
    let query = B.ipv4(
      "192.0.2.10", "224.0.0.252", protocolNumber: 17, B.udp(50_000, 5355, B.dnsQuery(B.name("wpad"))))
    #expect(frames.take(query, link: .rawIP) == .observation)
    #expect(frames.observation.nameService == .llmnr && frames.observation.name == "wpad")
    #expect(frames.observation.json.contains(#""protocol":"llmnr""#))
  }

  @Test("over TCP a message is told when its last byte came, however it is cut")
  func overTCP() {
    let message = B.dnsAnswer(
      B.name("www.example.org"), records: [B.record([0xC0, 12], 1, [192, 0, 2, 77])])
    let stream = B.sized(message)
    for cut in 0..<stream.count {
      var frames = InspectedFrames()
      frames.take(B.segment(sequence: 8, flags: 2, port: 53), link: .rawIP)
      let query = B.sized(B.dnsQuery(B.name("www.example.org")))
      #expect(frames.take(B.segment(query, sequence: 9, port: 53), link: .rawIP) == .observation)
      #expect(frames.observation.kind == .dnsQuery && frames.observation.transport == .tcp)
      if cut >= 14 {
        #expect(
          frames.take(B.segment(Array(stream[..<cut]), sequence: 70, port: 53, isUp: false), link: .rawIP)
            == .headers)
        frames.take(
          B.segment(Array(stream[cut...]), sequence: 70 + UInt32(cut), port: 53, isUp: false), link: .rawIP)
        #expect(frames.observation.kind == .dnsAnswer)
        #expect(frames.observation.addresses == [IPAddress("192.0.2.77")])
      }
    }
  }

  @Test("of several messages in one segment the first is told, and that there were more")
  func pipelined() {
    var frames = InspectedFrames()
    let query = B.sized(B.dnsQuery(B.name("a.example.org")))
    #expect(frames.take(B.segment(query + query, sequence: 9, port: 53), link: .rawIP) == .observation)
    #expect(frames.reasons == ["dnsQueries": 1, "dnsMessagesOmitted": 1])
  }
}
