/// A record of a zone file (RFC 1035 section 5), its fields as they are written.
struct ZoneRecord {
  /// Fields in the order of the line; the owner first, empty when the line repeats the last one.
  var fields: [Range<Int>] = []
  var repeatsOwner = false
  /// The line of the first field, counted from 1.
  var line = 0
  var isSound = true
}

/// Walks over the records of a zone file: joins lines in parentheses, drops comments and blank lines.
struct ZoneCursor {
  private var position = 0
  private var line = 1
  /// Most bytes of one record, over all its lines.
  let limit: Int

  static let maximumFields = 256

  init(limit: Int) { self.limit = limit }

  /// The next record; `nil` after the last. A record that is not sound ends at its line's end.
  mutating func advance(in bytes: Span<UInt8>) -> ZoneRecord? {
    while position < bytes.count {
      var record = ZoneRecord()
      let start = position
      let firstLine = line
      record.repeatsOwner = bytes[position] == UInt8(ascii: " ") || bytes[position] == UInt8(ascii: "\t")
      record.line = line
      var depth = 0
      reading: while position < bytes.count {
        switch bytes[position] {
        case UInt8(ascii: "\n"):
          position += 1
          line += 1
          if depth == 0 { break reading }
        case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"):
          position += 1
        case UInt8(ascii: ";"):
          while position < bytes.count, bytes[position] != UInt8(ascii: "\n") { position += 1 }
        case UInt8(ascii: "("):
          depth += 1
          position += 1
        case UInt8(ascii: ")"):
          depth -= 1
          position += 1
        default:
          if record.fields.isEmpty { record.line = line }
          record.fields.append(field(in: bytes))
        }
        record.isSound =
          depth >= 0 && depth <= 1 && record.fields.count <= Self.maximumFields && position - start <= limit
        if !record.isSound { break reading }
      }
      if depth != 0 { record.isSound = false }
      if !record.isSound {
        // A parenthesis that is never closed must not swallow the rest of the zone.
        position = start
        while position < bytes.count, bytes[position] != UInt8(ascii: "\n") { position += 1 }
        record.fields = [start..<position]
        record.line = firstLine
        if position < bytes.count { position += 1 }
        line = firstLine + 1
        return record
      }
      if !record.fields.isEmpty { return record }
    }
    return nil
  }

  private mutating func field(in bytes: Span<UInt8>) -> Range<Int> {
    let start = position
    if bytes[position] == UInt8(ascii: "\"") {
      position += 1
      while position < bytes.count, bytes[position] != UInt8(ascii: "\n") {
        let byte = bytes[position]
        position += byte == UInt8(ascii: "\\") ? 2 : 1
        if byte == UInt8(ascii: "\"") { break }
      }
    } else {
      scan: while position < bytes.count {
        switch bytes[position] {
        case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"), UInt8(ascii: "\n"),
          UInt8(ascii: ";"), UInt8(ascii: "("), UInt8(ascii: ")"):
          break scan
        case UInt8(ascii: "\\"): position += 2
        default: position += 1
        }
      }
    }
    position = min(position, bytes.count)
    return start..<position
  }
}
