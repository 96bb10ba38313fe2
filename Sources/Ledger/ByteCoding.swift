/// Writes fields one after another so that no two sequences of fields give the same bytes: numbers
/// have eight bytes, most significant first; texts and lists their length before them.
struct ByteWriter {
  private(set) var bytes: [UInt8] = []

  mutating func reserve(_ count: Int) { bytes.reserveCapacity(bytes.count + count) }

  mutating func put(byte: UInt8) { bytes.append(byte) }

  mutating func put(_ value: UInt64) {
    let start = bytes.count
    bytes.append(contentsOf: repeatElement(0, count: 8))
    var written = bytes.mutableSpan
    for index in 0..<8 {
      written[start + index] = UInt8(truncatingIfNeeded: value >> (56 - 8 * UInt64(index)))
    }
  }

  mutating func put(_ value: Int64) { put(UInt64(bitPattern: value)) }
  mutating func put(_ value: Int) { put(Int64(value)) }

  mutating func put(_ text: String) {
    put(text.utf8.count)
    bytes.append(contentsOf: text.utf8)
  }

  mutating func put(_ data: [UInt8]) {
    put(data.count)
    bytes.append(contentsOf: data)
  }

  mutating func put(_ value: Int64?) {
    put(byte: value == nil ? 0 : 1)
    if let value { put(value) }
  }

  mutating func put(_ text: String?) {
    put(byte: text == nil ? 0 : 1)
    if let text { put(text) }
  }
}

/// Reads what `ByteWriter` wrote; throws `DamagedRow` where the bytes end early or make no sense.
struct ByteReader {
  private let bytes: [UInt8]
  private var position = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  var isAtEnd: Bool { position == bytes.count }

  mutating func byte() throws -> UInt8 {
    guard position < bytes.count else { throw DamagedRow("a plan ends early") }
    defer { position += 1 }
    return bytes[position]
  }

  mutating func number() throws -> UInt64 {
    guard bytes.count - position >= 8 else { throw DamagedRow("a plan ends early") }
    var value: UInt64 = 0
    for index in position..<(position + 8) { value = value << 8 | UInt64(bytes[index]) }
    position += 8
    return value
  }

  mutating func signed() throws -> Int64 { Int64(bitPattern: try number()) }

  /// A count of things that take at least one byte each.
  mutating func count() throws -> Int {
    let value = try signed()
    guard value >= 0, value <= bytes.count - position else { throw DamagedRow("a plan has a false length") }
    return Int(value)
  }

  mutating func text() throws -> String {
    let length = try count()
    defer { position += length }
    return String(decoding: bytes[position..<(position + length)], as: UTF8.self)
  }

  mutating func optional() throws -> Int64? {
    try byte() == 0 ? nil : try signed()
  }
}
