/// The hashes of the compiled index. Each starts at the index's seed, which no sender of names knows, so
/// that nobody can choose names that all collide. They only lead to an indicator: a comparison decides.
enum IndexHash {
  /// Both halves of a product: every bit of the argument reaches every bit of the result.
  @inline(__always)
  static func fold(_ value: UInt64) -> UInt64 {
    let product = value.multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
    return product.high ^ product.low
  }

  @inline(__always)
  static func ipv4(_ bits: UInt32, seed: UInt64) -> UInt64 { fold(fold(UInt64(bits) ^ seed)) }

  @inline(__always)
  static func ipv6(high: UInt64, low: UInt64, seed: UInt64) -> UInt64 { fold(fold(high ^ seed) ^ low) }

  static func addressPort(high: UInt64, low: UInt64, port: UInt16, seed: UInt64) -> UInt64 {
    fold(ipv6(high: high, low: low, seed: seed) ^ UInt64(port))
  }

  static func bytes(_ bytes: Span<UInt8>, seed: UInt64) -> UInt64 {
    var state = seed
    var start = 0
    while start < bytes.count {
      var word: UInt64 = 0
      for index in start..<min(start + 8, bytes.count) { word = word << 8 | UInt64(bytes[index]) }
      state = fold(state ^ word)
      start += 8
    }
    return fold(state ^ UInt64(bytes.count))
  }
}

/// Walks a name from its end, label by label: the hash of each parent domain is an intermediate state of
/// the whole name's, so one pass gives them all. Eight bytes are taken at a time, none over a dot.
struct NameWalk {
  /// Bytes before the part that was walked; below zero at the end.
  private var end: Int
  /// The hash of the domain that `next` last gave.
  private(set) var hash: UInt64

  init(_ name: Span<UInt8>, seed: UInt64) {
    end = name.count
    hash = seed
  }

  /// Where the next longer domain of the name starts, the last label first; `nil` after the whole name.
  @inline(__always)
  mutating func next(in name: Span<UInt8>) -> Int? {
    guard end >= 0 else { return nil }
    while true {
      let word = Self.word(name, endingAt: end)
      let dots = Self.dots(word)
      if dots != 0 {
        let labelBits = UInt64(truncatingIfNeeded: dots.leadingZeroBitCount)
        // A label of no or of eight bytes counts as one empty word more, here as at the name's start.
        hash = IndexHash.fold(hash ^ (labelBits == 0 ? 0 : word &>> (64 &- labelBits)))
        let start = end &- Int(truncatingIfNeeded: labelBits &>> 3)
        end = start &- 1
        return start
      }
      guard end >= 8 else {
        hash = IndexHash.fold(hash ^ (end == 0 ? 0 : word &>> UInt64(truncatingIfNeeded: 8 &* (8 &- end))))
        end = -1
        return 0
      }
      hash = IndexHash.fold(hash ^ word)
      end &-= 8
    }
  }

  /// The hash of a whole name.
  static func hash(_ name: Span<UInt8>, seed: UInt64) -> UInt64 {
    var walk = NameWalk(name, seed: seed)
    while walk.next(in: name) != nil {}
    return walk.hash
  }

  /// The eight bytes before `end`, the last one uppermost; zeros below where there are fewer.
  @inline(__always)
  private static func word(_ name: Span<UInt8>, endingAt end: Int) -> UInt64 {
    if end >= 8 { return load(name, at: end &- 8) }
    if name.count >= 8 {
      return end == 0 ? 0 : load(name, at: 0) &<< UInt64(truncatingIfNeeded: 64 &- 8 &* end)
    }
    var word: UInt64 = 0
    var index = 0
    while index < end {
      word = word &>> 8 | UInt64(name[index]) &<< 56
      index &+= 1
    }
    return word
  }

  @inline(__always)
  private static func load(_ name: Span<UInt8>, at offset: Int) -> UInt64 {
    UInt64(littleEndian: name.bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self))
  }

  /// The top bit of each byte that is a dot. Exact: no carry runs from one byte into another.
  @inline(__always)
  private static func dots(_ word: UInt64) -> UInt64 {
    let low: UInt64 = 0x7F7F_7F7F_7F7F_7F7F
    let difference = word ^ 0x2E2E_2E2E_2E2E_2E2E
    return ~(((difference & low) &+ low) | difference | low)
  }
}
