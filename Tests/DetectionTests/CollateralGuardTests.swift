import Detection
import Language
import NetworkTypes
import Testing

@Suite struct CollateralGuardTests {
  private let address = IPAddress(ipv4: 0xC000_0207)

  private func names(_ texts: [String]) -> [DomainName] { texts.compactMap { DomainName($0) } }

  private func collateral(
    shared: [String] = [], popular: [String] = [], mostDomains: Int = 3
  ) throws -> CollateralGuard {
    CollateralGuard(
      shared: SharedNetworks(shared.compactMap { IPPrefix($0) }), popular: PopularNames(names(popular)),
      model: try smallModel(), mostDomains: mostDomains)
  }

  @Test func anAddressOfItsOwnMayBeBlocked() throws {
    let collateral = try collateral(shared: ["198.51.100.0/24"], popular: ["example.org"])
    #expect(
      collateral.objection(to: address, names: names(["a.example.net", "b.example.net"])) { _ in false }
        == nil)
  }

  @Test func anAddressInASharedNetworkIsKeptOpen() throws {
    let objection = try #require(
      try collateral(shared: ["192.0.2.0/28", "2001:db8::/32"]).objection(to: address, names: []) { _ in true
      })
    #expect(objection.rule == "shared-network")
    #expect(objection.reason.en.contains("192.0.2.7") && objection.reason.ja.contains("192.0.2.7"))
  }

  @Test func aPopularNameAtTheAddressKeepsItOpen() throws {
    let collateral = try collateral(popular: ["example.org"])
    let objection = try #require(
      collateral.objection(to: address, names: names(["bad.top", "www.example.org"])) { $0.text == "bad.top" }
    )
    #expect(objection.rule == "popular-neighbour" && objection.reason.en.contains("www.example.org"))
  }

  @Test func manyDomainsAtTheAddressKeepItOpenUnlessTheyAreHarmfulThemselves() throws {
    let collateral = try collateral(mostDomains: 3)
    let several = names(["a.one.net", "b.one.net", "two.net", "three.net", "four.net"])
    #expect(collateral.objection(to: address, names: several) { _ in false }?.rule == "many-domains")
    #expect(collateral.objection(to: address, names: Array(several.prefix(4))) { _ in false } == nil)
    #expect(collateral.objection(to: address, names: several) { $0.text == "two.net" } == nil)
  }

  /// The same answer as looking at every prefix.
  @Test func sharedNetworksHoldExactlyTheAddressesOfTheirPrefixes() {
    var state: UInt64 = 3
    func random(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % bound
    }
    for _ in 0..<200 {
      let prefixes = (0..<random(12)).compactMap { _ in
        IPPrefix("192.0.2.\(random(256))").flatMap { IPPrefix($0.address, length: 24 + random(9)) }
      }
      let networks = SharedNetworks(prefixes)
      for last in 0..<256 {
        let address = IPAddress(ipv4: 0xC000_0200 + UInt32(last))
        #expect(networks.contains(address) == prefixes.contains { $0.contains(address) })
      }
    }
  }

  @Test func theTablesAreReadWithCommentsAndTellTheLineThatIsWrong() throws {
    #expect(try GuardTable.names("# x\nexample.org # y\n\nexample.net\n").count == 2)
    #expect(try GuardTable.prefixes("192.0.2.0/24\n2001:db8::1\n").count == 2)
    #expect(throws: GuardTable.Problem.self) { try GuardTable.names("example.org\nlocalhost\n") }
    do throws(GuardTable.Problem) {
      _ = try GuardTable.prefixes("192.0.2.0/24\n192.0.2.0/33\n")
    } catch {
      #expect(error.line == 2 && error.message.en.contains("192.0.2.0/33"))
    }
  }
}
