public import NetworkTypes
import Synchronization

/// An OPNsense as its alias API shows it: aliases of the type external, whose entries are those of a table
/// of pf and nothing else.
public final class SimulatedOPNsense: SimulatedDevice {
  public static let name = "opnsense"

  /// What this firewall is.
  public struct Model: Sendable {
    public var key: String
    public var secret: String
    /// Entries that all tables hold together; pf refuses more, and the API does not tell.
    public var capacity: Int

    public init(
      key: String = "w86XNZob/8Oq8aC5r0kbNarNtdpoQU781fyoeaOBQsBwkXUt",
      secret: String = "puOyw0Ega3xZXeD26XVrJ5WYFepOseySWLM53pJASeTA3", capacity: Int = 1_000_000
    ) {
      self.key = key
      self.secret = secret
      self.capacity = capacity
    }
  }

  private struct State {
    var tables: [String: Set<IPPrefix>] = [:]
    var violations: [String] = []
  }

  public let model: Model
  private let state = Mutex(State())

  public init(_ model: Model = Model()) { self.model = model }

  public var violations: [String] { state.withLock(\.violations) }

  // MARK: By the administrator

  /// Makes an alias of the type external, as if applied.
  public func addAlias(_ name: String) { state.withLock { $0.tables[name, default: []] = [] } }

  public func removeAlias(_ name: String) { state.withLock { $0.tables[name] = nil } }

  /// What is in an alias now, as pf writes it.
  public func entries(of name: String) -> Set<String> {
    state.withLock { Set(($0.tables[name] ?? []).map(\.description)) }
  }

  /// Adds what somebody else would, past the API.
  public func add(_ prefix: IPPrefix, to name: String) {
    state.withLock { _ = $0.tables[name, default: []].insert(prefix) }
  }

  /// Empties an alias, as a reset of the filter or a restart does.
  public func empty(_ name: String) { state.withLock { $0.tables[name] = [] } }

  // MARK: By the API

  private static let base = "/api/firewall/alias_util/"

  public func isChange(_ request: SimulatedRequest) -> Bool {
    ["add/", "delete/", "flush/"].contains { request.target.hasPrefix(Self.base + $0) }
  }

  public func answer(_ request: SimulatedRequest, fault: DeviceFault?) -> SimulatedAnswer {
    guard fault != .sessionExpired,
      DeviceJSON.credentials(of: request) == "\(model.key):\(model.secret)"
    else { return json(status: 401, #"{"status":401,"message":"Authentication Failed"}"#) }
    let place = request.target.prefix { $0 != "?" }
    guard place.hasPrefix(Self.base), !request.target.contains("?") else {
      return violation(
        "\(request.method) \(request.target)", status: 404, #"{"errorMessage":"Endpoint not found"}"#)
    }
    let parts = place.dropFirst(Self.base.count).split(separator: "/", omittingEmptySubsequences: false)
      .map(String.init)
    if parts == ["aliases"] {
      guard request.method == "GET" else { return wrongMethod(request) }
      let names = state.withLock { $0.tables.keys.sorted() }
      return json("[" + names.map(DeviceJSON.quoted).joined(separator: ",") + "]")
    }
    guard parts.count == 2 else {
      return violation(
        "\(request.method) \(request.target)", status: 404, #"{"errorMessage":"Endpoint not found"}"#)
    }
    let (verb, alias) = (parts[0], parts[1])
    var body: [String: String] = [:]
    if request.method == "POST" {
      guard request.header("Content-Type")?.hasPrefix("application/json") == true,
        let texts = DeviceJSON.texts(request.body)
      else { return violation("a POST without JSON", status: 400, #"{"message":"Invalid JSON syntax"}"#) }
      body = texts
    }
    switch verb {
    case "list": return list(alias, body)
    case "add", "delete":
      guard request.method == "POST" else { return wrongMethod(request) }
      return change(verb, alias, body, fault)
    case "flush":
      guard request.method == "POST" else { return wrongMethod(request) }
      empty(alias)
      return json(#"{"status":"done"}"#)
    default:
      return violation("the action \(verb)", status: 404, #"{"errorMessage":"Endpoint not found"}"#)
    }
  }

  private func list(_ alias: String, _ body: [String: String]) -> SimulatedAnswer {
    let known: Set<String> = ["current", "rowCount", "searchPhrase", "sort"]
    guard Set(body.keys).isSubset(of: known), let size = Int(body["rowCount"] ?? "9999"),
      let page = Int(body["current"] ?? "1"), page >= 1, size == -1 || size >= 1
    else { return violation("the list \(body)", status: 400, #"{"message":"Bad Request"}"#) }
    let phrase = body["searchPhrase"] ?? ""
    let found = state.withLock { ($0.tables[alias] ?? []).sorted() }.map(\.description)
      .filter { phrase.isEmpty || $0.contains(phrase) }
    let start = size == -1 ? 0 : min((page - 1) * size, found.count)
    let rows = size == -1 ? found[...] : found[start..<min(start + size, found.count)]
    let text = rows.map { "{\"ip\":\(DeviceJSON.quoted($0)),\"in_block_p\":\"0\",\"in_block_b\":\"0\"}" }
    return json(
      "{\"total\":\(found.count),\"rowCount\":\(rows.count),\"current\":\(page),\"rows\":["
        + text.joined(separator: ",") + "]}")
  }

  private func change(
    _ verb: String, _ alias: String, _ body: [String: String], _ fault: DeviceFault?
  ) -> SimulatedAnswer {
    guard Set(body.keys) == ["address"], let address = body["address"] else {
      return violation("\(verb) with \(body.keys.sorted())", status: 400, #"{"message":"Bad Request"}"#)
    }
    let isPermitted =
      !address.isEmpty
      && address.unicodeScalars.allSatisfy {
        "0123456789abcdef:./_".unicodeScalars.contains($0)
      }
    guard isPermitted else {
      return violation("the address \(address)", #"{"status":"not_an_address"}"#)
    }
    return state.withLock { state in
      guard state.tables[alias] != nil else {
        return json("{\"status\":\"failed\",\"status_msg\":\"nonexistent alias \(alias)\"}")
      }
      if verb == "delete" {
        // Only what pf writes in the same way is found.
        if let prefix = IPPrefix(address), prefix.description == address {
          state.tables[alias]?.remove(prefix)
        }
        return json(#"{"status":"done"}"#)
      }
      let count = state.tables.values.reduce(0) { $0 + $1.count }
      // What pf refuses is done all the same by what the API says.
      if fault != .capacityReached, count < model.capacity, let prefix = IPPrefix(address) {
        state.tables[alias]?.insert(prefix)
      }
      return json(#"{"status":"done"}"#)
    }
  }

  // MARK: Answers

  private func json(status: Int = 200, _ text: String) -> SimulatedAnswer {
    SimulatedAnswer(status: status, type: "application/json; charset=UTF-8", text: text)
  }

  private func wrongMethod(_ request: SimulatedRequest) -> SimulatedAnswer {
    violation("\(request.method) \(request.target)", #"{"status":"failed"}"#)
  }

  private func violation(_ what: String, status: Int = 200, _ text: String) -> SimulatedAnswer {
    state.withLock { $0.violations.append("OPNsense has no such thing: \(what)") }
    return json(status: status, text)
  }
}
