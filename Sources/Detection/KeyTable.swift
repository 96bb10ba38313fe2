/// Keys of the tables by text: FNV-1a over the table's number and the text.
///
/// 64 bits: among 10^6 entries a stranger's text meets one of them with a chance of 5 × 10^-14. That no
/// two entries meet is checked when a model is read.
package enum TableKey {
  @inline(__always)
  package static func start(_ term: NameTerm) -> UInt64 {
    extend(0xCBF2_9CE4_8422_2325, UInt8(term.rawValue))
  }

  @inline(__always)
  package static func extend(_ key: UInt64, _ byte: UInt8) -> UInt64 {
    (key ^ UInt64(byte)) &* 0x0000_0100_0000_01B3
  }

  package static func of(_ term: NameTerm, _ text: some Sequence<UInt8>) -> UInt64 {
    text.reduce(start(term)) { extend($0, $1) }
  }

  /// Spreads a key over the slots of a table: FNV's low bits alone are weak.
  @inline(__always)
  package static func mix(_ key: UInt64) -> Int {
    var value = key ^ (key >> 32)
    value = value &* 0x9E37_79B9_7F4A_7C15
    return Int(truncatingIfNeeded: value >> 24)
  }
}

/// From key to a 64-bit value: open addressing, at most half full.
package struct KeyTable: Hashable, Sendable {
  private var keys: [UInt64]
  private var values: [UInt64]
  private var mask: Int
  package private(set) var count = 0

  package init(capacity: Int) {
    var size = 16
    while size < capacity * 2 { size *= 2 }
    keys = [UInt64](repeating: 0, count: size)
    values = [UInt64](repeating: 0, count: size)
    mask = size - 1
  }

  @inline(__always)
  package func value(_ key: UInt64) -> UInt64? {
    var slot = TableKey.mix(key) & mask
    while true {
      let found = keys[slot]
      if found == key { return values[slot] }
      if found == 0 { return nil }
      slot = (slot + 1) & mask
    }
  }

  /// `false` when the key is there already (its value stays) or is the one that marks empty slots.
  package mutating func insert(_ key: UInt64, _ value: UInt64) -> Bool {
    guard key != 0 else { return false }
    if (count + 1) * 2 > keys.count { grow() }
    var slot = TableKey.mix(key) & mask
    while keys[slot] != 0 {
      if keys[slot] == key { return false }
      slot = (slot + 1) & mask
    }
    keys[slot] = key
    values[slot] = value
    count += 1
    return true
  }

  private mutating func grow() {
    var larger = KeyTable(capacity: keys.count)
    for slot in keys.indices where keys[slot] != 0 { _ = larger.insert(keys[slot], values[slot]) }
    self = larger
  }
}
