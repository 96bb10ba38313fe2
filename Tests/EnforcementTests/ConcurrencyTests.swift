import Glibc
import Synchronization
import Testing

@testable import Enforcement

/// A value that tasks share.
private final class Shared<Value: Sendable>: Sendable {
  private let value: Mutex<Value>

  init(_ value: Value) { self.value = Mutex(value) }

  var now: Value { value.withLock { $0 } }

  @discardableResult
  func change<Result: Sendable>(_ body: @Sendable (inout Value) -> Result) -> Result {
    value.withLock { body(&$0) }
  }
}

@Suite struct ConcurrencyTests {
  @Test func theGateLetsOneThroughAtATime() async {
    let gate = SerialGate()
    let inside = Shared(0)
    let order = Shared<[Int]>([])
    await withTaskGroup { group in
      for number in 0..<200 {
        group.addTask {
          await gate.run {
            let alone = inside.change { inside in
              inside += 1
              return inside == 1
            }
            #expect(alone)
            await Task.yield()
            order.change { $0.append(number) }
            inside.change { $0 -= 1 }
          }
        }
      }
    }
    #expect(order.now.sorted() == Array(0..<200))
  }

  @Test func theGateKeepsTheOrderOfArrival() async {
    let gate = SerialGate()
    let order = Shared<[Int]>([])
    let open = Race<Void>()
    let entered = Race<Void>()
    let first = Task {
      await gate.run {
        entered.finish(())
        await open.value()
      }
    }
    await entered.value()
    var waiting: [Task<Void, Never>] = []
    for number in 0..<20 {
      waiting.append(Task { await gate.run { order.change { $0.append(number) } } })
      while gate.waitingCount <= number { await Task.yield() }
    }
    open.finish(())
    await first.value
    for task in waiting { await task.value }
    #expect(order.now == Array(0..<20))
  }

  @Test func aRaceHasOneWinner() async {
    let race = Race<Int>()
    race.finish(1)
    race.finish(2)
    #expect(await race.value() == 1)
  }

  @Test func theWriterLockKeepsOthersOut() async throws {
    let directory = "/tmp/sekisho-lock-\(getpid())"
    mkdir(directory, 0o700)
    defer {
      unlink("\(directory)/edge.lock")
      rmdir(directory)
    }
    let inside = Shared(0)
    try await withThrowingTaskGroup { group in
      for _ in 0..<20 {
        group.addTask {
          try await WriterLock(directory: directory, firewall: "edge").hold { () async throws(EngineError) in
            let alone = inside.change { inside in
              inside += 1
              return inside == 1
            }
            #expect(alone)
            await Task.yield()
            inside.change { $0 -= 1 }
          }
        }
      }
      try await group.waitForAll()
    }
    await #expect(throws: EngineError.self) {
      try await WriterLock(directory: "/nonexistent", firewall: "edge").hold { () async throws(EngineError) in
      }
    }
  }
}
