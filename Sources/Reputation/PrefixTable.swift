import NetworkTypes

/// The prefixes of one family, cut into disjoint segments that each know their longest prefix.
///
/// One look at the segments of an address's first 16 bits answers for all lengths at once.
struct PrefixTable<Key: AddressKey>: Sendable {
  /// In the order of `IPPrefix`: a prefix stands after those that contain it.
  private(set) var prefixes: [IPPrefix] = []
  /// For each prefix the next larger listed one that contains it, or `none`.
  private var parents: [UInt32] = []
  /// First addresses of the segments, ascending.
  private var starts: [Key] = []
  /// The longest prefix of each segment, or `none`.
  private var owners: [UInt32] = []
  /// For each 16-bit beginning the number of segments that start before it; empty without prefixes.
  private var buckets: [UInt32] = []

  private static var none: UInt32 { .max }

  /// - Parameter prefixes: distinct, of the family of `Key`, in ascending order.
  init(_ prefixes: [IPPrefix]) {
    guard !prefixes.isEmpty else { return }
    self.prefixes = prefixes
    var open: [(last: Key, entry: UInt32)] = []
    func closeFirst(of table: inout PrefixTable) {
      guard let inner = open.popLast(), let next = inner.last.successor else { return }
      table.begin(next, owner: open.last?.entry ?? Self.none)
    }
    for (entry, prefix) in prefixes.enumerated() {
      let start = Key(prefix.address)
      while let inner = open.last, inner.last < start { closeFirst(of: &self) }
      parents.append(open.last?.entry ?? Self.none)
      begin(start, owner: UInt32(entry))
      open.append((Key(prefix.last), UInt32(entry)))
    }
    while !open.isEmpty { closeFirst(of: &self) }

    buckets = [UInt32](repeating: 0, count: 65_537)
    for start in starts { buckets[start.bucket + 1] += 1 }
    for index in 1..<buckets.count { buckets[index] += buckets[index - 1] }
  }

  private mutating func begin(_ start: Key, owner: UInt32) {
    if starts.last == start {
      owners[owners.count - 1] = owner
    } else {
      starts.append(start)
      owners.append(owner)
    }
  }

  var byteCount: Int {
    prefixes.count * (MemoryLayout<IPPrefix>.stride + 4) + starts.count * (MemoryLayout<Key>.stride + 4)
      + buckets.count * 4
  }

  /// The longest prefix that contains the address.
  @inline(__always)
  func lookUp(_ key: Key) -> Int? {
    guard !buckets.isEmpty else { return nil }
    var low = Int(buckets[key.bucket])
    var high = Int(buckets[key.bucket + 1])
    while low < high {
      let middle = (low + high) >> 1
      if key < starts[middle] { high = middle } else { low = middle + 1 }
    }
    // The segment before the first later one; it may have begun in an earlier bucket.
    guard low > 0, owners[low - 1] != Self.none else { return nil }
    return Int(owners[low - 1])
  }

  /// The next larger listed prefix around a listed one.
  func parent(of entry: Int) -> Int? {
    parents[entry] == Self.none ? nil : Int(parents[entry])
  }
}
