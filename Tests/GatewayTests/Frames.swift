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

  /// The answer to a query for a name that is an alias of others (RFC 1034 section 3.6.2): a chain of CNAME
  /// records, and the A record of the last.
  static func answer(_ name: String, aliases: [String], _ address: [UInt8]) -> [UInt8] {
    func encoded(_ name: String) -> [UInt8] {
      name.split(separator: ".").flatMap { [UInt8($0.utf8.count)] + $0.utf8 } + [0]
    }
    var records: [UInt8] = []
    for (owner, alias) in zip([name] + aliases, aliases) {
      let target = encoded(alias)
      records += encoded(owner) + [0, 5, 0, 1, 0, 0, 0, 60] + wide(target.count) + target
    }
    records += encoded(aliases.last ?? name) + [0, 1, 0, 1, 0, 0, 0, 60, 0, 4] + address
    let header: [UInt8] = [0x12, 0x34, 0x81, 0x80, 0, 1, 0, UInt8(aliases.count + 1), 0, 0, 0, 0]
    let message = header + encoded(name) + [0, 1, 0, 1] + records
    return datagram(from: resolver, 53, to: terminal, 40_000, message)
  }

  static func datagram(
    from: [UInt8], _ port: Int, to: [UInt8], _ toPort: Int, _ payload: [UInt8]
  ) -> [UInt8] {
    frame(
      protocol: 17, from: from, to: to,
      wide(port) + wide(toPort) + wide(8 + payload.count) + [0, 0] + payload)
  }

  /// A segment of data in the middle of a connection.
  static func segment(
    from: [UInt8], _ port: Int, to: [UInt8], _ toPort: Int, _ payload: [UInt8]
  ) -> [UInt8] {
    let header: [UInt8] = [0, 0, 0, 2, 0, 0, 0, 2, 0x50, 0x18, 0xFF, 0xFF, 0, 0, 0, 0]
    return frame(protocol: 6, from: from, to: to, wide(port) + wide(toPort) + header + payload)
  }

  /// What a server of TLS 1.2 sends first (RFC 5246 section 7.3): ServerHello and its certificate.
  static func certificate(_ certificate: [UInt8], from server: [UInt8]) -> [UInt8] {
    let hello: [UInt8] = [2, 0, 0, 38, 3, 3] + [UInt8](repeating: 7, count: 32) + [0, 0xC0, 0x2F, 0]
    let chain = [0] + wide(certificate.count) + certificate
    let list = [0] + wide(chain.count) + chain
    let handshake = hello + [11, 0] + wide(list.count) + list
    return segment(from: server, 443, to: terminal, 50_000, [22, 3, 3] + wide(handshake.count) + handshake)
  }

  /// The first packet of a TCP connection to port 443 (RFC 9293).
  static func synchronise(
    to server: [UInt8], _ serverPort: Int = 443, from port: Int = 50_000
  ) -> [UInt8] {
    let segment: [UInt8] =
      wide(port) + wide(serverPort) + [0, 0, 0, 1, 0, 0, 0, 0, 0x50, 0x02, 0xFF, 0xFF, 0, 0, 0, 0]
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
