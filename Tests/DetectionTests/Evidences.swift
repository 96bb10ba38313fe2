import NetworkTypes
import Reputation

/// A listing of `text` (an address, a prefix or a name) as a source would give it.
func listing(
  _ text: String, _ source: String = "feed", confidence: Double = 0.9, match: Evidence.Match = .itself,
  line: Int = 12, since: Timestamp? = nil
) -> Evidence? {
  let indicator: Indicator
  if let prefix = IPPrefix(text) {
    indicator = prefix.isHost ? .address(prefix.address) : .prefix(prefix)
  } else if let name = DomainName(text) {
    indicator = .domain(name, includingSubdomains: true)
  } else {
    return nil
  }
  return Evidence(
    indicator: indicator, match: match, source: source, sourceName: "Feed \(source)", category: .malware,
    confidence: confidence, file: "lists/\(source).txt", line: line, since: since)
}

/// An index over lists in plain text, each with an identifier and a confidence.
func index(_ lists: (id: String, confidence: Double, text: String)...) throws -> ReputationIndex {
  try ReputationIndex(
    lists.map { list in
      let source = ReputationSource(
        id: list.id, name: "Feed \(list.id)", category: .phishing, confidence: list.confidence,
        file: "lists/\(list.id).txt")
      return try IndicatorList.read(Array(list.text.utf8).span, from: source)
    })
}
