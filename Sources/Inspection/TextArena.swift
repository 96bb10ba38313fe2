/// Room for the variable texts of one observation, filled front to back.
struct TextArena: Sendable {
  /// Where a text lies. A text of no bytes is there; `none` is not.
  struct Slice: Sendable {
    var start: UInt16
    var count: UInt16

    static let none = Slice(start: .max, count: 0)
    var isNone: Bool { start == .max }
  }

  private var bytes = InlineArray<4096, UInt8>(repeating: 0)
  private var used = 0

  mutating func clear() { used = 0 }

  /// Keeps the bytes; `nil` when they do not fit.
  mutating func append(_ source: Span<UInt8>, _ range: Range<Int>) -> Slice? {
    guard range.count <= 4096 &- used else { return nil }
    for offset in 0..<range.count {
      bytes[used &+ offset] = source[range.lowerBound &+ offset]
    }
    let slice = Slice(
      start: UInt16(truncatingIfNeeded: used), count: UInt16(truncatingIfNeeded: range.count))
    used &+= range.count
    return slice
  }

  func withBytes<Result>(_ slice: Slice, _ body: (Span<UInt8>) -> Result) -> Result {
    let start = Int(slice.start)
    return body(bytes.span.extracting(start..<(start &+ Int(slice.count))))
  }

  /// The text; bytes that are no UTF-8 become U+FFFD.
  func text(_ slice: Slice) -> String {
    let range = Int(slice.start)..<(Int(slice.start) &+ Int(slice.count))
    return String(decoding: range.map { bytes[$0] }, as: UTF8.self)
  }
}
