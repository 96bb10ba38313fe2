import Capture
import Foundation
import Inspection
import Language
import NetworkTypes
import Testing

@Suite("Capture files")
struct PacketFileTests {
  typealias Builder = CaptureFileBuilder

  struct Frame: Equatable {
    var bytes: [UInt8]
    var info: FrameInfo
  }

  /// Everything a file holds, and the error it ends with.
  private func read(_ path: String) -> (frames: [Frame], link: LinkType?, error: CaptureError?) {
    var frames: [Frame] = []
    var link: LinkType?
    do throws(CaptureError) {
      var file = try PacketFile(path, isReadable: LinkType.isSupported(dataLink:))
      link = LinkType(dataLink: file.dataLink)
      let ending = try file.forEachFrame { bytes, info in
        frames.append(Frame(bytes: bytes.indices.map { bytes[$0] }, info: info))
        return .goOn
      }
      #expect(ending == .endOfFile)
      #expect(file.packets == frames.count)
    } catch {
      return (frames, link, error)
    }
    return (frames, link, nil)
  }

  private let packets = [
    Builder.Packet(fraction: 1, bytes: [1, 2, 3, 4]),
    Builder.Packet(seconds: 1_767_225_601, fraction: 999_999, bytes: [5, 6], originalLength: 1500),
    Builder.Packet(seconds: 1_767_225_602, bytes: []),
  ]
  private let expected = [
    Frame(
      bytes: [1, 2, 3, 4],
      info: FrameInfo(time: Timestamp(microseconds: 1_767_225_600_000_001), originalLength: 4)),
    Frame(
      bytes: [5, 6],
      info: FrameInfo(time: Timestamp(microseconds: 1_767_225_601_999_999), originalLength: 1500)),
    Frame(bytes: [], info: FrameInfo(time: Timestamp(seconds: 1_767_225_602), originalLength: 0)),
  ]

  @Test("pcap files of both byte orders give frames, times and original lengths", arguments: [false, true])
  func pcap(isSwapped: Bool) throws {
    try Builder.withFile(Builder.pcap(linkType: 1, isSwapped: isSwapped, packets)) { path in
      let (frames, link, error) = read(path)
      #expect(frames == expected && link == .ethernet && error == nil)
    }
  }

  @Test("pcapng files give the same")
  func pcapng() throws {
    try Builder.withFile(Builder.pcapng(linkTypes: [1], packets.map { (0, $0) })) { path in
      let (frames, link, error) = read(path)
      #expect(frames == expected && link == .ethernet && error == nil)
    }
  }

  @Test("nanoseconds are rounded down to microseconds", arguments: [false, true])
  func nanoseconds(isNextGeneration: Bool) throws {
    let packets = [Builder.Packet(fraction: 123_456_789, bytes: [1])]
    let file =
      isNextGeneration
      ? Builder.pcapng(linkTypes: [1], nanoseconds: true, packets.map { (0, $0) })
      : Builder.pcap(linkType: 1, nanoseconds: true, packets)
    try Builder.withFile(file) { path in
      #expect(read(path).frames.first?.info.time == Timestamp(microseconds: 1_767_225_600_123_456))
    }
  }

  @Test(
    "every link type that is inspected can be opened",
    arguments: [
      (0, .loopback), (1, .ethernet), (101, .rawIP), (108, .loop), (113, .linuxCooked),
      (228, .rawIP), (229, .rawIP), (276, .linuxCooked2),
    ] as [(UInt16, LinkType)])
  func linkTypes(_ number: UInt16, _ expected: LinkType) throws {
    try Builder.withFile(Builder.pcap(linkType: UInt32(number), packets)) { path in
      #expect(read(path).link == expected)
    }
    try Builder.withFile(Builder.pcapng(linkTypes: [number], packets.map { (0, $0) })) { path in
      #expect(read(path).link == expected)
    }
  }

