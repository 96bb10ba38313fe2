/// The handshake messages inside TLS records (RFC 8446 section 5.1): a message may lie in several
/// records, and a record may hold several.
enum TLSRecords {
  /// The content type of handshake records.
  static let handshake: UInt8 = 22
  static let headerLength = 5

  struct Gathered {
    /// Handshake bytes that were copied.
    var count: Int
    /// Whether no more follow: another type of record, or no record, came.
    var isEnded: Bool
  }

  /// Copies the handshake bytes at the beginning of `range` into `buffer`, record headers left out.
  static func gather(
    _ bytes: Span<UInt8>, _ range: Range<Int>, into buffer: inout [UInt8]
  ) -> Gathered {
    var offset = range.lowerBound
    var count = 0
    while range.upperBound &- offset >= headerLength {
      let length = Int(bytes.uint16(at: offset &+ 3))
      guard bytes[offset] == handshake, bytes[offset &+ 1] == 3, length > 0, length <= 1 &<< 14 else {
        return Gathered(count: count, isEnded: true)
      }
      let start = offset &+ headerLength
      let available = min(length, range.upperBound &- start, buffer.count &- count)
      for index in 0..<available { buffer[count &+ index] = bytes[start &+ index] }
      count &+= available
      guard available == length else { break }
      offset = start &+ length
    }
    return Gathered(count: count, isEnded: count == buffer.count)
  }
}
