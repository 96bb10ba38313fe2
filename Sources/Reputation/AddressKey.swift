import NetworkTypes

/// An address in the fewest bits of its family, so that a million of them stay small.
protocol AddressKey: Comparable, BitwiseCopyable, Sendable {
  /// Bytes in the compiled index.
  static var byteCount: Int { get }
  init(_ address: IPAddress)
  init(at offset: Int, in bytes: borrowing IndexBytes)
  /// The next address; `nil` after the last of the family.
  var successor: Self? { get }
  /// The first `bits` bits, 0...16.
  func beginning(_ bits: Int) -> Int
  func write(to output: inout IndexOutput)
}

struct IPv4Key: AddressKey {
  let bits: UInt32

  init(bits: UInt32) { self.bits = bits }
  init(_ address: IPAddress) { bits = UInt32(truncatingIfNeeded: address.low) }
  @inline(__always)
  init(at offset: Int, in bytes: borrowing IndexBytes) { self.bits = bytes.uint32(at: offset) }

  static var byteCount: Int { 4 }
  var successor: IPv4Key? { bits == .max ? nil : IPv4Key(bits: bits + 1) }
  @inline(__always)
  func beginning(_ bits: Int) -> Int { Int(UInt64(self.bits) &>> UInt64(truncatingIfNeeded: 32 &- bits)) }
  func write(to output: inout IndexOutput) { output.append(bits) }

  @inline(__always)
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
  @inline(__always)
  init(at offset: Int, in bytes: borrowing IndexBytes) {
    self.init(high: bytes.uint64(at: offset), low: bytes.uint64(at: offset &+ 8))
  }

  static var byteCount: Int { 16 }
  var successor: IPv6Key? {
    if low != .max { return IPv6Key(high: high, low: low + 1) }
    return high == .max ? nil : IPv6Key(high: high + 1, low: 0)
  }
  @inline(__always)
  func beginning(_ bits: Int) -> Int {
    Int(truncatingIfNeeded: (high &>> 48) &>> UInt64(truncatingIfNeeded: 16 &- bits))
  }
  func write(to output: inout IndexOutput) {
    output.append(high)
    output.append(low)
  }

  @inline(__always)
  static func < (a: IPv6Key, b: IPv6Key) -> Bool { a.high != b.high ? a.high < b.high : a.low < b.low }
}
