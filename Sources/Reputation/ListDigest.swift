import FoundationEssentials

/// A digest of everything that enters an index: tells whether an index was compiled from some lists.
///
/// It is keyed by the seed of the index, which no publisher of a list knows, so nobody can make a list
/// that passes for another.
enum ListDigest {
  static func of(_ lists: [IndicatorList], seed: UInt64) -> UInt64 {
    var state = IndexHash.fold(seed ^ UInt64(lists.count))
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    for list in lists {
      // Only a number that is none has no JSON, and sources are checked when their list is read.
      let source = (try? encoder.encode(list.source)).map { Array($0) } ?? []
      add(source.span, to: &state)
      add(UInt64(list.rows.count), to: &state)
      for row in list.rows {
        add(
          UInt64(row.line) << 32 | UInt64(row.port) << 16 | UInt64(row.length) << 8
            | UInt64(row.kind.rawValue), to: &state)
        add(UInt64(row.since) << 16 | UInt64(row.confidence), to: &state)
        add(row.high, to: &state)
        add(row.low, to: &state)
      }
      add(list.text.span, to: &state)
    }
    return state
  }

  @inline(__always)
  private static func add(_ word: UInt64, to state: inout UInt64) {
    state = IndexHash.fold(state ^ word) &+ 0x9E37_79B9_7F4A_7C15
  }

  /// The count and the bytes, eight at a time.
  private static func add(_ bytes: Span<UInt8>, to state: inout UInt64) {
    add(UInt64(bytes.count), to: &state)
    var offset = 0
    while offset &+ 8 <= bytes.count {
      var word: UInt64 = 0
      for index in offset..<(offset &+ 8) { word = word &<< 8 | UInt64(bytes[index]) }
      add(word, to: &state)
      offset &+= 8
    }
    var rest: UInt64 = 0
    for index in offset..<bytes.count { rest = rest &<< 8 | UInt64(bytes[index]) }
    add(rest, to: &state)
  }
}
