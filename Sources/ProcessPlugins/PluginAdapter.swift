public import FirewallKit
import FoundationEssentials
import Language
public import Logging
public import NetworkTypes

/// A firewall that a program outside of this one drives, in whatever language it is written.
///
/// What the plugin declares in its folder is the manifest of this value. Deadlines, margins and clocks stay
/// on this side: the plugin hears of seconds of its device's timers.
public struct PluginAdapter: FirewallAdapter, ReadinessChecking {
  /// For the list of adapters: the least that any plugin can do. Each declares its own.
  public static let manifest = AdapterManifest(
    name: "plugin",
    summary: Phrase(
      en: "A firewall driven by a plugin: a program in any language, in a folder that tells what it can do.",
      ja: "プラグイン（任意の言語のプログラム）が操作するファイアウォールです。対応機能はプラグインのフォルダーで宣言します。"),
    capabilities: Capabilities(
      kinds: [], atomicity: .entry, readBack: .configured, expiry: .gateway, validation: .local,
      prefixes: .disjoint, driftDetection: .interval))

  public let settings: PluginSettings
  let session: PluginSession
  private let clock: @Sendable () -> Timestamp

  /// - Parameters:
  ///   - logger: takes the plugin's standard error, line by line, and why its processes ended.
  ///   - clock: the time that deadlines are counted by; the engine's own.
  public init(
    settings: PluginSettings, logger: Logger, clock: @escaping @Sendable () -> Timestamp = Timestamp.now
  ) {
    self.settings = settings
    self.clock = clock
    session = PluginSession(settings, logger: logger)
  }

  /// The adapter for these settings: one that lets the device check plans, where the plugin declares it.
  public static func adapter(
    for settings: PluginSettings, logger: Logger, clock: @escaping @Sendable () -> Timestamp
  ) -> any FirewallAdapter {
    let adapter = PluginAdapter(settings: settings, logger: logger, clock: clock)
    return settings.folder.manifest.capabilities.validation == .device
      ? ValidatingPluginAdapter(base: adapter) : adapter
  }

  public var manifest: AdapterManifest { settings.folder.manifest }

  /// The plugin tells its scaffold when it is greeted; until then and afterwards this stands for it, so that
  /// it is known without asking.
  public var scaffold: Scaffold { Self.asAsked }

  private static let asAsked = ["scaffold": "as the settings ask for"]
  private static let otherPart = "scaffold."

  /// How a scaffold of the plugin is told to the engine.
  private static func told(_ found: Scaffold, wanted: Scaffold) -> Scaffold {
    found == wanted
      ? asAsked : Dictionary(uniqueKeysWithValues: found.map { (otherPart + $0.key, $0.value) })
  }

  /// And back.
  private static func literal(_ told: Scaffold, wanted: Scaffold) -> Scaffold {
    told == asAsked
      ? wanted
      : Dictionary(uniqueKeysWithValues: told.map { (String($0.key.dropFirst(otherPart.count)), $0.value) })
  }

  /// What happened to the plugin's processes so far.
  public func counters() async -> PluginCounters { await session.counters }

  /// Starts the plugin and greets it: its settings are read then.
  public func checkReadiness() async throws(AdapterError) { _ = try await session.greet() }

  public func state(in scope: Scope) async throws(AdapterError) -> FirewallState {
    let able = manifest.capabilities
    let moment = clock()
    return try await session.ask(StateAnswer.self) { _ in
      .state(scope: scope, at: moment)
    } understand: { answer, wanted in
      FirewallState(
        readAt: moment, scaffold: Self.told(answer.scaffold, wanted: wanted), allowed: Set(answer.allowed),
        blocks: try answer.deadlines(at: moment, by: able)
      ).restricted(to: scope)
    }
  }

  public func operations(from current: FirewallState, to goal: FirewallState) async throws(AdapterError)
    -> [Operation]
  {
    let timed = manifest.capabilities.expiry == .device
    let moment = current.readAt
    let log = session.log
    return try await session.ask(OperationsAnswer.self) { wanted in
      func wire(_ state: FirewallState, comparedWith other: [BlockTarget: Timestamp]) -> WireState {
        WireState(
          state, scaffold: Self.literal(state.scaffold, wanted: wanted), at: moment, timed: timed,
          comparedWith: other)
      }
      return .operations(
        from: wire(current, comparedWith: [:]), to: wire(goal, comparedWith: current.blocks), at: moment)
    } understand: { answer, _ in
      // Operations are shown, hashed and kept.
      for operation in answer.operations
      where [operation.literal, operation.summary.en, operation.summary.ja].contains(where: log.holdsSecret) {
        throw Misunderstanding(reason: "an operation holds a secret")
      }
      return answer.operations
    }
  }

  public func perform(_ operation: Operation) async throws(AdapterError) {
    guard case .message(let message) = operation.step else {
      throw AdapterError(
        code: .unsupported,
        message: Phrase(
          en: "This operation is not one of the plugin \(manifest.name).",
          ja: "この操作はプラグイン \(manifest.name) のものではありません。"))
    }
    try await session.ask(NothingToTell.self) { _ in
      .perform(message: message)
    } understand: { _, _ in
    }
  }

  func validate(_ operations: [Operation]) async throws(AdapterError) {
    let messages = operations.map(\.literal)
    try await session.ask(NothingToTell.self) { _ in
      .validate(messages: messages)
    } understand: { _, _ in
    }
  }
}

/// A plugin whose device checks plans. A type of its own, because that an adapter can do so is stated by
/// its type.
public struct ValidatingPluginAdapter: DeviceValidating, ReadinessChecking {
  public static var manifest: AdapterManifest { PluginAdapter.manifest }
  let base: PluginAdapter

  public var manifest: AdapterManifest { base.manifest }
  public var scaffold: Scaffold { base.scaffold }
  public func checkReadiness() async throws(AdapterError) { try await base.checkReadiness() }
  public func state(in scope: Scope) async throws(AdapterError) -> FirewallState {
    try await base.state(in: scope)
  }
  public func operations(from current: FirewallState, to goal: FirewallState) async throws(AdapterError)
    -> [Operation]
  {
    try await base.operations(from: current, to: goal)
  }
  public func perform(_ operation: Operation) async throws(AdapterError) {
    try await base.perform(operation)
  }
  public func validate(_ operations: [Operation]) async throws(AdapterError) {
    try await base.validate(operations)
  }
}
