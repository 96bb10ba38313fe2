import FirewallKit
import NetworkTypes

/// Everything that faces the kernel, on one thread of its own.
///
/// The sockets are opened at the first use, on that thread, and so in the network namespace in which
/// the context was made.
actor NftablesContext {
  private let table: String
  private let clock: @Sendable () -> Timestamp
  private let thread = DedicatedThread()
  nonisolated let generations = OwnGenerations()
  private var readingSocket: NetlinkSocket?
  private var changingSocket: NetlinkSocket?
  private var outline: TableOutline?

  init(table: String, clock: @escaping @Sendable () -> Timestamp) {
    self.table = table
    self.clock = clock
  }

  deinit { thread.stop() }

  nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

  func state(in scope: Scope) throws(AdapterError) -> FirewallState {
    try reading { reading throws(AdapterError) in try reading.state(in: scope, knowing: &outline) }
  }

  func counters() throws(AdapterError) -> NftablesCounters? {
    try reading { reading throws(AdapterError) in try reading.counters() }
  }

  /// Runs commands as one transaction, and remembers the generation that it made.
  func perform(_ commands: [NftablesCommand]) throws(AdapterError) {
    let known = outline
    outline = nil
    try generations.duringOwnChange { () throws(AdapterError) -> UInt32 in
      let made = try changing { change throws(AdapterError) in
        try change.commit(commands) { () throws(AdapterError) in
          try reading { reading throws(AdapterError) in try reading.generation() }
        }
      }
      outline = known?.following(commands, making: made)
      return made
    }
  }

  /// Lets the kernel check commands without committing them.
  func check(_ commands: [NftablesCommand]) throws(AdapterError) {
    try changing { change throws(AdapterError) in try change.check(commands) }
  }

  private func reading<Result>(
    _ body: (KernelReading) throws(AdapterError) -> Result
  ) throws(AdapterError) -> Result {
    do throws(AdapterError) {
      let socket = if let readingSocket { readingSocket } else { try NetlinkSocket() }
      readingSocket = socket
      return try body(KernelReading(socket: socket, table: table, clock: clock))
    } catch {
      // The rest of an answer may still come; a fresh socket knows nothing of it.
      readingSocket = nil
      throw error
    }
  }

  private func changing<Result>(
    _ body: (KernelChange) throws(AdapterError) -> Result
  ) throws(AdapterError) -> Result {
    do throws(AdapterError) {
      let socket = if let changingSocket { changingSocket } else { try NetlinkSocket() }
      changingSocket = socket
      return try body(KernelChange(socket: socket, table: table))
    } catch {
      changingSocket = nil
      throw error
    }
  }
}
