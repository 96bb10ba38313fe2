import DeviceRequests
import FirewallKit
import Language
import NetworkTypes

/// The answers of a device, by its description. Pure.
struct RESTAnswer {
  let description: RESTDescription
  let answer: DeviceAnswer

  /// Entries in a list beyond which it is not read: pages must come to an end.
  static let mostEntries = 2_000_000

  /// One entry of a list.
  struct Entry: Equatable {
    var target: BlockTarget
    /// What is left of its timer; `nil` for none.
    var remaining: Duration?
  }

  /// The entries of one answer.
  struct Page {
    /// Those of ours.
    var entries: [Entry]
    /// How many the answer holds, others' included.
    var count: Int
    /// How many there are in all, where the answer tells.
    var total: Int?
  }

  /// Throws unless the answer says that what was asked for is so.
  func expectSuccess(_ expected: RESTDescription.Expectation?) throws(AdapterError) {
    let value = JSONValue(answer.body)
    if let rule = rule(value) {
      guard let code = rule.code else { return }
      throw AdapterError(code: code, message: rule.message, detail: words(value))
    }
    guard answer.isSuccess else { throw answer.refusal(words: value.map { words($0) }) }
    guard let expected else { return }
    guard let found = value?.value(at: expected.path)?.scalar else {
      throw answer.unreadable(
        Phrase(
          en: "it does not tell \(expected.path.keys.joined(separator: "."))",
          ja: "\(expected.path.keys.joined(separator: ".")) がありません"))
    }
    guard found == expected.text else {
      throw AdapterError(
        code: .rejected,
        message: Phrase(
          en: "The firewall did not do all that it was asked for. Its answer tells why.",
          ja: "ファイアウォールが要求の全部または一部を実行しませんでした。理由は応答に示されています。"),
        detail: words(value))
    }
  }

  /// The entries that an answer tells. Throws `unreadable` rather than to leave something out.
  func page() throws(AdapterError) -> Page {
    let reading = description.reading
    let value = JSONValue(answer.body)
    if let rule = rule(value), let code = rule.code {
      throw AdapterError(code: code, message: rule.message, detail: words(value))
    }
    guard answer.isSuccess else { throw answer.refusal(words: value.map { words($0) }) }
    guard let value else {
      throw answer.unreadable(Phrase(en: "it is no JSON", ja: "JSON ではありません"))
    }
    guard case .list(let rows)? = value.value(at: reading.entries) else {
      throw answer.unreadable(Phrase(en: "it holds no list of entries", ja: "エントリーのリストがありません"))
    }
    var total: Int?
    if let pages = reading.pages {
      total = value.value(at: pages.total)?.scalar.flatMap { Int($0) }
      guard let total, (0...Self.mostEntries).contains(total) else {
        throw answer.unreadable(
          Phrase(
            en: "it does not tell how many entries there are, or more than \(Self.mostEntries)",
            ja: "エントリーの総数がないか、\(Self.mostEntries) を超えています"))
      }
    }
    var entries: [Entry] = []
    entries.reserveCapacity(rows.count)
    for row in rows {
      if let mark = reading.mark, row.value(at: mark.path)?.scalar != mark.text { continue }
      guard let text = row.value(at: reading.address)?.scalar else {
        throw answer.unreadable(Phrase(en: "an entry has no address", ja: "アドレスのないエントリーがあります"))
      }
      guard let prefix = IPPrefix(text) else {
        throw AdapterError(
          code: .unreadable,
          message: Phrase(
            en: "Among our entries on the firewall is one that is neither an address nor a network. Take it "
              + "away, or use a list that is ours alone.",
            ja: "ファイアウォール上の本製品のエントリーに、アドレスでもネットワークでもないものがあります。削除するか、本製品専用のリストを使ってください。"),
          detail: answer.redact(String(text.prefix(200))))
      }
      entries.append(Entry(target: .prefix(prefix), remaining: try remaining(row)))
    }
    return Page(entries: entries, count: rows.count, total: total)
  }

  private func remaining(_ row: JSONValue) throws(AdapterError) -> Duration? {
    guard let timer = description.reading.timer, let text = row.value(at: timer.path)?.scalar else {
      return nil
    }
    if let duration = timer.unit.duration(text) { return duration }
    throw answer.unreadable(
      Phrase(
        en: "“\(answer.redact(String(text.prefix(40))))” is no time that is left",
        ja: "「\(answer.redact(String(text.prefix(40))))」は残り時間として読めません"))
  }

  /// Throws the requirement's message when the answer lacks one of the values.
  func expect(_ requirement: RESTDescription.Requirement, _ values: [String]) throws(AdapterError) {
    let value = JSONValue(answer.body)
    if let rule = rule(value), let code = rule.code {
      throw AdapterError(code: code, message: rule.message, detail: words(value))
    }
    guard answer.isSuccess else { throw answer.refusal(words: value.map { words($0) }) }
    guard case .list(let found)? = value?.value(at: requirement.values) else {
      throw answer.unreadable(Phrase(en: "it holds no list", ja: "リストがありません"))
    }
    for wanted in values where !found.contains(where: { $0.scalar == wanted }) {
      throw AdapterError(
        code: .unavailable,
        message: Phrase(
          en: TextTemplate(requirement.message.en).filled(["value": wanted]),
          ja: TextTemplate(requirement.message.ja).filled(["value": wanted])))
    }
  }

  private func rule(_ value: JSONValue?) -> RESTDescription.ErrorRule? {
    description.errors.first { rule in
      if let status = rule.status, status != answer.status { return false }
      guard let path = rule.path, let text = rule.text else { return true }
      return value?.value(at: path)?.scalar?.contains(text) == true
    }
  }

  /// The device's own, free of secrets; the beginning of the answer where it has none.
  private func words(_ value: JSONValue?) -> String {
    let found = description.words.lazy.compactMap { value?.value(at: $0)?.scalar }.first { !$0.isEmpty }
    guard let found else { return answer.quotation }
    let text = found.unicodeScalars.map {
      $0.properties.generalCategory == .control ? " " : Character($0)
    }
    return answer.redact(String(String(text).prefix(1000)))
  }
}
