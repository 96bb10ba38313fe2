public import FirewallKit
import HostPrograms
import Language
public import NetworkTypes

/// A host whose firewall is kept by firewalld, driven through its own commands.
///
/// Blocks are entries of ipsets of ours; policies of ours drop what they match. What runs and what is
/// permanent are kept equal, so that a reload or a restart of firewalld changes nothing.
public struct FirewalldAdapter: FirewallAdapter {
  public static let manifest = AdapterManifest(
    name: "firewalld",
    summary: Phrase(en: "firewalld, through its own commands", ja: "firewalld（付属のコマンドで操作）"),
    capabilities: Capabilities(
      kinds: [.address4, .address6, .prefix4, .prefix6], atomicity: .entry, readBack: .live,
      expiry: .gateway, validation: .local, prefixes: .disjoint, driftDetection: .interval,
      survivesRestart: true),
    testedAgainst: [TestPeer(.real, "firewalld")])

  public let settings: FirewalldSettings
  private let frame: FirewalldFrame
  private let dialect: FirewalldDialect
  private let reader: FirewalldReader
  private let programs: HostPrograms
  private let bus: FirewalldBus
  private let clock: @Sendable () -> Timestamp

  /// - Parameter clock: the time that deadlines are counted by; the engine's own.
  public init(settings: FirewalldSettings, clock: @escaping @Sendable () -> Timestamp = Timestamp.now) {
    self.init(settings: settings, programs: .firewalld(), clock: clock)
  }

  init(
    settings: FirewalldSettings, programs: HostPrograms,
    clock: @escaping @Sendable () -> Timestamp = Timestamp.now
  ) {
    self.settings = settings
    self.programs = programs
    self.clock = clock
    frame = FirewalldFrame(settings: settings)
    dialect = FirewalldDialect(frame: frame)
    reader = FirewalldReader(frame: frame)
    bus = FirewalldBus(programs: programs)
  }

  public var scaffold: Scaffold { frame.parts }

  public func state(in scope: Scope) async throws(AdapterError) -> FirewallState {
    let reading = try await read()
    return try reader.state(reading, at: clock()).restricted(to: scope)
  }

  public func operations(from current: FirewallState, to goal: FirewallState) throws(AdapterError)
    -> [Operation]
  {
    try dialect.operations(from: current, to: goal)
  }

  public func perform(_ operation: Operation) async throws(AdapterError) {
    switch operation.step {
    case .process(let executable, let arguments, let input) where dialect.owns(executable, arguments):
      _ = try await programs.run(executable, arguments, input: input)
      return
    case .message(frame.setUp):
      return try await setUp()
    case .message(let text):
      if let edit = FirewalldEdit(text) { return try await perform(edit) }
    default:
      break
    }
    throw AdapterError(
      code: .unsupported,
      message: Phrase(
        en: "This operation is not one of the firewalld adapter with these settings.",
        ja: "この操作は、現在の設定の firewalld アダプターのものではありません。"))
  }

  private func perform(_ edit: FirewalldEdit) async throws(AdapterError) {
    let state = try await state(in: .everything)
    guard state.scaffold.isEmpty || state.scaffold == scaffold else {
      throw AdapterError(
        code: .conflict,
        message: Phrase(
          en: "Our ipsets and policies in firewalld were changed meanwhile. Nothing was changed; plan anew.",
          ja: "firewalld の本製品の ipset またはポリシーが変更されています。何も変更していません。計画し直してください。"))
    }
    let now = try dialect.content(state)
    for operation in dialect.entries(from: now, to: edit.applied(to: now)) { try await perform(operation) }
  }

  // MARK: Setting up

  private func setUp() async throws(AdapterError) {
    let before = try await read()
    // Also refuses what is not ours.
    _ = try reader.state(before, at: clock())
    let parts = reader.parts(before)
    var mustReload = parts[FirewalldFrame.kernelPart] != FirewalldFrame.inForce
    // Policies first, because a set that a rule names cannot go.
    var removed: [FirewalldFrame.Command] = []
    var made: [FirewalldFrame.Command] = []
    let policies = Dictionary(uniqueKeysWithValues: frame.policies.map { ($0.name, $0) })
    for name in frame.policyNames {
      let part = FirewalldFrame.policyPart(name)
      guard parts[part] != scaffold[part] else { continue }
      mustReload = true
      let permanent = before.permanent.policies[name].map(FirewalldFrame.text(ofPolicy:))
      guard permanent != scaffold[part] else { continue }
      if permanent != nil { removed.append(FirewalldFrame.removal(ofPolicy: name)) }
      if let policy = policies[name] { made.append(frame.creation(of: policy)) }
    }
    var madeSets: [FirewalldFrame.Command] = []
    for set in frame.sets {
      let part = FirewalldFrame.setPart(set)
      guard parts[part] != scaffold[part] else { continue }
      mustReload = true
      let permanent = before.permanent.sets[set.text]?.definition
      guard permanent != frame.definition(of: set) else { continue }
      if permanent != nil { removed.append(FirewalldFrame.removal(ofSet: set.text)) }
      madeSets.append(frame.creation(of: set))
    }
    guard mustReload else { return }
    for command in removed + madeSets + made {
      _ = try await programs.run(command.program, command.arguments)
    }
    try await refuseLoss()
    if before.kernel.isAbsent {
      _ = try await programs.run(FirewalldFrame.table.program, FirewalldFrame.table.arguments)
    }
    _ = try await programs.run(FirewalldFrame.reload.program, FirewalldFrame.reload.arguments)
  }

