public import FirewallKit
import Language

/// An adapter that fails as planned, and otherwise is the one it wraps.
public struct FaultyAdapter<Base: FirewallAdapter>: FirewallAdapter {
  public static var manifest: AdapterManifest { Base.manifest }

  public let base: Base
  public let faults: Faults

  public init(_ base: Base, faults: Faults) {
    self.base = base
    self.faults = faults
  }

  public var manifest: AdapterManifest { base.manifest }
  public var scaffold: Scaffold { base.scaffold }

  public func state(in scope: Scope) async throws(AdapterError) -> FirewallState {
    switch faults.nextReading() {
    case nil:
      return try await base.state(in: scope)
    case .throwsError:
      throw Self.error(.unavailable)
    case .hangs:
      await hang()
      throw Self.error(.timedOut)
    case .cut:
      var state = try await base.state(in: scope)
      for (index, target) in state.blocks.keys.sorted().enumerated() where index % 2 == 0 {
        state.blocks[target] = nil
      }
      return state
    }
  }

  public func operations(from current: FirewallState, to goal: FirewallState) async throws(AdapterError)
    -> [Operation]
  {
    try await base.operations(from: current, to: goal)
  }

  public func perform(_ operation: Operation) async throws(AdapterError) {
    switch faults.nextPerforming() {
    case nil:
      try await base.perform(operation)
    case .throwsBefore:
      throw Self.error(.unavailable)
    case .throwsAfter:
      try await base.perform(operation)
      throw Self.error(.unavailable)
    case .hangs:
      await hang()
      throw Self.error(.timedOut)
    case .hangsThenApplies:
      faults.postpone(operation)
      await hang()
      throw Self.error(.timedOut)
    case .saysYes:
      return
    }
  }

  /// Performs what hung, now; what the device refuses by now is dropped, as a device would.
  public func finishLate() async {
    for operation in faults.takeLate() { try? await base.perform(operation) }
  }

  /// Until the caller gives up: its task is cancelled then.
  private func hang() async {
    faults.hang()
    try? await Task.sleep(for: .seconds(86_400))
  }

  private static func error(_ code: AdapterError.Code) -> AdapterError {
    AdapterError(code: code, message: Phrase(en: "A planned fault.", ja: "意図的に起こした障害です。"))
  }
}

extension FaultyAdapter: DeviceValidating where Base: DeviceValidating {
  public func validate(_ operations: [Operation]) async throws(AdapterError) {
    try await base.validate(operations)
  }
}

extension FaultyAdapter: ChangeNotifying where Base: ChangeNotifying {
  public func foreignChanges() throws(AdapterError) -> AsyncStream<Void> { try base.foreignChanges() }
}
