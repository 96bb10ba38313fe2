import NetworkTypes

/// The prefixes of one family in the compiled index, cut into disjoint segments that each know their
/// longest prefix: one search answers for all lengths at once.
struct PrefixTable<Key: AddressKey>: BitwiseCopyable {
  /// First addresses of the segments, ascending.
  private let starts: Int
  private let segmentCount: Int
  /// For each segment the entry of its longest prefix, or `none`.
  private let owners: Int
  /// For each beginning of `bucketBits` bits the number of segments that start before it.
  private let buckets: Int
  private let bucketBits: Int
  private let entries: Int
  /// Distinct prefixes.
  let count: Int
  private let listings: Int

  static var none: UInt32 { .max }
  /// Of an entry: the address, its length, the entry around it, the place of its listings.
  static var entryBytes: Int { 28 }

  /// - Throws: `corruptIndex` when the parts do not fit together.
  init(_ kind: IndexPrefixKind, _ header: IndexHeader, file: String) throws(ReputationError) {
    let (first, owner) = (header[kind, .starts], header[kind, .owners])
    let (bucket, entry) = (header[kind, .buckets], header[kind, .entries])
    guard first.count <= first.byteCount / Key.byteCount, first.count <= owner.byteCount / 4,
      bucket.count <= 16, bucket.byteCount / 4 >= 1 << bucket.count + 1,
      entry.count <= entry.byteCount / Self.entryBytes
    else { throw .corruptIndex(file, .sections) }
    starts = first.start
    segmentCount = first.count
    owners = owner.start
    buckets = bucket.start
    bucketBits = bucket.count
    entries = entry.start
    count = entry.count
    listings = header[kind, .listings].start
  }

  /// The longest prefix that contains the address.
  @inline(__always)
  func lookUp(_ key: Key, in bytes: borrowing IndexBytes) -> Int? {
    guard segmentCount > 0 else { return nil }
    let bucket = bytes.uint64(at: buckets &+ key.beginning(bucketBits) &* 4)
    var low = Int(truncatingIfNeeded: bucket & 0xFFFF_FFFF)
    var high = min(Int(truncatingIfNeeded: bucket &>> 32), segmentCount)
    while low < high {
      let middle = (low &+ high) &>> 1
      if key < Key(at: starts &+ middle &* Key.byteCount, in: bytes) {
        high = middle
      } else {
        low = middle &+ 1
      }
    }
    // The segment before the first later one; it may have begun in an earlier bucket.
    guard low > 0, low <= segmentCount else { return nil }
    let owner = bytes.uint32(at: owners &+ (low &- 1) &* 4)
    return owner != Self.none && Int(owner) < count ? Int(owner) : nil
  }

  func prefix(_ entry: Int, in bytes: borrowing IndexBytes) -> IPPrefix? {
    let place = entries + entry * Self.entryBytes
    let address = IPAddress(high: bytes.uint64(at: place), low: bytes.uint64(at: place + 8))
    return IPPrefix(address, length: Int(bytes.uint32(at: place + 16)))
  }

  /// The next larger listed prefix around a listed one. It stands before it, so a walk comes to an end.
  func parent(of entry: Int, in bytes: borrowing IndexBytes) -> Int? {
    let parent = Int(bytes.uint32(at: entries + entry * Self.entryBytes + 20))
    return parent < entry ? parent : nil
  }

  /// Where the listings of an entry are.
  func listings(of entry: Int, in bytes: borrowing IndexBytes) -> Int {
    listings + Int(bytes.uint32(at: entries + entry * Self.entryBytes + 24))
  }
}
