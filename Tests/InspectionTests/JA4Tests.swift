import NetworkTypes
import Testing

@testable import Inspection

@Suite("JA4")
struct JA4Tests {
  typealias B = FrameBuilder

  /// Fingerprints and, in the order of the client, the codes they are of: from the expected outputs of
  /// the reference implementation (FoxIO-LLC/ja4, python/test/testdata: latest, badcurveball and
  /// browsers-x509). The last is of technical_details/JA4.md.
  private static let published = [
    (
      "t13d1516h2_8daaf6152771_e5627efa2ab1",
      "1301,1302,1303,c02b,c02f,c02c,c030,cca9,cca8,c013,c014,009c,009d,002f,0035_"
        + "0023,ff01,0000,001b,0012,4469,002d,002b,000d,0010,0033,000a,0005,0017,000b,0015_"
        + "0403,0804,0401,0503,0805,0501,0806,0601"
    ),
    (
      "t13d1516h2_8daaf6152771_e5627efa2ab1",
      "1301,1302,1303,c02b,c02f,c02c,c030,cca9,cca8,c013,c014,009c,009d,002f,0035_"
        + "002b,4469,000b,0017,000d,0000,001b,0005,0033,ff01,0010,000a,002d,0012,0023,0015_"
        + "0403,0804,0401,0503,0805,0501,0806,0601"
    ),
    (
      "t12d190800_d83cc789557e_7af1ed941c26",
      "c02c,c02b,c030,c02f,c024,c023,c028,c027,c00a,c009,c014,c013,009d,009c,003d,003c,0035,002f,000a_"
        + "0000,0005,000a,000b,000d,0023,0017,ff01_"
        + "0804,0805,0806,0401,0501,0201,0403,0503,0203,0202,0601,0603"
    ),
    (
      "t13d1516h2_8daaf6152771_9b887d9acb53",
      "1301,1302,1303,c02b,c02f,c02c,c030,cca9,cca8,c013,c014,009c,009d,002f,0035_"
        + "000d,0010,0000,000b,0023,4469,ff01,0033,000a,002d,002b,0005,0017,0012,001b,0029_"
        + "0403,0804,0401,0503,0805,0501,0806,0601"
    ),
    (
      "t13d1615h2_46e7e9700bed_45f260be83e2",
      "1301,1302,1303,c02b,c02f,c02c,c030,cca9,cca8,c013,c014,009c,009d,002f,0035,000a_"
        + "0000,0017,ff01,000a,000b,0023,0010,0005,000d,0012,0033,002d,002b,001b,0015_"
        + "0403,0804,0401,0503,0805,0501,0806,0601,0201"
    ),
    (
      "t13d1516h2_8daaf6152771_6d807ffa2a79",
      "1301,1302,1303,c02b,c02f,c02c,c030,cca9,cca8,c013,c014,009c,009d,002f,0035_"
        + "001b,0000,0033,0010,4469,0017,002d,000d,0005,0023,0012,002b,ff01,000b,000a,0015_"
    ),
  ]

  /// A hello with these codes and made-up ones (RFC 8701) between them.
  private static func hello(_ codes: String, _ ja4: String) -> [UInt8] {
    let lists = codes.split(separator: "_", omittingEmptySubsequences: false).map {
      $0.split(separator: ",").map { UInt16($0, radix: 16)! }
    }
    let version: UInt16 = ja4.hasPrefix("t13") ? 0x0304 : 0x0303
    let bodies: [UInt16: [UInt8]] = [
      0x0000: Array(B.serverName(Array("www.example.org".utf8)).dropFirst(4)),
      0x0010: Array(B.alpn(["h2", "http/1.1"]).dropFirst(4)),
      0x000D: B.sized(([0x3A3A] + lists[2]).flatMap { (code: UInt16) in B.bytes(code) }),
      0x002B: [6, 0x7A, 0x7A] + B.bytes(version) + [3, 1],
    ]
    let types: [UInt16] = [0xBABA] + lists[1] + [0x0A0A]
    let extensions = types.flatMap {
      B.bytes($0) + B.sized(bodies[$0] ?? [0])
    }
    return B.helloMessage(ciphers: [0x5A5A] + lists[0], extensions: extensions)
  }

  @Test("fingerprints are those the reference implementation published", arguments: published)
  func publishedOnes(_ ja4: String, _ codes: String) {
    var frames = InspectedFrames()
    #expect(frames.take(B.tcp4(B.record(Self.hello(codes, ja4)))) == .observation)
    #expect(frames.observation.ja4 == ja4)
    #expect(frames.observation.withJA4Bytes { $0.count } == 36)
  }

  @Test("hellos that OpenSSL makes have the fingerprints another implementation tells")
  func otherImplementation() {
    for (ja4, hello) in PublishedBytes.hellos {
      var frames = InspectedFrames()
      #expect(frames.take(B.tcp4(hello)) == .observation)
      #expect(frames.observation.ja4 == ja4)
    }
  }

  private func ja4(alpn: [UInt8]) -> String? {
    var frames = InspectedFrames()
    let list: [UInt8] = alpn.isEmpty ? [] : [UInt8(alpn.count)] + alpn
    frames.take(B.tcp4(B.clientHello(extensions: [0, 16] + B.sized(B.sized(list)))))
    return frames.observation.ja4.map { String($0.prefix(10).suffix(2)) }
  }

  @Test(
    "the ends of the first protocol are told as the specification's examples have them",
    arguments: [
      ([0xAB], "ab"), ([0xAB, 0xCD], "ad"), ([0x30, 0xAB], "3b"), ([0x30, 0x31, 0xAB, 0xCD], "3d"),
      ([0x30, 0xAB, 0xCD, 0x31], "01"), (Array("h2".utf8), "h2"), (Array("http/1.1".utf8), "h1"),
      (Array("x".utf8), "xx"), ([], "00"),
    ] as [([UInt8], String)])
  func protocolEnds(_ alpn: [UInt8], _ told: String) {
    #expect(ja4(alpn: alpn) == told)
  }

  @Test("without ciphers and extensions there are zeros in place of hashes, and counts end at 99")
  func bounds() {
    var frames = InspectedFrames()
    frames.take(B.tcp4(B.record(B.helloMessage(version: 0x0301, ciphers: [], extensions: []))))
    #expect(frames.observation.ja4 == "t10i000000_000000000000_000000000000")
    frames.take(
      B.tcp4(B.record(B.helloMessage(ciphers: (0..<200).map { 0x4000 + $0 }, extensions: []))))
    #expect(frames.observation.ja4?.hasPrefix("t12i990000_") == true)
    frames.take(
      B.tcp4(B.record(B.helloMessage(ciphers: (0..<300).map { 0x4000 + $0 }, extensions: []))))
    #expect(frames.observation.kind == .tlsClientHello && frames.observation.ja4 == nil)
    #expect(frames.reasons["unfingerprintedClientHello"] == 1)
  }
}
