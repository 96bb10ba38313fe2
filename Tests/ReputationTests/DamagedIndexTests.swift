import NetworkTypes
import Randomness
import Testing

@testable import Reputation

/// A damaged or hostile index file may hide what it lists, but neither end the process nor read outside.
@Suite struct DamagedIndexTests {
  private static func content() throws -> [UInt8] {
    var text = CompiledIndexFileTests.text + "\n"
    for number in 0..<300 {
      text += "n\(number).example.org\n203.0.113.\(number % 200):\(number + 1)\n198.18.\(number).0/26\n"
      text += "2001:db8:\(number)::1\n2001:db8:ffff:\(number)::/64\n"
    }
    let index = try ReputationIndex([try read(text), try read(text, source("other"))], seed: 3)
    return index.bytes.copy(at: 0, count: index.byteCount)
  }

  /// Opens the bytes as an index; `nil` when they are refused.
  private static func open(_ bytes: [UInt8]) throws -> ReputationIndex? {
    guard let bytes = IndexBytes(copying: bytes) else { return nil }
    do {
      return try ReputationIndex(bytes, file: "damaged")
    } catch {
      #expect([.notAnIndex, .otherIndexVersion, .corruptIndex].contains(error.code))
      return nil
    }
  }

  /// Makes the header's checksum right again, as someone would who means harm.
  private static func seal(_ bytes: inout [UInt8]) {
    let end = IndexHeader.checksumOffset
    let checksum = IndexChecksum.of(Array(bytes[..<end]))
    for index in 0..<8 { bytes[end + index] = UInt8(truncatingIfNeeded: checksum >> (8 * UInt64(index))) }
  }

  private static func ask(_ index: ReputationIndex, _ random: inout SplitMix64) throws {
    var hits: [ReputationHit?] = []
    for number in 0..<40 {
      let name = "www.n\(number * 7).example.org"
      hits.append(index.hit(name))
      _ = index.evidence(concerning: try #require(DomainName(name)))
      let fourth = IPAddress(ipv4: 0xCB00_7100 + UInt32(number * 5))
      hits.append(index.lookUp(fourth, port: UInt16(number * 5 + 1)))
      _ = index.evidence(concerning: fourth, port: UInt16(number * 5 + 1))
      hits.append(index.lookUp(IPAddress(ipv4: 0xC612_0000 + UInt32(number) << 8)))
      let sixth = IPAddress(high: 0x2001_0db8_0000_0000 | UInt64(number) << 16, low: 1)
      hits.append(index.lookUp(sixth))
      _ = index.evidence(concerning: sixth)
    }
    hits.append(index.lookUp(ja4: "t13d1516h2_8daaf6152771_02713d6af862".utf8Span.span))
    let hash = try #require(CertificateHash("00112233445566778899aabbccddeeff01234567"))
    hits.append(index.lookUp(certificate: hash.bytes.span))
    _ = index.evidence(concerning: hash)
    for case let hit? in hits {
      for evidence in index.evidence(of: hit) { #expect((0...1).contains(evidence.confidence)) }
    }
  }

  @Test func randomDamageIsAnErrorOrAMiss() throws {
    let content = try Self.content()
    var random = SplitMix64(seed: 9)
    try Self.ask(try #require(try Self.open(content)), &random)
    var opened = 0
    for round in 0..<400 {
      var bytes = content
      // Half of the damage in the header and the tables' beginnings, where it leads furthest astray.
      let reach = round % 2 == 0 ? IndexHeader.byteCount : content.count
      for _ in 0..<Int.random(in: 1...40, using: &random) {
        let place = Int.random(in: 24..<reach, using: &random)
        bytes[place] = [0, 1, 0x7F, 0x80, 0xFF, .random(in: 0...255, using: &random)].randomElement(
          using: &random)!
      }
      for place in 40..<48 { bytes[place] = content[place] }
      for place in 16..<24 { bytes[place] = content[place] }
      Self.seal(&bytes)
      guard let index = try Self.open(bytes) else { continue }
      opened += 1
      try Self.ask(index, &random)
    }
    #expect(opened > 100)
  }

  /// Whole words in the place of section starts, lengths and counts.
  @Test func everySectionWithEveryExtremeIsAnErrorOrAMiss() throws {
    let content = try Self.content()
    var random = SplitMix64(seed: 2)
    let extremes: [UInt64] = [
      0, 1, 2, 16, 17, UInt64(content.count) - 1, UInt64(content.count), 1 << 31, 1 << 40, 1 << 63, .max,
    ]
    for field in 0..<(3 * IndexHeader.sectionCount) {
      for value in extremes {
        var bytes = content
        for index in 0..<8 {
          bytes[IndexHeader.sectionOffset + 8 * field + index] = UInt8(
            truncatingIfNeeded: value >> (8 * UInt64(index)))
        }
        Self.seal(&bytes)
        if let index = try Self.open(bytes) { try Self.ask(index, &random) }
      }
    }
  }

  @Test func aFileCutAtAnyBoundIsRefused() throws {
    let content = try Self.content()
    guard let bytes = IndexBytes(copying: content) else {
      Issue.record("an index is longer than 64 bytes")
      return
    }
    let header = try IndexHeader(reading: bytes, file: "")
    var bounds = Set([0, 1, 63, 64, 700, IndexHeader.byteCount, content.count - 1])
    for section in header.sections {
      bounds.formUnion([section.start, section.start + section.byteCount, section.start + 1])
    }
    for bound in bounds where bound < content.count {
      #expect(try Self.open(Array(content[..<bound])) == nil)
      // With the size made right, the sections beyond it are what is wrong.
      var cut = Array(content[..<bound])
      guard bound >= IndexHeader.byteCount else { continue }
      for index in 0..<8 { cut[16 + index] = UInt8(truncatingIfNeeded: bound >> (8 * index)) }
      Self.seal(&cut)
      if bound < header.sections.map({ $0.start + $0.byteCount }).max() ?? 0 {
        #expect(try Self.open(cut) == nil)
      }
    }
  }

  @Test func aLoadOutsideIsZero() throws {
    guard let bytes = IndexBytes(copying: [UInt8](repeating: 0xFF, count: 64)) else {
      Issue.record("64 bytes are enough")
      return
    }
    if IndexBytes(copying: [UInt8](repeating: 0xFF, count: 63)) != nil { Issue.record("63 are not") }
    #expect(bytes.uint64(at: 56) == .max && bytes.uint32(at: 60) == .max && bytes.uint16(at: 62) == .max)
    #expect(bytes.uint8(at: 63) == .max)
    for place in [57, 64, 1000, Int.max, Int.max - 7, -1, -8, Int.min] {
      #expect(bytes.uint64(at: place) == 0)
    }
    for place in [61, 64, Int.max, -1, Int.min] { #expect(bytes.uint32(at: place) == 0) }
    for place in [63, 64, Int.max, -1, Int.min] { #expect(bytes.uint16(at: place) == 0) }
    for place in [64, Int.max, -1, Int.min] { #expect(bytes.uint8(at: place) == 0) }
    let two: [UInt8] = [0xFF, 0xFF]
    #expect(bytes.hold(two.span, at: 62) && !bytes.hold(two.span, at: 63))
    #expect(!bytes.hold(two.span, at: -1) && !bytes.hold(two.span, at: Int.max))
    #expect(bytes.copy(at: 63, count: 2).isEmpty && bytes.copy(at: 63, count: 1) == [0xFF])
    #expect(bytes.copy(at: -1, count: 1).isEmpty && bytes.copy(at: 0, count: Int.max).isEmpty)
  }
}
