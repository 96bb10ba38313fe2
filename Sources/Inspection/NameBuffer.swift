/// Room for one domain name in text form, lower case, without the final dot.
///
/// A fixed buffer: names are read from packets into it without allocating.
struct NameBuffer: Sendable {
  /// Characters of the longest name (RFC 1035 section 2.3.4, without length bytes).
  static let longest = 253

  private(set) var bytes = InlineArray<255, UInt8>(repeating: 0)
  private(set) var count = 0
  /// Whether all bytes so far are letters, digits, hyphen and underscore, and the dots between labels.
  private(set) var isText = true

  mutating func clear() {
    count = 0
    isText = true
  }

  /// Puts a dot between this label and the one before.
  mutating func beginLabel() -> Bool {
    guard count > 0 else { return true }
    guard count < Self.longest else { return false }
    bytes[count] = UInt8(ascii: ".")
    count &+= 1
    return true
  }

  /// Appends the bytes of a label, lower-cased.
  mutating func append(_ source: Span<UInt8>, from start: Int, count length: Int) -> Bool {
    guard count &+ length <= Self.longest else { return false }
    for offset in 0..<length {
      var byte = source[start &+ offset]
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
        UInt8(ascii: "-"), UInt8(ascii: "_"):
        break
      case UInt8(ascii: "A")...UInt8(ascii: "Z"):
        byte |= 0x20
      default:
        isText = false
      }
      bytes[count &+ offset] = byte
    }
    count &+= length
    return true
  }

  /// Whether both hold the same name.
  func equals(_ other: NameBuffer) -> Bool {
    guard count == other.count else { return false }
    // Over spans: subscripts of another value's array make the compiler copy the whole array first.
    let mine = bytes.span
    let theirs = other.bytes.span
    for index in 0..<count where mine[index] != theirs[index] { return false }
    return true
  }

  /// Fills the buffer from dotted text, a final dot dropped.
  mutating func assign(
    text source: Span<UInt8>, in range: Range<Int>, counters: inout InspectionCounters
  ) -> Bool {
    clear()
    var end = range.upperBound
    if end > range.lowerBound, source[end &- 1] == UInt8(ascii: ".") { end &-= 1 }
    var start = range.lowerBound
    while true {
      var stop = start
      while stop < end, source[stop] != UInt8(ascii: ".") { stop &+= 1 }
      guard stop > start else {
        counters.nameNotText &+= 1
        return false
      }
      guard stop &- start <= 63, beginLabel(), append(source, from: start, count: stop &- start) else {
        counters.nameTooLong &+= 1
        return false
      }
      guard stop < end else { break }
      start = stop &+ 1
    }
    guard isText else {
      counters.nameNotText &+= 1
      return false
    }
    return true
  }
}
