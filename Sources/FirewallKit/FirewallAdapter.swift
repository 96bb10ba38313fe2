/// A way to drive one kind of firewall: it reads, computes and performs, and does nothing else.
///
/// Snapshot, verification, rollback and its verification, dry run, expiry, reference counts and
/// reconciliation belong to the engine, which does them alike for every adapter. An adapter keeps no
/// state about blocks and runs no timer.
public protocol FirewallAdapter: Sendable {
  /// Name, contract version and capabilities.
  static var manifest: AdapterManifest { get }

  /// The same of this value. An adapter that speaks for many kinds of firewall, as that of plugins does,
  /// tells here which one it is; for all others it is the type's.
  var manifest: AdapterManifest { get }

  /// The scaffold that the settings of this adapter ask for.
  var scaffold: Scaffold { get }

  /// What we own on the device now, in this scope.
  ///
  /// The scaffold and the allow list are read in every scope. Throws `foreign` when something with
  /// our name lacks our mark; never guesses: what cannot be understood is `unreadable`.
  func state(in scope: Scope) async throws(AdapterError) -> FirewallState

  /// The literal operations that lead from one state to another; empty when they are equal.
  ///
  /// Pure: no clock, no I/O, the same bytes for the same states. Timers count from `current.readAt`.
  /// Both states cover the same scope. When the scaffolds differ, both cover everything. Asynchronous
  /// only so that a process that knows the device's language can be asked.
  func operations(from current: FirewallState, to goal: FirewallState) async throws(AdapterError)
    -> [Operation]

  /// Runs one operation exactly as written, and throws unless the device said that it took effect.
  ///
  /// There is no retry: after `timedOut` only a reading tells what happened.
  func perform(_ operation: Operation) async throws(AdapterError)
}

extension FirewallAdapter {
  public var manifest: AdapterManifest { Self.manifest }
}

/// An adapter whose device can check operations without running them.
public protocol DeviceValidating: FirewallAdapter {
  /// Returns when the device would accept the operations now; throws its refusal otherwise.
  func validate(_ operations: [Operation]) async throws(AdapterError)
}

/// An adapter that can tell whether it would work, before anything is asked of its device.
public protocol ReadinessChecking: FirewallAdapter {
  /// Returns when the adapter could go to work with its settings; throws what is in the way otherwise.
  /// The device is not changed.
  func checkReadiness() async throws(AdapterError)
}

/// An adapter whose device tells when someone else changed what we own.
public protocol ChangeNotifying: FirewallAdapter {
  /// One element for each time that something may have changed without us. Bursts may be told as
  /// one. Ends when the device can no longer be listened to.
  func foreignChanges() throws(AdapterError) -> AsyncStream<Void>
}
