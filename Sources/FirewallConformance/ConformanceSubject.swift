public import FirewallKit
public import NetworkTypes

/// A firewall that the laws are tried on, and what else the kit may do with it.
///
/// Nothing of ours may be on it at the start. The kit uses documentation addresses only and leaves
/// nothing behind.
public struct ConformanceSubject: Sendable {
  public var name: String
  /// A new adapter for the same device.
  public var makeAdapter: @Sendable () -> any FirewallAdapter
  /// The clock that device and adapter count by.
  public var clock: @Sendable () -> Timestamp
  /// Lets time pass; sleeps unless the clock can be moved.
  public var wait: @Sendable (Duration) async -> Void
  /// What is on the device that is not ours, as text that is equal when nothing changed.
  public var foreignContent: (@Sendable () async throws -> String)?
  /// Takes away everything of ours, the way somebody else or a restart would; the kit does it through
  /// the adapter where this is `nil`.
  public var lose: (@Sendable () async throws -> Void)?
  /// How many changes the device has seen.
  public var writes: (@Sendable () async throws -> Int)?

  public init(
    name: String, makeAdapter: @escaping @Sendable () -> any FirewallAdapter,
    clock: @escaping @Sendable () -> Timestamp,
    wait: @escaping @Sendable (Duration) async -> Void = { try? await Task.sleep(for: $0) },
    foreignContent: (@Sendable () async throws -> String)? = nil,
    lose: (@Sendable () async throws -> Void)? = nil,
    writes: (@Sendable () async throws -> Int)? = nil
  ) {
    self.name = name
    self.makeAdapter = makeAdapter
    self.clock = clock
    self.wait = wait
    self.foreignContent = foreignContent
    self.lose = lose
    self.writes = writes
  }

  /// A memory device with everything observable.
  public static func memory<Model: MemoryModel>(
    _ model: Model.Type, clock: AdjustableClock = AdjustableClock()
  )
    -> ConformanceSubject
  {
    let now: @Sendable () -> Timestamp = { clock.now }
    let device = MemoryDevice<Model>(clock: now)
    return ConformanceSubject(
      name: "memory", makeAdapter: { MemoryFirewall(device: device, clock: now) }, clock: now,
      wait: { clock.advance(by: $0) },
      foreignContent: { device.foreignContent }, lose: { device.lose() }, writes: { device.writes })
  }
}
