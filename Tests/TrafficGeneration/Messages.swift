/// The application messages that conversations send.
enum Messages {
  static func dnsQuery(_ name: String, id: UInt16) -> [UInt8] {
    message(id: id, flags: 0x0100, answers: 0) + question(name)
  }

  static func dnsAnswer(_ name: String, id: UInt16, address: UInt32) -> [UInt8] {
    var answer = message(id: id, flags: 0x8180, answers: 1) + question(name)
    answer += [0xC0, 0x0C, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4]
    answer.append(big: address)
    return answer
  }

  private static func message(id: UInt16, flags: UInt16, answers: UInt16) -> [UInt8] {
    var header: [UInt8] = []
    for field in [id, flags, 1, answers, 0, 0] { header.append(big: field) }
    return header
  }

  private static func question(_ name: String) -> [UInt8] {
    var bytes: [UInt8] = []
    for label in name.split(separator: ".") {
      bytes.append(UInt8(label.utf8.count))
      bytes += label.utf8
    }
    return bytes + [0, 0, 1, 0, 1]
  }

  /// A ClientHello of TLS 1.3, 512 bytes as a browser pads it, the server name not first.
  static func clientHello(_ name: String, random: [UInt8]) -> [UInt8] {
    var hello: [UInt8] = [3, 3] + random + [32] + random
    hello.append(sized: [
      0x13, 1, 0x13, 2, 0x13, 3, 0xC0, 0x2B, 0xC0, 0x2F, 0xC0, 0x2C, 0xC0, 0x30, 0xCC, 0xA9, 0xCC, 0xA8,
      0xC0, 0x13, 0xC0, 0x14, 0, 0x9C, 0, 0x9D, 0, 0x2F, 0, 0x35,
    ])
    hello += [1, 0]
    var extensions: [UInt8] = [0x1A, 0x1A, 0, 0]
    func add(_ type: UInt16, _ body: [UInt8]) {
      extensions.append(big: type)
      extensions.append(sized: body)
    }
    add(10, [0, 6, 0, 0x1D, 0, 0x17, 0, 0x18])
    add(16, [0, 12, 2] + "h2".utf8 + [8] + "http/1.1".utf8)
    add(13, [0, 16, 4, 3, 8, 4, 4, 1, 5, 3, 8, 5, 5, 1, 8, 6, 6, 1])
    var entry: [UInt8] = [0]
    entry.append(sized: Array(name.utf8))
    var list: [UInt8] = []
    list.append(sized: entry)
    add(0, list)
    add(43, [2, 3, 4])
    add(51, [0, 36, 0, 0x1D, 0, 32] + random)
    let padding = 508 - hello.count - 2 - extensions.count - 4
    if padding > 0 { add(21, [UInt8](repeating: 0, count: padding)) }
    hello.append(sized: extensions)
    return record(22, [1, 0] + sized(hello), version: 1)
  }

  /// A ServerHello, the change of cipher and the first encrypted record.
  static func serverHello(random: [UInt8]) -> [UInt8] {
    var hello: [UInt8] = [3, 3] + random + [32] + random + [0x13, 1, 0]
    hello.append(sized: [0, 43, 0, 2, 3, 4, 0, 51, 0, 36, 0, 0x1D, 0, 32] + random)
    let encrypted = (0..<900).map { UInt8(truncatingIfNeeded: $0 * 7 + 3) }
    return record(22, [2, 0] + sized(hello), version: 3) + record(20, [1], version: 3)
      + record(23, encrypted, version: 3)
  }

  static func httpRequest(host: String, page: Int) -> [UInt8] {
    Array(
      """
      GET /pages/\(page).html?id=\(page % 8) HTTP/1.1\r
      User-Agent: Mozilla/5.0 (X11; Linux x86_64) bench\r
      Accept: */*\r
      Host: \(host)\r
      \r\n
      """.utf8)
  }

  static let httpResponse: [UInt8] = Array(
    """
    HTTP/1.1 200 OK\r
    Content-Type: text/plain\r
    Content-Length: 64\r
    \r\n\(String(repeating: "x", count: 64))
    """.utf8)

  private static func sized(_ bytes: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    result.append(sized: bytes)
    return result
  }

  private static func record(_ type: UInt8, _ body: [UInt8], version: UInt8) -> [UInt8] {
    [type, 3, version] + sized(body)
  }
}
