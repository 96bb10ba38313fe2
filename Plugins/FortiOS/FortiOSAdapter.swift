public import DeviceRequests
public import FirewallKit
public import HTTPTransport
import Language
public import NetworkTypes

/// FortiOS (FortiGate) through its REST API, in one of two ways: threat feeds that we push to, or banned
/// addresses. Both are in force at once, without a commit.
public struct FortiOSAdapter: FirewallAdapter {
  /// Of the way that is taken where the settings name none: threat feeds.
  public static let manifest = AdapterManifest(
    name: "fortios",
    summary: Phrase(
      en: "FortiOS (Fortinet FortiGate) by threat feeds or banned addresses",
      ja: "FortiOS（Fortinet FortiGate）の脅威フィードまたは ban リスト"),
    capabilities: Capabilities(
      kinds: [.address4, .address6, .prefix4, .prefix6], atomicity: .operation, readBack: .configured,
      expiry: .gateway, validation: .local, prefixes: .overlapping, driftDetection: .interval,
      maximumBlocks: FortiOSSettings.feedCapacity, survivesRestart: true),
    testedAgainst: [TestPeer(.simulatorWithClient, "fortigate-api")])

  public let settings: FortiOSSettings
  private let client: DeviceClient
  private let clock: @Sendable () -> Timestamp

  /// - Parameters:
  ///   - sender: what carries the requests.
  ///   - limits: of one request.
  ///   - clock: the time that deadlines are counted by; the engine's own.
  public init(
    settings: FortiOSSettings, sender: any HTTPSending = HTTPClient(),
    limits: TransportLimits = DeviceClient.limits,
    clock: @escaping @Sendable () -> Timestamp = Timestamp.now
  ) {
    self.settings = settings
    self.clock = clock
    client = DeviceClient(endpoint: settings.endpoint, sender: sender, limits: limits)
  }

  /// With banned addresses the device has timers, knows no networks, and forgets with a restart.
  public var manifest: AdapterManifest {
    var manifest = Self.manifest
    if settings.way == .bannedList {
      manifest.capabilities = Capabilities(
        kinds: [.address4, .address6], atomicity: .entry, readBack: .live, expiry: .device,
        validation: .local, prefixes: .overlapping, driftDetection: .interval,
        maximumBlocks: FortiOSSettings.feedCapacity,
        maximumTimeToLiveSeconds: FortiOSDialect.longestTimer)
    }
    return manifest
  }

  public var scaffold: Scaffold { FortiOSDialect(settings: settings).scaffold }

  public func state(in scope: Scope) async throws(AdapterError) -> FirewallState {
    let reader = FortiOSReader(settings: settings)
    let requests = FortiOSRequest(settings: settings)
    if scope == .everything { try reader.checkFeeds(try await client.read(requests.feeds)) }
    let allowed = try reader.entries(
      try await client.read(requests.entries(of: settings.allowFeed)), of: settings.allowFeed)
    let feed = try reader.entries(
      try await client.read(requests.entries(of: settings.feed)), of: settings.feed)
    var bans: FortiOSReader.Bans?
    var moment = clock()
    if settings.way == .bannedList {
      let list = try reader.bans(try await client.read(requests.bans))
      // The moment that goes with the device's time: its clock need not be ours.
      moment = clock()
      bans = FortiOSReader.Bans(list: list, deviceTime: try reader.time(try await client.read(requests.time)))
    }
    return try reader.state(feed: feed, allowed: allowed, bans: bans, at: moment).restricted(to: scope)
  }

  public func operations(from current: FirewallState, to goal: FirewallState) throws(AdapterError)
    -> [Operation]
  {
    try FortiOSDialect(settings: settings).operations(from: current, to: goal)
  }

  public func perform(_ operation: Operation) async throws(AdapterError) {
    let requests = FortiOSRequest(settings: settings)
    guard requests.isOurs(operation) else {
      throw AdapterError(
        code: .unsupported,
        message: Phrase(
          en: "This operation is not one of the FortiOS adapter with these settings.",
          ja: "この操作は、現在の設定の FortiOS アダプターのものではありません。"))
    }
    let answer = try await client.perform(operation)
    let reader = FortiOSReader(settings: settings)
    // The device may have ended a ban by itself since we read.
    if requests.isUnban(operation), reader.saysMissing(answer) { return }
    try reader.success(answer)
  }
}
