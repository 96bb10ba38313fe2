import Detection
import Inspection
import Language
import NetworkTypes
import Policy
import Reputation
import Testing

@testable import Gateway

/// Every kind of indicator, in packets: what a list has of a connection leads to a block of its server.
@Suite struct IndicatorKindTests {
  private let folder: TestFolder
  private static let server: [UInt8] = [198, 51, 100, 7]
  private static let target = IPAddress(ipv4: 0xC633_6407)
  private static let hello = PublishedBytes.hellos[0]

  init() throws { folder = try TestFolder() }

  private func replay(
    _ frames: [[UInt8]], listing: String = "", confidence: Double = 0.95, parts: DetectorParts? = nil
  ) throws -> Replay {
    let source = ReputationSource(
      id: "own", name: "Own list", category: .malware, confidence: confidence, file: "own.txt")
    let index = try ReputationIndex([try IndicatorList.read(Array(listing.utf8).span, from: source)])
    return try Replay.run(
      try folder.file("capture.pcap", Frames.file(frames)), index: index, parts: try parts ?? tinyParts(),
      policy: try Policy(parsing: "name: test\nmode: enforce\n", file: "test.yaml"))
  }

  private static func clientHello(_ bytes: [UInt8] = hello.hello) -> [UInt8] {
    Frames.segment(from: Frames.terminal, 50_000, to: server, 443, bytes)
  }

  // MARK: Ports

  @Test func aListedPortOfAnAddressIsFoundInBothDirections() throws {
    for frame in [
      Frames.synchronise(to: Self.server, 8443),
      Frames.segment(from: Self.server, 8443, to: Frames.terminal, 50_000, [1, 2, 3]),
    ] {
      let replay = try replay([frame], listing: "198.51.100.7:8443\n")
      #expect(replay.blocks.map(\.target) == [Self.target])
      let verdict = try #require(replay.blocks.first).verdict
      #expect(verdict.evidence.map(\.indicator) == [.addressPort(Self.target, port: 8443)])
      #expect(verdict.explanation(in: .english).contains("198.51.100.7:8443 itself"))
    }
  }

  @Test func anotherPortOfTheAddressIsNotListed() throws {
    let replay = try replay([Frames.synchronise(to: Self.server, 443)], listing: "198.51.100.7:8443\n")
    #expect(replay.blocks.isEmpty && replay.held.isEmpty)
  }

  /// A name contacted at a listed port brings what is listed of the port.
  @Test func theListingOfThePortCountsForAHelloToo() throws {
    let replay = try replay(
      [Self.clientHello()], listing: "198.51.100.7:443\nwww.example.org\n", confidence: 0.9)
    let verdict = try #require(replay.blocks.first).verdict
    #expect(verdict.evidence.count == 2)
  }

  // MARK: JA4

  @Test func aListedFingerprintOfATLSHelloIsJudged() throws {
    let replay = try replay([Self.clientHello()], listing: Self.hello.ja4 + "\n")
    #expect(replay.blocks.map(\.target) == [Self.target])
    let verdict = try #require(replay.blocks.first).verdict
    #expect(verdict.evidence.map(\.indicator) == [.ja4(Self.hello.ja4)])
    #expect(verdict.destination.name?.text == "www.example.org")
    let sentence = try #require(verdict.terms.first).sentence
    #expect(sentence.en.contains("the TLS fingerprint \(Self.hello.ja4) of the hello"))
    #expect(sentence.ja.contains("フィンガープリント \(Self.hello.ja4) を掲載"))
    #expect(Judge.recomputed(verdict, with: try tinyModel())?.isIdentical(to: verdict) == true)
  }

  @Test func aListedFingerprintOfAQUICHelloIsJudged() throws {
    let packet = Frames.datagram(
      from: Frames.terminal, 50_000, to: Self.server, 443, PublishedBytes.quicVersion1)
    var inspector = Inspector(seed: 1)
    var headers = PacketHeaders()
    var observation = Observation()
    _ = inspector.inspect(
      packet.span, link: .ethernet, time: Timestamp(seconds: 1), headers: &headers, observation: &observation)
    let ja4 = try #require(observation.ja4)
    let replay = try replay([packet], listing: ja4 + "\n")
    #expect(replay.blocks.map(\.target) == [Self.target])
    #expect(try #require(replay.blocks.first).verdict.evidence.map(\.indicator) == [.ja4(ja4)])
    #expect(ja4.hasPrefix("q13d"))
  }

  /// What a client is tells nothing of a name that everybody uses.
  @Test func aFingerprintDoesNotCutOffAPopularName() throws {
    let parts = try tinyParts(popular: ["example.org"])
    let replay = try replay([Self.clientHello()], listing: Self.hello.ja4 + "\n", parts: parts)
    #expect(replay.blocks.isEmpty && replay.held.map(\.rule) == ["popular-neighbour"])
  }

