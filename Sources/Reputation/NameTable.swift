/// The listed names, found by walking a name from its end: the hash of each parent domain is an
/// intermediate state of the whole name's, so a walk costs one pass over the bytes.
struct NameTable: Sendable {
  private var slots: SlotTable
  /// For each name one length byte and its bytes.
  private var text: [UInt8] = []
  /// Where each name starts in `text`; the top bit says that sub-domains are included.
  private var offsets: [UInt32] = []
  private let seed: UInt64

  private static let subdomainBit: UInt32 = 1 << 31

  init(capacity: Int, seed: UInt64) {
    slots = SlotTable(capacity: capacity)
    // The rolling hash starts at the seed, which no sender of names knows.
    self.seed = seed
  }

  var count: Int { offsets.count }
  var byteCount: Int { slots.byteCount + text.count + offsets.count * 4 }

  /// Bytes that the table can address.
  static let maximumTextBytes = Int(Int32.max)

  func name(_ entry: Int) -> String {
    let start = Int(offsets[entry] & ~Self.subdomainBit)
    return String(decoding: text[(start + 1)...(start + Int(text[start]))], as: UTF8.self)
  }

  /// The entry of a name, which is added when it is new.
  mutating func insert(_ name: Span<UInt8>, includingSubdomains: Bool) -> Int {
    let hash = hash(name)
    if let entry = slots.find(hash, matches: { equals($0, name, from: 0) }) {
      if includingSubdomains { offsets[entry] |= Self.subdomainBit }
      return entry
    }
    offsets.append(UInt32(text.count) | (includingSubdomains ? Self.subdomainBit : 0))
    text.append(UInt8(name.count))
    for index in name.indices { text.append(name[index]) }
    slots.insert(hash, index: offsets.count - 1)
    return offsets.count - 1
  }

  /// Gives back the room that repeated names had reserved.
  mutating func compact() {
    guard SlotTable.size(for: count) < slots.slotCount else { return }
    var smaller = SlotTable(capacity: count)
    for entry in 0..<count {
      let start = Int(offsets[entry] & ~Self.subdomainBit)
      let bytes = text.span.extracting((start + 1)..<(start + 1 + Int(text[start])))
      smaller.insert(hash(bytes), index: entry)
    }
    slots = smaller
  }

  /// The most specific entry that covers the name: the name itself, or a parent domain that includes
  /// its sub-domains. Lower-case A-labels without the final dot are expected; other bytes match nothing.
  func lookUp(_ name: Span<UInt8>) -> (entry: Int, isItself: Bool)? {
    var hash = seed
    var found: (entry: Int, isItself: Bool)?
    var hasLabel = false
    var index = name.count
    while index > 0 {
      index -= 1
      let byte = name[index]
      if byte == UInt8(ascii: ".") {
        // No single label is ever listed, so the top-level domain is not asked for.
        if hasLabel, let entry = match(hash, name, from: index + 1) { found = (entry, false) }
        hasLabel = true
      }
      hash = Self.step(hash, byte)
    }
    if let entry = match(hash, name, from: 0) { found = (entry, true) }
    return found
  }

  /// The entries that cover the name, the most specific first.
  func allMatches(_ name: Span<UInt8>) -> [(entry: Int, isItself: Bool)] {
    var found: [(entry: Int, isItself: Bool)] = []
    var hash = seed
    for index in name.indices.reversed() {
      if name[index] == UInt8(ascii: "."), let entry = match(hash, name, from: index + 1) {
        found.append((entry, false))
      }
      hash = Self.step(hash, name[index])
    }
    if let entry = match(hash, name, from: 0) { found.append((entry, true)) }
    return found.reversed()
  }

  @inline(__always)
  private func match(_ state: UInt64, _ name: Span<UInt8>, from start: Int) -> Int? {
    let hash = SlotTable.mixed(state)
    guard slots.mayContain(hash) else { return nil }
    return verifiedMatch(hash, name, from: start)
  }

  @inline(never)
  private func verifiedMatch(_ hash: UInt64, _ name: Span<UInt8>, from start: Int) -> Int? {
    guard let entry = slots.find(hash, matches: { equals($0, name, from: start) }) else { return nil }
    return start == 0 || offsets[entry] & Self.subdomainBit != 0 ? entry : nil
  }

  private func equals(_ entry: Int, _ name: Span<UInt8>, from start: Int) -> Bool {
    let offset = Int(offsets[entry] & ~Self.subdomainBit)
    guard Int(text[offset]) == name.count - start else { return false }
    for index in start..<name.count where text[offset + 1 + index - start] != name[index] { return false }
    return true
  }

  private func hash(_ name: Span<UInt8>) -> UInt64 {
    var hash = seed
    for index in name.indices.reversed() { hash = Self.step(hash, name[index]) }
    return SlotTable.mixed(hash)
  }

  @inline(__always)
  private static func step(_ hash: UInt64, _ byte: UInt8) -> UInt64 {
    (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3
  }
}
