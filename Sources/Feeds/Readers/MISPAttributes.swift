import NetworkTypes
import Reputation

/// An attribute of a MISP event that lists something.
struct MISPAttribute {
  var uuid: String
  var type: String
  var value: String
  /// Seconds since 1970.
  var timestamp: Int64

  static let types: Set<String> = [
    "ip-src", "ip-dst", "ip-src|port", "ip-dst|port", "domain", "hostname", "domain|ip", "url",
    "x509-fingerprint-sha1", "x509-fingerprint-sha256",
  ]
}

/// What one MISP event brings: the attributes that list something, and a count of the others.
struct MISPEvent {
  var uuid: String
  var timestamp: Int64
  var attributes: [MISPAttribute] = []
  var omissions: [FeedOmission: Int] = [:]

  /// Most attributes of one event.
  static let maximumAttributes = 1_000_000

  /// An event file (`{"Event":{...}}`), its own attributes and those of its objects.
  init(_ bytes: [UInt8], uuid: String, timestamp: Int64) throws(JSONFault) {
    self.uuid = uuid
    self.timestamp = timestamp
    var scanner = JSONScanner(bytes)
    var found = false
    try scanner.members { (scanner, key) throws(JSONFault) in
      guard key == "Event" else {
        try scanner.skip()
        return
      }
      found = true
      try scanner.members { (scanner, key) throws(JSONFault) in
        switch key {
        case "Attribute": try readAttributes(&scanner)
        case "Object":
          try scanner.elements { (scanner) throws(JSONFault) in
            try scanner.members { (scanner, key) throws(JSONFault) in
              if key == "Attribute" { try readAttributes(&scanner) } else { try scanner.skip() }
            }
          }
        default: try scanner.skip()
        }
      }
    }
    guard found, scanner.isAtEnd() else { throw JSONFault(reason: .syntax, line: scanner.line) }
  }

  private mutating func readAttributes(_ scanner: inout JSONScanner) throws(JSONFault) {
    try scanner.elements { (scanner) throws(JSONFault) in
      let entry = try scanner.value()
      guard attributes.count < Self.maximumAttributes else {
        throw JSONFault(reason: .tooLarge, line: scanner.line)
      }
      guard let type = entry["type"]?.text, let value = entry["value"]?.text else {
        omissions[.otherType, default: 0] += 1
        return
      }
      if entry["deleted"]?.flag == true {
        omissions[.deleted, default: 0] += 1
      } else if entry["to_ids"]?.flag != true {
        omissions[.notForDetection, default: 0] += 1
      } else if !MISPAttribute.types.contains(type) {
        omissions[.otherType, default: 0] += 1
      } else {
        attributes.append(
          MISPAttribute(
            uuid: entry["uuid"]?.text ?? "", type: type, value: value,
            timestamp: entry["timestamp"]?.integer ?? 0))
      }
    }
  }

  /// The event as it is kept: a line for itself, and one for each attribute.
  var keptLines: [UInt8] {
    let counts = omissions.sorted { $0.key.rawValue < $1.key.rawValue }
      .map { "\(JSONText.quoted($0.key.rawValue)):\($0.value)" }.joined(separator: ",")
    var text = "{\"event\":\(JSONText.quoted(uuid)),\"timestamp\":\(timestamp),\"omitted\":{\(counts)}}\n"
    for attribute in attributes {
      text += "{\"uuid\":\(JSONText.quoted(attribute.uuid)),\"type\":\(JSONText.quoted(attribute.type)),"
      text += "\"value\":\(JSONText.quoted(attribute.value)),\"timestamp\":\(attribute.timestamp)}\n"
    }
    return Array(text.utf8)
  }
}

extension FeedCollector {
  /// The kept lines of MISP events.
  mutating func readMISP(_ bytes: [UInt8]) throws(JSONFault) {
    var scanner = JSONScanner(bytes)
    while !isFull, !scanner.isAtEnd() {
      line = scanner.line
      let entry = try scanner.value()
      if entry["event"] != nil {
        guard case .object(let counts)? = entry["omitted"] else { continue }
        for (word, count) in counts {
          guard let reason = FeedOmission(rawValue: word), let count = count.integer else { continue }
          omit(reason, count: Int(clamping: min(count, 1 << 40)))
        }
        continue
      }
      object = entry["uuid"]?.text
      if let type = entry["type"]?.text, let value = entry["value"]?.text {
        let seconds = entry["timestamp"]?.integer ?? 0
        add(misp: type, value, since: seconds > 0 && seconds < 1 << 40 ? Timestamp(seconds: seconds) : nil)
      } else {
        report(.missingMember, "")
      }
    }
    object = nil
  }

  private mutating func add(misp type: String, _ value: String, since: Timestamp?) {
    let parts = value.split(separator: "|", omittingEmptySubsequences: false).map { String($0) }
    switch type {
    case "ip-src", "ip-dst": add(address: value, since: since)
    case "ip-src|port", "ip-dst|port":
      guard parts.count == 2, let address = IPAddress(parts[0]), let port = UInt16(parts[1]), port > 0 else {
        return reject(value)
      }
      add(.addressPort(address, port: port), since: since)
    case "domain": add(name: value.utf8Span.span, since: since)
    // A host name is one host.
    case "hostname": add(name: value.utf8Span.span, includingSubdomains: false, since: since)
    case "domain|ip":
      guard parts.count == 2 else { return reject(value) }
      add(name: parts[0].utf8Span.span, since: since)
      add(address: parts[1], since: since)
    case "url": add(url: value, since: since)
    default:
      guard let hash = CertificateHash(value) else { return reject(value) }
      add(.certificate(hash), since: since)
    }
  }
}
