public import NetworkTypes
import Synchronization

/// A FortiGate as its REST API v2 shows it: tokens, virtual domains, banned addresses with timers, and
/// external resources (threat feeds) that are configured, pushed to and read back. FortiOS 7.2.1 and later.
public final class SimulatedFortiOS: SimulatedDevice {
  public static let name = "fortios"

  /// What this firewall is.
  public struct Model: Sendable {
    /// As in the answers. Feeds can be pushed to from 7.2.1 on.
    public var version: String
    public var domains: Set<String>
    /// Addresses that can be banned in one domain.
    public var banCapacity: Int
    /// Entries that one feed holds; the newest beyond it are cut off in silence.
    public var feedCapacity: Int
    /// The largest body that is taken, in bytes.
    public var largestBody: Int
    public var token: String

    public init(
      version: String = "v7.4.4", domains: Set<String> = ["root"], banCapacity: Int = 100_000,
      feedCapacity: Int = 131_072, largestBody: Int = 10 << 20, token: String = "f5Hk7cGz0QmSimulatedToken01"
    ) {
      self.version = version
      self.domains = domains
      self.banCapacity = banCapacity
      self.feedCapacity = feedCapacity
      self.largestBody = largestBody
      self.token = token
    }

    /// Whether the configuration of an external resource has `update-method`.
    var holdsPushedFeeds: Bool {
      let parts = version.dropFirst().split(separator: ".").map { Int($0) ?? 0 }
      return !parts.lexicographicallyPrecedes([7, 2, 1])
    }
  }

  private struct State {
    var domains: [String: FortiOSDomain] = [:]
    var violations: [String] = []
  }

  public let model: Model
  private let clock: @Sendable () -> Timestamp
  private let state: Mutex<State>

  /// - Parameter clock: what its timers count by, and what it tells as its time.
  public init(_ model: Model = Model(), clock: @escaping @Sendable () -> Timestamp = Timestamp.now) {
    self.model = model
    self.clock = clock
    state = Mutex(State(domains: Dictionary(uniqueKeysWithValues: model.domains.map { ($0, .init()) })))
  }

  public var violations: [String] { state.withLock(\.violations) }

  // MARK: By the administrator

  /// Configures an external resource.
  public func addFeed(
    _ name: String, type: String = "address", method: String? = "push", comments: String = "",
    status: String = "enable", in domain: String = "root"
  ) {
    var attributes = ["name": name, "type": type, "status": status, "comments": comments]
    attributes["update-method"] = method
    state.withLock { $0.domains[domain]?.resources[name] = .init(attributes: attributes) }
  }

  public func removeFeed(_ name: String, in domain: String = "root") {
    state.withLock { _ = $0.domains[domain]?.resources.removeValue(forKey: name) }
  }

  /// What is in a feed, in the order of arrival.
  public func entries(of feed: String, in domain: String = "root") -> [String] {
    state.withLock { $0.domains[domain]?.resources[feed]?.entries ?? [] }
  }

  /// Replaces the content of a feed, past the API.
  public func setEntries(_ entries: [String], of feed: String, in domain: String = "root") {
    state.withLock { state in
      state.domains[domain]?.resources[feed]?.entries = entries
      state.domains[domain]?.resources[feed]?.members = Set(entries)
    }
  }

  /// Banned addresses with their source, those whose time is over left out.
  public func banned(in domain: String = "root") -> [String: String] {
    state.withLock { state in
      state.domains[domain]?.expire(at: clock())
      let bans = state.domains[domain]?.bans ?? [:]
      return Dictionary(uniqueKeysWithValues: bans.map { ($0.key.description, $0.value.source) })
    }
  }

  /// Bans as the device itself does, by what it detects, or as an administrator would.
  public func ban(
    _ address: IPAddress, source: String, seconds: Int64 = 0, in domain: String = "root"
  ) {
    let now = wholeNow
    state.withLock {
      $0.domains[domain]?.bans[address] = .init(
        created: now, expires: seconds == 0 ? nil : now + .seconds(seconds), source: source)
    }
  }

