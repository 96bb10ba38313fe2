import Language
import NetworkTypes
import Reputation

/// A decision of a CrowdSec local API.
struct CrowdSecDecision {
  /// What tells it from every other: its number, or for servers that send none scenario and value.
  var key: String
  var type: String
  var scope: String
  var value: String
  var scenario: String
  var until: Timestamp
  var isSimulated: Bool

  /// - Parameter now: when the answer came: the API tells the time that remains.
  init?(_ entry: JSONValue, now: Timestamp) {
    guard let scope = entry["scope"]?.text, let value = entry["value"]?.text, value.utf8.count <= 256,
      let seconds = entry["duration"]?.text.flatMap({ GoDuration.seconds($0) })
    else { return nil }
    self.scope = scope.lowercased()
    self.value = value
    type = entry["type"]?.text ?? "ban"
    scenario = entry["scenario"]?.text ?? ""
    isSimulated = entry["simulated"]?.flag ?? false
    until = now + .seconds(seconds)
    let number = entry["id"]?.integer ?? 0
    key = number > 0 ? String(number) : "\(scenario)|\(scope)|\(value)"
  }

  /// As it is kept.
  init?(kept entry: JSONValue) {
    guard let key = entry["key"]?.text, let scope = entry["scope"]?.text, let value = entry["value"]?.text,
      let until = entry["until"]?.text.flatMap({ Timestamp($0) })
    else { return nil }
    self.key = key
    self.scope = scope
    self.value = value
    self.until = until
    type = entry["type"]?.text ?? ""
    scenario = entry["scenario"]?.text ?? ""
    isSimulated = entry["simulated"]?.flag ?? false
  }

  var keptLine: String {
    "{\"key\":\(JSONText.quoted(key)),\"scope\":\(JSONText.quoted(scope)),"
      + "\"value\":\(JSONText.quoted(value)),\"type\":\(JSONText.quoted(type)),"
      + "\"scenario\":\(JSONText.quoted(scenario)),\"simulated\":\(isSimulated),"
      + "\"until\":\"\(until)\"}\n"
  }
}

extension FeedCollector {
  /// The kept lines of decisions. Several can name one value: it is listed while one of them lives.
  mutating func readCrowdSec(_ bytes: [UInt8], types: Set<String>, now: Timestamp) throws(JSONFault) {
    var scanner = JSONScanner(bytes)
    while !isFull, !scanner.isAtEnd() {
      line = scanner.line
      guard let decision = CrowdSecDecision(kept: try scanner.value()) else {
        report(.missingMember, "")
        continue
      }
      object = decision.key
      if decision.isSimulated {
        omit(.simulated)
      } else if !["ip", "range"].contains(decision.scope) || !types.contains(decision.type) {
        omit(.otherScope)
      } else if decision.until <= now {
        omit(.expired)
      } else {
        add(address: decision.value)
      }
    }
    object = nil
  }
}
