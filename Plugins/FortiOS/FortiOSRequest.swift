import DeviceRequests
import FirewallKit
import FoundationEssentials
import HTTPTransport

/// The requests to the REST API v2, the same for what is shown and for what is sent.
///
/// Nothing here needs escaping: names are words by the settings, and all else are addresses and numbers.
struct FortiOSRequest {
  let settings: FortiOSSettings

  /// One change of a feed.
  struct Command: Equatable, Decodable {
    enum Verb: String, Decodable { case add, remove }

    var name: String
    var command: Verb
    var entries: [String]
  }

  /// Changes feeds, one command after another.
  func push(_ commands: [Command]) -> DeviceRequest {
    let list = commands.map { command in
      "{\"name\":\"\(command.name)\",\"command\":\"\(command.command.rawValue)\","
        + "\"entries\":\(Self.array(command.entries))}"
    }
    return change("system/external-resource/dynamic", "{\"commands\":[\(list.joined(separator: ","))]}")
  }

  /// Bans addresses, or gives those that are banned a new timer.
  /// - Parameter seconds: 0 for ever.
  func ban(_ addresses: [String], seconds: Int64) -> DeviceRequest {
    change("user/banned/add_users", "{\"ip_addresses\":\(Self.array(addresses)),\"expiry\":\(seconds)}")
  }

  func unban(_ addresses: [String]) -> DeviceRequest {
    change("user/banned/clear_users", "{\"ip_addresses\":\(Self.array(addresses))}")
  }

  /// Which external resources there are, and how they are configured.
  var feeds: DeviceRequest {
    reading(
      "cmdb/system/external-resource",
      query: "&format=name%7Ctype%7Cstatus%7Cupdate-method%7Ccomments")
  }

  /// What a feed holds.
  func entries(of feed: String) -> DeviceRequest {
    reading("monitor/system/external-resource/entry-list", query: "&mkey=\(feed)")
  }

  var bans: DeviceRequest { reading("monitor/user/banned") }

  /// What time it is for the device.
  var time: DeviceRequest { reading("monitor/system/time") }

  /// Whether an operation is one that the adapter makes: a change of what is ours, and of nothing else.
  func isOurs(_ operation: Operation) -> Bool {
    guard case .request("POST", let url, _, let body) = operation.step else { return false }
    func goes(to request: DeviceRequest) -> Bool {
      guard case .request(_, let ours, _, _)? = try? settings.endpoint.step(request) else { return false }
      return url == ours
    }
    if goes(to: push([])) {
      struct Push: Decodable { var commands: [Command] }
      guard let push = try? JSONDecoder().decode(Push.self, from: Data(body.utf8)) else { return false }
      return push.commands.allSatisfy { [settings.feed, settings.allowFeed].contains($0.name) }
    }
    return settings.way == .bannedList && (goes(to: ban([], seconds: 0)) || goes(to: unban([])))
  }

  /// Whether it takes bans away.
  func isUnban(_ operation: Operation) -> Bool {
    guard case .request(_, let url, _, _) = operation.step,
      case .request(_, let ours, _, _)? = try? settings.endpoint.step(unban([]))
    else { return false }
    return url == ours
  }

  private static func array(_ texts: [String]) -> String {
    texts.isEmpty ? "[]" : "[\"" + texts.joined(separator: "\",\"") + "\"]"
  }

  private var headers: [Operation.Header] {
    [Operation.Header("Authorization", "Bearer ‹secret:\(FortiOSSettings.tokenName)›")]
  }

  private func reading(_ path: String, query: String = "") -> DeviceRequest {
    DeviceRequest(.get, "/api/v2/\(path)?vdom=\(settings.domain)\(query)", headers: headers)
  }

  private func change(_ path: String, _ body: String) -> DeviceRequest {
    DeviceRequest(
      .post, "/api/v2/monitor/\(path)?vdom=\(settings.domain)",
      headers: headers + [Operation.Header("Content-Type", "application/json")], body: body)
  }
}
