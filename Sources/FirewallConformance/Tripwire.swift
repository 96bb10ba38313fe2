public import Enforcement
public import FirewallKit
import Language
public import NetworkTypes
import Synchronization

/// Counts the boundaries of an action (around each journal write, operation and reading) and acts at
/// one of them: the place to end a process, or to let an engine die in this one.
///
/// After it has acted, nothing that it guards has an effect any more: a dead process does nothing.
public final class Tripwire: Sendable {
  private struct State {
    var passed: [String] = []
    var tripped = false
  }

  private let state = Mutex(State())
  private let position: Int
  private let action: @Sendable () -> Void

  /// Acts at the boundary with this number, counted from 0; `.max` only counts.
  public init(at position: Int, action: @escaping @Sendable () -> Void = {}) {
    self.position = position
    self.action = action
  }

  /// The boundaries passed so far, by name.
  public var passed: [String] { state.withLock(\.passed) }
  public var tripped: Bool { state.withLock(\.tripped) }

  /// Passes a boundary; `false` when the process is to be dead from here on.
  fileprivate func pass(_ boundary: String) -> Bool {
    let (dead, acts) = state.withLock { state in
      if state.tripped { return (true, false) }
      if state.passed.count == position { state.tripped = true }
      state.passed.append(boundary)
      return (state.tripped, state.tripped)
    }
    if acts { action() }
    return !dead
  }
}

/// An adapter whose operations and readings are boundaries of a tripwire.
public struct TripwireAdapter<Base: FirewallAdapter>: FirewallAdapter {
  public static var manifest: AdapterManifest { Base.manifest }

  private let base: Base
  private let tripwire: Tripwire

  public init(_ base: Base, _ tripwire: Tripwire) {
    self.base = base
    self.tripwire = tripwire
  }

  public var manifest: AdapterManifest { base.manifest }
  public var scaffold: Scaffold { base.scaffold }

  public func state(in scope: Scope) async throws(AdapterError) -> FirewallState {
    try pass("before reading")
    let state = try await base.state(in: scope)
    try pass("after reading")
    return state
  }

  public func operations(from current: FirewallState, to goal: FirewallState) async throws(AdapterError)
    -> [Operation]
  {
    try await base.operations(from: current, to: goal)
  }

  public func perform(_ operation: Operation) async throws(AdapterError) {
    try pass("before operation")
    try await base.perform(operation)
    try pass("after operation")
  }

  private func pass(_ boundary: String) throws(AdapterError) {
    guard tripwire.pass(boundary) else {
      throw AdapterError(code: .unavailable, message: Tripwire.message)
    }
  }
}

/// A journal whose writes are boundaries of a tripwire.
public struct TripwireJournal<Base: Journal>: Journal {
  private let base: Base
  private let tripwire: Tripwire

  public init(_ base: Base, _ tripwire: Tripwire) {
    self.base = base
    self.tripwire = tripwire
  }

  public func begin(_ intent: Intent, plan: Plan) async throws(JournalError) -> BegunAction {
    try pass("before begin")
    let begun = try await base.begin(intent, plan: plan)
    try pass("after begin")
    return begun
  }

  public func finish(_ action: ActionID, receipt: Receipt) async throws(JournalError) -> Int64 {
    try pass("before finish")
    let revision = try await base.finish(action, receipt: receipt)
    try pass("after finish")
    return revision
  }

  public func keep(_ plan: Plan) async throws(JournalError) {
    try pass("before keep")
    try await base.keep(plan)
  }

  public func plan(digest: String) async throws(JournalError) -> Plan? { try await base.plan(digest: digest) }

  public func openActions(on firewall: String) async throws(JournalError) -> [(RecordedAction, Plan)] {
    try await base.openActions(on: firewall)
  }

  public func action(_ id: ActionID) async throws(JournalError) -> RecordedAction? {
    try await base.action(id)
  }

  public func actions(on firewall: String?, since: Timestamp?, limit: Int) async throws(JournalError)
    -> [RecordedAction]
  {
    try await base.actions(on: firewall, since: since, limit: limit)
  }

  public func decisionsInForce(on firewall: String) async throws(JournalError) -> [Decision] {
    try await base.decisionsInForce(on: firewall)
  }

  public func decisions(_ ids: [Int64]) async throws(JournalError) -> [Decision] {
    try await base.decisions(ids)
  }

  public func allowEntries(on firewall: String) async throws(JournalError) -> [AllowEntry] {
    try await base.allowEntries(on: firewall)
  }

  public func revision(on firewall: String) async throws(JournalError) -> Int64 {
    try await base.revision(on: firewall)
  }

  private func pass(_ boundary: String) throws(JournalError) {
    guard tripwire.pass(boundary) else { throw JournalError(code: .unwritable, message: Tripwire.message) }
  }
}

extension Tripwire {
  fileprivate static let message = Phrase(en: "The process has ended.", ja: "プロセスは終了しています。")
}
