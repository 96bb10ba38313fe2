/// Exact look-up of one kind of indicator in the compiled index.
///
/// A filter of ten bits an indicator, small enough to stay in cache, answers most misses with one load. That
/// of names also holds their parents of two labels and more, so that a name whose registered domain nobody
/// lists is done with after its last two labels.
/// Behind it are slots of five bytes, four fifths full: the place of a record and a byte of its hash. A
/// record is the indicator itself and its listings; only the comparison with it decides.
struct IndexTable: BitwiseCopyable {
  /// Among the filters of all tables.
  private let filterStart: Int
  private let filterWords: UInt64
  private let slotStart: Int
  private let slotCount: Int
  /// Slots that a hash can point at; the rest takes what is pushed beyond the end.
  private let homeCount: UInt64
  let recordStart: Int
  let recordBytes: Int
  /// Distinct indicators.
  let count: Int

  static let slotBytes = 5

  /// - Throws: `corruptIndex` when the parts do not fit together.
  init(_ kind: IndexTableKind, _ header: IndexHeader, file: String) throws(ReputationError) {
    let (filter, slots, records) = (header[kind, .filter], header[kind, .slots], header[kind, .records])
    guard filter.byteCount >= 8, filter.byteCount % 8 == 0, slots.byteCount % Self.slotBytes == 0,
      slots.count >= 1, slots.count <= slots.byteCount / Self.slotBytes
    else { throw .corruptIndex(file, .sections) }
    filterStart = header.filters[..<kind.rawValue].reduce(0) { $0 + $1.byteCount }
    filterWords = UInt64(filter.byteCount / 8)
    slotStart = slots.start
    slotCount = slots.byteCount / Self.slotBytes
    homeCount = UInt64(slots.count)
    recordStart = records.start
    recordBytes = records.byteCount
    count = records.count
  }

  /// False when nothing of this hash is listed.
  /// - Parameter filters: those of all tables (`IndexHeader.filters`), one after the other.
  @inline(__always)
  func mayContain(_ hash: UInt64, in filters: borrowing IndexBytes) -> Bool {
    let word = Int(truncatingIfNeeded: Self.filterWord(hash, of: filterWords))
    let bits = Self.filterBits(hash)
    return filters.uint64(at: filterStart &+ word &* 8) & bits == bits
  }

  @inline(__always)
  static func filterWord(_ hash: UInt64, of words: UInt64) -> UInt64 {
    hash.multipliedFullWidth(by: words).high
  }

  @inline(__always)
  static func filterBits(_ hash: UInt64) -> UInt64 {
    1 &<< (hash & 63) | 1 &<< (hash &>> 6 & 63) | 1 &<< (hash &>> 12 & 63) | 1 &<< (hash &>> 18 & 63)
  }

  /// What slots are ordered by: the half of the hash that chooses no filter word comes first.
  @inline(__always)
  static func order(_ hash: UInt64) -> UInt64 { hash &<< 32 | hash &>> 32 }

  @inline(__always)
  static func home(order: UInt64, of homes: UInt64) -> UInt64 { order.multipliedFullWidth(by: homes).high }

  /// Never zero, which marks an empty slot.
  @inline(__always)
  static func tag(_ hash: UInt64) -> UInt8 { max(1, UInt8(truncatingIfNeeded: hash &>> 32)) }

  /// The records whose slots have the hash's tag, one after the other.
  struct Probe {
    private let table: IndexTable
    private let tag: UInt8
    private var position: Int

    fileprivate init(_ table: IndexTable, _ hash: UInt64) {
      self.table = table
      tag = IndexTable.tag(hash)
      position = Int(truncatingIfNeeded: IndexTable.home(order: IndexTable.order(hash), of: table.homeCount))
    }

    /// The place of the next record, counted from the start of the records; `nil` when there is none.
    mutating func next(in bytes: borrowing IndexBytes) -> Int? {
      while position < table.slotCount {
        let slot = bytes.uint64(at: table.slotStart &+ position &* IndexTable.slotBytes)
        position &+= 1
        let found = UInt8(truncatingIfNeeded: slot &>> 32)
        if found == 0 { return nil }
        let record = Int(UInt32(truncatingIfNeeded: slot))
        if found == tag, record < table.recordBytes { return record }
      }
      return nil
    }
  }

  func probe(_ hash: UInt64) -> Probe { Probe(self, hash) }
}