  /// Ends a ban, as an administrator would.
  public func unban(_ address: IPAddress, in domain: String = "root") {
    state.withLock { _ = $0.domains[domain]?.bans.removeValue(forKey: address) }
  }

  /// Forgets all bans and keeps everything else.
  public func restart() {
    state.withLock { state in
      for domain in state.domains.keys { state.domains[domain]?.bans = [:] }
    }
  }

  // MARK: By the API

  private static let root = "/api/v2/"
  private static let resourceTable = "cmdb/system/external-resource"

  public func isChange(_ request: SimulatedRequest) -> Bool { request.method != "GET" }

  public func answer(_ request: SimulatedRequest, fault: DeviceFault?) -> SimulatedAnswer {
    guard let question = FortiOSQuestion(request, root: Self.root) else {
      return violation("\(request.method) \(request.target)", nil, status: 404)
    }
    guard request.body.count <= model.largestBody else { return error(question, status: 413) }
    if fault == .sessionExpired { return error(question, status: 401) }
    guard request.header("Authorization") == "Bearer \(model.token)" else {
      return error(question, status: 401)
    }
    guard model.domains.contains(question.domain) else { return error(question, status: 403) }
    let now = wholeNow
    return state.withLock { state in
      state.domains[question.domain]?.expire(at: now)
      guard var domain = state.domains[question.domain] else { return error(question, status: 403) }
      let answer: SimulatedAnswer
      do throws(FortiOSRefusedRequest) {
        let results = try self.results(of: question, in: &domain, at: now, fault)
        state.domains[question.domain] = domain
        answer = success(question, results, revision: domain.edits)
      } catch {
        // What was refused halfway stays as far as it came.
        state.domains[question.domain] = domain
        if let violation = error.violation {
          state.violations.append("FortiOS has no such thing: \(violation)")
        }
        answer = self.error(question, status: error.status, code: error.code, words: error.words)
      }
      return answer
    }
  }

  private func results(
    of question: FortiOSQuestion, in domain: inout FortiOSDomain, at now: Timestamp, _ fault: DeviceFault?
  ) throws(FortiOSRefusedRequest) -> JSONValue? {
    switch (question.method, question.path) {
    case ("GET", "monitor/system/status"):
      try question.demand(parameters: [])
      return .object([
        "hostname": .string("FortiGate-VM64"), "model": .string("FGVM64"), "model_name": .string("FortiGate"),
      ])
    case ("GET", "monitor/system/time"):
      try question.demand(parameters: [])
      return .object(["time": .integer(now.microseconds / 1_000_000)])
    case ("GET", "monitor/user/banned"), ("GET", "monitor/user/banned/select"):
      try question.demand(parameters: [])
      return list(domain.bans)
    case ("POST", "monitor/user/banned/add_users"):
      try ban(question, in: &domain, at: now, isFull: fault == .capacityReached)
      return nil
    case ("POST", "monitor/user/banned/clear_users"):
      let body = try question.body(["ip_addresses"])
      for address in try question.addresses(body) { domain.bans[address] = nil }
      return nil
    case ("GET", "monitor/system/external-resource/entry-list"):
      return try entries(question, of: domain)
    case ("POST", "monitor/system/external-resource/dynamic"):
      try push(question, to: &domain, at: now, isFull: fault == .capacityReached)
      return nil
    default:
      guard question.path == Self.resourceTable || question.path.hasPrefix(Self.resourceTable + "/") else {
        throw .violation("\(question.method) \(question.path)", status: 404)
      }
      let name = question.path.dropFirst(Self.resourceTable.count + 1)
      return try configure(question, name.isEmpty ? nil : String(name), in: &domain)
    }
  }

  // MARK: monitor/user/banned

  private func list(_ bans: [IPAddress: FortiOSDomain.Ban]) -> JSONValue {
    .array(
      bans.sorted { $0.key < $1.key }.map { address, ban in
        .object([
          "ip_address": .string(address.description), "ipv6": .boolean(!address.isIPv4),
          "created": .integer(ban.created.microseconds / 1_000_000),
          "expires": .integer((ban.expires?.microseconds ?? 0) / 1_000_000), "source": .string(ban.source),
        ])
      })
  }

