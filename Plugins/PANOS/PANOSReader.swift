import DeviceRequests
import FirewallKit
import HTTPTransport
import Language
import NetworkTypes
import XMLText

/// The answers of the XML API, as entries and as a state. Pure.
struct PANOSReader {
  let settings: PANOSSettings

  /// A registered address, network or range with its tags.
  struct Entry: Equatable {
    var address: String
    var tags: [String]
  }

  /// Elements and attributes in one answer: a group of the largest model has a member each.
  private static let maximumNodes = 1 << 22

  /// The root of an answer that is a success; otherwise what the device said.
  func success(_ answer: DeviceAnswer) throws(AdapterError) -> XMLNode {
    let root = try? XMLReader.root(answer.body, maximumNodes: Self.maximumNodes)
    guard let root, root.name == "response", let status = root.attribute("status") else {
      guard answer.isSuccess else { throw answer.refusal() }
      throw answer.unreadable(Phrase(en: "it is no response in XML", ja: "XML の response ではありません"))
    }
    if answer.isSuccess, status == "success" { return root }
    throw PANOSRefusal(root, answer).error
  }

  /// The entries of a page.
  func entries(_ answer: DeviceAnswer) throws(AdapterError) -> [Entry] {
    let root = try success(answer)
    if let file = root.descendant("result", "msg", "line", "outfile") {
      throw answer.unreadable(
        Phrase(
          en: "it names a file, \(file.trimmed.prefix(80)); PAN-OS 8.0 or later is needed",
          ja: "ファイル \(file.trimmed.prefix(80)) を返しました。PAN-OS 8.0 以降が必要です"))
    }
    guard let result = root.child("result") else {
      throw answer.unreadable(Phrase(en: "it has no result", ja: "result がありません"))
    }
    var entries: [Entry] = []
    for entry in result.children where entry.name == "entry" {
      guard let address = entry.attribute("ip"), let tag = entry.child("tag") else {
        throw answer.unreadable(Phrase(en: "an entry has no ip or no tag", ja: "ip または tag のないエントリーがあります"))
      }
      entries.append(
        Entry(address: address, tags: tag.children.filter { $0.name == "member" }.map(\.trimmed)))
    }
    return entries
  }

  /// The filter of a group; `nil` when there is no such group.
  func filter(of group: String, _ answer: DeviceAnswer) throws(AdapterError) -> String? {
    let root = try success(answer)
    guard let list = root.descendant("result", "dyn-addr-grp") else {
      throw answer.unreadable(
        Phrase(
          en: "it does not tell about dynamic address groups (check-groups: false leaves this out)",
          ja: "ダイナミックアドレスグループの情報がありません（check-groups: false で省略できます）"))
    }
    return list.children.first { $0.child("group-name")?.trimmed == group }?.child("filter")?.trimmed
  }

  /// Whether a filter matches a tag and nothing else.
  static func matches(_ filter: String, only tag: String) -> Bool {
    filter.filter { !"'\"() ".contains($0) } == tag
  }

  /// What is ours among the entries.
  func state(
    blocks: [Entry], allowed: [Entry], at moment: Timestamp
  ) throws(AdapterError) -> FirewallState {
    var state = FirewallState(readAt: moment)
    state.blocks.reserveCapacity(blocks.count)
    for entry in blocks where entry.tags.contains(settings.blockTag) {
      let deadlines = entry.tags.compactMap { DeadlineTag.deadline($0, after: settings.blockTag) }
      // Where an answer was lost and came true late there may be two: the later one holds.
      state.blocks[.prefix(try prefix(entry))] = deadlines.max() ?? DeadlineTag.none
    }
    for entry in allowed where entry.tags.contains(settings.allowTag) {
      state.allowed.insert(try prefix(entry))
    }
    return state
  }

  private func prefix(_ entry: Entry) throws(AdapterError) -> IPPrefix {
    if let prefix = IPPrefix(entry.address) { return prefix }
    throw AdapterError(
      code: .unreadable,
      message: Phrase(
        en: "Somebody registered what is neither an address nor a network with our tag on "
          + "\(settings.endpoint.url.origin). Unregister it, or use another tag.",
        ja: "\(settings.endpoint.url.origin) で、アドレスでもネットワークでもないものが本製品のタグで登録されています。"
          + "登録を解除するか、別のタグを使ってください。"),
      detail: entry.address)
  }
}
