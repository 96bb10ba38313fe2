import Reputation
import Testing

@Suite struct ReputationIndexSlotTests {
  @Test func aViewKeepsItsIndexUntilItRefreshes() throws {
    let slot = ReputationIndexSlot(try ReputationIndex([]))
    var view = slot.view()
    let isNewAtFirst = view.refresh()
    #expect(!isNewAtFirst)
    let before = slot.generation
    slot.publish(try ReputationIndex([try read("bad.example.org\n")]))
    #expect(slot.generation == before + 1)
    #expect(!view.index.finds("bad.example.org"))
    let isNew = view.refresh()
    #expect(isNew)
    #expect(view.index.finds("bad.example.org"))
    #expect(view.generation == slot.generation)
    let isNewAgain = view.refresh()
    #expect(!isNewAgain)
  }

  @Test func readersAndWritersAtOnceSeeWholeIndexes() async throws {
    let indexes = try ["one.example", "two.example"].map { try ReputationIndex([try read($0)]) }
    let slot = ReputationIndexSlot(indexes[0])
    await withTaskGroup(of: Bool.self) { group in
      group.addTask {
        for round in 0..<2000 { slot.publish(indexes[round % 2]) }
        return true
      }
      for _ in 0..<2 {
        group.addTask {
          var view = slot.view()
          var sound = true
          while view.generation < 2000 {
            _ = view.refresh()
            // Exactly one of the two is in force at any moment.
            sound = sound && view.index.finds("one.example") != view.index.finds("two.example")
          }
          return sound && view.index === indexes[1]
        }
      }
      for await sound in group { #expect(sound) }
    }
  }
}