  private func ban(
    _ question: FortiOSQuestion, in domain: inout FortiOSDomain, at now: Timestamp, isFull: Bool
  ) throws(FortiOSRefusedRequest) {
    let body = try question.body(["ip_addresses", "expiry"])
    guard let seconds = body["expiry"]?.integer, (0...Int64(Int32.max)).contains(seconds) else {
      throw .violation("the expiry \(String(describing: body["expiry"]))", status: 400)
    }
    for address in try question.addresses(body) {
      let isThere = domain.bans[address] != nil
      guard isThere || (!isFull && domain.bans.count < model.banCapacity) else {
        throw .full
      }
      // A ban that is there gets the new timer.
      domain.bans[address] = .init(
        created: now, expires: seconds == 0 ? nil : now + .seconds(seconds), source: "Administrative")
    }
  }

  // MARK: monitor/system/external-resource

  private func entries(
    _ question: FortiOSQuestion, of domain: FortiOSDomain
  ) throws(FortiOSRefusedRequest) -> JSONValue {
    try question.demand(parameters: ["mkey", "include_notes", "status_only", "counts_only"])
    guard let name = question.parameters["mkey"], let resource = domain.resources[name] else {
      throw FortiOSRefusedRequest(status: 404, code: -3)
    }
    let valid = resource.entries.count { resource.isValid($0) }
    var result: [String: JSONValue] = [
      "status": .string("success"), "resource_file_status": .string("downloaded"),
      "last_content_update_time": .integer((resource.updated?.microseconds ?? 0) / 1_000_000),
      "overflow": .boolean(resource.overflows), "valid_count": .integer(Int64(valid)),
      "invalid_count": .integer(Int64(resource.entries.count - valid)),
    ]
    if question.parameters["status_only"] != "true", question.parameters["counts_only"] != "true" {
      result["entries"] = .array(
        resource.entries.map {
          .object(["entry": .string($0), "valid": .boolean(resource.isValid($0))])
        })
    }
    return .object(result)
  }

  private func push(
    _ question: FortiOSQuestion, to domain: inout FortiOSDomain, at now: Timestamp, isFull: Bool
  ) throws(FortiOSRefusedRequest) {
    guard let commands = try question.body(["commands"])["commands"]?.array, !commands.isEmpty else {
      throw .violation("a push without commands", status: 400)
    }
    var changed = domain
    for command in commands {
      guard let fields = command.object, Set(fields.keys) == ["name", "command", "entries"],
        let name = fields["name"]?.text, let verb = fields["command"]?.text,
        let entries = fields["entries"]?.texts
      else { throw .violation("the command \(command)", status: 400) }
      guard var resource = changed.resources[name] else { throw FortiOSRefusedRequest(status: 404, code: -3) }
      guard resource.attributes["update-method"] == "push" else {
        throw FortiOSRefusedRequest(status: 500, code: -61, words: "the resource is not updated by push")
      }
      guard verb == "remove" || entries.isEmpty || !isFull else {
        throw .full
      }
      switch verb {
      case "add": for entry in entries { resource.add(entry, capacity: model.feedCapacity) }
      case "remove": resource.remove(Set(entries))
      case "snapshot":
        resource.remove(resource.members)
        for entry in entries { resource.add(entry, capacity: model.feedCapacity) }
      default: throw .violation("the command \(verb)", status: 400)
      }
      resource.updated = now
      changed.resources[name] = resource
    }
    domain = changed
  }

  // MARK: cmdb/system/external-resource

  private var knownAttributes: Set<String> {
    let known: Set<String> = ["name", "type", "status", "comments", "resource", "category", "refresh-rate"]
    return model.holdsPushedFeeds ? known.union(["update-method"]) : known
  }

