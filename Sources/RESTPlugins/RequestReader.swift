import ConfigurationFile
import DeviceRequests
import HTTPTransport
import Language

/// Reads what a description says of requests.
struct RequestReader {
  let top: ConfigurationSection

  init(_ top: ConfigurationSection) { self.top = top }

  /// Reports places that there is nothing for.
  static func check(
    _ template: TextTemplate, permitted: Set<String>, _ key: String, in section: ConfigurationSection
  ) {
    for name in template.names where !permitted.contains(name) {
      let hint = NearestKey.suggestion(for: name, among: permitted)
      let list = permitted.sorted().map { "{\($0)}" }.joined(separator: ", ")
      section.report(
        .unknownKey, key,
        Phrase(
          en: "There is nothing to put at {\(name)}."
            + (hint.map { " Did you mean {\($0)}?" } ?? " Known here: \(list.isEmpty ? "none" : list)."),
          ja: "{\(name)} に入れる値がありません。"
            + (hint.map { "{\($0)} ではありませんか。" } ?? "ここで使えるもの: \(list.isEmpty ? "なし" : list)")))
    }
  }

  static func path(_ text: String, _ key: String, in section: ConfigurationSection) -> FieldPath? {
    if let path = FieldPath(text) { return path }
    section.report(
      .invalid, key,
      Phrase(
        en: "“\(text)” is no path: keys with dots between them, or nothing for the answer itself.",
        ja: "「\(text)」はパスではありません。キーをドットでつないで書くか、応答そのものなら空にしてください。"))
    return nil
  }

  func path(_ key: String, in section: ConfigurationSection, usual: String? = nil) -> FieldPath? {
    if let node = section.node(key), case .scalar(let text, _) = node.content {
      return Self.path(text, key, in: section)
    }
    if let usual, !section.contains(key) { return FieldPath(usual) }
    _ = section.requiredText(key, example: "address")
    return nil
  }

  /// `method`, `path` and `body` of a section.
  func call(_ section: ConfigurationSection, _ places: Set<String>, needs: Set<String> = [])
    -> RESTDescription.Call?
  {
    let word = section.requiredText("method", example: "GET")
    let method = word.flatMap { HTTPRequest.Method(rawValue: $0) }
    if let word, method == nil {
      let known = HTTPRequest.Method.allCases.map(\.rawValue).joined(separator: ", ")
      section.report(
        .invalid, "method",
        Phrase(en: "“\(word)” is none of \(known).", ja: "「\(word)」は使えません。\(known) のいずれかを書いてください。"))
    }
    let path = section.requiredText("path", example: "/api/list").map { TextTemplate($0) }
    let body = section.text("body").map { TextTemplate($0) }
    if let path {
      Self.check(path, permitted: places, "path", in: section)
      let text = path.filled([:])
      if !text.hasPrefix("/") || text.contains("‹") || text.contains(" ") || text.contains("#") {
        section.report(
          .invalid, "path",
          Phrase(
            en: "A path begins with “/” and has no spaces, “#” or “‹”.", ja: "パスは「/」で始め、空白・「#」・「‹」を含めないでください。"
          ))
      }
    }
    if let body {
      Self.check(body, permitted: places, "body", in: section)
      if body.filled([:]).contains("‹") {
        section.report(
          .invalid, "body", Phrase(en: "A body must not hold “‹”.", ja: "本文に「‹」は使えません。"))
      }
    }
    guard let method, let path else { return nil }
    let used = Set(path.names + (body?.names ?? []))
    for name in needs.subtracting(used).sorted() {
      section.report(
        .missingKey, body == nil ? "path" : "body",
        Phrase(en: "{\(name)} must stand in the request.", ja: "リクエストに {\(name)} が必要です。"))
    }
    return RESTDescription.Call(method: method, path: path, body: body)
  }

