import DeviceRequests
import FirewallKit

/// A change of one list: its requests, and whether a request is one of them.
struct BoundChange {
  /// An entry that is changed.
  struct Item {
    /// As the list spells it.
    var address: String
    /// Of the device's timer; `nil` for none.
    var seconds: Int64?
  }

  let change: RESTDescription.Change
  private let path: TextTemplate
  private let body: TextTemplate?
  private let each: TextTemplate?

  /// - Parameter words: what stands at the places of settings and of the list.
  init(_ change: RESTDescription.Change, _ words: [String: String]) {
    self.change = change
    path = change.call.path.bound(words)
    body = change.call.body?.bound(words)
    each = change.each?.bound(words)
  }

  /// Whether nothing is left to fill in but what entries bring along.
  var hasOnlyKnownPlaces: Bool {
    let names = path.names + (body?.names ?? []) + (each?.names ?? [])
    return Set(names).isSubset(of: ["address", "timer", "each"])
  }

  /// The request for these items, at most `change.most` of them.
  func request(_ items: some Collection<Item>, headers: [RESTDescription.Header] = []) -> DeviceRequest {
    let text: [String: String]
    let inPath: [String: String]
    if let each {
      text = ["each": items.map { each.filled(values($0)) }.joined(separator: change.separator)]
      inPath = [:]
    } else {
      text = items.first.map { values($0) } ?? [:]
      inPath = text.mapValues(\.addressEncoded)
    }
    return DeviceRequest(
      change.call, path: path.filled(inPath), body: body?.filled(text), headers: headers)
  }

  private func values(_ item: Item) -> [String: String] {
    let timer = item.seconds.flatMap { change.timer?.filled(["seconds": String($0)]) } ?? ""
    return ["address": item.address, "timer": timer]
  }

  /// Whether a path with its query and a body are such as `request` makes.
  func makes(target: String, body text: String) -> Bool {
    let timer = change.timer.map { ["timer": TextTemplate.Content.optional($0)] } ?? [:]
    var inPath = timer
    inPath["address"] = .address(isEncoded: true)
    var inBody = timer
    inBody["address"] = .address(isEncoded: false)
    inBody["seconds"] = .digits
    inPath["seconds"] = .digits
    if let each { inBody["each"] = .repeated(each, separator: change.separator, most: change.most) }
    guard path.makes(target, inPath) else { return false }
    return body.map { $0.makes(text, inBody) } ?? text.isEmpty
  }
}

extension DeviceRequest {
  /// A request of a description, with a field for each header and secrets as marks.
  init(_ call: RESTDescription.Call, path: String, body: String?, headers: [RESTDescription.Header]) {
    var fields = headers.map { header in
      Operation.Header(
        header.name,
        header.value.filled(
          Dictionary(
            header.value.names.map { ($0, "‹secret:\($0.dropFirst("secret.".count))›") }
          ) { a, _ in a }))
    }
    if body != nil { fields.append(Operation.Header("Content-Type", "application/json")) }
    self.init(call.method, path, headers: fields, body: body)
  }
}
