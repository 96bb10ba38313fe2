/// An IPv4 or IPv6 address.
///
/// Both families live in one 128-bit space: an IPv4 address is kept as its IPv4-mapped form
/// (`::ffff:a.b.c.d`, RFC 4291 section 2.5.5.2), so the mapped and the plain spelling of one host
/// are one value and cannot slip past each other in a list or a rule.
public struct IPAddress: Hashable, Sendable {
  /// The upper 64 bits, in host order.
  public let high: UInt64
  /// The lower 64 bits, in host order.
  public let low: UInt64

  /// An address from its 128 bits. IPv4-mapped bits are an IPv4 address.
  public init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  /// An IPv4 address from its 32 bits in host order.
  public init(ipv4: UInt32) {
    self.init(high: 0, low: 0x0000_FFFF_0000_0000 | UInt64(ipv4))
  }

  /// An address from 4 or 16 bytes in network order; `nil` for any other count.
  public init?(bytes: Span<UInt8>) {
    switch bytes.count {
    case 4:
      self.init(ipv4: UInt32(truncatingIfNeeded: Self.bigEndian(bytes, from: 0, count: 4)))
    case 16:
      self.init(
        high: Self.bigEndian(bytes, from: 0, count: 8), low: Self.bigEndian(bytes, from: 8, count: 8))
    default:
      return nil
    }
  }

  /// Whether this is an IPv4 address (mapped ones included).
  public var isIPv4: Bool { high == 0 && low >> 32 == 0xFFFF }

  /// The 32 bits of an IPv4 address in host order; `nil` for IPv6.
  public var ipv4: UInt32? { isIPv4 ? UInt32(truncatingIfNeeded: low) : nil }

  /// Bits of an address of this family: 32 or 128.
  public var bitWidth: Int { isIPv4 ? 32 : 128 }

  /// The address in network order: 4 bytes for IPv4, 16 for IPv6.
  public var bytes: [UInt8] {
    if let ipv4 { return (0..<4).map { UInt8(truncatingIfNeeded: ipv4 >> (24 - 8 * UInt32($0))) } }
    return (0..<16).map { index in
      let half = index < 8 ? high : low
      return UInt8(truncatingIfNeeded: half >> (56 - 8 * UInt64(index % 8)))
    }
  }

  private static func bigEndian(_ bytes: Span<UInt8>, from start: Int, count: Int) -> UInt64 {
    var value: UInt64 = 0
    for index in start..<(start + count) { value = value << 8 | UInt64(bytes[index]) }
    return value
  }
}

extension IPAddress: Comparable {
  /// Numeric order in the 128-bit space: all IPv4 addresses stand together.
  public static func < (a: IPAddress, b: IPAddress) -> Bool {
    a.high != b.high ? a.high < b.high : a.low < b.low
  }
}
