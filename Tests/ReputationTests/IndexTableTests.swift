import Randomness
import Testing

@testable import Reputation

@Suite struct IndexTableTests {
  /// A domain has the same hash alone as at the end of a longer name: that is how parents are found.
  @Test func theHashOfAParentIsAnIntermediateStateOfTheName() {
    var random = SplitMix64(seed: 4)
    for _ in 0..<3000 {
      let labels = (0..<Int.random(in: 1...5, using: &random)).map { _ in
        String(
          repeating: "abc".randomElement(using: &random) ?? "a", count: .random(in: 1...26, using: &random))
      }
      let name = Array(labels.joined(separator: ".").utf8)
      var walk = NameWalk(name.span, seed: 99)
      for count in 1...labels.count {
        let parent = Array(labels.suffix(count).joined(separator: ".").utf8)
        #expect(walk.next(in: name.span) == name.count - parent.count)
        #expect(walk.hash == NameWalk.hash(parent.span, seed: 99))
      }
      #expect(walk.next(in: name.span) == nil)
    }
  }

  @Test func differentNamesHaveDifferentHashes() {
    var seen: Set<UInt64> = []
    var names: Set<String> = []
    for first in 0...17 {
      for second in 0...17 {
        for name in [
          String(repeating: "a", count: first) + "." + String(repeating: "a", count: second),
          String(repeating: "a", count: first) + "b" + String(repeating: "a", count: second),
        ] where names.insert(name).inserted {
          seen.insert(NameWalk.hash(Array(name.utf8).span, seed: 1))
        }
      }
    }
    #expect(seen.count == names.count)
  }

  /// A walk ends at the first domain that the filter lacks: it must hold all parents of what is listed.
  @Test func aDeepNameIsFoundUnderParentsThatNobodyLists() throws {
    let deep = "a.b.c.d.e.example.org"
    let index = try ReputationIndex([try read("\(deep)\nother.example.net\n")], seed: 5)
    #expect(index.finds(deep) && index.finds("x." + deep))
    for name in [
      "b.c.d.e.example.org", "example.org", "x.b.c.d.e.example.org", "e.example.net", "example.net",
    ] {
      #expect(!index.finds(name), "\(name)")
    }
  }

  @Test func theFilterStopsMostOfWhatIsNotListed() throws {
    let text = (0..<20_000).map { "n\($0).example\n" }.joined()
    let index = try ReputationIndex([try read(text)], seed: 3)
    var random = SplitMix64(seed: 3)
    let passing = (0..<20_000).count { _ in index.names.mayContain(random.next(), in: index.filters) }
    #expect(passing < 20_000 / 30)
  }
}
