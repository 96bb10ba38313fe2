import NetworkTypes

/// Cuts the prefixes of one family into disjoint segments.
struct PrefixSegments<Key: AddressKey> {
  /// For each prefix the next larger one that contains it, or `PrefixTable.none`.
  private(set) var parents: [UInt32] = []
  /// First addresses of the segments, ascending.
  private(set) var starts: [Key] = []
  /// The longest prefix of each segment, or `PrefixTable.none`.
  private(set) var owners: [UInt32] = []

  private var open: [(last: Key, entry: UInt32)] = []

  /// - Parameter prefixes: distinct, of the family of `Key`, in ascending order: each stands after those
  ///   that contain it.
  init(_ prefixes: [IPPrefix]) {
    for (entry, prefix) in prefixes.enumerated() {
      let start = Key(prefix.address)
      while let inner = open.last, inner.last < start { close() }
      parents.append(open.last?.entry ?? PrefixTable<Key>.none)
      begin(start, owner: UInt32(entry))
      open.append((Key(prefix.last), UInt32(entry)))
    }
    while !open.isEmpty { close() }
  }

  private mutating func close() {
    guard let inner = open.popLast(), let next = inner.last.successor else { return }
    begin(next, owner: open.last?.entry ?? PrefixTable<Key>.none)
  }

  private mutating func begin(_ start: Key, owner: UInt32) {
    if starts.last == start {
      owners[owners.count - 1] = owner
    } else {
      starts.append(start)
      owners.append(owner)
    }
  }

  /// Bits of the buckets: about as many buckets as segments, at most 65,536.
  var bucketBits: Int {
    var bits = 0
    while bits < 16, 1 << bits < starts.count { bits += 1 }
    return bits
  }

  /// For each beginning of `bits` bits the number of segments that start before it, and all at the end.
  func buckets(_ bits: Int) -> [UInt32] {
    var buckets = [UInt32](repeating: 0, count: 1 << bits + 1)
    for start in starts { buckets[start.beginning(bits) + 1] += 1 }
    for index in 1..<buckets.count { buckets[index] += buckets[index - 1] }
    return buckets
  }
}
