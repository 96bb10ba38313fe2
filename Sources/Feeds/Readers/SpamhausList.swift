import NetworkTypes
import Reputation

extension FeedCollector {
  /// Spamhaus DROP as JSON lines: `{"cidr":"192.0.2.0/24","sblid":"SBL1","rir":"ripe"}`, at the end
  /// `{"type":"metadata",...,"records":1}`.
  ///
  /// - Returns: the records that the last line announces and those that were there; `nil` without it.
  mutating func readSpamhaus(_ bytes: Span<UInt8>, limit: Int) -> (announced: Int, found: Int)? {
    var announced: Int?
    var found = 0
    eachLine(of: bytes, limit: limit) { collector, text in
      var content: [UInt8] = []
      for index in text.indices { content.append(text[index]) }
      var scanner = JSONScanner(content)
      guard let entry = try? scanner.value(), scanner.isAtEnd(), case .object = entry else {
        return collector.report(.ruleSyntax, text)
      }
      if entry["type"]?.text == "metadata" {
        announced = entry["records"]?.integer.flatMap { Int(exactly: $0) }
        return
      }
      found += 1
      collector.object = entry["sblid"]?.text
      if let prefix = entry["cidr"]?.text {
        collector.add(address: prefix)
      } else if entry["asn"] != nil {
        collector.omit(.otherType)
      } else {
        collector.report(.missingMember, text)
      }
      collector.object = nil
    }
    return announced.map { ($0, found) }
  }
}
