/// One CSV record, its fields unquoted in a buffer that is used again for the next.
struct CSVRecord {
  /// All field bytes; `bounds(of:)` cuts them.
  private(set) var bytes: [UInt8] = []
  private var ends: [Int] = []
  /// Line of the record's first byte, counted from 1.
  private(set) var line = 0
  /// Bytes of the record in the list, without its line end.
  private(set) var range = 0..<0
  private var nextLine = 1
  private var nextByte = 0

  enum Step { case record, comment, fault(IndicatorProblem.Code), end }

  var count: Int { ends.count }

  /// The bytes of a field, counted from 0, in `bytes`; `nil` when the record is shorter.
  func bounds(of field: Int) -> Range<Int>? {
    guard field >= 0, field < ends.count else { return nil }
    let start = field == 0 ? 0 : ends[field - 1]
    return LineCursor.trimmed(start..<ends[field], in: bytes.span)
  }

  /// Reads the next record. A comment is read as a record after its `#`, as headers are written there.
  ///
  /// After a fault reading goes on at the line after the record's first: a quote that is never closed
  /// must not swallow the rest of the list.
  mutating func advance(in list: Span<UInt8>, separator: UInt8, limit: Int) -> Step {
    guard nextByte < list.count else { return .end }
    bytes.removeAll(keepingCapacity: true)
    ends.removeAll(keepingCapacity: true)
    line = nextLine
    let start = nextByte
    var position = start
    let isComment = list[position] == UInt8(ascii: "#")
    if isComment { position += 1 }
    while true {
      while position < list.count, list[position] == UInt8(ascii: " "), separator != UInt8(ascii: " ") {
        position += 1
      }
      var isSound = true
      let fieldStart = bytes.count
      if position < list.count, list[position] == UInt8(ascii: "\""), !isComment {
        position += 1
        isSound = readQuoted(list, &position, limit: start + limit, separator: separator)
      } else {
        while position < list.count, list[position] != separator, list[position] != UInt8(ascii: "\n") {
          if position - start <= limit { bytes.append(list[position]) }
          position += 1
        }
        let isLast = position == list.count || list[position] == UInt8(ascii: "\n")
        if isLast, bytes.count > fieldStart, bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
      }
      ends.append(bytes.count)
      guard isSound else { return fail(.quoting, from: start, in: list) }
      guard position < list.count, list[position] == separator else { break }
      position += 1
    }
    range = start..<position
    if position > start, position <= list.count, list[position - 1] == UInt8(ascii: "\r") {
      range = start..<(position - 1)
    }
    guard range.count <= limit else { return fail(.lineTooLong, from: start, in: list) }
    nextByte = position + 1
    nextLine += 1
    return isComment ? .comment : .record
  }

  /// Reads up to and over the closing quote; false when there is none, or something follows it.
  private mutating func readQuoted(
    _ list: Span<UInt8>, _ position: inout Int, limit: Int, separator: UInt8
  ) -> Bool {
    var newlines = 0
    while position < list.count, position <= limit {
      let byte = list[position]
      position += 1
      if byte == UInt8(ascii: "\n") { newlines += 1 }
      guard byte == UInt8(ascii: "\"") else {
        bytes.append(byte)
        continue
      }
      if position < list.count, list[position] == UInt8(ascii: "\"") {
        bytes.append(byte)
        position += 1
        continue
      }
      while position < list.count, list[position] == UInt8(ascii: " ") || list[position] == UInt8(ascii: "\r")
      {
        position += 1
      }
      nextLine += newlines
      return position == list.count || list[position] == separator || list[position] == UInt8(ascii: "\n")
    }
    return false
  }

  private mutating func fail(
    _ code: IndicatorProblem.Code, from start: Int, in list: Span<UInt8>
  ) -> Step {
    var end = start
    while end < list.count, list[end] != UInt8(ascii: "\n") { end += 1 }
    range = start..<end
    nextByte = end + 1
    nextLine = line + 1
    return .fault(code)
  }
}
