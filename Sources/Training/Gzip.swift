/// Reads gzip (RFC 1952) with deflate (RFC 1951), whole files at a time. Only the training data comes so.
enum Gzip {
  struct Malformed: Error {}

  /// The content of all members, one after the other. The check sums are not verified: a flipped bit in a
  /// list of a million names changes one name, and the model file records the digest of what was read.
  static func decompress(_ bytes: [UInt8]) throws(Malformed) -> [UInt8] {
    var output: [UInt8] = []
    output.reserveCapacity(bytes.count * 4)
    var position = 0
    while position < bytes.count {
      let start = try headerEnd(bytes, position)
      var reader = BitReader(bytes: bytes, position: start)
      try inflate(&reader, &output)
      position = reader.position + 8
      guard position <= bytes.count else { throw Malformed() }
    }
    return output
  }

  private static func headerEnd(_ bytes: [UInt8], _ start: Int) throws(Malformed) -> Int {
    guard start + 18 <= bytes.count, bytes[start] == 0x1F, bytes[start + 1] == 0x8B, bytes[start + 2] == 8
    else { throw Malformed() }
    let flags = bytes[start + 3]
    var position = start + 10
    if flags & 4 != 0 {
      position += 2 + Int(bytes[position]) + Int(bytes[position + 1]) << 8
    }
    for flag in [UInt8(8), 16] where flags & flag != 0 {
      while position < bytes.count, bytes[position] != 0 { position += 1 }
      position += 1
    }
    if flags & 2 != 0 { position += 2 }
    guard position < bytes.count else { throw Malformed() }
    return position
  }

  private struct BitReader {
    let bytes: [UInt8]
    var position: Int
    var buffer: UInt32 = 0
    var available = 0

    init(bytes: [UInt8], position: Int) {
      self.bytes = bytes
      self.position = position
    }

    mutating func bits(_ count: Int) throws(Malformed) -> Int {
      while available < count {
        guard position < bytes.count else { throw Malformed() }
        buffer |= UInt32(bytes[position]) << available
        position += 1
        available += 8
      }
      let value = Int(buffer & ((1 << count) - 1))
      buffer >>= count
      available -= count
      return value
    }

    mutating func align() {
      buffer = 0
      available = 0
    }
  }

  /// A canonical prefix code: how many codes each length has, and the symbols in order.
  private struct PrefixCode {
    var counts = [Int](repeating: 0, count: 16)
    var symbols: [Int]

    init(lengths: ArraySlice<Int>) {
      for length in lengths { counts[length] += 1 }
      counts[0] = 0
      var offsets = [Int](repeating: 0, count: 17)
      for length in 1..<16 { offsets[length + 1] = offsets[length] + counts[length] }
      symbols = [Int](repeating: 0, count: lengths.count)
      for (symbol, length) in lengths.enumerated() where length > 0 {
        symbols[offsets[length]] = symbol
        offsets[length] += 1
      }
    }

    func symbol(_ reader: inout BitReader) throws(Malformed) -> Int {
      var (code, first, index) = (0, 0, 0)
      for length in 1..<16 {
        code |= try reader.bits(1)
        let count = counts[length]
        if code - count < first { return symbols[index + code - first] }
        index += count
        first = (first + count) << 1
        code <<= 1
      }
      throw Malformed()
    }
  }

  private static let lengthBase = [
    3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195,
    227, 258,
  ]
  private static let lengthExtra = [
    0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0,
  ]
  private static let distanceBase = [
    1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073,
    4097, 6145, 8193, 12289, 16385, 24577,
  ]
  private static let codeOrder = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]

  private static func inflate(_ reader: inout BitReader, _ output: inout [UInt8]) throws(Malformed) {
    var isLast = false
    while !isLast {
      isLast = try reader.bits(1) == 1
      switch try reader.bits(2) {
      case 0:
        reader.align()
        let length = try reader.bits(16)
        _ = try reader.bits(16)
        guard reader.position + length <= reader.bytes.count else { throw Malformed() }
        output += reader.bytes[reader.position..<(reader.position + length)]
        reader.position += length
      case 1:
        let lengths =
          [Int](repeating: 8, count: 144) + [Int](repeating: 9, count: 112) + [Int](repeating: 7, count: 24)
          + [Int](repeating: 8, count: 8)
        try block(
          &reader, &output, PrefixCode(lengths: lengths[...]),
          PrefixCode(lengths: [Int](repeating: 5, count: 30)[...]))
      case 2:
        let literals = try reader.bits(5) + 257
        let distances = try reader.bits(5) + 1
        let codes = try reader.bits(4) + 4
        var lengths = [Int](repeating: 0, count: 19)
        for index in 0..<codes { lengths[codeOrder[index]] = try reader.bits(3) }
        let code = PrefixCode(lengths: lengths[...])
        var all: [Int] = []
        while all.count < literals + distances {
          let symbol = try code.symbol(&reader)
          switch symbol {
          case 16:
            guard let last = all.last else { throw Malformed() }
            all += [Int](repeating: last, count: 3 + (try reader.bits(2)))
          case 17: all += [Int](repeating: 0, count: 3 + (try reader.bits(3)))
          case 18: all += [Int](repeating: 0, count: 11 + (try reader.bits(7)))
          default: all.append(symbol)
          }
        }
        guard all.count == literals + distances else { throw Malformed() }
        try block(
          &reader, &output, PrefixCode(lengths: all[..<literals]), PrefixCode(lengths: all[literals...]))
      default: throw Malformed()
      }
    }
  }

  private static func block(
    _ reader: inout BitReader, _ output: inout [UInt8], _ literals: PrefixCode, _ distances: PrefixCode
  ) throws(Malformed) {
    while true {
      let symbol = try literals.symbol(&reader)
      if symbol < 256 {
        output.append(UInt8(symbol))
      } else if symbol == 256 {
        return
      } else {
        guard symbol - 257 < lengthBase.count else { throw Malformed() }
        let length = lengthBase[symbol - 257] + (try reader.bits(lengthExtra[symbol - 257]))
        let code = try distances.symbol(&reader)
        guard code < distanceBase.count else { throw Malformed() }
        let distance = distanceBase[code] + (try reader.bits(code < 2 ? 0 : code / 2 - 1))
        guard distance <= output.count else { throw Malformed() }
        for _ in 0..<length { output.append(output[output.count - distance]) }
      }
    }
  }
}