  private func configure(
    _ question: FortiOSQuestion, _ name: String?, in domain: inout FortiOSDomain
  ) throws(FortiOSRefusedRequest) -> JSONValue? {
    switch question.method {
    case "GET":
      try question.demand(parameters: ["format"])
      let wanted = question.parameters["format"].map { Set($0.split(separator: "|").map(String.init)) }
      if let surplus = wanted?.subtracting(knownAttributes), !surplus.isEmpty {
        // An older device leaves out what it does not know.
        guard surplus == ["update-method"] else {
          throw .violation("the attributes \(surplus.sorted())", status: 400)
        }
      }
      if let name, domain.resources[name] == nil { throw FortiOSRefusedRequest(status: 404, code: -3) }
      let found = domain.resources.filter { name == nil || $0.key == name }.sorted { $0.key < $1.key }
      return .array(
        found.map { entry in
          .object(
            entry.value.attributes.filter { wanted?.contains($0.key) ?? true }.mapValues { .string($0) })
        })
    case "POST", "PUT":
      var attributes: [String: String] = [:]
      for (key, value) in try question.body(knownAttributes) {
        guard let text = value.text ?? value.integer.map(String.init) else {
          throw .violation("the attribute \(key)", status: 400)
        }
        attributes[key] = text
      }
      if question.method == "POST" {
        guard name == nil, let new = attributes["name"], (1...35).contains(new.utf8.count) else {
          throw FortiOSRefusedRequest(status: 500, code: -56, words: "empty value is not allowed")
        }
        guard domain.resources[new] == nil else { throw FortiOSRefusedRequest(status: 500, code: -5) }
        let defaults = ["status": "enable", "type": "category", "comments": ""]
        var all = defaults.merging(attributes) { $1 }
        if model.holdsPushedFeeds, all["update-method"] == nil { all["update-method"] = "feed" }
        domain.resources[new] = .init(attributes: all)
      } else {
        guard let name, domain.resources[name] != nil else {
          throw FortiOSRefusedRequest(status: 404, code: -3)
        }
        domain.resources[name]?.attributes.merge(attributes) { $1 }
      }
      domain.edits += 1
      return nil
    case "DELETE":
      guard let name, domain.resources.removeValue(forKey: name) != nil else {
        throw FortiOSRefusedRequest(status: 404, code: -3)
      }
      domain.edits += 1
      return nil
    default: throw .violation("\(question.method) \(question.path)", status: 405)
    }
  }

  // MARK: Answers

  /// The device counts whole seconds.
  private var wholeNow: Timestamp { Timestamp(seconds: clock().microseconds / 1_000_000) }

  private func envelope(_ question: FortiOSQuestion?, status: Int) -> [String: JSONValue] {
    var fields: [String: JSONValue] = [
      "http_method": .string(question?.method ?? "GET"), "http_status": .integer(Int64(status)),
      "status": .string(status == 200 ? "success" : "error"), "serial": .string("FGVM0000000000"),
      "version": .string(model.version), "build": .integer(2662),
    ]
    if let question {
      fields["vdom"] = .string(question.domain)
      let parts = question.path.split(separator: "/").dropFirst()
      fields["path"] = .string(String(parts.first ?? ""))
      fields["name"] = .string(String(parts.dropFirst().first ?? ""))
      if parts.count > 2 { fields["action"] = .string(parts.dropFirst(2).joined(separator: "/")) }
    }
    return fields
  }

  private func success(
    _ question: FortiOSQuestion, _ results: JSONValue?, revision: Int
  ) -> SimulatedAnswer {
    var fields = envelope(question, status: 200)
    fields["results"] = results
    if question.path.hasPrefix("cmdb/") { fields["revision"] = .string("\(revision)") }
    return json(200, fields)
  }

  private func error(
    _ question: FortiOSQuestion?, status: Int, code: Int? = nil, words: String? = nil
  ) -> SimulatedAnswer {
    var fields = envelope(question, status: status)
    if let code { fields["error"] = .integer(Int64(code)) }
    if let words { fields["cli_error"] = .string(words) }
    return json(status, fields)
  }

  private func json(_ status: Int, _ fields: [String: JSONValue]) -> SimulatedAnswer {
    SimulatedAnswer(
      status: status, headers: [("Content-Type", "application/json")], body: JSONValue.object(fields).bytes)
  }

  private func violation(_ what: String, _ question: FortiOSQuestion?, status: Int) -> SimulatedAnswer {
    state.withLock { $0.violations.append("FortiOS has no such thing: \(what)") }
    return error(question, status: status)
  }
}
