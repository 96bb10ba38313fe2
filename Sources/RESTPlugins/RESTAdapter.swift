public import DeviceRequests
public import FirewallKit
public import HTTPTransport
import Language
public import NetworkTypes

/// A firewall with a REST API that a description tells how to drive.
public struct RESTAdapter: FirewallAdapter {
  /// For the list of adapters: the least that a description can declare. Each declares its own.
  public static let manifest = AdapterManifest(
    name: "rest",
    summary: Phrase(
      en: "A firewall with a REST API, driven by a description: a YAML file, and no program.",
      ja: "REST API を備えたファイアウォールです。操作方法は YAML の記述ファイルで定義し、プログラムは不要です。"),
    capabilities: Capabilities(
      kinds: [], atomicity: .entry, readBack: .configured, expiry: .gateway, validation: .local,
      prefixes: .overlapping, driftDetection: .interval))

  public let settings: RESTSettings
  private let client: DeviceClient
  private let clock: @Sendable () -> Timestamp

  /// - Parameters:
  ///   - sender: what carries the requests.
  ///   - limits: of one request.
  ///   - clock: the time that deadlines are counted by; the engine's own.
  public init(
    settings: RESTSettings, sender: any HTTPSending = HTTPClient(),
    limits: TransportLimits = DeviceClient.limits,
    clock: @escaping @Sendable () -> Timestamp = Timestamp.now
  ) {
    self.settings = settings
    self.clock = clock
    client = DeviceClient(endpoint: settings.endpoint, sender: sender, limits: limits)
  }

  public var manifest: AdapterManifest { description.manifest }
  public var scaffold: Scaffold { RESTDialect(settings: settings).scaffold }
  private var description: RESTDescription { settings.description }

  /// From so many targets on, the whole list costs less than a question for each.
  private static let worthListing = 8
  /// How often a list is begun anew that moves while it is read.
  private static let attempts = 3

  public func state(in scope: Scope) async throws(AdapterError) -> FirewallState {
    if scope == .everything { try await checkRequirements() }
    var state = FirewallState(readAt: clock())
    for list in description.lists where list.role == .allow {
      for found in try await entries(of: list) {
        if let prefix = found.entry.target.prefix { state.allowed.insert(prefix) }
      }
    }
    if case .targets(let targets) = scope, targets.count < Self.worthListing, description.reading.one != nil {
      for target in targets.sorted() {
        for list in description.lists where list.role == .block && list.holds(target) {
          for found in try await entries(of: list, asking: target) where found.entry.target == target {
            state.blocks[target] = deadline(of: found)
          }
        }
      }
      // Whether anything of ours is there at all, which the scaffold says.
      for list in description.lists where list.role == .block && state.isEmpty {
        for found in try await entries(of: list) { state.blocks[found.entry.target] = deadline(of: found) }
      }
    } else {
      for list in description.lists where list.role == .block {
        for found in try await entries(of: list) { state.blocks[found.entry.target] = deadline(of: found) }
      }
    }
    if !state.isEmpty { state.scaffold = scaffold }
    return state.restricted(to: scope)
  }

  public func operations(from current: FirewallState, to goal: FirewallState) throws(AdapterError)
    -> [Operation]
  {
    try RESTDialect(settings: settings).operations(from: current, to: goal)
  }

  public func perform(_ operation: Operation) async throws(AdapterError) {
    guard let change = RESTDialect(settings: settings).change(of: operation) else {
      throw AdapterError(
        code: .unsupported,
        message: Phrase(
          en: "This operation is not one of the adapter \(manifest.name) with these settings.",
          ja: "この操作は、現在の設定のアダプター \(manifest.name) のものではありません。"))
    }
    let answer = try await client.perform(operation)
    try RESTAnswer(description: description, answer: answer).expectSuccess(change.expects)
  }

  /// An entry and when it was read: timers count from there, and a long list takes its time.
  private struct Found {
    var entry: RESTAnswer.Entry
    var moment: Timestamp
  }

  private func deadline(of found: Found) -> Timestamp {
    guard manifest.capabilities.expiry == .device else { return .untimed }
    return found.entry.remaining.map { DeviceTimer.deadline(remaining: $0, at: found.moment) }
      ?? RESTDialect.none
  }

  /// The entries of ours in a list: all, page by page, or what a question for one of them is answered.
  private func entries(
    of list: RESTDescription.List, asking target: BlockTarget? = nil
  ) async throws(AdapterError) -> [Found] {
    let places = settings.places(of: list)
    let reading = description.reading
    if let target, let one = reading.one {
      let words = ["address": list.spelled(target)]
      let answer = try await read(one, places, inPath: words.mapValues(\.addressEncoded), words)
      let page = try RESTAnswer(description: description, answer: answer).page()
      return found(page)
    }
    guard let pages = reading.pages else {
      let answer = try await read(reading.all, places)
      return found(try RESTAnswer(description: description, answer: answer).page())
    }
    attempts: for _ in 0..<Self.attempts {
      var all: [Found] = []
      var count = 0
      var total: Int?
      var number = pages.first
      while true {
        let words = ["page": String(number), "size": String(pages.size)]
        let answer = try await read(reading.all, places, inPath: words, words)
        let page = try RESTAnswer(description: description, answer: answer).page()
        all += found(page)
        count += page.count
        // Another number than before, or an end before it: entries came or went, and some may be missing.
        guard total == nil || total == page.total, let expected = page.total else { continue attempts }
        total = expected
        if count == expected { return all }
        guard count < expected, page.count > 0 else { continue attempts }
        number += 1
      }
    }
    throw AdapterError(
      code: .busy,
      message: Phrase(
        en:
          "The list \(places["list.name"] ?? "") of \(settings.endpoint.url.origin) keeps changing while it "
          + "is read.",
        ja: "\(settings.endpoint.url.origin) のリスト \(places["list.name"] ?? "") が読み取り中に変化し続けています。"))
  }

  private func found(_ page: RESTAnswer.Page) -> [Found] {
    let moment = clock()
    return page.entries.map { Found(entry: $0, moment: moment) }
  }

  private func read(
    _ call: RESTDescription.Call, _ places: [String: String], inPath: [String: String] = [:],
    _ words: [String: String] = [:]
  ) async throws(AdapterError) -> DeviceAnswer {
    try await client.read(
      DeviceRequest(
        call, path: call.path.filled(places.merging(inPath) { a, _ in a }),
        body: call.body?.filled(places.merging(words) { a, _ in a }), headers: description.headers))
  }

  private func checkRequirements() async throws(AdapterError) {
    let places = settings.settingPlaces
    for requirement in description.requirements {
      let answer = try await read(requirement.call, places)
      try RESTAnswer(description: description, answer: answer)
        .expect(requirement, requirement.contains.map { $0.filled(places) })
    }
  }
}
