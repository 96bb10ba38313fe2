import Testing

@testable import Reputation

@Suite struct SlotTableTests {
  @Test func entriesOfOneHashAreToldApartByComparingThem() {
    var table = SlotTable(capacity: 10)
    for index in 0..<10 { table.insert(0xDEAD_BEEF_0123_4567, index: index) }
    for index in 0..<10 { #expect(table.find(0xDEAD_BEEF_0123_4567) { $0 == index } == index) }
    #expect(table.find(0xDEAD_BEEF_0123_4567) { _ in false } == nil)
  }

  @Test func theFilterNeverHidesAnEntryAndStopsMostOthers() {
    var random = SeededRandom(seed: 3)
    var table = SlotTable(capacity: 1 << 16)
    let hashes = (0..<(1 << 16)).map { _ in random.next() }
    for (index, hash) in hashes.enumerated() { table.insert(hash, index: index) }
    #expect(hashes.allSatisfy { table.mayContain($0) })
    let passing = (0..<20_000).count { _ in table.mayContain(random.next()) }
    #expect(passing < 20_000 / 20)
  }

  @Test func theTableIsAtMostHalfFull() {
    for capacity in [0, 1, 16, 17, 1000, 1 << 20] {
      #expect(SlotTable.size(for: capacity) >= 2 * capacity)
    }
  }
}
