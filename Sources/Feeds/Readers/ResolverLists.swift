import NetworkTypes
import Reputation

extension FeedCollector {
  /// Rules of advertisement blockers: `||name^`. Anything narrower than a whole name is left out. An exception
  /// (`@@`) outranks rules about the name, around it and under it, wherever it stands.
  mutating func readAdblock(_ bytes: Span<UInt8>, limit: Int) {
    var exceptions = FeedExceptions()
    var lines = LineCursor()
    while let range = lines.advance(in: bytes) {
      let content = LineCursor.trimmed(range, in: bytes)
      guard !content.isEmpty, content.count <= limit else { continue }
      let rule = bytes.extracting(content)
      guard case .name(let place, isException: true) = Self.adblockRule(rule) else { continue }
      let name = rule.extracting(place)
      if let address = IPAddress(parsing: name) {
        exceptions.add(IPPrefix(address))
      } else {
        exceptions.add(name: name)
      }
    }
    exceptions.sort()
    eachLine(of: bytes, limit: limit) { collector, rule in
      switch Self.adblockRule(rule) {
      case .comment: return
      case .partial: collector.omit(.partialRule)
      case .name(let place, let isException):
        let name = rule.extracting(place)
        if let address = IPAddress(parsing: name) {
          if isException { return collector.allow(name) }
          guard exceptions.remainder(of: IPPrefix(address)) != nil else {
            return collector.omit(.contradicted)
          }
          return collector.add(.address(address))
        }
        if isException { return collector.allow(name: name, includingSubdomains: true) }
        guard !exceptions.concern(name, withSubdomains: true), !exceptions.cover(name) else {
          return collector.omit(.contradicted)
        }
        collector.add(name: name, includingSubdomains: true)
      }
    }
  }

  private enum AdblockRule {
    /// Also the header and rules about the look of every page.
    case comment
    case partial
    case name(Range<Int>, isException: Bool)
  }

  private static func adblockRule(_ rule: Span<UInt8>) -> AdblockRule {
    switch rule[0] {
    case UInt8(ascii: "!"), UInt8(ascii: "["), UInt8(ascii: "#"): return .comment
    default: break
    }
    let isException = rule.starts(with: "@@||")
    guard isException || rule.starts(with: "||") else { return .partial }
    let start = isException ? 4 : 2
    var end = start
    while end < rule.count, isOfName(rule[end]) { end += 1 }
    guard end > start, end < rule.count, rule[end] == UInt8(ascii: "^") else { return .partial }
    // `||name^|` is the same; an option narrows the rule, except for the two that only raise its rank.
    let rest = rule.extracting((end + 1)..<rule.count).text
    let options = rest.hasPrefix("|") ? rest.dropFirst() : rest[...]
    guard ["", "$all", "$important", "$all,important", "$important,all"].contains(options) else {
      return .partial
    }
    return .name(start..<end, isException: isException)
  }

  private static func isOfName(_ byte: UInt8) -> Bool {
    (byte | 0x20) &- UInt8(ascii: "a") < 26 || byte &- UInt8(ascii: "0") < 10 || byte >= 0x80
      || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
  }

  /// dnsmasq's `address=/name/0.0.0.0`, `address=/name/`, `server=/name/`, `local=/name/`. Each stands for
  /// the name and all under it.
  mutating func readDnsmasq(_ bytes: Span<UInt8>, limit: Int) {
    eachLine(of: bytes, limit: limit) { collector, line in
      guard line[0] != UInt8(ascii: "#") else { return }
      let text = line.text.split(separator: "#", maxSplits: 1).first.map(\.trimmed) ?? ""
      let rule = text.hasPrefix("--") ? String(text.dropFirst(2)) : text
      let words = rule.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard words.count == 2 else { return collector.report(.ruleSyntax, line) }
      let key = words[0].trimmed
      guard ["address", "server", "local"].contains(key) else { return collector.omit(.forwarding) }
      let parts = words[1].trimmed.split(separator: "/", omittingEmptySubsequences: false)
      guard parts.count >= 3, parts[0].isEmpty else { return collector.omit(.forwarding) }
      let answer = String(parts[parts.count - 1])
      // The comment sign of `address=/name/#` was cut off above: an empty answer is none, too.
      let blocks = answer.isEmpty && !line.text.contains("/#") || key == "address" && Self.isSinkhole(answer)
      let isNull = key == "address" && line.text.trimmed.hasSuffix("/#")
      guard blocks || isNull else { return collector.omit(.forwarding) }
      for name in parts[1..<(parts.count - 1)] where !name.isEmpty {
        collector.add(name: name.utf8Span.span, includingSubdomains: true)
      }
    }
  }

  /// unbound's `local-zone: "name" always_nxdomain`. Each stands for the name and all under it.
  mutating func readUnbound(_ bytes: Span<UInt8>, limit: Int) {
    eachLine(of: bytes, limit: limit) { collector, line in
      guard line[0] != UInt8(ascii: "#") else { return }
      let text = line.text
      if text.hasPrefix("local-data") { return collector.omit(.localData) }
      guard text.hasPrefix("local-zone:") else {
        // Section heads and settings of the server.
        return text.contains(":") ? () : collector.report(.ruleSyntax, line)
      }
      let words = text.dropFirst("local-zone:".count).split { $0 == " " || $0 == "\t" }
      guard words.count >= 2 else { return collector.report(.ruleSyntax, line) }
      var name = words[0]
      if name.count >= 2, name.first == "\"", name.last == "\"" { name = name.dropFirst().dropLast() }
      switch words[1].filter({ $0 != "\"" }) {
      case "deny", "refuse", "static", "redirect", "inform_deny", "inform_redirect", "always_refuse",
        "always_nxdomain", "always_nodata", "always_deny", "always_null":
        collector.add(name: name.utf8Span.span, includingSubdomains: true)
      default: collector.omit(.forwarding)
      }
    }
  }

  /// Whether an answer leads nowhere.
  private static func isSinkhole(_ text: String) -> Bool {
    guard let address = IPAddress(text) else { return false }
    guard let ipv4 = address.ipv4 else { return address.high == 0 && address.low <= 1 }
    return ipv4 == 0 || ipv4 >> 24 == 127
  }
}
