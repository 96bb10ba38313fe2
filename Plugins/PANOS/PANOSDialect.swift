import DeviceRequests
import FirewallKit
import Language
import NetworkTypes
import XMLText

/// From one state to another, as messages that register and unregister addresses. Pure.
struct PANOSDialect {
  let settings: PANOSSettings

  /// Entries in one message: as many as tools of the vendor's engineers send.
  static let chunk = 1000
  /// The longest timer of a tag, in seconds.
  static let longestTimer: Int64 = 2_592_000

  /// Groups and rules belong to whoever made them; of ours is only what is registered. So it counts as
  /// there as long as something is.
  var scaffold: Scaffold {
    ["registered-ip": "\(settings.vsys): \(settings.blockTag), \(settings.allowTag)"]
  }

  /// One address with its tags. Seconds are the device's timer, 0 for none.
  private struct Entry {
    var address: String
    var tags: [String]
    var seconds: Int64 = 0

    func text(withTimer: Bool) -> String {
      let timer = withTimer && seconds > 0 ? " timeout=\"\(seconds)\"" : ""
      let members = tags.map { "<member\(timer)>\(XMLNode.escaped($0))</member>" }
      return "<entry ip=\"\(XMLNode.escaped(address))\"><tag>\(members.joined())</tag></entry>"
    }
  }

  func operations(from current: FirewallState, to goal: FirewallState) throws(AdapterError) -> [Operation] {
    guard goal.scaffold.isEmpty || goal.scaffold == scaffold else {
      throw refusal(
        Phrase(
          en: "This state is not one of the PAN-OS adapter with these settings.",
          ja: "この状態は、現在の設定の PAN-OS アダプターのものではありません。"))
    }
    let allows = try goal.allowed.subtracting(current.allowed).sorted().map { (prefix) throws(AdapterError) in
      Entry(address: try address(.prefix(prefix)), tags: [settings.allowTag])
    }
    let disallows = current.allowed.subtracting(goal.allowed).sorted().map {
      Entry(address: $0.description, tags: [settings.allowTag])
    }
    let gone = current.blocks.filter { goal.blocks[$0.key] == nil }.sorted { $0.key < $1.key }
      .map { unblocked($0.key, $0.value) }
    let coming = goal.blocks.filter { current.blocks[$0.key] != $0.value }.sorted { $0.key < $1.key }

    // The exceptions first and last: while they are there, they keep what is allowed from being blocked.
    var operations = try update("register", allows)
    operations += try update("unregister", gone)
    for start in stride(from: 0, to: coming.count, by: Self.chunk) {
      let part = coming[start..<min(start + Self.chunk, coming.count)]
      // A timer that runs is not prolonged by registering again: the tags go first, and come at once.
      let moved = part.compactMap { block in
        current.blocks[block.key].map { unblocked(block.key, $0) }
      }
      operations += try update("unregister", moved)
      let entries = try part.map { (block) throws(AdapterError) in
        let seconds =
          block.value < DeadlineTag.none
          ? min(Self.longestTimer, DeviceTimer.seconds(until: block.value, from: current.readAt)) : 0
        return Entry(address: try address(block.key), tags: tags(block.value), seconds: seconds)
      }
      operations += try update("register", entries)
    }
    return try operations + update("unregister", disallows)
  }

  private func tags(_ deadline: Timestamp) -> [String] {
    [settings.blockTag] + [DeadlineTag.text(deadline, after: settings.blockTag)].compactMap(\.self)
  }

  private func unblocked(_ target: BlockTarget, _ deadline: Timestamp) -> Entry {
    Entry(address: target.description, tags: tags(deadline))
  }

  private func address(_ target: BlockTarget) throws(AdapterError) -> String {
    guard let prefix = target.prefix else {
      throw refusal(Phrase(en: "A name cannot be registered.", ja: "ドメイン名は登録できません。"))
    }
    guard prefix.isHost || prefix.isIPv4 else {
      throw refusal(
        Phrase(
          en: "PAN-OS registers no networks of IPv6 (\(prefix)), only addresses.",
          ja: "PAN-OS に登録できる IPv6 は単独のアドレスだけです（\(prefix)）。"))
    }
    guard prefix.isHost || settings.holdsNetworks else {
      throw refusal(
        Phrase(
          en: "This firewall registers no networks (\(prefix)): that needs PAN-OS 10.0 and “networks: true”.",
          ja: "このファイアウォールにはネットワークを登録できません（\(prefix)）。PAN-OS 10.0 以降と「networks: true」が必要です。"))
    }
    return prefix.description
  }

  private func refusal(_ message: Phrase) -> AdapterError {
    AdapterError(code: .unsupported, message: message)
  }

  private func update(_ verb: String, _ entries: [Entry]) throws(AdapterError) -> [Operation] {
    var operations: [Operation] = []
    for start in stride(from: 0, to: entries.count, by: Self.chunk) {
      let part = entries[start..<min(start + Self.chunk, entries.count)]
      let registers = verb == "register"
      let message =
        "<uid-message><version>1.0</version><type>update</type><payload><\(verb)>"
        + part.map { $0.text(withTimer: registers) }.joined() + "</\(verb)></payload></uid-message>"
      let tag = part.first?.tags.first ?? ""
      let count = part.count
      let summary =
        registers
        ? Phrase(
          en: "Register \(count) address\(count == 1 ? "" : "es") with the tag \(tag)",
          ja: "アドレス \(count) 件をタグ \(tag) で登録する")
        : Phrase(
          en: "Unregister \(count) address\(count == 1 ? "" : "es") from the tag \(tag)",
          ja: "アドレス \(count) 件のタグ \(tag) の登録を解除する")
      operations.append(
        Operation(
          summary: summary,
          step: try settings.endpoint.step(PANOSRequest(settings: settings).update(message))))
    }
    return operations
  }
}
