/// A rule of the few shapes that our chains are made of.
struct NftablesRule: Equatable {
  enum End: String { case source = "saddr", destination = "daddr" }

  /// An address of the packet is in a set.
  struct Match: Equatable {
    var isIPv4: Bool
    var end: End
    var set: String
  }

  enum Verdict: Equatable {
    case accept, drop, `return`
    case goto(String)
    case jump(String)
  }

  /// `nil` for a rule that every packet meets.
  var match: Match?
  var counter = false
  var verdict: Verdict

  init(match: Match? = nil, counter: Bool = false, verdict: Verdict) {
    self.match = match
    self.counter = counter
    self.verdict = verdict
  }

  /// As nft prints it, without counts: `ip saddr @blocked4 counter drop`.
  var text: String {
    var words: [String] = []
    if let match { words += [match.isIPv4 ? "ip" : "ip6", match.end.rawValue, "@\(match.set)"] }
    if counter { words.append("counter") }
    switch verdict {
    case .accept: words.append("accept")
    case .drop: words.append("drop")
    case .return: words.append("return")
    case .goto(let chain): words += ["goto", chain]
    case .jump(let chain): words += ["jump", chain]
    }
    return words.joined(separator: " ")
  }

  /// Parses `text`; `nil` for a rule of another shape.
  init?(_ text: String) {
    var words = text.split(separator: " ", omittingEmptySubsequences: false).map(String.init)[...]
    if let family = words.first, family == "ip" || family == "ip6" {
      guard words.count > 3, let end = End(rawValue: words[1]), words[2].hasPrefix("@") else { return nil }
      match = Match(isIPv4: family == "ip", end: end, set: String(words[2].dropFirst()))
      words = words.dropFirst(3)
    }
    if words.first == "counter" {
      counter = true
      words = words.dropFirst()
    }
    switch (words.first, words.count) {
    case ("accept", 1): verdict = .accept
    case ("drop", 1): verdict = .drop
    case ("return", 1): verdict = .return
    case ("goto", 2): verdict = .goto(words[words.startIndex + 1])
    case ("jump", 2): verdict = .jump(words[words.startIndex + 1])
    default: return nil
    }
  }

  /// Appends the statements in the JSON of libnftables.
  func append(to json: inout CommandText) {
    json.raw("[")
    if let match {
      json.raw(#"{"match":{"op":"==","left":{"payload":{"protocol":""#)
      json.raw(match.isIPv4 ? "ip" : "ip6")
      json.raw(#"","field":""#)
      json.raw(match.end.rawValue)
      json.raw(#""}},"right":"#)
      json.string("@" + match.set)
      json.raw("}},")
    }
    if counter { json.raw(#"{"counter":null},"#) }
    switch verdict {
    case .accept: json.raw(#"{"accept":null}"#)
    case .drop: json.raw(#"{"drop":null}"#)
    case .return: json.raw(#"{"return":null}"#)
    case .goto(let chain), .jump(let chain):
      if case .goto = verdict { json.raw(#"{"goto":{"target":"#) } else { json.raw(#"{"jump":{"target":"#) }
      json.string(chain)
      json.raw("}}")
    }
    json.raw("]")
  }
}
