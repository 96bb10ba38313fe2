import Foundation
import Language
import Subprocess
import Synchronization

/// A connection of the terminal over which bytes keep coming, about ten times a second.
public final class EstablishedConnection: Sendable {
  private struct Tally {
    var bytes = 0
    var lastArrival: ContinuousClock.Instant?
    var isOver = false
  }

  private let tally = Mutex(Tally())

  /// How often the tally is looked at while waiting for it to change.
  private static let interval = Duration.milliseconds(10)

  static func run<Result: Sendable>(
    _ command: [String], _ body: @Sendable (EstablishedConnection) async throws -> Result
  ) async throws -> Result {
    guard SystemProgram.path(of: command[0]) != nil else { throw SystemProgram.missing(command[0]) }
    let connection = EstablishedConnection()
    return try await Subprocess.run(
      .name(command[0]), arguments: Arguments(Array(command.dropFirst())),
      environment: SystemProgram.environment, input: .none, output: .sequence, error: .discarded
    ) { execution in
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
          for try await piece in execution.standardOutput { connection.note(piece.count) }
          connection.end()
        }
        // The program goes first: its output must end for the reader to end.
        do {
          let result = try await body(connection)
          try? execution.send(signal: .kill)
          try? await group.waitForAll()
          return result
        } catch {
          try? execution.send(signal: .kill)
          try? await group.waitForAll()
          throw error
        }
      }
    }.closureResult
  }

  /// Bytes that have arrived.
  public var bytes: Int { tally.withLock { $0.bytes } }

  /// Waits until more bytes arrive; false when none come in time.
  public func flows(within limit: Duration = .seconds(3)) async throws -> Bool {
    let before = bytes
    let deadline = ContinuousClock.now + limit
    while ContinuousClock.now < deadline {
      if bytes > before { return true }
      if tally.withLock({ $0.isOver }) { return false }
      try await Task.sleep(for: Self.interval)
    }
    return false
  }

  /// Waits until no byte has come for `silence`, or the connection is over; false when bytes still
  /// come at the end of `limit`.
  /// - Parameter silence: several times the tenth of a second at which bytes come.
  public func stops(silentFor silence: Duration = .seconds(1), within limit: Duration = .seconds(5))
    async throws -> Bool
  {
    let start = ContinuousClock.now
    while ContinuousClock.now < start + limit {
      let (last, isOver) = tally.withLock { ($0.lastArrival ?? start, $0.isOver) }
      if isOver || ContinuousClock.now - max(last, start) >= silence { return true }
      try await Task.sleep(for: Self.interval)
    }
    return false
  }

  private func note(_ count: Int) {
    tally.withLock {
      $0.bytes += count
      $0.lastArrival = .now
    }
  }

  private func end() { tally.withLock { $0.isOver = true } }
}
