import Testing

@testable import Training

/// gzip with the content stored, as a test can write it without a compressor.
func stored(_ text: String) -> [UInt8] {
  var bytes: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255]
  let content = Array(text.utf8)
  let pieces = stride(from: 0, to: max(1, content.count), by: 60_000).map {
    content[$0..<min($0 + 60_000, content.count)]
  }
  for (number, piece) in pieces.enumerated() {
    let length = UInt16(piece.count)
    bytes.append(number == pieces.count - 1 ? 1 : 0)
    bytes += [UInt8(length & 255), UInt8(length >> 8), UInt8(~length & 255), UInt8(~length >> 8)] + piece
  }
  return bytes + [UInt8](repeating: 0, count: 8)
}

@Suite struct GzipTests {
  @Test func storedBlocksAreReadOverSeveralOfThem() throws {
    let text = String(repeating: "name,family\n", count: 12_000)
    #expect(try Gzip.decompress(stored(text)) == Array(text.utf8))
  }

  /// `printf 'abcabcabcabcabcabc' | gzip -n`: fixed codes and a copy that overlaps itself.
  @Test func copiesThatOverlapThemselvesAreRead() throws {
    let bytes: [UInt8] = [
      0x1F, 0x8B, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x03, 0x4B, 0x4C, 0x4A, 0x4E, 0x44, 0x45,
      0x00, 0x04, 0xC0, 0x26, 0xDC, 0x12, 0x00, 0x00, 0x00,
    ]
    #expect(String(decoding: try Gzip.decompress(bytes), as: UTF8.self) == "abcabcabcabcabcabc")
  }

  @Test(arguments: [0, 5, 12, 19, 23])
  func aFileThatWasCutIsRefused(length: Int) {
    let cut = Array(stored("some,content\n").prefix(length))
    if length == 0 {
      #expect((try? Gzip.decompress(cut)) == [])
    } else {
      #expect(throws: Gzip.Malformed.self) { try Gzip.decompress(cut) }
    }
  }
}
