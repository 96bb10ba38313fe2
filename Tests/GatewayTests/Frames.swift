/// Frames and capture files byte by byte: what a terminal 192.0.2.10 sends and is answered.
enum Frames {
  static let terminal: [UInt8] = [192, 0, 2, 10]
  private static let resolver: [UInt8] = [203, 0, 113, 53]

  private static func wide(_ value: Int) -> [UInt8] { [UInt8(value >> 8 & 0xFF), UInt8(value & 0xFF)] }

  private static func little(_ value: Int) -> [UInt8] { (0..<4).map { UInt8(value >> ($0 * 8) & 0xFF) } }

  /// An Ethernet frame with an IPv4 packet (RFC 791); checksums are not looked at by a sensor.
  private static func frame(protocol number: UInt8, from: [UInt8], to: [UInt8], _ payload: [UInt8]) -> [UInt8]
  {
    let ethernet: [UInt8] = [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0]
    let header: [UInt8] = [0x45, 0] + wide(20 + payload.count) + [0, 1, 0x40, 0, 64, number, 0, 0]
    return ethernet + header + from + to + payload
  }

  /// The answer to a query for an address (RFC 1035), with its A records.
  static func answer(_ name: String, _ addresses: [[UInt8]], timeToLive: UInt8 = 60) -> [UInt8] {
    var question: [UInt8] = []
    for label in name.split(separator: ".") { question += [UInt8(label.utf8.count)] + label.utf8 }
    question += [0, 0, 1, 0, 1]
    let header: [UInt8] = [0x12, 0x34, 0x81, 0x80, 0, 1, 0, UInt8(addresses.count), 0, 0, 0, 0]
    let records = addresses.flatMap { address -> [UInt8] in
      [0xC0, 0x0C, 0, 1, 0, 1, 0, 0, 0, timeToLive, 0, 4] + address
    }
    let message = header + question + records
    let datagram = wide(53) + wide(40_000) + wide(8 + message.count) + [0, 0] + message
    return frame(protocol: 17, from: resolver, to: terminal, datagram)
  }

  /// The first packet of a TCP connection to port 443 (RFC 9293).
  static func synchronise(to server: [UInt8], from port: Int = 50_000) -> [UInt8] {
    let segment: [UInt8] =
      wide(port) + wide(443) + [0, 0, 0, 1, 0, 0, 0, 0, 0x50, 0x02, 0xFF, 0xFF, 0, 0, 0, 0]
    return frame(protocol: 6, from: terminal, to: server, segment)
  }

  /// A pcap file of Ethernet frames a second apart (draft-ietf-opsawg-pcap).
  static func file(_ frames: [[UInt8]]) -> [UInt8] {
    var bytes = little(0xA1B2_C3D4) + [2, 0, 4, 0] + little(0) + little(0) + little(65_535) + little(1)
    for (index, frame) in frames.enumerated() {
      bytes += little(1_767_225_600 + index) + little(0) + little(frame.count) + little(frame.count) + frame
    }
    return bytes
  }
}
