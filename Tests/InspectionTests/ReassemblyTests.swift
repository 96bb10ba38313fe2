import NetworkTypes
import Randomness
import Testing

@testable import Inspection

@Suite("Reassembly")
struct ReassemblyTests {
  typealias B = FrameBuilder

  static let hello = B.clientHello(
    extensions: [0, 51] + B.sized([UInt8](repeating: 5, count: 1900))
      + B.serverName(Array("www.example.org".utf8)) + B.alpn(["h2"]))
  static let request = Array(
    "GET /a HTTP/1.1\r\nCookie: \(String(repeating: "c", count: 3000))\r\nHost: www.example.org\r\n\r\n".utf8)

  /// Opens a flow so that the first byte of data has the given number.
  private func open(_ frames: inout InspectedFrames, first: UInt32, port: UInt16 = 443) {
    frames.take(B.segment(sequence: first &- 1, flags: 2, port: port), link: .rawIP)
  }

  private func piece(_ bytes: [UInt8], _ range: Range<Int>, first: UInt32, port: UInt16 = 443) -> [UInt8] {
    B.segment(Array(bytes[range]), sequence: first &+ UInt32(range.lowerBound), port: port)
  }

  @Test(
    "a hello in two segments is told with the second, at every cut and across the end of the numbers",
    arguments: [1000, UInt32.max - 700])
  func twoSegments(_ first: UInt32) {
    for cut in stride(from: 1, to: Self.hello.count, by: 13) {
      var frames = InspectedFrames()
      open(&frames, first: first)
      #expect(frames.take(piece(Self.hello, 0..<cut, first: first), link: .rawIP) == .headers)
      #expect(
        frames.take(piece(Self.hello, cut..<Self.hello.count, first: first), link: .rawIP) == .observation)
      #expect(frames.observation.kind == .tlsClientHello)
      #expect(frames.observation.name == "www.example.org")
      #expect(frames.observation.ja4?.hasPrefix("t12d0203h2_") == true)
      #expect(frames.reasons == ["clientHellos": 1, "connections": 1])
    }
  }

  @Test("a hello whose second segment comes first is told")
  func outOfOrder() {
    var frames = InspectedFrames()
    open(&frames, first: 1000)
    #expect(
      frames.take(piece(Self.hello, 900..<Self.hello.count, first: 1000), link: .rawIP) == .headers)
    #expect(frames.take(piece(Self.hello, 0..<900, first: 1000), link: .rawIP) == .observation)
    #expect(frames.observation.name == "www.example.org")
  }

  @Test("segments in any order, overlapping and repeated, give the same as one")
  func anyOrder() {
    var random = SplitMix64(seed: 71)
    for round in 0..<300 {
      let stream = round % 2 == 0 ? Self.hello : Self.request
      let first = UInt32.random(in: .min ... .max, using: &random)
      var pieces: [Range<Int>] = []
      var start = 0
      while start < stream.count {
        let end = min(stream.count, start + Int.random(in: 90...700, using: &random))
        pieces.append(max(0, start - Int.random(in: 0...60, using: &random))..<end)
        start = end
      }
      pieces += pieces.filter { _ in Bool.random(using: &random) }
      pieces.shuffle(using: &random)
      var frames = InspectedFrames()
      open(&frames, first: first, port: 8080)
      var told = 0
      for range in pieces
      where frames.take(piece(stream, range, first: first, port: 8080), link: .rawIP) == .observation {
        told += 1
        #expect(frames.observation.name == "www.example.org")
      }
      #expect(told == 1)
    }
  }

  @Test("of overlapping segments the bytes that came first stay")
  func firstStays() {
    var frames = InspectedFrames()
    let good = Array("GET / HTTP/1.1\r\nHost: good.example.org\r\n\r\n".utf8)
    let evil = Array("GET / HTTP/1.1\r\nHost: evil.example.org\r\n\r\n".utf8)
    open(&frames, first: 5, port: 80)
    frames.take(piece(good, 0..<30, first: 5, port: 80), link: .rawIP)
    frames.take(piece(evil, 10..<evil.count, first: 5, port: 80), link: .rawIP)
    #expect(frames.observation.name == "good.example.org")
  }

  @Test("the beginning of a stream is told once, whoever repeats it")
  func repeated() {
    var frames = InspectedFrames()
    open(&frames, first: 77)
    let whole = B.segment(B.clientHello(extensions: []), sequence: 77)
    #expect(frames.take(whole, link: .rawIP) == .observation)
    #expect(frames.take(whole, link: .rawIP) == .headers)
    #expect(frames.reasons == ["clientHellos": 1, "connections": 1])
  }

  @Test("data with the SYN is read, and what is missing comes after it")
  func dataWithSYN() {
    var frames = InspectedFrames()
    let first = B.segment(Array(Self.hello[..<500]), sequence: 999, flags: 2)
    #expect(frames.take(first, link: .rawIP) == .observation)
    #expect(frames.observation.kind == .connection)
    #expect(
      frames.take(piece(Self.hello, 500..<Self.hello.count, first: 1000), link: .rawIP) == .observation)
    #expect(frames.observation.name == "www.example.org")
  }

  @Test("a hello in several records is told")
  func severalRecords() {
    let message = Array(Self.hello.dropFirst(5))
    let records = stride(from: 0, to: message.count, by: 300).flatMap {
      B.record(Array(message[$0..<min(message.count, $0 + 300)]))
    }
    var whole = InspectedFrames()
    #expect(whole.take(B.segment(records, sequence: 5), link: .rawIP) == .observation)
    #expect(whole.observation.name == "www.example.org")
    var frames = InspectedFrames()
    for start in stride(from: 0, to: records.count, by: 111) {
      frames.take(piece(records, start..<min(records.count, start + 111), first: 9), link: .rawIP)
    }
    #expect(frames.observation.kind == .tlsClientHello)
    #expect(frames.observation.ja4 == whole.observation.ja4)
  }

  @Test("a request in small pieces, of a flow whose SYN was missed too, is told with its last")
  func smallPieces() {
    let request = Array("GET /a HTTP/1.1\r\nUser-Agent: x\r\nHost: www.example.org\r\n\r\n".utf8)
    var frames = InspectedFrames()
    for start in stride(from: 0, to: request.count, by: 5) {
      let end = min(request.count, start + 5)
      let result = frames.take(piece(request, start..<end, first: 9, port: 80), link: .rawIP)
      #expect((result == .observation) == (start == 0 || end == request.count))
    }
    #expect(frames.observation.kind == .httpRequest && frames.observation.name == "www.example.org")
    #expect(frames.observation.userAgent == "x")
  }

  @Test("a stream that tells nothing is given up after a number of readings")
  func endless() {
    var frames = InspectedFrames()
    open(&frames, first: 10, port: 80)
    let head = Array("GET / HTTP/1.1\r\nX: ".utf8)
    frames.take(piece(head, 0..<head.count, first: 10, port: 80), link: .rawIP)
    for index in 0..<200 {
      frames.take(
        B.segment([0x61], sequence: 10 + UInt32(head.count + index), port: 80), link: .rawIP)
    }
    #expect(frames.reasons == ["connections": 1, "splitHTTP": 1, "streamsAbandoned": 1])
  }

  @Test("more streams than there are places push out the longest silent, and it is counted")
  func pool() {
    var inspector = Inspector(flowCapacity: 4096, streamCapacity: 8, seed: 1)
    var headers = PacketHeaders()
    var observation = Observation()
    let half = Array(Self.hello[..<700])
    func take(_ port: UInt16, _ payload: [UInt8], _ sequence: UInt32, at seconds: Int64) -> Inspection {
      inspector.inspect(
        B.ipv4(protocolNumber: 6, B.tcp(port, 443, sequence: sequence, payload)).span, link: .rawIP,
        time: Timestamp(seconds: seconds), headers: &headers, observation: &observation)
    }
    for port in 0..<20 { _ = take(UInt16(2000 + port), half, 1, at: Int64(port)) }
    #expect(inspector.counters.streamsEvicted == 12)
    // The last eight are still there.
    for port in 0..<20 {
      let result = take(UInt16(2000 + port), Array(Self.hello[700...]), 701, at: 20)
      #expect((result == .observation) == (port >= 12), "\(port)")
    }
    for port in 0..<8 { _ = take(UInt16(3000 + port), half, 1, at: 100) }
    _ = take(4000, half, 1, at: 1000)
    #expect(inspector.counters.streamsEvicted == 12 && inspector.counters.streamsAbandoned == 1)
  }

  @Test("a segment with one gap too many is left out and counted")
  func gaps() {
    var frames = InspectedFrames()
    open(&frames, first: 1000)
    for index in 1...20 {
      frames.take(piece(Self.hello, (index * 20)..<(index * 20 + 10), first: 1000), link: .rawIP)
    }
    #expect(frames.reasons["segmentsOmitted"] == 4)
    frames.take(piece(Self.hello, 0..<Self.hello.count, first: 1000), link: .rawIP)
    #expect(frames.observation.name == "www.example.org")
  }

  @Test("a segment far beyond what is held gives the stream up")
  func beyond() {
    var frames = InspectedFrames()
    open(&frames, first: 1000)
    frames.take(piece(Self.hello, 500..<900, first: 1000), link: .rawIP)
    frames.take(B.segment([1, 2, 3], sequence: 1000 + 40_000), link: .rawIP)
    #expect(frames.reasons == ["connections": 1, "streamsAbandoned": 1])
  }
}
