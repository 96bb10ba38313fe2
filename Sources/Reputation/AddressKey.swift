import NetworkTypes

/// An address in the fewest bits of its family, so that a million of them stay small.
protocol AddressKey: Comparable, BitwiseCopyable, Sendable {
  init(_ address: IPAddress)
  var address: IPAddress { get }
  /// The first 16 bits.
  var bucket: Int { get }
  /// The next address; `nil` after the last of the family.
  var successor: Self? { get }
  func hash(seed: UInt64) -> UInt64
}

struct IPv4Key: AddressKey {
  let bits: UInt32

  init(bits: UInt32) { self.bits = bits }
  init(_ address: IPAddress) { bits = UInt32(truncatingIfNeeded: address.low) }

  var address: IPAddress { IPAddress(ipv4: bits) }
  var bucket: Int { Int(bits >> 16) }
  var successor: IPv4Key? { bits == .max ? nil : IPv4Key(bits: bits + 1) }

  @inline(__always)
  func hash(seed: UInt64) -> UInt64 {
    SlotTable.mixed((UInt64(bits) ^ seed) &* 0x9E37_79B9_7F4A_7C15)
  }

  static func < (a: IPv4Key, b: IPv4Key) -> Bool { a.bits < b.bits }
}

struct IPv6Key: AddressKey {
  let high: UInt64
  let low: UInt64

  init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }
  init(_ address: IPAddress) { self.init(high: address.high, low: address.low) }

  var address: IPAddress { IPAddress(high: high, low: low) }
  var bucket: Int { Int(high >> 48) }
  var successor: IPv6Key? {
    if low != .max { return IPv6Key(high: high, low: low + 1) }
    return high == .max ? nil : IPv6Key(high: high + 1, low: 0)
  }

  @inline(__always)
  func hash(seed: UInt64) -> UInt64 {
    SlotTable.mixed(SlotTable.mixed((high ^ seed) &* 0x9E37_79B9_7F4A_7C15) ^ low)
  }

  static func < (a: IPv6Key, b: IPv6Key) -> Bool { a.high != b.high ? a.high < b.high : a.low < b.low }
}
