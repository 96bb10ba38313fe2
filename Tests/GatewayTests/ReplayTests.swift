import ConfigurationFile
import Detection
import Enforcement
import Inspection
import Language
import NetworkTypes
import Policy
import Reputation
import Testing

@testable import Gateway

/// Packets of a file through filter, detector, guard and policy, as the service does it.
@Suite struct ReplayTests {
  private let folder: TestFolder
  private static let harmful: [UInt8] = [198, 51, 100, 7]
  private static let other: [UInt8] = [198, 51, 100, 8]

  init() throws { folder = try TestFolder() }

  private func replay(
    _ frames: [[UInt8]], listing: String = "", parts: DetectorParts? = nil
  ) throws -> Replay {
    let source = ReputationSource(
      id: "own", name: "Own list", category: .malware, confidence: 0.95, file: "own.txt")
    let index = try ReputationIndex([try IndicatorList.read(Array(listing.utf8).span, from: source)])
    let policy = try Policy(parsing: "name: test\nmode: enforce\n", file: "test.yaml")
    return try Replay.run(
      try folder.file("capture.pcap", Frames.file(frames)), index: index, parts: try parts ?? tinyParts(),
      policy: policy)
  }

  private func address(_ bytes: [UInt8]) -> IPAddress {
    IPAddress(ipv4: bytes.reduce(0) { $0 << 8 | UInt32($1) })
  }

