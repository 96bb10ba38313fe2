public import NetworkTypes
import Synchronization
import XMLText

/// A firewall of Palo Alto Networks as its XML API shows it: keys, registered addresses with tags and
/// timers, dynamic address groups, system information. PAN-OS 8.0 and later, one to many virtual systems.
public final class SimulatedPANOS: SimulatedDevice {
  public static let name = "panos"

  /// What this firewall is.
  public struct Model: Sendable {
    /// As in `show system info`. From 10.0 on, networks and ranges can be registered.
    public var version: String
    public var systems: Set<String>
    /// Addresses that can be registered in all systems together.
    public var capacity: Int
    public var user: String
    public var password: String
    public var key: String

    public init(
      version: String = "11.1.2", systems: Set<String> = ["vsys1"], capacity: Int = 100_000,
      user: String = "sekisho", password: String = "correct horse battery staple",
      key: String = "LUFRPT1TaW11bGF0ZWRLZXlPZlNla2lzaG8wMDE9PQ=="
    ) {
      self.version = version
      self.systems = systems
      self.capacity = capacity
      self.user = user
      self.password = password
      self.key = key
    }

    var holdsNetworks: Bool { (Int(version.prefix { $0 != "." }) ?? 0) >= 10 }
  }

  private struct State {
    var registry: PANOSRegistry
    /// Filters of dynamic address groups, by system and name.
    var groups: [String: [String: String]] = [:]
    var violations: [String] = []
  }

  public let model: Model
  private let clock: @Sendable () -> Timestamp
  private let state: Mutex<State>

  /// - Parameter clock: what its timers count by.
  public init(_ model: Model = Model(), clock: @escaping @Sendable () -> Timestamp = Timestamp.now) {
    self.model = model
    self.clock = clock
    state = Mutex(
      State(registry: PANOSRegistry(capacity: model.capacity, holdsNetworks: model.holdsNetworks)))
  }

  public var violations: [String] { state.withLock(\.violations) }

  // MARK: By the administrator

  /// Makes a dynamic address group, as if committed.
  public func addGroup(_ name: String, filter: String, in system: String = "vsys1") {
    state.withLock { $0.groups[system, default: [:]][name] = filter }
  }

  /// Tags by address, those whose time is over left out.
  public func registered(in system: String = "vsys1") -> [String: Set<String>] {
    state.withLock { state in
      state.registry.expire(at: clock())
      return state.registry.tags(in: system)
    }
  }

  /// Registers what somebody else would, past the API. Seconds 0 is for ever.
  public func register(_ address: String, tags: [String], seconds: Int64 = 0, in system: String = "vsys1") {
    state.withLock { state in
      for tag in tags {
        _ = state.registry.register(address, tag: tag, seconds: seconds, in: system, at: clock())
      }
    }
  }

  /// Takes a tag of an address away.
  public func unregister(_ address: String, tag: String, in system: String = "vsys1") {
    state.withLock { _ = $0.registry.unregister(address, tag: tag, in: system) }
  }

  /// Unregisters a tag everywhere, as an administrator might.
  public func clear(tag: String, in system: String = "vsys1") {
    state.withLock { state in
      for (address, tags) in state.registry.tags(in: system) where tags.contains(tag) {
        for other in tags where other == tag || other.hasPrefix("\(tag)-") {
          _ = state.registry.unregister(address, tag: other, in: system)
        }
      }
    }
  }

  // MARK: By the API

  private static let knownParameters: [String: Set<String>] = [
    "keygen": ["user", "password"],
    "user-id": ["cmd", "vsys", "target"],
    "op": ["cmd", "vsys", "target"],
    "version": [],
  ]

  public func isChange(_ request: SimulatedRequest) -> Bool {
    parameters(of: request)?["type"] == "user-id"
  }