  @Test("a link type that cannot be read is an error with its name")
  func unsupportedLinkType() throws {
    try Builder.withFile(Builder.pcap(linkType: 127, packets)) { path in
      let error = read(path).error
      #expect(error?.code == .unsupportedLinkType)
      #expect(error?.message.en.contains("IEEE802_11_RADIO (127)") == true)
      #expect(error?.message.ja.contains("IEEE802_11_RADIO") == true)
    }
  }

  @Test("a file cut anywhere gives the frames before the cut, and says where it ends")
  func truncated() throws {
    let whole = Builder.pcap(linkType: 1, packets)
    let ends = [24, 24 + 20, 24 + 20 + 18, whole.count]
    for length in 0..<whole.count {
      try Builder.withFile(Array(whole.prefix(length))) { path in
        let (frames, _, error) = read(path)
        let complete = max(0, ends.count { $0 <= length } - 1)
        #expect(frames == Array(expected.prefix(complete)))
        guard !ends.contains(length) else {
          #expect(error == nil)
          return
        }
        #expect(error?.code == .truncatedFile, "\(length): \(String(describing: error))")
        let message = error?.message.en ?? ""
        #expect(message.contains(path) && message.contains("at byte \(length)"))
        if length >= 24 { #expect(message.contains("packet \(complete + 1)")) }
      }
    }
  }

  @Test("a pcapng file cut inside a block says so")
  func truncatedNextGeneration() throws {
    let whole = Builder.pcapng(linkTypes: [1], packets.map { (0, $0) })
    try Builder.withFile(Array(whole.dropLast(3))) { path in
      let (frames, _, error) = read(path)
      #expect(frames.count == 2)
      #expect(error?.code == .truncatedFile)
      #expect(error?.message.en.contains("packet 3") == true)
    }
  }

  @Test("interfaces of different link types in one file are refused, not misread")
  func mixedLinkTypes() throws {
    let file = Builder.pcapng(linkTypes: [1, 113], [(0, packets[0]), (1, packets[1])])
    try Builder.withFile(file) { path in
      let (_, _, error) = read(path)
      #expect(error?.code == .damagedFile || error?.code == .notACapture)
    }
  }

  @Test("what is no capture, and what is not there, are told apart")
  func otherFiles() throws {
    try Builder.withFile(Array("this is a text, and a rather long one".utf8)) { path in
      #expect(read(path).error?.code == .notACapture)
    }
    let missing = read("/nonexistent/capture.pcap").error
    #expect(missing?.code == .cannotOpenFile)
    #expect(missing?.message.en.contains("/nonexistent/capture.pcap: No such file or directory") == true)
  }

  @Test("a packet that claims to be larger than any is an error, not an allocation")
  func absurdLength() throws {
    var file = Builder.pcap(linkType: 1, packets)
    file.replaceSubrange(32..<36, with: [0xFF, 0xFF, 0xFF, 0x7F])
    try Builder.withFile(file) { path in
      #expect(read(path).error?.code == .damagedFile)
    }
  }

  @Test("mutated files end in frames or an error, never in a crash")
  func mutations() throws {
    var state: UInt64 = 88
    func random(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % bound
    }
    let files = [
      Builder.pcap(linkType: 1, packets), Builder.pcapng(linkTypes: [1], packets.map { (0, $0) }),
    ]
    for _ in 0..<600 {
      var file = files[random(2)]
      for _ in 0...random(4) { file[random(file.count)] = UInt8(random(256)) }
      try Builder.withFile(file) { path in
        let (frames, _, error) = read(path)
        #expect(frames.count <= 3 || error != nil)
      }
    }
  }

  @Test("a reader that has enough can stop, and go on later")
  func stopping() throws {
    try Builder.withFile(Builder.pcap(linkType: 1, packets)) { path in
      var file = try PacketFile(path) { _ in true }
      var count = 0
      let first = try file.forEachFrame { _, _ in
        count += 1
        return .stop
      }
      #expect(first == .stopped && count == 1)
      let rest = try file.forEachFrame { _, _ in
        count += 1
        return .goOn
      }
      #expect(rest == .endOfFile && count == 3)
    }
  }
}