  @Test func aNameThatNoListHoldsIsBlockedAtItsAnswerBeforeTheFirstSYN() throws {
    let replay = try replay([
      Frames.answer("www.my-login.net", [Self.harmful, Self.other]),
      Frames.synchronise(to: Self.harmful, from: 50_001), Frames.synchronise(to: Self.harmful, from: 50_002),
    ])
    #expect(replay.blocks.map(\.target) == [address(Self.harmful), address(Self.other)])
    let block = try #require(replay.blocks.first)
    #expect(block.verdict.evidence.isEmpty && block.verdict.score == 90)
    #expect(
      Detector.reason(block.verdict)
        == "www.my-login.net is on no list; its name scores 90.00, block threshold 80.00")
    // What it would have cut, and whom.
    #expect(block.packetsCut == 2 && block.connections.count == 2)
    #expect(block.terminals == [address(Frames.terminal)])
    #expect(block.at.seconds == 1_767_225_600 && block.until.seconds == 1_767_225_600 + 3600)
  }

  @Test func anOrdinaryNameIsJudgedAndLeftAlone() throws {
    let replay = try replay([
      Frames.answer("www.flowers.net", [Self.harmful]), Frames.synchronise(to: Self.harmful),
    ])
    #expect(replay.blocks.isEmpty && replay.held.isEmpty)
    #expect(replay.sightings == 2)
  }

  @Test func aNameJudgedAMomentAgoIsNotHandedOverAgain() throws {
    let same = Frames.answer("www.flowers.net", [Self.harmful])
    #expect(try replay(Array(repeating: same, count: 20)).sightings == 1)
    let moved = Frames.answer("www.flowers.net", [Self.other])
    #expect(try replay([same, same, moved, moved]).sightings == 2)
  }

  @Test func withoutAModelOnlyListingsCount() throws {
    let frames = [Frames.answer("www.my-login.net", [Self.harmful])]
    #expect(try replay(frames, parts: .listingsOnly).sightings == 0)
    let listed = try replay(frames, listing: "my-login.net\n", parts: .listingsOnly)
    #expect(listed.blocks.count == 1)
    #expect(
      Detector.reason(try #require(listed.blocks.first).verdict) == "www.my-login.net is listed by Own list")
  }

  @Test func aListedNameThatIsAlsoConspicuousSaysBoth() throws {
    let replay = try replay(
      [Frames.answer("www.my-login.net", [Self.harmful])], listing: "my-login.net\n")
    let reason = Detector.reason(try #require(replay.blocks.first).verdict)
    #expect(reason.contains("is listed by Own list, and its name adds 90.00"))
  }

  @Test func anAddressInASharedNetworkIsHeldAndSaysWhy() throws {
    let replay = try replay(
      [Frames.answer("my-login.net", [Self.harmful])], parts: try tinyParts(shared: ["198.51.100.0/29"]))
    #expect(replay.blocks.isEmpty)
    let held = try #require(replay.held.first)
    #expect(held.rule == "shared-network" && held.reason.ja.contains("198.51.100.7"))
  }

  @Test func anAddressWhereAPopularNameLivesIsHeld() throws {
    let popular = Frames.answer("www.popular.net", [Self.harmful])
    let harmful = Frames.answer("my-login.net", [Self.harmful, Self.other])
    let replay = try replay([popular, harmful], listing: "my-login.net\n")
    #expect(replay.blocks.map(\.target) == [address(Self.other)])
    #expect(replay.held.map(\.rule) == ["popular-neighbour"])
  }

  @Test func anAddressOfManyDomainsIsHeldAndHarmfulOnesDoNotCount() throws {
    func answers(_ names: [String]) -> [[UInt8]] { names.map { Frames.answer($0, [Self.harmful]) } }
    let many = try replay(answers(["one.net", "two.net", "three.net", "four.net", "my-login.net"]))
    #expect(many.held.map(\.rule) == ["many-domains"] && many.blocks.isEmpty)
    let harmful = ["a-login.net", "b-login.net", "c-login.net", "d-login.net", "one.net"]
    #expect(try replay(answers(harmful)).held.isEmpty)
  }

  /// The answer came when the address could not be blocked; now somebody connects to it.
  @Test func aConnectionToABareAddressIsJudgedByItsName() throws {
    let parts = try tinyParts()
    let index = try ReputationIndex([])
    let detector = Detector(slot: ReputationIndexSlot(index), parts: parts)
    let address = address(Self.harmful)
    let start = Timestamp(seconds: 1_767_225_600)
    func sighting(_ name: String?, after seconds: Int) throws -> Sighting {
      let time = start + .seconds(seconds)
      guard let name else {
        return Sighting(
          destination: Destination(address: address, port: 443), addresses: [address], kind: .connection,
          time: time, isListed: false, terminal: IPAddress(ipv4: 1))
      }
      return Sighting(
        destination: Destination(name: try #require(DomainName(name))), addresses: [address],
        kind: .dnsAnswer,
        time: time, isListed: false, timeToLive: 120, terminal: IPAddress(ipv4: 1))
    }
    #expect(detector.finding(for: try sighting(nil, after: 0)).verdict.outcome == .none)
    _ = detector.finding(for: try sighting("flowers.net", after: 1))
    _ = detector.finding(for: try sighting("my-login.net", after: 2))
    let found = detector.finding(for: try sighting(nil, after: 100))
    #expect(found.verdict.outcome == .block && found.verdict.destination.name?.text == "my-login.net")
    #expect(found.orders.map(\.target) == [.prefix(IPPrefix(address))])
    #expect(found.orders.first?.confidence == 0.95)
    // The record's time to live is over.
    #expect(detector.finding(for: try sighting(nil, after: 200)).verdict.outcome == .none)
  }

  @Test func whatIsHeldOffersABlockByName() throws {
    let detector = Detector(
      slot: ReputationIndexSlot(try ReputationIndex([])), parts: try tinyParts(shared: ["198.51.100.0/24"]))
    let name = try #require(DomainName("my-login.net"))
    let finding = detector.finding(
      for: Sighting(
        destination: Destination(name: name), addresses: [address(Self.harmful)], kind: .dnsAnswer,
        time: Timestamp(seconds: 1_767_225_600), isListed: false, terminal: IPAddress(ipv4: 1)))
    #expect(finding.orders.isEmpty && finding.held.map(\.alternative?.target) == [.name(name)])
  }
}