  /// A reload would drop what others set at run time only; that is theirs to decide.
  private func refuseLoss() async throws(AdapterError) {
    let names = try await RuntimeOnly(bus: bus, frame: frame).names()
    guard names.isEmpty else {
      throw AdapterError(
        code: .conflict,
        message: Phrase(
          en:
            "Our ipsets come into force with a reload of firewalld, which would drop what was set at run time only in: \(names.joined(separator: ", ")). Keep it (firewall-cmd --runtime-to-permanent) or give it up (firewall-cmd --reload), then try again.",
          ja:
            "本製品の ipset を有効にするには firewalld のリロードが必要ですが、次の実行時のみの設定が失われます: \(names.joined(separator: "、"))。残す場合は firewall-cmd --runtime-to-permanent、破棄する場合は firewall-cmd --reload を実行してから、やり直してください。"
        ))
    }
  }

  // MARK: Reading

  private func read() async throws(AdapterError) -> FirewalldReader.Reading {
    try await refuseWhatCannotBeRead()
    var reading = FirewalldReader.Reading()
    reading.runtime = try await runtime()
    reading.permanent = try await permanent()
    do throws(AdapterError) {
      reading.kernel = KernelTable(
        listing: try await programs.run("nft", ["-t", "list", "table", "inet", "firewalld"]))
    } catch {
      // Somebody flushed the whole ruleset: there is no such table.
      guard error.code == .conflict else { throw error }
      reading.kernel = .absent
    }
    let sets = frame.sets.filter { $0.role != .note && reading.kernel.sets.contains($0.text) }.map(\.text)
    reading.elements = try await concurrently(sets) { name async throws(AdapterError) in
      KernelTable.elements(
        inListing: try await programs.run("nft", ["list", "set", "inet", "firewalld", name]))
    }
    return reading
  }

  private func refuseWhatCannotBeRead() async throws(AdapterError) {
    if programs.path(of: "firewall-cmd") == nil {
      // Its absence tells what to install.
      _ = try await programs.run("firewall-cmd", ["--state"])
    }
    let properties = "org.freedesktop.DBus.Properties"
    let state = try await bus.ask(properties, "Get", ["ss", FirewalldBus.service, "state"])
    guard state.string == "RUNNING" else {
      throw AdapterError(
        code: .unavailable,
        message: Phrase(
          en:
            "firewalld says that it is in the state “\(state.text)”. Look at its log (journalctl -u firewalld), repair its configuration and restart it.",
          ja: "firewalld の状態が「\(state.text)」です。ログ（journalctl -u firewalld）を確認し、設定を修復して再起動してください。"))
    }
    let backend = try await bus.ask(
      properties, "Get", ["ss", FirewalldBus.configuration, "FirewallBackend"],
      at: FirewalldBus.configurationPath)
    guard backend.string == "nftables" else {
      throw AdapterError(
        code: .unsupported,
        message: Phrase(
          en:
            "firewalld uses its back end “\(backend.text)”, where ipsets cannot be read back. Set FirewallBackend=nftables in firewalld.conf, or use the adapter iptables.",
          ja:
            "firewalld のバックエンドが「\(backend.text)」のため、ipset を読み戻せません。firewalld.conf で FirewallBackend=nftables とするか、iptables アダプターを使用してください。"
        ))
    }
  }

  private func runtime() async throws(AdapterError) -> FirewalldReader.Configuration {
    let service = FirewalldBus.service
    let sets = try await bus.names(service + ".ipset", "getIPSets").intersection(frame.sets.map(\.text))
    let policies = try await bus.names(service + ".policy", "getPolicies").intersection(frame.policyNames)
    return FirewalldReader.Configuration(
      sets: try await concurrently(sets) { name async throws(AdapterError) in
        try Self.set(try await bus.ask(service + ".ipset", "getIPSetSettings", ["s", name]))
      },
      policies: try await concurrently(policies) { name async throws(AdapterError) in
        try Self.policy(try await bus.ask(service + ".policy", "getPolicySettings", ["s", name]))
      })
  }

  private func permanent() async throws(AdapterError) -> FirewalldReader.Configuration {
    let (interface, path) = (FirewalldBus.configuration, FirewalldBus.configurationPath)
    let sets = try await bus.names(interface, "getIPSetNames", at: path)
      .intersection(frame.sets.map(\.text))
    let policies = try await bus.names(interface, "getPolicyNames", at: path)
      .intersection(frame.policyNames)
    return FirewalldReader.Configuration(
      sets: try await concurrently(sets) { name async throws(AdapterError) in
        try Self.set(try await bus.permanent("IPSet", name, "getSettings"))
      },
      policies: try await concurrently(policies) { name async throws(AdapterError) in
        try Self.policy(try await bus.permanent("Policy", name, "getSettings"))
      })
  }

  private static func set(_ value: BusValue) throws(AdapterError) -> FirewalldReader.StoredSet {
    guard let set = FirewalldReader.StoredSet(value) else {
      throw FirewalldBus.unreadable("getIPSetSettings", value.text)
    }
    return set
  }

  private static func policy(_ value: BusValue) throws(AdapterError) -> [String: BusValue] {
    guard let settings = value.members else {
      throw FirewalldBus.unreadable("getPolicySettings", value.text)
    }
    return settings
  }
}
