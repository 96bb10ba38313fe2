public import FirewallKit
import HostPrograms
import Language
public import NetworkTypes

/// Linux netfilter through iptables and ipset, for hosts whose rules are not kept in nftables itself.
///
/// Blocks are entries of ipset sets with timers; one chain of ours in each table drops what they
/// match. Nothing else on the host is written.
public struct IptablesAdapter: FirewallAdapter {
  public static let manifest = AdapterManifest(
    name: "iptables",
    summary: Phrase(
      en: "Linux iptables (nft or legacy) with ipset", ja: "Linux の iptables（nft・legacy）と ipset"),
    capabilities: Capabilities(
      kinds: [.address4, .address6, .prefix4, .prefix6],
      // `ipset restore` stops at the first line that is refused and keeps those before it.
      atomicity: .entry,
      readBack: .live, expiry: .device, validation: .local, prefixes: .overlapping,
      driftDetection: .interval, maximumTimeToLiveSeconds: IptablesDialect.maximumTimeout),
    testedAgainst: [
      TestPeer(.real, "iptables-nft"), TestPeer(.real, "iptables-legacy"), TestPeer(.real, "ipset"),
    ])

  public let settings: IptablesSettings
  private let layout: IptablesScaffold
  private let dialect: IptablesDialect
  private let reader: IptablesReader
  private let programs: HostPrograms
  private let clock: @Sendable () -> Timestamp

  /// - Parameter clock: the time that deadlines are counted by; the engine's own.
  public init(settings: IptablesSettings, clock: @escaping @Sendable () -> Timestamp = Timestamp.now) {
    self.init(settings: settings, programs: .iptables(lockFile: settings.lockFile), clock: clock)
  }

  init(settings: IptablesSettings, programs: HostPrograms, clock: @escaping @Sendable () -> Timestamp) {
    self.settings = settings
    self.programs = programs
    self.clock = clock
    layout = IptablesScaffold(settings: settings)
    dialect = IptablesDialect(layout: layout)
    reader = IptablesReader(layout: layout)
  }

  public var scaffold: Scaffold { layout.parts }

  public func state(in scope: Scope) async throws(AdapterError) -> FirewallState {
    async let tableParts = Self.catching { () async throws(AdapterError) in try await tables() }
    var state = try await blocks(in: scope)
    let parts = try await tableParts.get()
    state.scaffold.merge(parts) { _, new in new }
    return state
  }

  public func operations(from current: FirewallState, to goal: FirewallState) throws(AdapterError)
    -> [Operation]
  {
    try dialect.operations(from: current, to: goal)
  }

  public func perform(_ operation: Operation) async throws(AdapterError) {
    guard case .process(let executable, let arguments, let input) = operation.step,
      ["ipset", dialect.program("iptables", "restore"), dialect.program("ip6tables", "restore")]
        .contains(executable)
    else {
      throw AdapterError(
        code: .unsupported,
        message: Phrase(
          en: "This operation is not one of the iptables adapter with these settings.",
          ja: "この操作は、現在の設定の iptables アダプターのものではありません。"))
    }
    _ = try await programs.run(executable, arguments, input: input)
  }

  // MARK: Reading

  private func tables() async throws(AdapterError) -> Scaffold {
    var parts: Scaffold = [:]
    for family in layout.families {
      let program = dialect.program(family == .ipv4 ? "iptables" : "ip6tables", "save")
      // Also those that no hook uses now: after a change of the settings our chain may still be there.
      for table in FilterTable.allCases
      where layout.tables.contains(table) || programs.tableExists(table.rawValue, family, program) {
        let answer = try await programs.run(program, ["-t", table.rawValue])
        parts.merge(try reader.parts(ofTable: answer, table, family)) { _, new in new }
      }
    }
    return parts
  }

  private func blocks(in scope: Scope) async throws(AdapterError) -> FirewallState {
    let list = try await programs.run("ipset", ["list", "-terse"])
    let sets = try reader.sets(inList: list)
    var wanted = sets.keys.filter { !$0.hasSuffix(IptablesScaffold.nextSuffix) }
    var targets: Set<BlockTarget>?
    if case .targets(let named) = scope {
      // ipset cannot tell the timer of one entry: the sets that could hold a target are read whole.
      let prefixes = named.compactMap(\.prefix)
      let needed = Set(prefixes.map { layout.set($0.isHost ? .host : .net, $0.family) })
      let always = Set(layout.families.flatMap { [layout.set(.allow, $0), layout.set(.blocked, $0)] })
      wanted.removeAll { !needed.contains($0) && !always.contains($0) }
      targets = named
    }
    var state = FirewallState(readAt: clock())
    var contents = sets
    if !wanted.isEmpty {
      let (answer, moment) = try await save(wanted.sorted())
      state.readAt = moment
      let entries = try reader.entries(inSave: answer, at: moment, of: sets, only: targets)
      contents = entries.contents
      state.allowed = entries.allowed
      state.blocks = entries.blocks
    }
    for (name, content) in contents { state.scaffold[IptablesScaffold.setPart(name)] = content.text }
    return state
  }

  /// How long a reading may take before its timers are read again: nobody knows when in that time they
  /// were looked at, and they count down meanwhile.
  private static let longestReading: Duration = .seconds(2)
  private static let readings = 3

  /// The contents of sets, and the moment from which their timers count.
  private func save(_ sets: [String]) async throws(AdapterError) -> (answer: [UInt8], moment: Timestamp) {
    // One process for all sets; `save` is among the commands that `restore` takes.
    let input = sets.map { "save \($0)\n" }.joined()
    var reading = 1
    while true {
      let before = clock()
      let answer = try await programs.run("ipset", ["restore"], input: input)
      let took = clock() - before
      if took <= Self.longestReading || reading == Self.readings {
        return (answer, before + .microseconds(took.microseconds / 2))
      }
      reading += 1
    }
  }

  /// `async let` forgets the type of what is thrown; a result keeps it.
  private static func catching<Value: Sendable>(
    _ body: @Sendable () async throws(AdapterError) -> Value
  ) async -> Result<Value, AdapterError> {
    do throws(AdapterError) { return .success(try await body()) } catch { return .failure(error) }
  }
}