  func reading(_ places: Set<String>, isTimed: Bool) -> RESTDescription.Reading? {
    guard top.contains("read") else {
      _ = top.requiredText("read", example: "…")
      return nil
    }
    let section = top.section("read")
    defer { section.finish() }
    var pages: RESTDescription.Reading.Pages?
    if section.contains("pages") {
      let part = section.section("pages")
      let size = part.integer("size", in: 1...100_000)
      if size == nil { _ = part.requiredText("size", example: "1000") }
      let first = part.integer("first", in: 0...1) ?? 1
      let total = path("total", in: part)
      part.finish()
      if let size, let total { pages = .init(size: size, first: first, total: total) }
    }
    func asked(_ key: String, _ more: Set<String>, needs: Set<String>) -> RESTDescription.Call? {
      guard section.contains(key) else {
        if key == "all" { _ = section.requiredText(key, example: "{method: GET, path: /api/list}") }
        return nil
      }
      let part = section.section(key)
      defer { part.finish() }
      return call(part, places.union(more), needs: needs)
    }
    let paging: Set<String> = pages == nil ? [] : ["page", "size"]
    let all = asked("all", paging, needs: pages == nil ? [] : ["page"])
    let one = asked("one", ["address"], needs: ["address"])
    let entries = path("entries", in: section, usual: "")
    let address = path("address", in: section)
    var mark: RESTDescription.Reading.Mark?
    if section.contains("mark") {
      let part = section.section("mark")
      let place = path("path", in: part)
      let text = part.requiredText("is", example: "sekisho")
      part.finish()
      if let place, let text { mark = .init(path: place, text: text) }
    }
    var timer: RESTDescription.Reading.Timer?
    if section.contains("timer") {
      let part = section.section("timer")
      let place = path("path", in: part)
      let unit = part.choice("unit", of: RemainingTime.self) ?? .seconds
      part.finish()
      if let place { timer = .init(path: place, unit: unit) }
    }
    if isTimed != section.contains("timer") {
      section.report(
        .invalid, "timer",
        Phrase(
          en: "“timer” is needed exactly when the capabilities say that timers of the device end blocks "
            + "(expiry: device).",
          ja: "timer は、機器側の期限で遮断が終わる場合（expiry: device）に限り必要です。"))
    }
    guard let all, let entries, let address else { return nil }
    return RESTDescription.Reading(
      all: all, one: one, entries: entries, address: address, mark: mark, timer: timer, pages: pages)
  }

  func change(_ key: String, _ places: Set<String>, isTimed: Bool, isRequired: Bool = false)
    -> RESTDescription.Change?
  {
    guard top.contains(key) else {
      if isRequired { _ = top.requiredText(key, example: "{method: POST, path: /api/\(key)}") }
      return nil
    }
    let section = top.section(key)
    defer { section.finish() }
    let timer = section.text("timer").map { TextTemplate($0) }
    let timing: Set<String> = timer == nil ? [] : ["timer"]
    if let timer {
      Self.check(timer, permitted: ["seconds"], "timer", in: section)
      if timer.names != ["seconds"] || !isTimed {
        section.report(
          .invalid, "timer",
          Phrase(
            en: "“timer” holds {seconds} once, and only where timers of the device end blocks.",
            ja: "timer には {seconds} を 1 回だけ書きます。機器側の期限で遮断が終わる場合に限り使えます。"))
      }
    }
    let each = section.text("each").map { TextTemplate($0) }
    let separator = section.text("separator") ?? ""
    let most = section.integer("most", in: 1...10_000)
    let call: RESTDescription.Call?
    if let each {
      Self.check(each, permitted: places.union(["address"]).union(timing), "each", in: section)
      if !each.names.contains("address") {
        section.report(
          .missingKey, "each", Phrase(en: "{address} must stand in it.", ja: "{address} が必要です。"))
      }
      call = self.call(section, places.union(["each"]), needs: ["each"])
      if most == nil { _ = section.requiredText("most", example: "100") }
      if call?.path.names.contains("each") == true {
        section.report(
          .invalid, "path", Phrase(en: "{each} stands in the body.", ja: "{each} は本文に書いてください。"))
      }
    } else {
      if section.contains("most") || section.contains("separator") {
        section.report(
          .invalid, "most", Phrase(en: "This needs “each”.", ja: "each と合わせて使います。"))
      }
      call = self.call(section, places.union(["address"]).union(timing), needs: ["address"])
    }
    let expects = expectation(section)
    guard let call else { return nil }
    let change = RESTDescription.Change(
      call: call, each: each, separator: separator, most: most ?? 1, timer: timer, expects: expects)
    expectRecognizable(change, key, places, in: section)
    return change
  }

