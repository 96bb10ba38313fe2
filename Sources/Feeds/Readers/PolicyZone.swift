import NetworkTypes
import Reputation

/// What one record of a response policy zone asks for (draft-vixie-dnsop-dns-rpz).
private enum PolicyAction { case block, allow, omitted(FeedOmission) }

/// What makes a policy record apply.
private enum PolicyTrigger {
  /// A name in lower case; with `*.` before it in the zone, the names under it.
  case name([UInt8], wildcard: Bool)
  case addresses(IPPrefix)
  case other
}

extension FeedCollector {
  /// A response policy zone. A record lists exactly the name it stands for, and one with `*.` the name
  /// with all under it.
  ///
  /// Two passes: an exception can stand after the record that it is an exception from.
  /// - Parameter acceptingLocalData: whether answers of the zone's own (a sinkhole) block as well.
  mutating func readPolicyZone(_ bytes: Span<UInt8>, acceptingLocalData: Bool, limit: Int) {
    var exceptions = FeedExceptions()
    var walk = PolicyZoneWalk(limit: limit, acceptsLocalData: acceptingLocalData)
    while let entry = walk.advance(in: bytes) {
      guard case .entry(.allow, let trigger) = entry.step else { continue }
      switch trigger {
      case .name(let name, _): exceptions.add(name: name.span)
      case .addresses(let prefix): exceptions.add(prefix)
      case .other: break
      }
    }
    exceptions.sort()
    walk = PolicyZoneWalk(limit: limit, acceptsLocalData: acceptingLocalData)
    while !isFull, let entry = walk.advance(in: bytes) {
      line = entry.line
      switch entry.step {
      case .fault(let code): report(code, bytes.extracting(entry.range))
      case .omitted(let reason): omit(reason)
      case .entry(.allow, let trigger): allow(trigger)
      case .entry(.omitted(let reason), _): omit(reason)
      case .entry(.block, let trigger): block(trigger, exceptions)
      }
    }
  }

  private mutating func allow(_ trigger: PolicyTrigger) {
    switch trigger {
    case .name(let name, let wildcard): allow(name: name.span, includingSubdomains: wildcard)
    case .addresses(let prefix): allow(prefix.description.utf8Span.span)
    case .other: omit(.otherTrigger)
    }
  }

  private mutating func block(_ trigger: PolicyTrigger, _ exceptions: FeedExceptions) {
    switch trigger {
    case .name(let name, let wildcard):
      guard !exceptions.concern(name.span, withSubdomains: wildcard) else { return omit(.contradicted) }
      add(name: name.span, includingSubdomains: wildcard)
    case .addresses(let prefix):
      guard let pieces = exceptions.remainder(of: prefix) else { return omit(.contradicted) }
      for piece in pieces { add(piece.isHost ? .address(piece.address) : .prefix(piece)) }
    case .other:
      omit(.otherTrigger)
    }
  }
}

/// Goes over the policy records of a zone.
private struct PolicyZoneWalk {
  struct Entry {
    enum Step {
      case fault(FeedProblem.Code)
      case omitted(FeedOmission)
      case entry(PolicyAction, PolicyTrigger)
    }
    var step: Step
    var line: Int
    var range: Range<Int>
  }

  private var records: ZoneCursor
  private let acceptsLocalData: Bool
  /// The name that relative names are completed by, in lower case without its final dot; `nil` while the
  /// file does not tell. A relative name is a trigger as it stands then.
  private var origin: [UInt8]?
  /// The zone's own name, from its SOA record.
  private var apex: [UInt8]?
  private var owner: [UInt8] = []

  init(limit: Int, acceptsLocalData: Bool) {
    records = ZoneCursor(limit: limit)
    self.acceptsLocalData = acceptsLocalData
  }

  /// The next record that is none of the zone's own housekeeping; `nil` after the last.
  mutating func advance(in bytes: Span<UInt8>) -> Entry? {
    while let record = records.advance(in: bytes) {
      let range = record.fields[0].lowerBound..<(record.fields.last?.upperBound ?? 0)
      guard let step = step(record, bytes) else { continue }
      return Entry(step: step, line: record.line, range: range)
    }
    return nil
  }

  private mutating func step(_ record: ZoneRecord, _ bytes: Span<UInt8>) -> Entry.Step? {
    guard record.isSound else { return .fault(.zoneSyntax) }
    var fields = record.fields[...]
    if !record.repeatsOwner, let first = fields.first {
      let text = lowered(first, bytes)
      if text.first == UInt8(ascii: "$") { return directive(text, fields, bytes) }
      owner = text
      fields = fields.dropFirst()
    }
    guard !owner.isEmpty, let type = recordType(&fields, bytes) else { return .fault(.zoneSyntax) }
    switch type {
    case "soa":
      // Everything is relative to the zone's name, until the file says otherwise.
      apex = absolute(owner) ?? origin
      if origin == nil { origin = apex }
      return nil
    case "ns", "rrsig", "nsec", "nsec3", "nsec3param", "dnskey", "cds", "cdnskey", "zonemd":
      return nil
    case "cname":
      guard let target = fields.first else { return .fault(.zoneSyntax) }
      return entry(action(of: lowered(target, bytes)))
    default:
      guard !fields.isEmpty else { return .fault(.zoneSyntax) }
      return entry(acceptsLocalData ? .block : .omitted(.localData))
    }
  }

