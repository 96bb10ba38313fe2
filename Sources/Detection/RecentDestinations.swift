public import NetworkTypes

/// What was handed over to be judged a moment ago, so that a name judged recently costs one look-up and
/// no allocation.
///
/// Exact: a name is compared byte for byte. Fixed in memory: four places for each of the sets that a
/// hash chooses, 300 bytes a place; when all four are taken the one handed over first gives way, and a
/// destination that comes back is merely judged again. For one thread.
public struct RecentDestinations: ~Copyable {
  /// What was seen of a destination. The same name in an answer and in a hello are two, because they
  /// bring different addresses.
  public enum Sight: UInt8, Sendable {
    case answer = 1
    case contact = 2
    case address = 3
    case query = 4
    case certificate = 5
  }

  private static let ways = 4
  private static let stride = 256
  private static let longAgo = Int64.min / 2

  private let mask: Int
  private let seed: UInt64
  private let quietTime: Int64
  private var hashes: [UInt64]
  private var fingerprints: [UInt64]
  private var handedAt: [Int64]
  private var lengths: [UInt8]
  private var bytes: [UInt8]
  private var lastPlace = 0

  /// Destinations that were handed over to be judged.
  public private(set) var handedOver: UInt64 = 0
  /// Sightings that cost a look-up only.
  public private(set) var alreadyJudged: UInt64 = 0
  /// Destinations that gave way before their quiet time had passed.
  public private(set) var displaced: UInt64 = 0

  /// - Parameters:
  ///   - capacity: destinations remembered; rounded up to a power of two, 4 at least.
  ///   - quietTime: how long a destination is left alone after it was handed over.
  ///   - seed: makes it unforeseeable which destinations share a set.
  public init(
    capacity: Int = 16_384, quietTime: Duration = .seconds(30), seed: UInt64 = .random(in: 0...UInt64.max)
  ) {
    var sets = 1
    while sets * Self.ways < capacity { sets *= 2 }
    mask = sets - 1
    self.seed = seed
    self.quietTime =
      quietTime.components.seconds * 1_000_000 + quietTime.components.attoseconds / 1_000_000_000_000
    let places = sets * Self.ways
    hashes = [UInt64](repeating: 0, count: places)
    fingerprints = [UInt64](repeating: 0, count: places)
    handedAt = [Int64](repeating: Self.longAgo, count: places)
    lengths = [UInt8](repeating: 0, count: places)
    bytes = [UInt8](repeating: 0, count: places * Self.stride)
  }

  /// Whether a name is to be judged now. It is when it was not handed over within the quiet time, or
  /// when it was seen with other addresses since.
  ///
  /// - Parameter fingerprint: of the addresses it was seen with, in any order.
  public mutating func isDue(
    _ sight: Sight, _ name: Span<UInt8>, addresses fingerprint: UInt64, at time: Timestamp
  ) -> Bool {
    guard name.count < Self.stride else { return false }
    var hash = (seed ^ UInt64(sight.rawValue)) &* 0x9E37_79B9_7F4A_7C15
    for index in name.indices { hash = (hash ^ UInt64(name[index])) &* 0x0000_0100_0000_01B3 }
    hash ^= hash >> 29
    hash = hash &* 0xBF58_476D_1CE4_E5B9
    hash ^= hash >> 32
    let now = time.microseconds
    let set = Int(truncatingIfNeeded: hash) & mask
    var victim = set * Self.ways
    for place in (set * Self.ways)..<(set * Self.ways + Self.ways) {
      if handedAt[place] < handedAt[victim] { victim = place }
      guard hashes[place] == hash, Int(lengths[place]) == name.count, handedAt[place] != Self.longAgo,
        holds(name, at: place)
      else { continue }
      let age = now - handedAt[place]
      if fingerprints[place] == fingerprint, age >= 0, age < quietTime {
        alreadyJudged &+= 1
        return false
      }
      note(place, fingerprint, now)
      return true
    }
    if handedAt[victim] != Self.longAgo, now - handedAt[victim] < quietTime { displaced &+= 1 }
    hashes[victim] = hash
    lengths[victim] = UInt8(truncatingIfNeeded: name.count)
    for index in name.indices { bytes[victim * Self.stride + index] = name[index] }
    note(victim, fingerprint, now)
    return true
  }

  /// Whether an address, contacted without a name, is to be judged now.
  public mutating func isDue(_ address: IPAddress, at time: Timestamp) -> Bool {
    var text = InlineArray<16, UInt8>(repeating: 0)
    for index in 0..<8 {
      text[index] = UInt8(truncatingIfNeeded: address.high >> (8 * UInt64(index)))
      text[index + 8] = UInt8(truncatingIfNeeded: address.low >> (8 * UInt64(index)))
    }
    return isDue(.address, text.span, addresses: 0, at: time)
  }

  /// Takes back what was said to be due last, because it could not be handed over: it is due again.
  public mutating func forgetLast() {
    handedAt[lastPlace] = Self.longAgo
    handedOver &-= 1
  }

  /// One address as a part of a fingerprint; parts are added.
  public static func fingerprint(of address: IPAddress) -> UInt64 {
    var value = (address.high &+ 0x9E37_79B9_7F4A_7C15) ^ (address.low &* 0xBF58_476D_1CE4_E5B9)
    value = (value ^ (value >> 30)) &* 0x94D0_49BB_1331_11EB
    return value ^ (value >> 31)
  }

  private mutating func note(_ place: Int, _ fingerprint: UInt64, _ now: Int64) {
    fingerprints[place] = fingerprint
    handedAt[place] = now
    lastPlace = place
    handedOver &+= 1
  }

  private func holds(_ name: Span<UInt8>, at place: Int) -> Bool {
    let start = place * Self.stride
    for index in name.indices where bytes[start + index] != name[index] { return false }
    return true
  }
}
