import NetworkTypes

/// The flows seen lately, so that each is told once.
///
/// Of fixed size: sets of eight entries found by a keyed hash of the 5-tuple, which is the same in both
/// directions. A new flow takes the place of the one in its set that was silent longest; it can be
/// told again if it speaks later, and the eviction is counted. The key keeps strangers from choosing
/// ports that push a certain flow out.
struct RecentFlows: Sendable {
  private struct Entry: Sendable {
    /// The hash of the 5-tuple with `Mark` bits in its lowest four; 0 is an empty place.
    var key: UInt64 = 0
    /// Seconds of the last packet, modulo 2³².
    var lastSeen: UInt32 = 0
    /// The initial sequence number of a TCP flow whose SYN was seen; for UDP, the tag of what was
    /// last read of the flow.
    var note: UInt32 = 0
  }

  /// What the lowest bits of an entry's key say of its flow.
  private enum Mark {
    static let all: UInt64 = 0xF
    static let occupied: UInt64 = 1
    /// The sender of the first packet is the end with the greater hash.
    static let greaterEndOpened: UInt64 = 2
    /// The SYN was seen.
    static let opened: UInt64 = 4
    /// The opener's first bytes were seen, or some behind them.
    static let began: UInt64 = 8
  }

  /// A packet's flow; good until the next packet is noted.
  struct Flow: Sendable {
    /// Whether the packet is the first of its flow.
    var isFirst: Bool
    /// Whether its sender is the one who sent the first.
    var isFromOpener: Bool
    /// The flow's hash, another one in each direction.
    var directedKey: UInt64
    fileprivate var index: Int
  }

  /// Where a segment stands in what the opener of a TCP flow sends.
  enum Place {
    /// At the beginning, for the first time.
    case beginning
    /// Behind bytes that are still to come; the first of them has this sequence number.
    case ahead(of: UInt32)
    /// The beginning again.
    case repeated
    /// Further on, or of a flow whose SYN was not seen, or of the other side.
    case somewhere
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

  /// Notes a packet.
  ///
  /// A SYN with another initial sequence number than the one before begins a new flow even between
  /// the same ports; with the same number it is a retransmission.
  mutating func note(
    _ headers: PacketHeaders, opening: Bool, at seconds: UInt32,
    counters: inout InspectionCounters
  ) -> Flow {
    let source = end(headers.source, headers.sourcePort)
    let destination = end(headers.destination, headers.destinationPort)
    // Adding the two ends makes the key the same in both directions.
    let hash =
      Self.fold(
        source &+ destination ^ seed, 0x9E37_79B9_7F4A_7C15 ^ UInt64(headers.protocolNumber))
      & ~Mark.all
    let opener = source > destination ? Mark.greaterEndOpened : 0
    let fresh = hash | Mark.occupied | opener | (opening ? Mark.opened : 0)
    var flow = Flow(isFirst: true, isFromOpener: true, directedKey: hash | opener | 1, index: 0)
    let first = Int(truncatingIfNeeded: hash &>> 32 & setMask) &* Self.ways
    var victim = first
    var victimAge = Int32.min
    for index in first..<(first &+ Self.ways) {
      let entry = entries[index]
      let age = entry.key == 0 ? Int32.max : Int32(truncatingIfNeeded: seconds &- entry.lastSeen)
      if entry.key ^ hash <= Mark.all, entry.key != 0 {
        entries[index].lastSeen = seconds
        let restarted = opening && (entry.key & Mark.opened == 0 || entry.note != headers.sequence)
        flow.index = index
        flow.isFirst = restarted || age > idleSeconds
        if flow.isFirst {
          entries[index].key = fresh
          entries[index].note = opening ? headers.sequence : 0
        } else {
          flow.isFromOpener = entry.key & Mark.greaterEndOpened == opener
        }
        return flow
      }
      if age > victimAge {
        victim = index
        victimAge = age
      }
    }
    if victimAge <= idleSeconds { counters.flowsEvicted &+= 1 }
    entries[victim] = Entry(key: fresh, lastSeen: seconds, note: opening ? headers.sequence : 0)
    flow.index = victim
    return flow
  }

  /// Where a segment with payload stands, its first byte having this sequence number. The opener's
  /// beginning is told once.
  mutating func place(of sequence: UInt32, in flow: Flow) -> Place {
    let entry = entries[flow.index]
    guard flow.isFromOpener, entry.key & Mark.opened != 0 else { return .somewhere }
    let beginning = entry.note &+ 1
    let distance = Int32(bitPattern: sequence &- beginning)
    guard entry.key & Mark.began == 0 else { return distance <= 0 ? .repeated : .somewhere }
    entries[flow.index].key |= Mark.began
    return distance > 0 ? .ahead(of: beginning) : .beginning
  }

  /// Notes what was read of a UDP flow; whether it is other than the last.
  mutating func note(tag: UInt32, of flow: Flow) -> Bool {
    guard entries[flow.index].note != tag else { return false }
    entries[flow.index].note = tag
    return true
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
