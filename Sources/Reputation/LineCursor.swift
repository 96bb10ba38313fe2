/// Walks over lines that end in LF or CRLF.
public struct LineCursor {
  /// The line last returned, counted from 1.
  public private(set) var number = 0
  private var next = 0

  public init() {}

  /// The bytes of the next line without its end; `nil` after the last.
  public mutating func advance(in bytes: Span<UInt8>) -> Range<Int>? {
    guard next < bytes.count else { return nil }
    let start = next
    var end = start
    while end < bytes.count, bytes[end] != UInt8(ascii: "\n") { end += 1 }
    next = end + 1
    number += 1
    if end > start, bytes[end - 1] == UInt8(ascii: "\r") { end -= 1 }
    return start..<end
  }

  /// A space or a tab.
  public static func isBlank(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t")
  }

  /// The range without blanks at its ends.
  public static func trimmed(_ range: Range<Int>, in bytes: Span<UInt8>) -> Range<Int> {
    var (start, end) = (range.lowerBound, range.upperBound)
    while start < end, isBlank(bytes[start]) { start += 1 }
    while end > start, isBlank(bytes[end - 1]) { end -= 1 }
    return start..<end
  }
}
