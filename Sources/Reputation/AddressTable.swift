/// The single addresses of one family.
struct AddressTable<Key: AddressKey>: Sendable {
  private var slots: SlotTable
  private(set) var keys: [Key] = []
  private let seed: UInt64

  init(capacity: Int, seed: UInt64) {
    slots = SlotTable(capacity: capacity)
    self.seed = seed
  }

  var byteCount: Int { slots.byteCount + keys.count * MemoryLayout<Key>.stride }

  /// The entry of an address, which is added when it is new.
  mutating func insert(_ key: Key) -> Int {
    if let entry = lookUp(key) { return entry }
    keys.append(key)
    slots.insert(key.hash(seed: seed), index: keys.count - 1)
    return keys.count - 1
  }

  /// Gives back the room that repeated addresses had reserved.
  mutating func compact() {
    guard SlotTable.size(for: keys.count) < slots.slotCount else { return }
    var smaller = SlotTable(capacity: keys.count)
    for (entry, key) in keys.enumerated() { smaller.insert(key.hash(seed: seed), index: entry) }
    slots = smaller
  }

  @inline(__always)
  func lookUp(_ key: Key) -> Int? {
    let hash = key.hash(seed: seed)
    guard slots.mayContain(hash) else { return nil }
    return slots.find(hash) { keys[$0] == key }
  }
}
