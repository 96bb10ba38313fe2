public import NetworkTypes
import Synchronization

/// A router with RouterOS 7 as its REST API shows it: address lists of both families with timers, and
/// scripts that change them.
public final class SimulatedRouterOS: SimulatedDevice {
  public static let name = "routeros"

  /// What this router is.
  public struct Model: Sendable {
    public var user: String
    public var password: String
    /// Entries of all lists together.
    public var capacity: Int

    public init(user: String = "sekisho", password: String = "correct horse", capacity: Int = 1_000_000) {
      self.user = user
      self.password = password
      self.capacity = capacity
    }
  }

  /// An entry of an address list.
  public struct Entry: Sendable, Equatable {
    public var list: String
    /// As the router shows it: an IPv4 host without its length, an IPv6 host with it; also a name.
    public var address: String
    public var comment: String
    /// When its timer ends it; `nil` for an entry of the configuration.
    public var end: Timestamp?
  }

  private struct Key: Hashable {
    var list: String
    var address: String
  }

  private struct State {
    var entries: [RouterOSScript.Menu: [Key: (number: Int, entry: Entry)]] = [:]
    var numbers = 0
    /// No timer ends before this.
    var soonest: Timestamp?
    var violations: [String] = []
  }

  public let model: Model
  private let clock: @Sendable () -> Timestamp
  private let state = Mutex(State())

  /// - Parameter clock: what its timers count by.
  public init(_ model: Model = Model(), clock: @escaping @Sendable () -> Timestamp = Timestamp.now) {
    self.model = model
    self.clock = clock
  }

  public var violations: [String] { state.withLock(\.violations) }

  // MARK: By the administrator

  /// All entries of both families, those whose time is over left out.
  public var entries: [Entry] {
    state.withLock { state in
      expire(&state)
      return [.ip, .ipv6].flatMap { Self.sorted(state, $0).map(\.entry) }
    }
  }

  /// Adds what somebody else would, past the API.
  public func add(_ address: String, to list: String, comment: String = "", seconds: Int64? = nil) {
    state.withLock { state in
      var properties = ["list": list, "address": address, "comment": comment]
      properties["timeout"] = seconds.map { "\($0)s" }
      _ = add(properties, address.contains(":") ? .ipv6 : .ip, &state)
    }
  }

  /// Takes everything with a comment away, as an administrator might.
  public func clear(comment: String) {
    state.withLock { state in
      for menu in [RouterOSScript.Menu.ip, .ipv6] {
        state.entries[menu] = state.entries[menu]?.filter { $0.value.entry.comment != comment }
      }
    }
  }

  // MARK: By the API

  public func isChange(_ request: SimulatedRequest) -> Bool { request.method != "GET" }