  private func expectation(_ section: ConfigurationSection) -> RESTDescription.Expectation? {
    guard section.contains("expects") else { return nil }
    let part = section.section("expects")
    defer { part.finish() }
    let place = path("path", in: part)
    guard let node = part.node("is"), case .scalar(let text, _) = node.content else {
      _ = part.requiredText("is", example: "done")
      return nil
    }
    return place.map { RESTDescription.Expectation(path: $0, text: text) }
  }

  func requirement(_ section: ConfigurationSection, _ places: Set<String>) -> RESTDescription.Requirement? {
    defer { section.finish() }
    let asked = call(section, places)
    let values = path("values", in: section, usual: "")
    let contains = section.texts("contains").map { TextTemplate($0.text) }
    for template in contains { Self.check(template, permitted: places, "contains", in: section) }
    if contains.isEmpty { _ = section.requiredText("contains", example: "[\"{setting.alias}\"]") }
    let message = Self.phrase(section.section("message"))
    if let message {
      for text in [message.en, message.ja] {
        Self.check(TextTemplate(text), permitted: ["value"], "message", in: section)
      }
    }
    guard let asked, let values, let message, !contains.isEmpty else { return nil }
    return RESTDescription.Requirement(call: asked, values: values, contains: contains, message: message)
  }

  static func phrase(_ section: ConfigurationSection) -> Phrase? {
    defer { section.finish() }
    let en = section.requiredText("en", example: "…")
    let ja = section.requiredText("ja", example: "…")
    return en.flatMap { en in ja.map { Phrase(en: en, ja: $0) } }
  }

  /// An operation is compared with its template before it is sent. One that could not be told from its
  /// surroundings would never be sent, so that is told here.
  private func expectRecognizable(
    _ change: RESTDescription.Change, _ key: String, _ places: Set<String>, in section: ConfigurationSection
  ) {
    let words = Dictionary(places.map { ($0, "x") }) { a, _ in a }
    let bound = BoundChange(change, words)
    // Places that there is nothing for were reported already.
    guard bound.hasOnlyKnownPlaces else { return }
    for address in ["203.0.113.7", "2001:db8::/32"] {
      for seconds in [nil, 3660] as [Int64?] {
        let items = [(address, seconds), ("192.0.2.0/24", seconds)].prefix(bound.change.most)
        let request = bound.request(items.map { BoundChange.Item(address: $0.0, seconds: $0.1) })
        guard bound.makes(target: request.target, body: request.body ?? "") else {
          section.report(
            .invalid, change.each == nil ? "path" : "each",
            Phrase(
              en: "After {address} and {seconds} something must follow that cannot belong to them: a space, "
                + "a quote, a semicolon.",
              ja: "{address} と {seconds} の直後には、その一部と見なされない文字（空白、引用符、セミコロンなど）を置いてください。"))
          return
        }
        if let body = request.body, JSONValue(Array(body.utf8)) == nil {
          section.report(
            .invalid, "body",
            Phrase(
              en: "Filled in, this is no JSON: \(body.prefix(120))",
              ja: "値を入れても JSON になりません: \(body.prefix(120))"))
          return
        }
      }
    }
  }
}
