import Glibc
import Language

/// The bytes of a compiled index: a file mapped for reading, or memory of our own.
///
/// The only place of this room that has a pointer. Every load is checked, and a load outside gives zero,
/// which everywhere in the format means "nothing here": a damaged file can hide what it lists, but never
/// lead a look-up out of the bytes.
///
/// A mapped file must not become shorter while it is in use, or the kernel ends the process (SIGBUS).
/// Therefore an index is never written in place: `ReputationIndex.compile(_:to:)` renames a finished file.
///
/// Unchecked: the bytes are written before the value exists, only read afterwards, and freed by its end,
/// which no copy can outlive.
struct IndexBytes: ~Copyable, @unchecked Sendable {
  private let base: UnsafeRawPointer
  let count: Int
  private let isMapped: Bool

  /// Fewer bytes hold no index.
  static let leastCount = 64

  /// A copy of some bytes; `nil` for fewer than `leastCount`.
  init?(copying bytes: borrowing [UInt8]) {
    guard bytes.count >= Self.leastCount else { return nil }
    let memory = Self.allocate(bytes.count)
    bytes.withUnsafeBytes { memory.copyMemory(from: $0.baseAddress!, byteCount: $0.count) }
    (base, count, isMapped) = (UnsafeRawPointer(memory), bytes.count, false)
  }

  /// Copies of some sections, one after the other; what of them lies outside is left out as zeros.
  init(gathering sections: [IndexSection], from bytes: borrowing IndexBytes) {
    count = max(Self.leastCount, sections.reduce(0) { $0 + $1.byteCount })
    let memory = Self.allocate(count)
    memory.initializeMemory(as: UInt8.self, repeating: 0, count: count)
    var place = 0
    for section in sections {
      if section.start >= 0, section.start <= bytes.count, section.byteCount <= bytes.count - section.start {
        (memory + place).copyMemory(from: bytes.base + section.start, byteCount: section.byteCount)
      }
      place += section.byteCount
    }
    (base, isMapped) = (UnsafeRawPointer(memory), false)
  }

  /// Memory in large pages where it fills most of one: scattered look-ups in small pages wait for the
  /// address translation longer than for the bytes.
  private static func allocate(_ count: Int) -> UnsafeMutableRawPointer {
    let page = 2 << 20
    guard count > page / 2 else { return .allocate(byteCount: count, alignment: 64) }
    let size = (count + page - 1) / page * page
    let memory = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: page)
    // Only advice: without large pages everything is the same, a little slower.
    _ = madvise(memory, size, MADV_HUGEPAGE)
    return memory
  }

  /// Maps a file.
  /// - Throws: `unreadable`, `notRegularFile`, `notAnIndex`.
  init(mapping file: String) throws(ReputationError) {
    let descriptor = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw .unreadableIndex(file, errno: errno) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw .unreadableIndex(file, errno: errno) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw .indexNotRegularFile(file) }
    let size = Int(status.st_size)
    guard size >= Self.leastCount else { throw .notAnIndex(file) }
    guard let memory = mmap(nil, size, PROT_READ, MAP_SHARED, descriptor, 0), memory != MAP_FAILED else {
      throw .unreadableIndex(file, errno: errno)
    }
    (base, count, isMapped) = (UnsafeRawPointer(memory), size, true)
  }

  deinit {
    if isMapped {
      munmap(UnsafeMutableRawPointer(mutating: base), count)
    } else {
      base.deallocate()
    }
  }

  @inline(__always)
  func uint8(at offset: Int) -> UInt8 {
    offset >= 0 && offset < count ? base.load(fromByteOffset: offset, as: UInt8.self) : 0
  }

  @inline(__always)
  func uint16(at offset: Int) -> UInt16 {
    guard offset >= 0, offset <= count - 2 else { return 0 }
    return UInt16(littleEndian: base.loadUnaligned(fromByteOffset: offset, as: UInt16.self))
  }

  @inline(__always)
  func uint32(at offset: Int) -> UInt32 {
    guard offset >= 0, offset <= count - 4 else { return 0 }
    return UInt32(littleEndian: base.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
  }

  @inline(__always)
  func uint64(at offset: Int) -> UInt64 {
    guard offset >= 0, offset <= count - 8 else { return 0 }
    return UInt64(littleEndian: base.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
  }

  /// Whether `bytes` stand at an offset.
  func hold(_ bytes: Span<UInt8>, at offset: Int) -> Bool {
    guard offset >= 0, offset <= count, bytes.count <= count - offset else { return false }
    return bytes.withUnsafeBytes { wanted in
      guard let start = wanted.baseAddress else { return true }
      return memcmp(start, base + offset, wanted.count) == 0
    }
  }

  /// A copy of the bytes in a range; none when it does not lie wholly inside.
  func copy(at offset: Int, count length: Int) -> [UInt8] {
    guard offset >= 0, length >= 0, offset <= count, length <= count - offset else { return [] }
    return [UInt8](UnsafeRawBufferPointer(start: base + offset, count: length))
  }
}
