import NetworkTypes

/// The flows seen lately, so that each is told once.
///
/// Of fixed size: sets of eight entries found by a keyed hash of the 5-tuple, which is the same in both
/// directions. A new flow takes the place of the one in its set that was silent longest; it can be
/// told again if it speaks later, and the eviction is counted. The key keeps strangers from choosing
/// ports that push a certain flow out.
struct RecentFlows: Sendable {
  private struct Entry: Sendable {
    /// The hash of the 5-tuple; 0 is an empty place.
    var key: UInt64 = 0
    /// Seconds of the last packet, modulo 2³².
    var lastSeen: UInt32 = 0
    /// The initial sequence number of a TCP flow whose SYN was seen.
    var initialSequence: UInt32 = 0
  }

  private static let ways = 8
  private var entries: [Entry]
  private let setMask: UInt64
  private let seed: UInt64
  private let idleSeconds: Int32

  /// `capacity` is rounded up to a power of two, at least 8.
  init(capacity: Int, idleSeconds: Int32, seed: UInt64) {
    var sets = 1
    while sets * Self.ways < capacity { sets *= 2 }
    entries = Array(repeating: Entry(), count: sets * Self.ways)
    setMask = UInt64(sets - 1)
    self.seed = seed
    self.idleSeconds = idleSeconds
  }

  /// Notes a packet; whether it is the first of its flow.
  ///
  /// A SYN with another initial sequence number than the one before begins a new flow even between
  /// the same ports; with the same number it is a retransmission.
  mutating func isFirst(
    _ headers: PacketHeaders, opening: Bool, at seconds: UInt32,
    counters: inout InspectionCounters
  ) -> Bool {
    let key = key(of: headers)
    let first = Int(truncatingIfNeeded: key &>> 32 & setMask) &* Self.ways
    var victim = first
    var victimAge = Int32.min
    for index in first..<(first &+ Self.ways) {
      let entry = entries[index]
      let age = entry.key == 0 ? Int32.max : Int32(truncatingIfNeeded: seconds &- entry.lastSeen)
      if entry.key == key {
        entries[index].lastSeen = seconds
        let restarted = opening && entry.initialSequence != headers.sequence
        if restarted { entries[index].initialSequence = headers.sequence }
        return restarted || age > idleSeconds
      }
      if age > victimAge {
        victim = index
        victimAge = age
      }
    }
    if victimAge <= idleSeconds { counters.flowsEvicted &+= 1 }
    entries[victim] = Entry(
      key: key, lastSeen: seconds, initialSequence: opening ? headers.sequence : 0)
    return true
  }

  private func key(of headers: PacketHeaders) -> UInt64 {
    // Adding the two ends makes the key the same in both directions.
    let ends =
      end(headers.source, headers.sourcePort) &+ end(headers.destination, headers.destinationPort)
    return Self.fold(ends ^ seed, 0x9E37_79B9_7F4A_7C15 ^ UInt64(headers.protocolNumber)) | 1
  }

  private func end(_ address: IPAddress, _ port: UInt16) -> UInt64 {
    Self.fold(
      Self.fold(address.high ^ seed, 0xD6E8_FEB8_6659_FD93) ^ address.low,
      (UInt64(port) &<< 32 | 0xA076_1D65) ^ seed.byteSwapped)
  }

  /// The two halves of the 128-bit product, mixed.
  private static func fold(_ a: UInt64, _ b: UInt64) -> UInt64 {
    let product = a.multipliedFullWidth(by: b)
    return product.high ^ product.low
  }
}
