import NetworkTypes
import Randomness
import Testing

@Suite("IPPrefix")
struct IPPrefixTests {
  /// A prefix near the given address, so that pairs often meet.
  private func near(_ address: IPAddress, _ random: inout SplitMix64) -> IPPrefix {
    let length = Int.random(in: 0...address.bitWidth, using: &random)
    guard Int.random(in: 0..<4, using: &random) == 0, let sibling = IPPrefix(address, length: length)?.sibling
    else { return IPPrefix(address, length: length)! }
    return sibling
  }

  @Test("every prefix is read back from its own text")
  func roundTrip() {
    var random = SplitMix64(seed: 11)
    for _ in 0..<20_000 {
      let prefix = near(.random(using: &random), &random)
      #expect(IPPrefix(prefix.description) == prefix)
    }
  }

  @Test("bits after the length are cleared, so that one range is one value")
  func hostBitsAreCleared() {
    #expect(IPPrefix("192.0.2.7/24") == IPPrefix("192.0.2.0/24"))
    #expect(IPPrefix("192.0.2.7/24")?.description == "192.0.2.0/24")
    #expect(IPPrefix("2001:db8::ffff/32")?.description == "2001:db8::/32")
    #expect(IPPrefix("192.0.2.7/32")?.description == "192.0.2.7")
    #expect(IPPrefix("::/0")?.description == "::/0")
    #expect(IPPrefix("0.0.0.0/0")?.description == "0.0.0.0/0")
  }

  @Test(
    "wrong lengths are refused",
    arguments: [
      "192.0.2.0/33", "2001:db8::/129", "192.0.2.0/", "192.0.2.0/-1", "192.0.2.0/024", "192.0.2.0/+8",
      "/24", "192.0.2.0/24/24", "192.0.2.0/2 4", "2001:db8::/1000",
    ])
  func wrongLengths(_ text: String) {
    #expect(IPPrefix(text) == nil)
  }

  @Test("containing is reflexive, transitive, and both ways only for equals")
  func containmentIsAnOrder() {
    var random = SplitMix64(seed: 12)
    for _ in 0..<20_000 {
      let address = IPAddress.random(using: &random)
      let a = near(address, &random)
      let b = near(address, &random)
      let c = near(address, &random)
      #expect(a.contains(a))
      #expect(a.contains(a.address) && a.contains(a.last))
      if a.contains(b), b.contains(c) { #expect(a.contains(c)) }
      if a.contains(b), b.contains(a) { #expect(a == b) }
      #expect(a.contains(b) == (a.contains(b.address) && a.contains(b.last) && a.isIPv4 == b.isIPv4))
    }
  }

  @Test("overlap is symmetric and means a shared address")
  func overlapIsASharedAddress() {
    var random = SplitMix64(seed: 13)
    for _ in 0..<20_000 {
      let address = IPAddress.random(using: &random)
      let a = near(address, &random)
      let b = near(address, &random)
      #expect(a.overlaps(b) == b.overlaps(a))
      let later = max(a.address, b.address)
      #expect(a.overlaps(b) == (a.contains(later) && b.contains(later)))
    }
  }

  @Test("families never contain one another, not even /0")
  func familiesAreApart() throws {
    let all6 = try #require(IPPrefix("::/0"))
    let all4 = try #require(IPPrefix("0.0.0.0/0"))
    #expect(!all6.overlaps(all4))
    #expect(!all6.contains(try #require(IPAddress("192.0.2.1"))))
    #expect(!all4.contains(try #require(IPAddress("2001:db8::1"))))
  }

  @Test("beside the IPv4-mapped space a prefix stays in its family")
  func besideTheMappedSpace() throws {
    let neighbour = try #require(IPPrefix("::fffe:0:0/96"))
    #expect(neighbour.sibling == nil)
    let hole = try #require(IPPrefix("::fffe:0:0/97"))
    let pieces = try #require(IPPrefix("::/0")).subtracting(hole)
    #expect(pieces.allSatisfy { !$0.isIPv4 && !$0.overlaps(hole) && $0.length <= 128 })
    #expect(pieces.contains { $0.contains(IPAddress(high: 0, low: 0xFFFE_8000_0000)) })
  }

  @Test("parent and sibling: two halves make the whole")
  func halvesMakeTheWhole() throws {
    var random = SplitMix64(seed: 14)
    for _ in 0..<5_000 {
      let prefix = near(.random(using: &random), &random)
      guard prefix.length > 0 else {
        #expect(prefix.parent == nil && prefix.sibling == nil)
        continue
      }
      let sibling = try #require(prefix.sibling)
      let parent = try #require(prefix.parent)
      #expect(!prefix.overlaps(sibling))
      #expect(sibling.sibling == prefix)
      #expect(parent.contains(prefix) && parent.contains(sibling))
    }
  }

  @Test("subtracting leaves exactly the addresses outside the hole")
  func subtractingIsExact() {
    var random = SplitMix64(seed: 15)
    for _ in 0..<3_000 {
      let address = IPAddress.random(using: &random)
      let whole = near(address, &random)
      let hole = near(address, &random)
      let pieces = whole.subtracting(hole)
      for (index, piece) in pieces.enumerated() {
        #expect(whole.contains(piece) && !piece.overlaps(hole))
        if index > 0 { #expect(pieces[index - 1].last < piece.address) }
      }
      if whole.overlaps(hole) {
        // Fewest pieces: one for each bit between the lengths.
        #expect(pieces.count == max(0, hole.length - whole.length))
      } else {
        #expect(pieces == [whole])
      }
      for _ in 0..<8 {
        let probe = Bool.random(using: &random) ? near(address, &random).last : near(address, &random).address
        let expected = whole.contains(probe) && !hole.contains(probe)
        #expect(pieces.contains { $0.contains(probe) } == expected)
      }
    }
  }
}
