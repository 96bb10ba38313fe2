import FirewallConformance
import Language
import Testing

@Suite struct RandomWalkTests {
  @Test(arguments: memorySubjects.indices)
  func whateverHappensDeviceAndLedgerAgree(index: Int) async throws {
    let walk = RandomWalk(sequences: 200, steps: 25, seed: 1000 * UInt64(index))
    do throws(RandomWalk.Misstep) {
      try await walk.run(memorySubjects[index]())
    } catch {
      Issue.record("seed \(error.seed): \(error.because.en)\n\(error.trail.joined(separator: "\n"))")
    }
  }
}