  public func answer(_ request: SimulatedRequest, fault: DeviceFault?) -> SimulatedAnswer {
    guard fault != .sessionExpired,
      DeviceJSON.credentials(of: request) == "\(model.user):\(model.password)"
    else { return error(401, "Unauthorized") }
    let parts = request.target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    let path = String(parts[0])
    if path == "/rest/execute" {
      guard request.method == "POST", request.header("Content-Type") == "application/json",
        let body = DeviceJSON.texts(request.body), parts.count == 1
      else { return violation("\(request.method) \(path)", 400, "Bad Request") }
      return execute(body, fault)
    }
    for menu in [RouterOSScript.Menu.ip, .ipv6] where path == "/rest/\(menu.rawValue)/firewall/address-list" {
      switch request.method {
      case "GET":
        guard let query = FormReader.parameters(parts.count == 2 ? Array(parts[1].utf8) : []) else {
          return violation("the query \(parts[1])", 400, "Bad Request")
        }
        return list(menu, query)
      case "PUT":
        guard let body = DeviceJSON.texts(request.body) else {
          return violation("a body without JSON", 400, "Bad Request")
        }
        return state.withLock { state in
          if let refusal = add(body, menu, &state, isFull: fault == .capacityReached) {
            return error(400, "Bad Request", refusal)
          }
          return json(201, DeviceJSON.object(body.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }))
        }
      default: break
      }
    }
    return violation("\(request.method) \(path)", 404, "Not Found")
  }

  private static let properties = [".id", "list", "address", "timeout", "comment", "dynamic", "disabled"]

  private func list(_ menu: RouterOSScript.Menu, _ query: [(name: String, value: String)]) -> SimulatedAnswer
  {
    var shown = Self.properties
    var wanted: [(String, String)] = []
    for (name, value) in query {
      if name == ".proplist" {
        shown = value.split(separator: ",").map(String.init)
      } else {
        wanted.append((name, value))
      }
    }
    for name in shown + wanted.map(\.0) where !Self.properties.contains(name) {
      return violation("the parameter \(name)", 400, "Bad Request", "unknown parameter \(name)")
    }
    let now = clock()
    let found = state.withLock { state in
      expire(&state)
      return Self.sorted(state, menu)
    }
    let rows = found.compactMap { number, entry -> String? in
      var values = [
        ".id": "*\(String(number, radix: 16, uppercase: true))", "list": entry.list,
        "address": entry.address, "dynamic": entry.end == nil ? "false" : "true", "disabled": "false",
      ]
      if !entry.comment.isEmpty { values["comment"] = entry.comment }
      values["timeout"] = entry.end.map { RouterOSTime.text(($0 - now).components.seconds) }
      guard wanted.allSatisfy({ values[$0.0] == $0.1 }) else { return nil }
      return DeviceJSON.object(
        shown.compactMap { name in values[name].map { (name, $0) } })
    }
    return json(200, "[" + rows.joined(separator: ",") + "]")
  }

  private func execute(_ body: [String: String], _ fault: DeviceFault?) -> SimulatedAnswer {
    guard Set(body.keys) == ["script", "as-string"], let text = body["script"],
      let script = RouterOSScript(text)
    else {
      return violation(
        "the script \(body["script"]?.prefix(300) ?? "")", 400, "Bad Request", "syntax error")
    }
    guard text.utf8.count <= 32_768 else {
      return violation("a script of \(text.utf8.count) bytes", 400, "Bad Request", "script too long")
    }
    let complaints = state.withLock { state in
      expire(&state)
      return script.blocks.compactMap { block -> String? in
        for command in block.commands {
          switch command {
          case .add(let menu, let properties):
            if add(properties, menu, &state, isFull: fault == .capacityReached) != nil {
              return block.complaint
            }
          case .remove(let menu, let wanted):
            remove(wanted, menu, &state)
          }
        }
        return nil
      }
    }
    return json(200, "{\"ret\":\(DeviceJSON.quoted(complaints.joined(separator: "\n")))}")
  }

  // MARK: Lists

  private func expire(_ state: inout State) {
    let now = clock()
    guard let soonest = state.soonest, soonest <= now else { return }
    for menu in [RouterOSScript.Menu.ip, .ipv6] {
      for (key, value) in state.entries[menu] ?? [:] where value.entry.end.map({ $0 <= now }) ?? false {
        state.entries[menu]?[key] = nil
      }
    }
    state.soonest = state.entries.values.flatMap(\.values).compactMap(\.entry.end).min()
  }

  private static func sorted(
    _ state: State, _ menu: RouterOSScript.Menu
  ) -> [(number: Int, entry: Entry)] {
    (state.entries[menu] ?? [:]).values.sorted { $0.number < $1.number }
  }

  /// The router's refusal; `nil` when it is added.
  private func add(
    _ properties: [String: String], _ menu: RouterOSScript.Menu, _ state: inout State, isFull: Bool = false
  ) -> String? {
    guard let list = properties["list"], let text = properties["address"] else {
      return "missing value(s) of argument(s) list or address"
    }
    guard let address = Self.shown(text, menu) else {
      state.violations.append("RouterOS has no such thing: the address \(text) in /\(menu.rawValue)")
      return "value of address expects IP address"
    }
    var end: Timestamp?
    if let timeout = properties["timeout"] {
      guard let seconds = RouterOSTime.seconds(timeout) else {
        state.violations.append("RouterOS has no such thing: the timeout \(timeout)")
        return "value of timeout out of range"
      }
      end = clock() + .seconds(seconds)
    }
    let key = Key(list: list, address: address)
    guard state.entries[menu]?[key] == nil else { return "failure: already have such entry" }
    guard !isFull, state.entries.values.reduce(0, { $0 + $1.count }) < model.capacity else {
      return "failure: out of memory"
    }
    state.numbers += 1
    let entry = Entry(list: list, address: address, comment: properties["comment"] ?? "", end: end)
    state.entries[menu, default: [:]][key] = (state.numbers, entry)
    if let end { state.soonest = min(end, state.soonest ?? end) }
    return nil
  }

  private func remove(
    _ wanted: [String: String], _ menu: RouterOSScript.Menu, _ state: inout State
  ) {
    guard let list = wanted["list"], let address = wanted["address"] else {
      state.violations.append("a script would remove more than it names: \(wanted)")
      return
    }
    let key = Key(list: list, address: address)
    guard let found = state.entries[menu]?[key], wanted["comment"].map({ $0 == found.entry.comment }) ?? true
    else { return }
    state.entries[menu]?[key] = nil
  }

  /// How the router shows an address; `nil` when the menu does not take it.
  private static func shown(_ text: String, _ menu: RouterOSScript.Menu) -> String? {
    guard let prefix = IPPrefix(text) else { return DomainName(text).map(\.text) }
    guard prefix.isIPv4 == (menu == .ip) else { return nil }
    return prefix.isIPv4 ? prefix.description : "\(prefix.address)/\(prefix.length)"
  }

  // MARK: Answers

  private func json(_ status: Int, _ text: String) -> SimulatedAnswer {
    SimulatedAnswer(status: status, type: "application/json", text: text)
  }

  private func error(_ status: Int, _ message: String, _ detail: String? = nil) -> SimulatedAnswer {
    let detail = detail.map { ",\"detail\":\(DeviceJSON.quoted($0))" } ?? ""
    return json(status, "{\"error\":\(status),\"message\":\(DeviceJSON.quoted(message))\(detail)}")
  }

  private func violation(
    _ what: String, _ status: Int, _ message: String, _ detail: String? = nil
  ) -> SimulatedAnswer {
    state.withLock { $0.violations.append("RouterOS has no such thing: \(what)") }
    return error(status, message, detail)
  }
}
