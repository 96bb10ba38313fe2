import NetworkTypes

/// The newest version of each indicator of a collection, one object a line. Withdrawn ones stay, so that
/// an older version that comes later does not bring them back.
struct STIXArchive {
  private struct Entry {
    var modified: Timestamp
    var line: [UInt8]
  }

  private var places: [String: Int] = [:]
  private var entries: [Entry] = []
  private(set) var byteCount = 0
  /// Grows with everything that differs from what was there.
  private(set) var changes = 0
  /// Objects that came, of whatever type.
  private(set) var objectCount = 0

  /// Adds the objects of kept lines.
  mutating func add(_ lines: [UInt8]) throws(JSONFault) {
    var scanner = JSONScanner(lines)
    while !scanner.isAtEnd() { try add(&scanner) }
  }

  /// Adds the objects of an array.
  mutating func add(elements scanner: inout JSONScanner) throws(JSONFault) {
    try scanner.elements { (scanner) throws(JSONFault) in try add(&scanner) }
  }

  private mutating func add(_ scanner: inout JSONScanner) throws(JSONFault) {
    _ = try scanner.peek()
    let start = scanner.position
    let object = try scanner.value()
    objectCount += 1
    guard object["type"]?.text == "indicator", let id = object["id"]?.text else { return }
    // A line end inside an object is a blank between its tokens.
    let line = scanner.bytes[start..<scanner.position].map { $0 == 0x0A || $0 == 0x0D ? 0x20 : $0 }
    let entry = Entry(
      modified: (object["modified"] ?? object["created"])?.text.flatMap { Timestamp($0) }
        ?? Timestamp(seconds: 0),
      line: line)
    if let place = places[id] {
      guard entries[place].modified < entry.modified else { return }
      byteCount += entry.line.count - entries[place].line.count
      entries[place] = entry
    } else {
      places[id] = entries.count
      entries.append(entry)
      byteCount += entry.line.count + 1
    }
    changes += 1
  }

  var bytes: [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(byteCount)
    for entry in entries {
      bytes += entry.line
      bytes.append(UInt8(ascii: "\n"))
    }
    return bytes
  }
}
