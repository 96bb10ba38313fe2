import NetworkTypes

/// Builds packets layer by layer, from the inside out.
enum FrameBuilder {
  static func bytes(_ value: UInt16) -> [UInt8] { [UInt8(value >> 8), UInt8(value & 0xFF)] }
  static func bytes(_ value: UInt32) -> [UInt8] {
    bytes(UInt16(value >> 16)) + bytes(UInt16(value & 0xFFFF))
  }

  static func ethernet(_ type: UInt16, _ payload: [UInt8]) -> [UInt8] {
    [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2] + bytes(type) + payload
  }

  static func ipv4(
    _ source: String = "192.0.2.10", _ destination: String = "203.0.113.7", protocolNumber: UInt8,
    options: [UInt8] = [], fragment: UInt16 = 0, _ payload: [UInt8]
  ) -> [UInt8] {
    let length = 20 + options.count
    return [0x40 | UInt8(length / 4), 0] + bytes(UInt16(length + payload.count)) + [0, 1]
      + bytes(fragment) + [64, protocolNumber, 0, 0] + IPAddress(source)!.bytes
      + IPAddress(destination)!.bytes + options + payload
  }

  static func ipv6(
    _ source: String = "2001:db8::10", _ destination: String = "2001:db8:ffff::7", next: UInt8,
    _ payload: [UInt8]
  ) -> [UInt8] {
    [0x60, 0, 0, 0] + bytes(UInt16(payload.count)) + [next, 64] + IPAddress(source)!.bytes
      + IPAddress(destination)!.bytes + payload
  }

  static func tcp(
    _ source: UInt16 = 49_152, _ destination: UInt16 = 443, sequence: UInt32 = 1000,
    flags: UInt8 = 0x18, options: [UInt8] = [], _ payload: [UInt8] = []
  ) -> [UInt8] {
    bytes(source) + bytes(destination) + bytes(sequence) + [0, 0, 0, 1]
      + [UInt8((20 + options.count) / 4) << 4, flags, 0xFF, 0xFF, 0, 0, 0, 0] + options + payload
  }

  static func udp(_ source: UInt16, _ destination: UInt16, _ payload: [UInt8]) -> [UInt8] {
    bytes(source) + bytes(destination) + bytes(UInt16(8 + payload.count)) + [0, 0] + payload
  }

  static func tcp4(_ payload: [UInt8], port: UInt16 = 443) -> [UInt8] {
    ethernet(0x0800, ipv4(protocolNumber: 6, tcp(49_152, port, payload)))
  }

  static func name(_ text: String) -> [UInt8] {
    text.split(separator: ".").flatMap { [UInt8($0.utf8.count)] + $0.utf8 } + [0]
  }

  static func dnsQuery(_ name: [UInt8], type: UInt16 = 1, questions: UInt16 = 1) -> [UInt8] {
    [0x12, 0x34, 1, 0] + bytes(questions) + [0, 0, 0, 0, 0, 0] + name + bytes(type) + [0, 1]
  }

  static func dnsAnswer(
    _ name: [UInt8], type: UInt16 = 1, code: UInt8 = 0, records: [[UInt8]]
  ) -> [UInt8] {
    [0x12, 0x34, 0x81, 0x80 | code, 0, 1] + bytes(UInt16(records.count)) + [0, 0, 0, 0] + name
      + bytes(type) + [0, 1] + records.flatMap { $0 }
  }

  static func record(_ owner: [UInt8], _ type: UInt16, _ data: [UInt8]) -> [UInt8] {
    owner + bytes(type) + [0, 1, 0, 0, 0, 60] + bytes(UInt16(data.count)) + data
  }

  static func query4(_ message: [UInt8]) -> [UInt8] {
    ethernet(0x0800, ipv4(protocolNumber: 17, udp(50_000, 53, message)))
  }

  static func answer4(_ message: [UInt8]) -> [UInt8] {
    ethernet(0x0800, ipv4("203.0.113.53", "192.0.2.10", protocolNumber: 17, udp(53, 50_000, message)))
  }

  static func sized(_ body: [UInt8]) -> [UInt8] { bytes(UInt16(body.count)) + body }

  static func serverName(_ name: [UInt8]) -> [UInt8] { [0, 0] + sized(sized([0] + sized(name))) }

  static func alpn(_ protocols: [String]) -> [UInt8] {
    [0, 16] + sized(sized(protocols.flatMap { [UInt8($0.utf8.count)] + $0.utf8 }))
  }

  /// A ClientHello as a handshake message, without a record around it.
  static func helloMessage(
    version: UInt16 = 0x0303, ciphers: [UInt16], extensions: [UInt8], cookie: [UInt8]? = nil
  ) -> [UInt8] {
    let hello =
      bytes(version) + [UInt8](repeating: 7, count: 32) + [0] + (cookie.map { [UInt8($0.count)] + $0 } ?? [])
      + sized(ciphers.flatMap { bytes($0) }) + [1, 0] + sized(extensions)
    return [1, 0] + sized(hello)
  }

  static func record(_ handshake: [UInt8]) -> [UInt8] { [22, 3, 1] + sized(handshake) }

  static func clientHello(extensions: [UInt8]?, session: Int = 32) -> [UInt8] {
    var hello: [UInt8] = [3, 3] + [UInt8](repeating: 7, count: 32)
    hello += [UInt8(session)] + [UInt8](repeating: 9, count: session)
    hello += sized([0x13, 1, 0x13, 2]) + [1, 0]
    if let extensions { hello += sized(extensions) }
    return [22, 3, 1] + sized([1, 0] + sized(hello))
  }

  /// A server's first messages up to TLS 1.2.
  static func serverFlight(certificate: [UInt8], cipher: UInt16 = 0xC02F) -> [UInt8] {
    let hello = [3, 3] + [UInt8](repeating: 8, count: 32) + [0] + bytes(cipher) + [0]
    let entry = [0] + sized(certificate)
    return [2, 0] + sized(hello) + [11, 0] + sized([0] + sized(entry)) + [14, 0, 0, 0]
  }

  /// A segment from a terminal to a server, or back.
  static func segment(
    _ payload: [UInt8] = [], sequence: UInt32, flags: UInt8 = 0x18, port: UInt16 = 443,
    isUp: Bool = true
  ) -> [UInt8] {
    isUp
      ? ipv4(protocolNumber: 6, tcp(49_152, port, sequence: sequence, flags: flags, payload))
      : ipv4(
        "203.0.113.7", "192.0.2.10", protocolNumber: 6,
        tcp(port, 49_152, sequence: sequence, flags: flags, payload))
  }
}