  @Test func anotherFingerprintIsLeftAlone() throws {
    let listed = PublishedBytes.hellos[1].ja4
    #expect(listed != Self.hello.ja4)
    #expect(try replay([Self.clientHello()], listing: listed + "\n").blocks.isEmpty)
  }

  // MARK: Certificates

  @Test(arguments: [PublishedBytes.certificateSHA1, PublishedBytes.certificateSHA256])
  func aListedCertificateBlocksItsServer(_ hash: String) throws {
    let replay = try replay(
      [Frames.certificate(PublishedBytes.certificate, from: Self.server)], listing: hash + "\n")
    #expect(replay.blocks.map(\.target) == [Self.target])
    let verdict = try #require(replay.blocks.first).verdict
    #expect(verdict.evidence.map(\.indicator.text) == [hash])
    #expect(verdict.destination == Destination(address: Self.target, port: 443))
    #expect(try #require(verdict.terms.first).sentence.en.contains("the server's certificate \(hash)"))
  }

  @Test func anotherCertificateIsLeftAloneAndItsNamesCountForNothing() throws {
    let frame = Frames.certificate(PublishedBytes.certificate, from: Self.server)
    let other = String(repeating: "ab", count: 20)
    #expect(try replay([frame], listing: other + "\nwww.example.org\n").blocks.isEmpty)
  }

  // MARK: Aliases

  @Test func aListedAliasMakesItsAddressesBlockableAndIsNamed() throws {
    let frame = Frames.answer(
      "www.flowers.net", aliases: ["edge.flowers.net", "cdn.bad.example.org"], Self.server)
    let replay = try replay([frame], listing: "bad.example.org\n")
    #expect(replay.blocks.map(\.target) == [Self.target])
    let verdict = try #require(replay.blocks.first).verdict
    #expect(verdict.destination.name?.text == "cdn.bad.example.org")
    #expect(verdict.evidence.map(\.match) == [.parentDomain])
    #expect(Detector.reason(verdict) == "cdn.bad.example.org is listed by Own list")
  }

  @Test func anAliasThatScoresMakesItsAddressesBlockable() throws {
    let frame = Frames.answer("www.flowers.net", aliases: ["www.my-login.net"], Self.server)
    let replay = try replay([frame])
    #expect(replay.blocks.map(\.target) == [Self.target])
    let verdict = try #require(replay.blocks.first).verdict
    #expect(verdict.destination.name?.text == "www.my-login.net" && verdict.evidence.isEmpty)
  }

  @Test func theNameThatWasAskedForGuardsTheAddressesOfItsAlias() throws {
    let frame = Frames.answer("www.popular.net", aliases: ["cdn.bad.example.org"], Self.server)
    let replay = try replay([frame], listing: "bad.example.org\n")
    #expect(replay.blocks.isEmpty && replay.held.map(\.rule) == ["popular-neighbour"])
  }

  @Test func anAliasOfSomeoneElseInTheAnswerIsNotFollowed() throws {
    // A CNAME record whose owner was not asked for: anybody could add it.
    var frame = Frames.answer("www.flowers.net", aliases: ["cdn.bad.example.org"], Self.server)
    let owner = Array("flowers".utf8)
    let last = try #require(
      (0..<(frame.count - owner.count)).last { Array(frame[$0..<($0 + owner.count)]) == owner })
    frame[last] = UInt8(ascii: "g")
    #expect(try replay([frame], listing: "bad.example.org\n").blocks.isEmpty)
  }

  // MARK: Repetition

  @Test func whatIsListedIsHandedOverOnceASecond() throws {
    let frame = Frames.synchronise(to: Self.server)
    // The frames of the file are a second apart.
    #expect(try replay(Array(repeating: frame, count: 50), listing: "198.51.100.7\n").sightings == 50)
    let index = try ReputationIndex([
      try IndicatorList.read(
        Array("198.51.100.7\n".utf8).span,
        from: ReputationSource(id: "own", name: "Own", category: .malware, confidence: 1, file: "own.txt"))
    ])
    var filter = SightingFilter(link: .ethernet, slot: ReputationIndexSlot(index))
    let start = Timestamp(seconds: 1_767_225_600)
    var handedOver = 0
    for number in 0..<1000 {
      let sighting = filter.examine(frame.span, at: start + .milliseconds(number * 5))
      guard let sighting else { continue }
      handedOver += 1
      // What found no room is due again at once.
      if handedOver == 1 { filter.forget(sighting) }
    }
    #expect(handedOver == 6)
  }
}
