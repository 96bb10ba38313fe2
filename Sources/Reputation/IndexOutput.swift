import Glibc

/// Where a compiled index is written: a file, or memory.
struct IndexOutput {
  /// What is not in the file yet; everything without one.
  private(set) var buffer: [UInt8] = []
  private let descriptor: Int32?
  /// Bytes written so far.
  private(set) var count = 0
  /// Of everything after the header.
  private var checksum = IndexChecksum()
  private var hasHeader = false
  /// The first error of the system, 0 for none.
  private(set) var failure: Int32 = 0

  /// Into memory, or into an open file, which stays the caller's.
  init(descriptor: Int32? = nil) { self.descriptor = descriptor }

  @inline(__always)
  mutating func append(_ byte: UInt8) {
    buffer.append(byte)
    count += 1
  }

  mutating func append(_ value: some FixedWidthInteger & UnsignedInteger) {
    var value = value
    for _ in 0..<(value.bitWidth / 8) {
      append(UInt8(truncatingIfNeeded: value))
      value = value >> 8
    }
  }

  mutating func append(contentsOf bytes: Span<UInt8>) {
    for index in bytes.indices { append(bytes[index]) }
  }

  /// Appends zeros up to a multiple of `alignment`.
  mutating func pad(to alignment: Int) {
    while count % alignment != 0 { append(0 as UInt8) }
  }

  /// Leaves room for the header, which can be written only at the end.
  mutating func reserveHeader() {
    for _ in 0..<IndexHeader.byteCount { append(0 as UInt8) }
    hasHeader = true
  }

  /// Hands a full buffer on to the file.
  mutating func flush(at threshold: Int = 1 << 20) {
    guard let descriptor, failure == 0, buffer.count >= threshold, buffer.count >= 8 else { return }
    let length = buffer.count / 8 * 8
    let start = count - buffer.count
    // The header comes last and has a checksum of its own.
    let skipped = start == 0 && hasHeader ? IndexHeader.byteCount : 0
    var pending: [UInt8] = []
    swap(&pending, &buffer)
    checksum.add(pending.span.extracting(skipped..<length))
    failure = Self.write(pending.span.extracting(0..<length), to: descriptor, at: start)
    pending.removeFirst(length)
    swap(&pending, &buffer)
  }

  /// Completes the file: aligned end, checksum, header.
  mutating func finish(_ header: IndexHeader) {
    // A slot is read as eight bytes: the last one must have that many.
    append(0 as UInt64)
    pad(to: IndexHeader.alignment)
    var header = header
    header.fileBytes = count
    if let descriptor {
      flush(at: 0)
      header.contentChecksum = checksum.value
      guard failure == 0 else { return }
      failure = Self.write(header.encoded.span, to: descriptor, at: 0)
    } else {
      var content = IndexChecksum()
      content.add(buffer.span.extracting(IndexHeader.byteCount..<buffer.count))
      header.contentChecksum = content.value
      buffer.replaceSubrange(0..<IndexHeader.byteCount, with: header.encoded)
    }
  }

  /// Writes all of the bytes; the error, or 0.
  private static func write(_ bytes: Span<UInt8>, to descriptor: Int32, at offset: Int) -> Int32 {
    bytes.withUnsafeBytes { bytes in
      var done = 0
      while done < bytes.count, let base = bytes.baseAddress {
        let written = pwrite(descriptor, base + done, bytes.count - done, off_t(offset + done))
        if written < 0 {
          if errno == EINTR { continue }
          return errno
        }
        done += written
      }
      return 0
    }
  }
}
