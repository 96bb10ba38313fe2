import AllocationCounter
import Detection
import NetworkTypes
import Testing

/// Holds the table, which cannot be copied into an expectation.
private final class Recent {
  private var table: RecentDestinations

  init(capacity: Int = 64) {
    table = RecentDestinations(capacity: capacity, quietTime: .seconds(30), seed: 1)
  }

  func isDue(
    _ name: String, _ sight: RecentDestinations.Sight = .answer, addresses: UInt64 = 0, at time: Timestamp
  ) -> Bool {
    table.isDue(sight, Array(name.utf8).span, addresses: addresses, at: time)
  }

  func isDue(_ address: IPAddress, at time: Timestamp) -> Bool { table.isDue(address, at: time) }
  func forgetLast() { table.forgetLast() }
  var handedOver: UInt64 { table.handedOver }
  var alreadyJudged: UInt64 { table.alreadyJudged }
  var displaced: UInt64 { table.displaced }
}

@Suite struct RecentDestinationsTests {
  private let start = Timestamp(seconds: 1_767_225_600)

  @Test func aNameIsDueOnceAndAgainAfterTheQuietTimeOrWithOtherAddresses() {
    let recent = Recent()
    let name = "a.example.org"
    let (one, two) = (IPAddress(ipv4: 1), IPAddress(ipv4: 2))
    let both = RecentDestinations.fingerprint(of: one) &+ RecentDestinations.fingerprint(of: two)
    let order = RecentDestinations.fingerprint(of: two) &+ RecentDestinations.fingerprint(of: one)
    #expect(recent.isDue(name, addresses: both, at: start))
    #expect(!recent.isDue(name, addresses: order, at: start + .seconds(29)))
    #expect(recent.isDue(name, addresses: 7, at: start + .seconds(29)))
    #expect(!recent.isDue(name, addresses: 7, at: start + .seconds(58)))
    #expect(recent.isDue(name, addresses: 7, at: start + .seconds(59)))
    #expect(recent.isDue(name, .contact, addresses: 7, at: start + .seconds(59)))
    #expect(recent.isDue(one, at: start))
    #expect(!recent.isDue(one, at: start))
    #expect(recent.isDue(two, at: start))
    #expect(recent.handedOver == 6 && recent.alreadyJudged == 3)
  }

  @Test func whatCouldNotBeHandedOverIsDueAgain() {
    let recent = Recent()
    let name = "a.example.org"
    #expect(recent.isDue(name, addresses: 0, at: start))
    recent.forgetLast()
    #expect(recent.isDue(name, addresses: 0, at: start))
    #expect(!recent.isDue(name, addresses: 0, at: start))
    #expect(recent.handedOver == 1)
  }

  /// A full table judges some names again, and never mistakes one for another.
  @Test func noNameIsTakenForAnotherHoweverFullTheTableIs() {
    let recent = Recent(capacity: 256)
    var firstTime = 0
    for number in 0..<5000 {
      if recent.isDue("n\(number).example.org", at: start) { firstTime += 1 }
    }
    #expect(firstTime == 5000)
    #expect(recent.displaced >= 5000 - 256 && recent.handedOver == 5000)
  }

  @Test(.enabled(if: allocation_count_works() != 0))
  func aNameJudgedRecentlyCostsNoAllocation() {
    var recent = RecentDestinations(seed: 9)
    let names = (0..<300).map { Array("n\($0).example.org".utf8) }
    func pass() -> Int {
      var due = 0
      // By position, because a debug build allocates in the iterator of `for`.
      var position = 0
      while position < names.count {
        let name = names[position]
        if recent.isDue(.answer, name.span, addresses: 1, at: start) { due += 1 }
        position += 1
      }
      return due
    }
    #expect(pass() == 300)
    let before = allocation_count()
    let due = pass()
    let after = allocation_count()
    #expect(due == 0)
    #expect(after - before == 0)
  }
}
