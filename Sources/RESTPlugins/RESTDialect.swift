import DeviceRequests
import FirewallKit
import HTTPTransport
import Language
import NetworkTypes

/// From one state to another, as requests of a description. Pure.
struct RESTDialect {
  let settings: RESTSettings

  private var description: RESTDescription { settings.description }
  /// What is read where an entry of ours has no timer though it should. It differs from every deadline of
  /// ours, so such a block is put right.
  static let none = Timestamp(seconds: 253_402_300_799)

  /// Lists and rules belong to whoever made them; of ours is only what stands in the lists. So it counts as
  /// there as long as something does.
  var scaffold: Scaffold {
    let names = description.lists.map { settings.places(of: $0)["list.name"] ?? "" }
    return ["lists": Set(names).sorted().joined(separator: ", ")]
  }

  func operations(from current: FirewallState, to goal: FirewallState) throws(AdapterError) -> [Operation] {
    guard goal.scaffold.isEmpty || goal.scaffold == scaffold else {
      throw AdapterError(
        code: .unsupported,
        message: Phrase(
          en: "This state is not one of the adapter \(description.manifest.name) with these settings.",
          ja: "この状態は、現在の設定のアダプター \(description.manifest.name) のものではありません。"))
    }
    let isTimed = description.manifest.capabilities.expiry == .device
    let gone = current.blocks.keys.filter { goal.blocks[$0] == nil }.sorted()
    let new = goal.blocks.filter { current.blocks[$0.key] == nil }.sorted { $0.key < $1.key }
    let moved = goal.blocks.filter { target, deadline in
      isTimed && current.blocks[target].map { !Self.isSame($0, deadline) } ?? false
    }.sorted { $0.key < $1.key }

    // The exceptions first and last: while they are there, they keep what is allowed from being blocked.
    var operations = try change(
      .allow, .add, goal.allowed.subtracting(current.allowed).sorted().map { (.prefix($0), nil) })
    operations += try change(.block, .remove, gone.map { ($0, nil) })
    let renewed = moved.map { ($0.key, timer($0.value, from: current.readAt)) }
    if description.renew != nil {
      operations += try change(.block, .renew, renewed)
    } else {
      // A few at a time, so that what was taken away comes back at once.
      let most = max(1, min(description.add.most, description.remove.most))
      for start in stride(from: 0, to: renewed.count, by: most) {
        let part = Array(renewed[start..<min(start + most, renewed.count)])
        operations += try change(.block, .remove, part.map { ($0.0, nil) })
        operations += try change(.block, .add, part)
      }
    }
    operations += try change(.block, .add, new.map { ($0.key, timer($0.value, from: current.readAt)) })
    operations += try change(
      .allow, .remove, current.allowed.subtracting(goal.allowed).sorted().map { (.prefix($0), nil) })
    return operations
  }

  /// Whether two deadlines differ by no more than two readings of one timer do: devices tell whole seconds,
  /// and the reading itself takes its time.
  private static func isSame(_ a: Timestamp, _ b: Timestamp) -> Bool {
    (a > b ? a - b : b - a) <= .seconds(2)
  }

  private func timer(_ deadline: Timestamp, from moment: Timestamp) -> Int64? {
    let able = description.manifest.capabilities
    guard able.expiry == .device, deadline < Self.none else { return nil }
    return min(
      able.maximumTimeToLiveSeconds ?? .max, DeviceTimer.seconds(until: deadline, from: moment))
  }

  // MARK: Requests

  private enum Verb { case add, renew, remove }

  private func change(
    _ role: RESTDescription.List.Role, _ verb: Verb, _ items: [(target: BlockTarget, seconds: Int64?)]
  ) throws(AdapterError) -> [Operation] {
    var operations: [Operation] = []
    var rest = items.count
    for list in description.lists where list.role == role && !items.isEmpty {
      let own = items.filter { list.holds($0.target) }
      rest -= own.count
      let bound = changes(of: list)[verb] ?? BoundChange(description.add, [:])
      let name = settings.places(of: list)["list.name"] ?? ""
      for start in stride(from: 0, to: own.count, by: bound.change.most) {
        let part = own[start..<min(start + bound.change.most, own.count)].map {
          BoundChange.Item(address: list.spelled($0.target), seconds: $0.seconds)
        }
        operations.append(
          Operation(
            summary: summary(verb, part.count, name),
            step: try settings.endpoint.step(bound.request(part, headers: description.headers))))
      }
    }
    guard rest == 0 else {
      throw AdapterError(
        code: .unsupported,
        message: Phrase(
          en: "The adapter \(description.manifest.name) has no list that holds all of these.",
          ja: "アダプター \(description.manifest.name) には、これらすべてを保持できるリストがありません。"))
    }
    return operations
  }

  private func changes(of list: RESTDescription.List) -> [Verb: BoundChange] {
    let places = settings.places(of: list)
    var changes: [Verb: BoundChange] = [
      .add: BoundChange(description.add, places), .remove: BoundChange(description.remove, places),
    ]
    if let renew = description.renew { changes[.renew] = BoundChange(renew, places) }
    return changes
  }

  private func summary(_ verb: Verb, _ count: Int, _ name: String) -> Phrase {
    let things = count == 1 ? "1 address" : "\(count) addresses"
    return switch verb {
    case .add:
      Phrase(en: "Add \(things) to \(name)", ja: "アドレス \(count) 件を \(name) に追加する")
    case .renew:
      Phrase(en: "Set new timers for \(things) in \(name)", ja: "\(name) のアドレス \(count) 件の期限を変更する")
    case .remove:
      Phrase(en: "Remove \(things) from \(name)", ja: "アドレス \(count) 件を \(name) から削除する")
    }
  }

  /// The change that an operation is one of; `nil` when it is none of ours.
  func change(of operation: Operation) -> RESTDescription.Change? {
    guard case .request(let method, let url, let headers, let body) = operation.step else { return nil }
    let base = settings.endpoint.url.description
    let place = base.hasSuffix("/") ? String(base.dropLast()) : base
    guard url.hasPrefix(place + "/") else { return nil }
    let target = String(url.dropFirst(place.count))
    func isMade(by bound: BoundChange) -> Bool {
      // The head is made anew and compared as a whole.
      let call = bound.change.call
      guard call.method.rawValue == method, bound.makes(target: target, body: body) else { return false }
      let request = DeviceRequest(
        call, path: target, body: call.body == nil ? nil : body, headers: description.headers)
      guard case .request(_, _, let ours, _)? = try? settings.endpoint.step(request) else { return false }
      return ours == headers
    }
    for list in description.lists {
      for bound in changes(of: list).values where isMade(by: bound) { return bound.change }
    }
    return nil
  }
}

extension RESTDescription.List {
  func holds(_ target: BlockTarget) -> Bool { kinds.contains { $0.target == target.kind } }

  /// The address as this list spells it.
  func spelled(_ target: BlockTarget) -> String {
    guard let prefix = target.prefix, spelling == .cidr else { return target.description }
    return "\(prefix.address)/\(prefix.length)"
  }
}
