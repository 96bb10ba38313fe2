import Detection
import NetworkTypes
import Testing

@Suite struct PassiveNamesTests {
  private let start = Timestamp(seconds: 1_767_225_600)
  private let address = IPAddress(ipv4: 0xC000_0207)

  private func name(_ text: String) throws -> DomainName { try #require(DomainName(text)) }

  @Test func anAddressIsKnownByTheNamesThatResolvedToItNewestFirst() throws {
    var names = PassiveNames()
    names.note(try name("a.example.org"), at: address, for: .seconds(300), now: start)
    names.note(try name("b.example.org"), at: address, for: .seconds(300), now: start + .seconds(1))
    names.note(try name("a.example.org"), at: address, for: .seconds(300), now: start + .seconds(2))
    #expect(
      names.names(of: address, now: start + .seconds(3)).map(\.text) == ["a.example.org", "b.example.org"])
    #expect(names.count == 2)
    #expect(names.names(of: IPAddress(ipv4: 1), now: start).isEmpty)
  }

  @Test(arguments: [(1, 60), (300, 300), (10_000_000, 86_400)])
  func aNameExpiresByItsTimeToLiveKeptBetweenAMinuteAndADay(written: Int, life: Int) throws {
    var names = PassiveNames()
    names.note(try name("a.example.org"), at: address, for: .seconds(written), now: start)
    #expect(names.names(of: address, now: start + .seconds(life - 1)).count == 1)
    #expect(names.names(of: address, now: start + .seconds(life)).isEmpty)
  }

  @Test func oneAddressHoldsSoManyNamesAndNoMore() throws {
    var names = PassiveNames()
    for number in 0..<200 {
      names.note(try name("n\(number).example.org"), at: address, for: .seconds(300), now: start)
    }
    let known = names.names(of: address, now: start)
    #expect(known.count == PassiveNames.namesOfAddress && known.first?.text == "n199.example.org")
    #expect(names.overwritten == 200 - UInt64(PassiveNames.namesOfAddress))
  }

  /// Against the simplest table that does the same: a list in the order of confirmation.
  @Test func itIsAListThatForgetsTheOldest() throws {
    let capacity = 50
    var names = PassiveNames(capacity: capacity)
    var model: [(address: IPAddress, name: DomainName, expires: Timestamp)] = []
    var state: UInt64 = 5
    func random(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % bound
    }
    var now = start
    for _ in 0..<5000 {
      now = now + .seconds(random(3))
      let address = IPAddress(ipv4: 0xC000_0200 + UInt32(random(12)))
      let name = try name("n\(random(15)).example.org")
      let life = 60 + random(200)
      names.note(name, at: address, for: .seconds(life), now: now)
      var expires = now + .seconds(life)
      if let known = model.firstIndex(where: { $0.address == address && $0.name == name }) {
        expires = max(expires, model[known].expires)
        model.remove(at: known)
      } else if model.count == capacity {
        model.removeFirst()
      }
      model.append((address, name, expires))
      let expected = model.reversed().filter { $0.address == address && $0.expires > now }.map(\.name)
      #expect(names.names(of: address, now: now) == expected)
      #expect(names.count == model.count)
    }
    #expect(names.overwritten > 0)
  }
}