  public func answer(_ request: SimulatedRequest, fault: DeviceFault?) -> SimulatedAnswer {
    guard request.target == "/api/" || request.target.hasPrefix("/api/?") else {
      return violation("\(request.method) \(request.target)", status: 404, code: 400, "Bad Request")
    }
    guard request.method == "POST" || request.method == "GET" else {
      return violation("the method \(request.method)", status: 400, code: 400, "Bad Request")
    }
    if request.method == "POST",
      request.header("Content-Type")?.hasPrefix("application/x-www-form-urlencoded") != true
    {
      return violation("a POST that is no form", status: 400, code: 400, "Bad Request")
    }
    guard let parameters = parameters(of: request) else {
      return violation("parameters that cannot be read or are there twice", code: 400, "Bad Request")
    }
    guard let type = parameters["type"], let known = Self.knownParameters[type] else {
      return violation(
        "the type \(parameters["type"] ?? "none")", code: 400,
        "Illegal value for parameter \"type\" [\(parameters["type"] ?? "")].")
    }
    let surplus = Set(parameters.keys).subtracting(known).subtracting(["type", "key"])
    guard surplus.isEmpty else {
      return violation("the parameters \(surplus.sorted()) with \(type)", code: 400, "Bad Request")
    }
    if type == "keygen" {
      guard parameters["user"] == model.user, parameters["password"] == model.password else {
        return error(status: 403, code: 403, "Invalid Credential")
      }
      return success("<result><key>\(XMLNode.escaped(model.key))</key></result>")
    }
    if fault == .sessionExpired { return error(status: 403, code: 403, "Invalid Credential") }
    guard parameters["key"] ?? request.header("X-PAN-KEY") == model.key else {
      return error(status: 403, code: 403, "Invalid Credential")
    }
    let system = parameters["vsys"] ?? "vsys1"
    guard model.systems.contains(system) else {
      return error(code: 1, "Unknown vsys \(system)")
    }
    if type == "version" {
      return success(
        "<result><sw-version>\(model.version)</sw-version><multi-vsys>off</multi-vsys><model>PA-VM</model>"
          + "<serial>007000000000001</serial></result>")
    }
    guard let command = (parameters["cmd"]).flatMap({ try? XMLReader.root(Array($0.utf8)) }) else {
      return violation("a cmd that is no XML", code: 17, "Malformed command")
    }
    return type == "op" ? operate(command, in: system) : update(command, in: system, fault)
  }

  private func parameters(of request: SimulatedRequest) -> [String: String]? {
    let text =
      request.method == "GET"
      ? Array(request.target.utf8.drop { $0 != UInt8(ascii: "?") }.dropFirst()) : request.body
    guard let pairs = FormReader.parameters(text) else { return nil }
    var found: [String: String] = [:]
    for (name, value) in pairs where found.updateValue(value, forKey: name) != nil { return nil }
    return found
  }

  // MARK: type=op

  private func operate(_ command: XMLNode, in system: String) -> SimulatedAnswer {
    guard command.name == "show", command.children.count == 1 else { return unknown(command) }
    if let info = command.descendant("system", "info"), info.children.isEmpty {
      return success(
        "<result><system><hostname>PA-VM</hostname><family>vm</family><model>PA-VM</model>"
          + "<serial>007000000000001</serial><sw-version>\(model.version)</sw-version>"
          + "<app-version>8800-8500</app-version>"
          + "<multi-vsys>\(model.systems.count > 1 ? "on" : "off")</multi-vsys>"
          + "</system></result>")
    }
    guard let object = command.child("object"), let question = object.children.first,
      object.children.count == 1
    else { return unknown(command) }
    switch question.name {
    case "registered-ip": return list(question, in: system) ?? unknown(command)
    case "dynamic-address-group": return group(question, in: system) ?? unknown(command)
    default: return unknown(command)
    }
  }

  private func list(_ question: XMLNode, in system: String) -> SimulatedAnswer? {
    let known: Set<String> = ["limit", "start-point", "tag", "ip", "all"]
    guard Set(question.children.map(\.name)).isSubset(of: known) else { return nil }
    var limit = Int.max
    if let text = question.child("limit")?.trimmed {
      guard let number = Int(text), (1...500).contains(number) else { return nil }
      limit = number
    }
    var start = 1
    if let text = question.child("start-point")?.trimmed {
      guard let number = Int(text), number >= 1 else { return nil }
      start = number
    }
    let tag = question.child("tag")
    let tagName = tag?.child("entry")?.attribute("name")
    guard (tag == nil) == (tagName == nil) else { return nil }
    let address = question.child("ip")?.trimmed
    let page = state.withLock { state in
      state.registry.expire(at: clock())
      return state.registry.page(in: system, tag: tagName, address: address, start: start, limit: limit)
    }
    var text = "<result>"
    for (address, tags) in page {
      text += "<entry ip=\"\(XMLNode.escaped(address))\" from_agent=\"0\" persistent=\"1\"><tag>"
      for tag in tags { text += "<member>\(XMLNode.escaped(tag))</member>" }
      text += "</tag></entry>"
    }
    return success(text + "<count>\(page.count)</count></result>")
  }

  private func group(_ question: XMLNode, in system: String) -> SimulatedAnswer? {
    guard question.children.count == 1, let name = question.child("name")?.trimmed, !name.isEmpty else {
      return nil
    }
    let found = state.withLock { state -> (filter: String, members: [String])? in
      state.registry.expire(at: clock())
      guard let filter = state.groups[system]?[name] else { return nil }
      let tag = filter.trimmed { $0 == "'" || $0 == "\"" || $0 == " " }
      let page = state.registry.page(in: system, tag: tag, address: nil, start: 1, limit: .max)
      return (filter, page.map(\.address))
    }
    guard let found else { return success("<result><dyn-addr-grp/></result>") }
    let members = found.members.map {
      "<entry name=\"\(XMLNode.escaped($0))\" type=\"registered-ip\"/>"
    }
    return success(
      "<result><dyn-addr-grp><entry><vsys>\(system)</vsys><group-name>\(XMLNode.escaped(name))</group-name>"
        + "<filter>\(XMLNode.escaped(found.filter))</filter><member-list>\(members.joined())</member-list>"
        + "</entry></dyn-addr-grp></result>")
  }

