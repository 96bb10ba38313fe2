public import FirewallKit
import Language
public import NetworkTypes
import Synchronization

/// Drives nftables on this host: one table of its own, one transaction per plan.
///
/// Changes and readings go through netlink, on one thread that belongs to this value. They concern the network namespace of the thread that made it.
public final class NftablesAdapter: FirewallAdapter, DeviceValidating, ChangeNotifying {
  public static let manifest = AdapterManifest(
    name: "nftables",
    summary: Phrase(
      en: "nftables of this Linux host, through the kernel's own interface",
      ja: "この Linux ホストの nftables（カーネルのインターフェイスを直接使用）"),
    capabilities: Capabilities(
      kinds: [.address4, .address6, .prefix4, .prefix6],
      atomicity: .plan,
      readBack: .live,
      expiry: .device,
      validation: .device,
      prefixes: .disjoint,
      driftDetection: .notification,
      // The kernel's timers hold more than five hundred years.
      maximumTimeToLiveSeconds: 100 * 365 * 86_400,
      survivesRestart: false),
    testedAgainst: [TestPeer(.real, "Linux kernel")])

  public let settings: NftablesSettings
  public let scaffold: Scaffold
  private let dialect: NftablesDialect
  private let context: NftablesContext
  private let written = Mutex(WrittenCommands())

  /// Touches nothing yet: rights are needed when a state is read or a plan is run.
  /// - Parameter clock: the time that deadlines are counted by; the engine's own.
  public init(settings: NftablesSettings, clock: @escaping @Sendable () -> Timestamp = Timestamp.now) {
    self.settings = settings
    scaffold = NftablesScaffold.scaffold(for: settings)
    dialect = NftablesDialect(table: settings.table)
    context = NftablesContext(table: settings.table, clock: clock)
  }

  public func state(in scope: Scope) async throws(AdapterError) -> FirewallState {
    try await context.state(in: scope)
  }

  public func operations(
    from current: FirewallState, to goal: FirewallState
  ) throws(AdapterError) -> [Operation] {
    guard let (operation, commands) = try dialect.operation(from: current, to: goal) else { return [] }
    written.withLock { $0.note(commands, as: operation) }
    return [operation]
  }

  public func perform(_ operation: Operation) async throws(AdapterError) {
    try await context.perform(commands(of: operation))
  }

  /// Lets the kernel check each operation as if it were run now, and commit none.
  public func validate(_ operations: [Operation]) async throws(AdapterError) {
    for operation in operations { try await context.check(commands(of: operation)) }
  }

  /// Transactions of others that touch our table, as the kernel announces them. Those of this value
  /// and elements that end by their timers are not told.
  public func foreignChanges() throws(AdapterError) -> AsyncStream<Void> {
    try NftablesMonitor.changes(of: settings.table, without: context.generations)
  }

  /// What our rules have dropped since their chains were made; `nil` without the table or when the
  /// settings switch counting off.
  public func counters() async throws(AdapterError) -> NftablesCounters? {
    try await context.counters()
  }

  private func commands(of operation: Operation) throws(AdapterError) -> [NftablesCommand] {
    guard case .nftables(let text) = operation.step else {
      throw AdapterError(
        code: .unsupported,
        message: Phrase(
          en: "The nftables adapter cannot run an operation of kind “\(operation.kind)”.",
          ja: "nftables アダプターは種類「\(operation.kind)」の操作を実行できません。"))
    }
    if let commands = written.withLock({ $0.commands(in: text) }) { return commands }
    return try CommandReader.commands(in: text, table: settings.table)
  }
}
