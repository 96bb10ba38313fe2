import Glibc

extension ReputationIndex {
  /// Compiles lists to a file, for `init(mapping:)`.
  ///
  /// The file is written beside its place, forced to disk and renamed, so that whoever maps the former
  /// one keeps it whole, and a process that opens the path sees one or the other. Never write an index
  /// in place: a mapped file that becomes shorter ends its readers.
  /// - Parameters:
  ///   - seed: start of the hashes; by default unpredictable.
  /// - Throws: `unwritableIndex`, and as `init(_:seed:)`.
  public static func compile(
    _ lists: [IndicatorList], to file: String, seed: UInt64 = .random(in: .min ... .max)
  ) throws(ReputationError) {
    let temporary = "\(file).\(UInt64.random(in: .min ... .max)).new"
    let descriptor = open(temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw .unwritableIndex(file, errno: errno) }
    defer {
      close(descriptor)
      // Gone by its rename, unless something failed.
      unlink(temporary)
    }
    let output = try IndexCompiler.compile(lists, seed: seed, to: IndexOutput(descriptor: descriptor))
    guard output.failure == 0 else { throw .unwritableIndex(file, errno: output.failure) }
    guard fsync(descriptor) == 0, rename(temporary, file) == 0 else {
      throw .unwritableIndex(file, errno: errno)
    }
    let slash = file.utf8.lastIndex(of: UInt8(ascii: "/"))
    let folder = open(slash.map { String(file[...$0]) } ?? ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard folder >= 0 else { throw .unwritableIndex(file, errno: errno) }
    defer { close(folder) }
    // The name must outlive a power failure as well as the bytes.
    guard fsync(folder) == 0 else { throw .unwritableIndex(file, errno: errno) }
  }

  /// Opens a compiled index: its header is checked, its content is mapped and read when it is needed.
  ///
  /// Damage to the content does not show here (`verify(_:)` finds it) and cannot do harm: a look-up then
  /// misses what it should find, or finds what the damaged bytes say.
  /// - Throws: `unreadable`, `notRegularFile`, `notAnIndex`, `otherIndexVersion`, `corruptIndex`.
  public convenience init(mapping file: String) throws(ReputationError) {
    try self.init(IndexBytes(mapping: file), file: file)
  }

  /// Reads a whole compiled index and compares it with its checksum.
  /// - Throws: as `init(mapping:)`.
  public static func verify(_ file: String) throws(ReputationError) {
    let bytes = try IndexBytes(mapping: file)
    let header = try IndexHeader(reading: bytes, file: file)
    var checksum = IndexChecksum()
    for offset in stride(from: IndexHeader.byteCount, to: bytes.count, by: 8) {
      checksum.add(bytes.uint64(at: offset))
    }
    guard checksum.value == header.contentChecksum else { throw .corruptIndex(file, .contentChecksum) }
    _ = try ReputationIndex(bytes, file: file)
  }
}
