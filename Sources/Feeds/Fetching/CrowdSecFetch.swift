import HTTPTransport
import NetworkTypes
import Reputation

extension FeedFetch {
  /// Reads all decisions, or what changed since this key's last request, and puts it to what is kept.
  func crowdsec(_ address: FeedAddress, wantsWhole: Bool) async throws(FeedError) -> FeedDownload {
    let isWhole = wantsWhole || kept == nil
    var path = Self.folder(of: address)
    if !path.hasSuffix("/v1/") { path += "v1/" }
    let query = [(name: "startup", value: isWhole ? "true" : "false"), (name: "scopes", value: "ip,range")]
    let response = try await get(
      try self.address(path + "decisions/stream", query: query, of: address), of: address)

    // In the order in which they came, for a file that changes little.
    var decisions: [String: CrowdSecDecision] = [:]
    var order: [String] = []
    func put(_ decision: CrowdSecDecision) {
      if decisions.updateValue(decision, forKey: decision.key) == nil { order.append(decision.key) }
    }
    do throws(JSONFault) {
      if !isWhole, let kept {
        var scanner = JSONScanner(kept)
        while !scanner.isAtEnd() {
          if let decision = CrowdSecDecision(kept: try scanner.value()), decision.until > now {
            put(decision)
          }
        }
      }
      var new: [CrowdSecDecision] = []
      var deleted: [CrowdSecDecision] = []
      var scanner = JSONScanner(response.body)
      var hasNew = false
      try scanner.members { (scanner, key) throws(JSONFault) in
        hasNew = hasNew || key == "new"
        guard key == "new" || key == "deleted", try scanner.peek() == UInt8(ascii: "[") else {
          try scanner.skip()
          return
        }
        try scanner.elements { (scanner) throws(JSONFault) in
          guard let decision = CrowdSecDecision(try scanner.value(), now: now) else { return }
          if key == "new" { new.append(decision) } else { deleted.append(decision) }
        }
      }
      guard hasNew, scanner.isAtEnd() else { throw JSONFault(reason: .syntax, line: scanner.line) }
      // At the start, `deleted` tells of what ended long ago.
      if !isWhole { for decision in deleted { decisions[decision.key] = nil } }
      for decision in new where decision.until > now { put(decision) }
    } catch {
      guard response.body.first(where: { $0 > 0x20 }) != UInt8(ascii: "<") else { throw .notAList(source.id) }
      throw FeedError(error, feed: source.id, place: response.url.withoutQuery)
    }
    guard decisions.count <= source.limits.list.indicators else {
      throw .tooLarge(source.id, limit: source.limits.list.bytes)
    }
    var text = ""
    for key in order {
      if let decision = decisions.removeValue(forKey: key) { text += decision.keptLine }
    }
    let bytes = Array(text.utf8)
    if bytes == kept { return .unchanged(notBefore: nil) }
    return .content(.init(bytes: bytes, isDelta: !isWhole))
  }
}
