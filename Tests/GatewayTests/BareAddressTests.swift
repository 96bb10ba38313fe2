import Detection
import Language
import NetworkTypes
import Policy
import Reputation
import Testing

@testable import Gateway

/// Connections to addresses that no list has and no name is known of, in packets.
@Suite struct BareAddressTests {
  private let folder: TestFolder
  private static let server: [UInt8] = [198, 51, 100, 7]

  init() throws { folder = try TestFolder() }

  /// 198.51.100.0/24 had twenty listed addresses when this model was made.
  private func parts(popular: [String] = []) throws -> DetectorParts {
    func rows(_ counts: [Int]) -> String {
      counts.map { "\($0)\t\($0 >= 20 ? 90 : 0)\n" }.joined()
    }
    let text = """
      sekisho-address-model 1
      [thresholds]
      1\t40
      0.1\t60
      0.01\t80
      [calibration]
      0\t10
      80\t99
      [base]
      0\t0
      [listed-in-24]
      \(rows([0, 1, 2, 3, 5, 10, 20]))
      [listed-in-20]
      \(rows([0, 1, 2, 4, 8, 16]))
      32\t0
      [listed-in-16]
      \(rows([0, 1, 4, 16]))
      64\t0
      256\t0
      1024\t0
      [hoster]
      \(rows([0, 1]))
      [networks]
      198.51.100\t20
      """
    let names = PopularNames(popular.compactMap { DomainName($0) })
    return DetectorParts(
      judge: Judge(
        nameModel: try tinyModel(), addressModel: try AddressModel(Array(text.utf8).span), popular: names),
      collateral: CollateralGuard(popular: names, model: try tinyModel()))
  }

  private func replay(_ frames: [[UInt8]], _ parts: DetectorParts) throws -> Replay {
    try Replay.run(
      try folder.file("capture.pcap", Frames.file(frames)), index: try ReputationIndex([]), parts: parts,
      policy: try Policy(parsing: "name: test\nmode: enforce\n", file: "test.yaml"))
  }

  @Test func aConnectionIntoABadNeighbourhoodIsBlockedAndSaysWhy() throws {
    let replay = try replay(
      [
        Frames.synchronise(to: Self.server, 443), Frames.synchronise(to: [203, 0, 113, 7], 443),
      ], try parts())
    #expect(replay.blocks.map(\.target) == [IPAddress(ipv4: 0xC633_6407)])
    let verdict = try #require(replay.blocks.first).verdict
    #expect(verdict.evidence.isEmpty && verdict.score == 90)
    #expect(Detector.reasonPhrase(verdict).en.contains("its address scores 90.00"))
    #expect(Detector.reasonPhrase(verdict).ja.contains("アドレスの評価値 90.00"))
    #expect(Detector.confidence(verdict, try parts().judge) == 0.99)
  }

  /// The name that was seen to resolve to it speaks for the address, not its neighbours.
  @Test func whoeverHasAnOrdinaryNameIsLeftAlone() throws {
    let answered = Frames.answer("flowers.example.org", [Self.server])
    let replay = try replay([answered, Frames.synchronise(to: Self.server, 443)], try parts())
    #expect(replay.blocks.isEmpty && replay.held.isEmpty)
  }
}