  private func unknown(_ command: XMLNode) -> SimulatedAnswer {
    violation(
      "the command \(command.description.prefix(300))", code: 17,
      "\(command.name) -> \(command.children.first?.name ?? "") is unexpected")
  }

  // MARK: type=user-id

  private func update(_ message: XMLNode, in system: String, _ fault: DeviceFault?) -> SimulatedAnswer {
    guard message.name == "uid-message", message.child("type")?.trimmed == "update",
      message.child("version").map({ $0.trimmed == "1.0" || $0.trimmed == "2.0" }) ?? true,
      Set(message.children.map(\.name)).isSubset(of: ["version", "type", "payload"]),
      let payload = message.child("payload"), !payload.children.isEmpty,
      Set(payload.children.map(\.name)).isSubset(of: ["register", "unregister"])
    else { return violation("the message \(message.description.prefix(300))", code: 12, "Invalid message") }
    for part in payload.children {
      for entry in part.children {
        guard entry.name == "entry", entry.attribute("ip") != nil, entry.children.count == 1,
          let tag = entry.child("tag"), !tag.children.isEmpty,
          tag.children.allSatisfy({ $0.name == "member" && $0.children.isEmpty && !$0.trimmed.isEmpty })
        else {
          return violation("the entry \(entry.description.prefix(300))", code: 12, "Invalid message")
        }
        let timers = tag.children.compactMap { $0.attribute("timeout") }
        guard timers.allSatisfy({ Int64($0).map { (0...2_592_000).contains($0) } ?? false }) else {
          return violation("the timeouts \(timers)", code: 12, "timeout must be 0 to 2592000")
        }
      }
    }
    let now = clock()
    var refusals: [String: [XMLNode]] = [:]
    state.withLock { state in
      state.registry.expire(at: now)
      // The order within a message is not documented: what goes first here is the worse case for us.
      for part in payload.children.sorted(by: { $0.name > $1.name }) {
        for entry in part.children {
          let address = entry.attribute("ip") ?? ""
          for member in entry.child("tag")?.children ?? [] {
            let tag = member.trimmed
            let refusal =
              part.name == "unregister"
              ? state.registry.unregister(address, tag: tag, in: system)
              : fault == .capacityReached
                ? PANOSRegistry.full
                : state.registry.register(
                  address, tag: tag, seconds: Int64(member.attribute("timeout") ?? "0") ?? 0, in: system,
                  at: now)
            if let refusal {
              refusals[part.name, default: []].append(
                XMLNode("entry", attributes: [.init("ip", address), .init("message", refusal)]))
            }
          }
        }
      }
    }
    guard refusals.isEmpty else {
      let parts = refusals.sorted { $0.key < $1.key }.map { XMLNode($0.key, children: $0.value).description }
      return xml(
        "<response status=\"error\"><msg><line><uid-response><version>2.0</version><payload>\(parts.joined())"
          + "</payload></uid-response></line></msg></response>")
    }
    return success(
      "<result><uid-response><version>2.0</version><payload/></uid-response></result>", code: nil)
  }

  // MARK: Answers

  private func xml(status: Int = 200, _ text: String) -> SimulatedAnswer {
    SimulatedAnswer(
      status: status, type: "application/xml; charset=UTF-8", text: "<?xml version=\"1.0\"?>\n" + text)
  }

  private func success(_ text: String, code: Int? = 19) -> SimulatedAnswer {
    xml("<response status=\"success\"\(code.map { " code=\"\($0)\"" } ?? "")>\(text)</response>")
  }

  private func error(status: Int = 200, code: Int, _ words: String) -> SimulatedAnswer {
    xml(
      status: status,
      "<response status=\"error\" code=\"\(code)\"><msg><line>\(XMLNode.escaped(words))</line></msg>"
        + "</response>"
    )
  }

  private func violation(
    _ what: String, status: Int = 200, code: Int, _ words: String
  ) -> SimulatedAnswer {
    state.withLock { $0.violations.append("PAN-OS has no such thing: \(what)") }
    return error(status: status, code: code, words)
  }
}

extension String {
  fileprivate func trimmed(_ isSurplus: (Character) -> Bool) -> String {
    var rest = self[...]
    while let first = rest.first, isSurplus(first) { rest.removeFirst() }
    while let last = rest.last, isSurplus(last) { rest.removeLast() }
    return String(rest)
  }
}