  private mutating func directive(
    _ word: [UInt8], _ fields: ArraySlice<Range<Int>>, _ bytes: Span<UInt8>
  ) -> Entry.Step? {
    switch String(decoding: word, as: UTF8.self) {
    case "$ttl": return nil
    case "$origin":
      guard fields.count >= 2 else { return .fault(.zoneSyntax) }
      let name = lowered(fields[fields.startIndex + 1], bytes)
      guard let full = absolute(name) else { return .fault(.zoneSyntax) }
      origin = full
      return nil
    default: return .fault(.zoneDirective)
    }
  }

  /// Takes time to live, class and type off the fields; `nil` without a type.
  private func recordType(_ fields: inout ArraySlice<Range<Int>>, _ bytes: Span<UInt8>) -> String? {
    for _ in 0..<3 {
      guard let field = fields.popFirst() else { return nil }
      let word = lowered(field, bytes)
      if word.first.map({ $0 &- UInt8(ascii: "0") < 10 }) == true { continue }
      let text = String(decoding: word, as: UTF8.self)
      if ["in", "ch", "hs", "any"].contains(text) { continue }
      return text
    }
    return nil
  }

  private func action(of target: [UInt8]) -> PolicyAction {
    switch String(decoding: target, as: UTF8.self) {
    case ".", "*.", "rpz-drop.": .block
    case "rpz-passthru.": .allow
    case "rpz-tcp-only.": .omitted(.tcpOnly)
    default: acceptsLocalData ? .block : .omitted(.localData)
    }
  }

  private func entry(_ action: PolicyAction) -> Entry.Step? {
    let name: [UInt8]
    if let full = absolute(owner), let apex {
      if full == apex { return nil }
      guard apex.isEmpty || full.count > apex.count + 1 && full.hasSuffix(apex) else {
        return .fault(.outsideZone)
      }
      name = apex.isEmpty ? full : Array(full.dropLast(apex.count + 1))
    } else if owner == [UInt8(ascii: "@")] {
      return nil
    } else if owner.last == UInt8(ascii: ".") {
      return .fault(.outsideZone)
    } else {
      name = owner
    }
    return trigger(name).map { .entry(action, $0) } ?? .fault(.zoneAddress)
  }

  /// `nil` for an address that is written wrongly.
  private func trigger(_ name: [UInt8]) -> PolicyTrigger? {
    let labels = name.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    switch labels.last.map({ String(decoding: $0, as: UTF8.self) }) {
    case "rpz-client-ip", "rpz-nsdname", "rpz-nsip": return .other
    case "rpz-ip":
      return Self.prefix(labels.dropLast().map { String(decoding: $0, as: UTF8.self) }).map {
        .addresses($0)
      }
    default:
      if labels.count > 1, labels[0].elementsEqual([UInt8(ascii: "*")]) {
        return .name(Array(name.dropFirst(2)), wildcard: true)
      }
      return .name(name, wildcard: false)
    }
  }

  /// `24.0.113.0.203` and `48.zz.db8.2001`: the length, and the address from behind; `zz` is `::`.
  private static func prefix(_ labels: [String]) -> IPPrefix? {
    guard labels.count >= 3, labels.count <= 9, labels.allSatisfy({ !$0.isEmpty && $0.utf8.count <= 4 }),
      let length = labels.first
    else { return nil }
    let words = labels.dropFirst().reversed()
    if words.count == 4, !words.contains("zz") {
      return IPPrefix(words.joined(separator: ".") + "/" + length)
    }
    let joined = words.map { $0 == "zz" ? "" : $0 }.joined(separator: ":")
    let text =
      words.first == "zz" && words.count == 1
      ? "::" : (words.first == "zz" ? ":" : "") + joined + (words.last == "zz" ? ":" : "")
    guard let prefix = IPPrefix(text + "/" + length), !prefix.isIPv4 else { return nil }
    return prefix
  }

  /// The full name without its final dot; `nil` while a relative name has nothing to be relative to.
  private func absolute(_ name: [UInt8]) -> [UInt8]? {
    if name.last == UInt8(ascii: ".") { return Array(name.dropLast()) }
    guard let origin else { return nil }
    if name == [UInt8(ascii: "@")] { return origin }
    return origin.isEmpty ? name : name + [UInt8(ascii: ".")] + origin
  }

  private func lowered(_ range: Range<Int>, _ bytes: Span<UInt8>) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(range.count)
    for index in range {
      let byte = bytes[index]
      result.append(byte &- UInt8(ascii: "A") < 26 ? byte | 0x20 : byte)
    }
    return result
  }
}

extension [UInt8] {
  /// Whether the name lies under `parent`.
  fileprivate func hasSuffix(_ parent: [UInt8]) -> Bool {
    self[count - parent.count - 1] == UInt8(ascii: ".") && suffix(parent.count).elementsEqual(parent)
  }
}
