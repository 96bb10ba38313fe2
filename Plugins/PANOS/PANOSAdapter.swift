public import DeviceRequests
public import FirewallKit
public import HTTPTransport
import Language
public import NetworkTypes
import XMLText

/// PAN-OS by registered addresses: a tag on an address at run time, and a dynamic address group that
/// matches the tag in a rule. Nothing is committed.
public struct PANOSAdapter: FirewallAdapter {
  public static let manifest = AdapterManifest(
    name: "panos",
    summary: Phrase(
      en: "PAN-OS (Palo Alto Networks) by registered addresses",
      ja: "PAN-OS（パロアルトネットワークス）の登録済み IP アドレス"),
    capabilities: Capabilities(
      kinds: [.address4, .address6, .prefix4], atomicity: .entry, readBack: .live, expiry: .device,
      validation: .local, prefixes: .overlapping, driftDetection: .interval,
      maximumTimeToLiveSeconds: PANOSDialect.longestTimer, survivesRestart: true),
    testedAgainst: [TestPeer(.simulatorWithClient, "pan-os-python")])

  public let settings: PANOSSettings
  private let client: DeviceClient
  private let clock: @Sendable () -> Timestamp

  /// - Parameters:
  ///   - sender: what carries the requests.
  ///   - limits: of one request.
  ///   - clock: the time that deadlines are counted by; the engine's own.
  public init(
    settings: PANOSSettings, sender: any HTTPSending = HTTPClient(),
    limits: TransportLimits = DeviceClient.limits,
    clock: @escaping @Sendable () -> Timestamp = Timestamp.now
  ) {
    self.settings = settings
    self.clock = clock
    client = DeviceClient(endpoint: settings.endpoint, sender: sender, limits: limits)
  }

  /// Without networks where the settings say that the firewall knows none.
  public var manifest: AdapterManifest {
    var manifest = Self.manifest
    if !settings.holdsNetworks { manifest.capabilities.kinds.remove(.prefix4) }
    return manifest
  }

  public var scaffold: Scaffold { PANOSDialect(settings: settings).scaffold }

  /// From so many targets on, the whole list costs less than a question for each.
  private static let worthListing = 8

  public func state(in scope: Scope) async throws(AdapterError) -> FirewallState {
    let moment = clock()
    let reader = PANOSReader(settings: settings)
    let requests = PANOSRequest(settings: settings)
    let allowed = try await entries(tagged: settings.allowTag)
    var blocks: [PANOSReader.Entry]
    // A question for one entry is documented for addresses only; a network might not be found by it.
    if case .targets(let targets) = scope, targets.count < Self.worthListing,
      targets.allSatisfy({ $0.prefix?.isHost ?? true })
    {
      blocks = []
      for target in targets where target.prefix != nil {
        blocks += try reader.entries(try await client.read(requests.entry(target.description)))
      }
      // Whether anything of ours is there at all, which the scaffold says.
      if !blocks.contains(where: { $0.tags.contains(settings.blockTag) }), allowed.isEmpty {
        blocks += try reader.entries(
          try await client.read(requests.entries(tagged: settings.blockTag, from: 1, limit: 1)))
      }
    } else {
      if scope == .everything { try await checkGroups() }
      blocks = try await entries(tagged: settings.blockTag)
    }
    var state = try reader.state(blocks: blocks, allowed: allowed, at: moment)
    if !state.isEmpty { state.scaffold = scaffold }
    return state.restricted(to: scope)
  }

  public func operations(from current: FirewallState, to goal: FirewallState) throws(AdapterError)
    -> [Operation]
  {
    try PANOSDialect(settings: settings).operations(from: current, to: goal)
  }

  public func perform(_ operation: Operation) async throws(AdapterError) {
    guard PANOSRequest(settings: settings).isUpdate(operation) else {
      throw AdapterError(
        code: .unsupported,
        message: Phrase(
          en: "This operation is not one of the PAN-OS adapter with these settings.",
          ja: "この操作は、現在の設定の PAN-OS アダプターのものではありません。"))
    }
    let answer = try await client.perform(operation)
    if answer.isSuccess, let root = try? XMLReader.root(answer.body), root.name == "response",
      root.attribute("status") == "error", PANOSRefusal(root, answer).isHarmless
    {
      return
    }
    _ = try PANOSReader(settings: settings).success(answer)
  }

  /// How often a list is begun anew that moves while it is read.
  private static let attempts = 3

  /// All entries with a tag, page by page. Each page begins with the last entry of the one before: when it
  /// does not, entries came or went meanwhile, and some may have been missed.
  private func entries(tagged tag: String) async throws(AdapterError) -> [PANOSReader.Entry] {
    let reader = PANOSReader(settings: settings)
    let requests = PANOSRequest(settings: settings)
    attempts: for _ in 0..<Self.attempts {
      var all: [PANOSReader.Entry] = []
      while true {
        let start = max(all.count, 1)
        let page = try reader.entries(try await client.read(requests.entries(tagged: tag, from: start)))
        if let last = all.last {
          guard page.first?.address == last.address else { continue attempts }
          all += page.dropFirst()
        } else {
          all = page
        }
        if page.count < PANOSRequest.page { return all }
      }
    }
    throw AdapterError(
      code: .busy,
      message: Phrase(
        en: "The registered addresses of \(settings.endpoint.url.origin) keep changing while they are read.",
        ja: "\(settings.endpoint.url.origin) の登録アドレスが読み取り中に変化し続けています。"))
  }

  /// That both groups are there and match our tags and nothing else: without them nothing is blocked.
  private func checkGroups() async throws(AdapterError) {
    guard let groups = settings.groups else { return }
    let reader = PANOSReader(settings: settings)
    for (group, tag) in [(groups.block, settings.blockTag), (groups.allow, settings.allowTag)] {
      let answer = try await client.read(PANOSRequest(settings: settings).group(group))
      let filter = try reader.filter(of: group, answer)
      if let filter, PANOSReader.matches(filter, only: tag) { continue }
      throw AdapterError(
        code: .unavailable,
        message: filter == nil
          ? Phrase(
            en: "There is no dynamic address group \(group) in \(settings.vsys). Make it with the filter "
              + "'\(tag)', use it in a rule, and commit.",
            ja: "\(settings.vsys) にダイナミックアドレスグループ \(group) がありません。フィルター '\(tag)' で作成し、"
              + "ルールで使用してコミットしてください。")
          : Phrase(
            en: "The dynamic address group \(group) does not match just our tag. Set its filter to '\(tag)'.",
            ja: "ダイナミックアドレスグループ \(group) のフィルターが本製品のタグと一致しません。'\(tag)' に設定してください。"),
        detail: filter ?? "")
    }
  }
}
