import AllocationCounter
import NetworkTypes
import Reputation
import Testing

@Suite(.enabled(if: allocation_count_works() != 0)) struct AllocationTests {
  /// A million packets of no interest must not cost a million allocations: a miss costs none at all.
  @Test func aMissAllocatesNothing() throws {
    var text = "203.0.113.9:443\nt13d1516h2_8daaf6152771_02713d6af862\n"
    text += "203.0.113.0/24\n198.51.100.7\n2001:db8::/32\n2001:db8:1::1\n"
    for number in 0..<5000 { text += "n\(number).example.org\n198.18.\(number / 250).\(number % 250)\n" }
    let index = try ReputationIndex([try read(text)], seed: 1)
    let names = (0..<2000).map { Array("www\($0).other.example.net".utf8) }
    let addresses =
      (0..<2000).map { IPAddress(ipv4: 0xC000_0200 + UInt32($0)) }
      + (0..<2000).map { IPAddress(high: 0x2001_0db9_0000_0000, low: UInt64($0)) }

    // The first pass makes the runtime's own tables, once in the life of the program.
    #expect(Self.hits(in: index, names: names, addresses: addresses) == 0)
    let before = allocation_count()
    let hits = Self.hits(in: index, names: names, addresses: addresses)
    let after = allocation_count()
    #expect(hits == 0)
    #expect(after - before == 0)
  }

  private static func hits(in index: ReputationIndex, names: [[UInt8]], addresses: [IPAddress]) -> Int {
    var hits = 0
    // By position, because a debug build allocates in the iterator of `for`.
    var position = 0
    while position < names.count {
      let name = names[position]
      if index.lookUp(name: name.span) != nil { hits += 1 }
      if index.lookUp(ja4: name.span) != nil { hits += 1 }
      if index.lookUp(certificate: name.span) != nil { hits += 1 }
      position += 1
    }
    position = 0
    while position < addresses.count {
      if index.lookUp(addresses[position], port: 443) != nil { hits += 1 }
      position += 1
    }
    return hits
  }

  @Test func theCounterCounts() {
    let before = allocation_count()
    let bytes = [UInt8](repeating: 1, count: Int(before % 7) + 4000)
    #expect(allocation_count() > before)
    #expect(bytes.count >= 4000)
  }
}
