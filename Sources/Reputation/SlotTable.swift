/// Open addressing over entries kept elsewhere, at most half full, with a bitmap in front.
///
/// A slot is 32 bits: the entry's index plus one in the low bits, a tag of the hash in those left
/// over. The bitmap answers most misses from cache; the tag spares most of the rest the look at the
/// entry; only the comparison with the entry decides, so there is no false match.
struct SlotTable: Sendable {
  private var slots: [UInt32]
  private var filter: [UInt64]
  private let positionMask: UInt64
  private let indexMask: UInt32
  private let filterShift: UInt64

  /// Room for `capacity` entries.
  init(capacity: Int) {
    let size = Self.size(for: capacity)
    slots = [UInt32](repeating: 0, count: size)
    positionMask = UInt64(size - 1)
    indexMask = UInt32(truncatingIfNeeded: size - 1)
    // Eight to sixteen bits for each entry; three of them in one word: about one miss in thirty passes.
    let filterBits = size * 4
    filter = [UInt64](repeating: 0, count: filterBits / 64)
    filterShift = UInt64(64 - filter.count.trailingZeroBitCount)
  }

  /// Slots for `capacity` entries: a power of two, at least twice as many.
  static func size(for capacity: Int) -> Int {
    var size = 32
    while size < capacity * 2 { size *= 2 }
    return size
  }

  var byteCount: Int { slots.count * 4 + filter.count * 8 }
  var slotCount: Int { slots.count }

  /// False when no entry has this hash.
  @inline(__always)
  func mayContain(_ hash: UInt64) -> Bool {
    let bits = Self.filterBits(hash)
    return filter[Int(truncatingIfNeeded: hash >> filterShift)] & bits == bits
  }

  /// The entry of this hash that `matches`.
  @inline(__always)
  func find(_ hash: UInt64, matches: (Int) -> Bool) -> Int? {
    var position = hash & positionMask
    let tag = tag(of: hash)
    while true {
      let slot = slots[Int(truncatingIfNeeded: position)]
      if slot == 0 { return nil }
      if slot & ~indexMask == tag {
        let index = Int(slot & indexMask) - 1
        if matches(index) { return index }
      }
      position = (position + 1) & positionMask
    }
  }

  /// Adds an entry that is not in the table yet.
  mutating func insert(_ hash: UInt64, index: Int) {
    filter[Int(truncatingIfNeeded: hash >> filterShift)] |= Self.filterBits(hash)
    var position = hash & positionMask
    while slots[Int(truncatingIfNeeded: position)] != 0 { position = (position + 1) & positionMask }
    slots[Int(truncatingIfNeeded: position)] = tag(of: hash) | UInt32(index + 1)
  }

  @inline(__always)
  private func tag(of hash: UInt64) -> UInt32 {
    UInt32(truncatingIfNeeded: hash >> 24) & ~indexMask
  }

  @inline(__always)
  private static func filterBits(_ hash: UInt64) -> UInt64 {
    1 << (hash & 63) | 1 << (hash >> 6 & 63) | 1 << (hash >> 12 & 63)
  }

  /// Spreads every bit over the whole word.
  @inline(__always)
  static func mixed(_ value: UInt64) -> UInt64 {
    var value = value
    value ^= value >> 32
    value = value &* 0xD6E8_FEB8_6659_FD93
    value ^= value >> 32
    return value
  }
}
