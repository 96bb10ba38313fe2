/// A range of addresses that share their first bits. A single address is the longest prefix.
///
/// The bits after the length are always zero: `192.0.2.7/24` and `192.0.2.0/24` are one value.
public struct IPPrefix: Hashable, Sendable {
  /// The first address of the range.
  public let address: IPAddress
  /// Leading bits that count, in the numbers of the family: 0...32 for IPv4, 0...128 for IPv6.
  public let length: Int

  /// The prefix of `length` bits around `address`; bits after the length are cleared.
  /// `nil` when the length is outside the family's range.
  public init?(_ address: IPAddress, length: Int) {
    guard length >= 0, length <= address.bitWidth else { return nil }
    self.init(unchecked: address, length: length)
  }

  /// A single address: /32 or /128.
  public init(_ address: IPAddress) {
    self.address = address
    self.length = address.bitWidth
  }

  private init(unchecked address: IPAddress, length: Int) {
    let mask = Self.mask(length + (address.bitWidth == 32 ? 96 : 0))
    // Clearing bits of an IPv6 prefix can produce the IPv4-mapped pattern only for ::ffff:0:0/96
    // and longer, which are IPv4 addresses already, so the family never changes here.
    self.address = IPAddress(high: address.high & mask.high, low: address.low & mask.low)
    self.length = length
  }

  public var isIPv4: Bool { address.isIPv4 }

  /// Whether the prefix is one address.
  public var isHost: Bool { length == address.bitWidth }

  /// Two words instead of three: tables of a hundred thousand prefixes are built with every large plan.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(address.high ^ UInt64(length))
    hasher.combine(address.low)
  }

  /// The last address of the range. That of `::/80` is IPv4-mapped (`255.255.255.255`), which the prefix does
  /// not contain: the IPv4-mapped addresses at its end are none of an IPv6 prefix.
  public var last: IPAddress {
    let mask = Self.mask(width)
    return IPAddress(high: address.high | ~mask.high, low: address.low | ~mask.low)
  }

  /// Whether `other` lies wholly inside. Families never contain one another.
  public func contains(_ other: IPPrefix) -> Bool {
    other.isIPv4 == isIPv4 && other.length >= length && contains(other.address)
  }

  /// Whether the address lies inside.
  public func contains(_ other: IPAddress) -> Bool {
    guard other.isIPv4 == isIPv4 else { return false }
    let mask = Self.mask(width)
    return other.high & mask.high == address.high && other.low & mask.low == address.low
  }

  /// Whether the two share an address: for prefixes, one then contains the other.
  public func overlaps(_ other: IPPrefix) -> Bool {
    contains(other) || other.contains(self)
  }

  /// The prefix one bit shorter that contains this one; `nil` for /0.
  public var parent: IPPrefix? {
    length == 0 ? nil : IPPrefix(unchecked: address, length: length - 1)
  }

  /// The other half of `parent`; `nil` for /0, and for `::fffe:0:0/96`, whose other half is the
  /// IPv4-mapped space and thus no IPv6 prefix.
  public var sibling: IPPrefix? {
    guard length > 0 else { return nil }
    let bit = 128 - width
    let flipped =
      bit < 64
      ? IPAddress(high: address.high, low: address.low ^ (1 << UInt64(bit)))
      : IPAddress(high: address.high ^ (1 << UInt64(bit - 64)), low: address.low)
    return flipped.isIPv4 == isIPv4 ? IPPrefix(unchecked: flipped, length: length) : nil
  }

  /// The fewest prefixes that cover this one without `hole`, in address order.
  ///
  /// Empty when `hole` covers everything; the prefix itself when they do not overlap.
  public func subtracting(_ hole: IPPrefix) -> [IPPrefix] {
    if hole.contains(self) { return [] }
    guard contains(hole) else { return [self] }
    var pieces: [IPPrefix] = []
    var current = hole
    while current.length > length, let parent = current.parent {
      if let sibling = current.sibling { pieces.append(sibling) }
      current = parent
    }
    return pieces.sorted()
  }

  /// Leading bits that count in the common 128-bit space.
  private var width: Int { isIPv4 ? length + 96 : length }

  private static func mask(_ width: Int) -> (high: UInt64, low: UInt64) {
    switch width {
    case 0: (0, 0)
    case 1..<64: (~0 << UInt64(64 - width), 0)
    case 64: (~0, 0)
    case 65..<128: (~0, ~0 << UInt64(128 - width))
    default: (~0, ~0)
    }
  }
}

extension IPPrefix: Comparable {
  /// By first address; of two that begin alike the shorter (larger) one first.
  public static func < (a: IPPrefix, b: IPPrefix) -> Bool {
    a.address != b.address ? a.address < b.address : a.length < b.length
  }
}

extension IPPrefix: LosslessStringConvertible {
  /// Parses `address/length`, or an address alone as the longest prefix. Set bits after the length
  /// are cleared: feeds write `192.0.2.7/24` and mean the network.
  public init?(_ text: String) {
    self.init(parsing: text.utf8Span.span)
  }

  /// As `init(_:)`, over ASCII bytes.
  public init?(parsing bytes: Span<UInt8>) {
    guard let slash = bytes.indices.first(where: { bytes[$0] == UInt8(ascii: "/") }) else {
      guard let address = IPAddress(parsing: bytes) else { return nil }
      self.init(address)
      return
    }
    let digits = bytes.count - slash - 1
    guard digits >= 1, digits <= 3, let address = IPAddress(parsing: bytes.extracting(0..<slash))
    else { return nil }
    var length = 0
    for index in (slash + 1)..<bytes.count {
      let digit = bytes[index] &- UInt8(ascii: "0")
      guard digit <= 9, !(index > slash + 1 && length == 0) else { return nil }
      length = length * 10 + Int(digit)
    }
    self.init(address, length: length)
  }

  /// A single address without a length, everything else as `address/length`.
  public var description: String { isHost ? address.description : "\(address)/\(length)" }
}

extension IPPrefix: Codable {
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    guard let prefix = IPPrefix(text) else {
      throw DecodingError.dataCorruptedError(
        in: container, debugDescription: "“\(text)” is not an address or a prefix")
    }
    self = prefix
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
