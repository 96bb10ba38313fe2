public import FirewallKit
import Language
public import Logging
public import NetworkTypes

/// Lists that firewalls fetch by themselves: no account on them is needed, and no commit.
///
/// The lists are files of ours in a directory, given out by a server of ours or by any other. A change is one step: whoever
/// fetches gets all of the former version or all of the new one.
public struct ListsAdapter: FirewallAdapter, BackgroundWorking, DeliveryReporting {
  public static let manifest = AdapterManifest(
    name: "lists",
    summary: Phrase(en: "Lists that firewalls fetch over HTTPS", ja: "ファイアウォールが HTTPS で取得するリスト"),
    capabilities: Capabilities(
      kinds: Set(TargetKind.allCases), atomicity: .plan, readBack: .fetched, expiry: .gateway,
      validation: .local, prefixes: .overlapping, driftDetection: .interval, survivesRestart: true),
    testedAgainst: [TestPeer(.real, "curl"), TestPeer(.real, "nginx")])

  public let settings: ListsSettings
  private let store: PublicationStore
  private let logger: Logger
  private let clock: @Sendable () -> Timestamp

  /// - Parameters:
  ///   - logger: takes who fetched what.
  ///   - clock: the time that deadlines are counted by; the engine's own.
  public init(
    settings: ListsSettings, logger: Logger, clock: @escaping @Sendable () -> Timestamp = Timestamp.now
  ) {
    self.settings = settings
    self.logger = logger
    self.clock = clock
    store = PublicationStore(directory: settings.directory)
  }

  /// Without a server of ours nobody tells us who fetched.
  public var manifest: AdapterManifest {
    var manifest = Self.manifest
    if settings.server == nil { manifest.capabilities.readBack = .configured }
    return manifest
  }

  public var scaffold: Scaffold { ListsDialect(settings: settings).scaffold }

  public func state(in scope: Scope) async throws(AdapterError) -> FirewallState {
    guard let content = try published() else { return FirewallState(readAt: clock()) }
    return try ListsReader(settings: settings).state(content, at: clock()).restricted(to: scope)
  }

  private func published() throws(AdapterError) -> PublicationStore.Content? {
    try store.read(ListFormat.allCases.map(\.fileName))
  }

  public func operations(from current: FirewallState, to goal: FirewallState) throws(AdapterError)
    -> [Operation]
  {
    try ListsDialect(settings: settings).operations(from: current, to: goal)
  }

  public func perform(_ operation: Operation) async throws(AdapterError) {
    guard case .message(let text) = operation.step, let edit = PublicationEdit(text),
      edit.directory == settings.directory, edit.formats == settings.formats
    else {
      throw AdapterError(
        code: .unsupported,
        message: Phrase(
          en: "This operation is not one of the lists adapter with these settings.",
          ja: "この操作は、現在の設定の lists アダプターのものではありません。"))
    }
    var before = Publication()
    if let content = try published() { before = try ListsReader(settings: settings).publication(content) }
    let after = edit.applied(to: before)
    let lists = after.lists(emptying: settings.formats)
    for (name, list) in lists.sorted(by: { $0.key < $1.key }) { try checkLength(of: list, name) }
    try store.publish(lists, record: after.record, version: after.version)
  }

  /// What a firewall would cut off in silence is refused.
  private func checkLength(of list: String, _ name: String) throws(AdapterError) {
    guard let largest = settings.largest else { return }
    let lines = list.utf8.count { $0 == UInt8(ascii: "\n") }
    guard lines > largest else { return }
    throw AdapterError(
      code: .capacity,
      message: Phrase(
        en: "\(name) would have \(lines) lines; “largest” allows \(largest). Nothing was published.",
        ja: "\(name) が \(lines) 行になり、largest の上限 \(largest) を超えます。公開は行われていません。"))
  }

  // MARK: Giving out

  public func work() async throws(AdapterError) {
    guard let server = settings.server else { return }
    try await ListServer(server, of: settings, logger: logger, clock: clock).run()
  }

  public func deliveries() async throws(AdapterError) -> [Delivery] {
    guard let server = settings.server else { return [] }
    let tags = (try published()?.lists ?? [:]).mapValues { FetchLog.tag(of: Array($0.utf8)) }
    let fetches = FetchLog(directory: settings.directory)
    return server.devices.map { fetches.delivery(to: $0.name, of: tags) }
  }
}
