extension IndicatorListBuilder {
  /// One indicator a line (`ListFormat.plain`).
  mutating func readPlain(_ bytes: Span<UInt8>) {
    var lines = LineCursor()
    while !isFull, let line = lines.advance(in: bytes) {
      guard line.count <= limits.lineBytes else {
        report(.lineTooLong, line: lines.number, bytes.extracting(line))
        continue
      }
      let content = Self.withoutComment(line, in: bytes)
      guard !content.isEmpty else { continue }
      let field = bytes.extracting(content)
      if field.indices.contains(where: { LineCursor.isBlank(field[$0]) }) {
        report(.unexpectedText, line: lines.number, field)
      } else {
        add(field, line: lines.number)
      }
    }
  }

  private static func withoutComment(_ line: Range<Int>, in bytes: Span<UInt8>) -> Range<Int> {
    let content = LineCursor.trimmed(line, in: bytes)
    guard let start = content.first else { return content }
    switch bytes[start] {
    case UInt8(ascii: "#"), UInt8(ascii: ";"), UInt8(ascii: "!"): return start..<start
    case UInt8(ascii: "/") where content.count > 1 && bytes[start + 1] == UInt8(ascii: "/"):
      return start..<start
    default: break
    }
    for index in content.dropFirst() where LineCursor.isBlank(bytes[index - 1]) {
      if bytes[index] == UInt8(ascii: "#") || bytes[index] == UInt8(ascii: ";") {
        return LineCursor.trimmed(start..<index, in: bytes)
      }
    }
    return content
  }
}
