import Foundation

/// Capture files byte by byte.
enum CaptureFileBuilder {
  struct Packet {
    var seconds: UInt32 = 1_767_225_600
    /// Microseconds or nanoseconds, as the file says.
    var fraction: UInt32 = 0
    var bytes: [UInt8]
    var originalLength: UInt32?
  }

  private static func little(_ value: UInt32) -> [UInt8] {
    [0, 8, 16, 24].map { UInt8(truncatingIfNeeded: value >> $0) }
  }

  private static func little(_ value: UInt16) -> [UInt8] { [UInt8(value & 0xFF), UInt8(value >> 8)] }

  /// A pcap file (draft-ietf-opsawg-pcap). `isSwapped` writes it as a machine of the other byte order.
  static func pcap(
    linkType: UInt32, nanoseconds: Bool = false, isSwapped: Bool = false, _ packets: [Packet]
  ) -> [UInt8] {
    func word(_ value: UInt32) -> [UInt8] { little(isSwapped ? value.byteSwapped : value) }
    var file = word(nanoseconds ? 0xA1B2_3C4D : 0xA1B2_C3D4)
    file += isSwapped ? [0, 2, 0, 4] : [2, 0, 4, 0]
    file += word(0) + word(0) + word(65_535) + word(linkType)
    for packet in packets {
      let count = UInt32(packet.bytes.count)
      file += word(packet.seconds) + word(packet.fraction) + word(count)
      file += word(packet.originalLength ?? count) + packet.bytes
    }
    return file
  }

  /// A pcapng file (draft-ietf-opsawg-pcapng) with one interface per link type; packets are of the first.
  static func pcapng(
    linkTypes: [UInt16], nanoseconds: Bool = false, _ packets: [(interface: UInt32, packet: Packet)]
  ) -> [UInt8] {
    func block(_ type: UInt32, _ body: [UInt8]) -> [UInt8] {
      let padding = [UInt8](repeating: 0, count: (4 - body.count % 4) % 4)
      let length = UInt32(12 + body.count + padding.count)
      return little(type) + little(length) + body + padding + little(length)
    }
    var file = block(
      0x0A0D_0D0A, little(0x1A2B_3C4D as UInt32) + [1, 0, 0, 0] + [UInt8](repeating: 0xFF, count: 8))
    for linkType in linkTypes {
      // Option 9 is the resolution, a power of ten.
      let options: [UInt8] = nanoseconds ? [9, 0, 1, 0, 9, 0, 0, 0, 0, 0, 0, 0] : []
      file += block(1, little(linkType) + [0, 0] + little(65_535 as UInt32) + options)
    }
    for (interface, packet) in packets {
      let scale: UInt64 = nanoseconds ? 1_000_000_000 : 1_000_000
      let stamp = UInt64(packet.seconds) * scale + UInt64(packet.fraction)
      let count = UInt32(packet.bytes.count)
      file += block(
        6,
        little(interface) + little(UInt32(stamp >> 32)) + little(UInt32(truncatingIfNeeded: stamp))
          + little(count) + little(packet.originalLength ?? count) + packet.bytes)
    }
    return file
  }

  /// Writes the bytes into a file of their own and removes it afterwards.
  static func withFile<Result>(_ bytes: [UInt8], _ body: (String) throws -> Result) throws -> Result {
    let url = FileManager.default.temporaryDirectory.appending(path: "sekisho-\(UUID().uuidString).pcap")
    try Data(bytes).write(to: url)
    defer { try? FileManager.default.removeItem(at: url) }
    return try body(url.path)
  }
}
