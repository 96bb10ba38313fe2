/// Kinds of indicator that have an `IndexTable`.
enum IndexTableKind: Int, CaseIterable {
  case names, ipv4, ipv6, addressPorts, ja4, certificates

  enum Part: Int, CaseIterable { case filter, slots, records }
}

/// Address families that have a `PrefixTable`.
enum IndexPrefixKind: Int, CaseIterable {
  case ipv4, ipv6

  enum Part: Int, CaseIterable { case starts, owners, buckets, entries, listings }
}

/// Where a section of the file is, and a number of its own: of entries, slots or bits.
struct IndexSection: BitwiseCopyable, Equatable {
  var start = 0
  var byteCount = 0
  var count = 0
}

/// The beginning of a compiled index. All numbers of the format are little-endian.
///
/// | offset | bytes | |
/// |---|---|---|
/// | 0 | 8 | `SKSHINDX` |
/// | 8 | 8 | version of the format |
/// | 16 | 8 | bytes of the whole file |
/// | 24 | 8 | seed of the hashes |
/// | 32 | 8 | checksum of everything after the header |
/// | 40 | 8 | digest of the lists, keyed by the seed |
/// | 48 | 8 | number of sections |
/// | 56 | 24 each | start, bytes and count of each section |
/// | then | 8 | checksum of all of the above |
struct IndexHeader: Equatable {
  var seed: UInt64
  var fileBytes = 0
  var contentChecksum: UInt64 = 0
  /// That of the lists it was compiled from (`ListDigest`).
  var listDigest: UInt64 = 0
  private(set) var sections = [IndexSection](repeating: IndexSection(), count: sectionCount)

  static let magic = Array("SKSHINDX".utf8)
  /// Grows with every change of the format.
  static let version: UInt64 = 2
  /// Where sections start: a line of the processor's cache.
  static let alignment = 64

  private static let tables = IndexTableKind.allCases.count * IndexTableKind.Part.allCases.count
  private static let prefixes = IndexPrefixKind.allCases.count * IndexPrefixKind.Part.allCases.count
  static let sectionCount = 1 + tables + prefixes
  /// Where the sections are described.
  static let sectionOffset = 56
  static let checksumOffset = sectionOffset + 24 * sectionCount
  /// Bytes of the header, up to the first section.
  static let byteCount = (checksumOffset + 8 + alignment - 1) / alignment * alignment

  init(seed: UInt64) { self.seed = seed }

  /// The sources, as JSON.
  var sources: IndexSection {
    get { sections[0] }
    set { sections[0] = newValue }
  }

  /// The filters in the order of the kinds.
  var filters: [IndexSection] { IndexTableKind.allCases.map { self[$0, .filter] } }

  subscript(kind: IndexTableKind, part: IndexTableKind.Part) -> IndexSection {
    get { sections[1 + kind.rawValue * IndexTableKind.Part.allCases.count + part.rawValue] }
    set { sections[1 + kind.rawValue * IndexTableKind.Part.allCases.count + part.rawValue] = newValue }
  }

  subscript(kind: IndexPrefixKind, part: IndexPrefixKind.Part) -> IndexSection {
    get { sections[1 + Self.tables + kind.rawValue * IndexPrefixKind.Part.allCases.count + part.rawValue] }
    set {
      sections[1 + Self.tables + kind.rawValue * IndexPrefixKind.Part.allCases.count + part.rawValue] =
        newValue
    }
  }

  /// Reads and checks the header: afterwards every section lies inside the file.
  /// - Throws: `notAnIndex`, `otherIndexVersion`, `corruptIndex`.
  init(reading bytes: borrowing IndexBytes, file: String) throws(ReputationError) {
    guard bytes.hold(Self.magic.span, at: 0) else { throw .notAnIndex(file) }
    let version = bytes.uint64(at: 8)
    guard version == Self.version else {
      throw .otherIndexVersion(file, found: version, expected: Self.version)
    }
    guard bytes.count >= Self.byteCount else { throw .corruptIndex(file, .size) }
    var checksum = IndexChecksum()
    for offset in stride(from: 0, to: Self.checksumOffset, by: 8) { checksum.add(bytes.uint64(at: offset)) }
    guard bytes.uint64(at: Self.checksumOffset) == checksum.value else {
      throw .corruptIndex(file, .headerChecksum)
    }
    guard bytes.uint64(at: 16) == UInt64(bytes.count) else { throw .corruptIndex(file, .size) }
    guard bytes.uint64(at: 48) == UInt64(Self.sectionCount) else { throw .corruptIndex(file, .sections) }
    fileBytes = bytes.count
    seed = bytes.uint64(at: 24)
    contentChecksum = bytes.uint64(at: 32)
    listDigest = bytes.uint64(at: 40)
    for number in 0..<Self.sectionCount {
      let offset = Self.sectionOffset + 24 * number
      guard let start = Int(exactly: bytes.uint64(at: offset)),
        let length = Int(exactly: bytes.uint64(at: offset + 8)),
        let count = Int(exactly: bytes.uint64(at: offset + 16)), start >= Self.byteCount,
        start <= bytes.count, length <= bytes.count - start, count <= 1 << 40
      else { throw .corruptIndex(file, .sections) }
      sections[number] = IndexSection(start: start, byteCount: length, count: count)
    }
  }

  /// The header as it stands in the file.
  var encoded: [UInt8] {
    var output = IndexOutput()
    output.append(contentsOf: Self.magic.span)
    for value in [
      Self.version, UInt64(fileBytes), seed, contentChecksum, listDigest, UInt64(Self.sectionCount),
    ] {
      output.append(value)
    }
    for section in sections {
      output.append(UInt64(section.start))
      output.append(UInt64(section.byteCount))
      output.append(UInt64(section.count))
    }
    output.append(IndexChecksum.of(output.buffer))
    output.pad(to: Self.alignment)
    return output.buffer
  }
}

/// A checksum over 64-bit words. It tells damage; it is no protection against forgery.
struct IndexChecksum {
  private(set) var value: UInt64 = 0x5EC1_5401_A11D_0E5D

  @inline(__always)
  mutating func add(_ word: UInt64) { value = IndexHash.fold(value ^ word) &+ 0x9E37_79B9_7F4A_7C15 }

  /// Adds bytes, a multiple of eight.
  mutating func add(_ bytes: Span<UInt8>) {
    for offset in stride(from: 0, to: bytes.count, by: 8) {
      add(UInt64(littleEndian: bytes.bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self)))
    }
  }

  static func of(_ bytes: [UInt8]) -> UInt64 {
    var checksum = IndexChecksum()
    checksum.add(bytes.span)
    return checksum.value
  }
}
