import Crypto

/// JA4, the fingerprint of a TLS client (FoxIO, "JA4: TLS Client Fingerprinting", BSD 3-Clause):
/// what the client offers, independent of the order in which it offers it.
///
/// Collects one ClientHello at a time; kept by the caller so that its room is made once.
struct JA4: Sendable {
  /// Characters of every fingerprint.
  static let length = 36
  /// What carried the hello; the first character.
  enum Carrier: UInt8 {
    case tcp = 0x74
    case quic = 0x71
    case datagram = 0x64
  }

  // Far beyond what clients send. Sorting longer lists would be work that strangers can order.
  var ciphers = CodeList<256>()
  var extensions = CodeList<128>()
  var signatureAlgorithms = CodeList<128>()
  /// The highest version offered.
  var version: UInt16 = 0
  var hasServerName = false
  /// The ends of the first application protocol; `nil` without one.
  var firstProtocol: (first: UInt8, last: UInt8)?

  private var text: [UInt8] = []

  init() { text.reserveCapacity(2048) }

  mutating func clear(version: UInt16) {
    ciphers.clear()
    extensions.clear()
    signatureAlgorithms.clear()
    self.version = version
    hasServerName = false
    firstProtocol = nil
  }

  /// Writes the fingerprint; `false` when a list was longer than there is room for.
  mutating func write(_ carrier: Carrier, to output: inout InlineArray<36, UInt8>) -> Bool {
    guard !ciphers.isCut, !extensions.isCut, !signatureAlgorithms.isCut else { return false }
    let (high, low) = Self.versionCharacters(version)
    output[0] = carrier.rawValue
    output[1] = high
    output[2] = low
    output[3] = hasServerName ? UInt8(ascii: "d") : UInt8(ascii: "i")
    Self.write(count: ciphers.count, to: &output, at: 4)
    Self.write(count: extensions.count, to: &output, at: 6)
    let (first, last) = protocolCharacters
    output[8] = first
    output[9] = last
    output[10] = UInt8(ascii: "_")
    ciphers.sort()
    text.removeAll(keepingCapacity: true)
    append(ciphers, leavingOut: { _ in false })
    writeHash(to: &output, at: 11)
    output[23] = UInt8(ascii: "_")
    extensions.sort()
    text.removeAll(keepingCapacity: true)
    // The first part tells of both already; without them the rest is the same for all destinations.
    append(extensions, leavingOut: { $0 == 0x0000 || $0 == 0x0010 })
    if !text.isEmpty, signatureAlgorithms.count > 0 {
      text.append(UInt8(ascii: "_"))
      append(signatureAlgorithms, leavingOut: { _ in false })
    }
    writeHash(to: &output, at: 24)
    return true
  }

  private mutating func append<let capacity: Int>(
    _ list: CodeList<capacity>, leavingOut isLeftOut: (UInt16) -> Bool
  ) {
    var isFirst = true
    for index in 0..<list.count {
      let code = list.codes[index]
      if isLeftOut(code) { continue }
      if !isFirst { text.append(UInt8(ascii: ",")) }
      isFirst = false
      text.append(Self.digit(code &>> 12))
      text.append(Self.digit(code &>> 8 & 0xF))
      text.append(Self.digit(code &>> 4 & 0xF))
      text.append(Self.digit(code & 0xF))
    }
  }

  /// The first 12 hexadecimal digits of the SHA-256 of the text; zeros for an empty one.
  private func writeHash(to output: inout InlineArray<36, UInt8>, at start: Int) {
    guard !text.isEmpty else {
      for index in start..<(start &+ 12) { output[index] = UInt8(ascii: "0") }
      return
    }
    var index = start
    for byte in SHA256.hash(data: text).prefix(6) {
      output[index] = Self.digit(UInt16(byte &>> 4))
      output[index &+ 1] = Self.digit(UInt16(byte & 0xF))
      index &+= 2
    }
  }

  /// Letters and digits stand for themselves; ends of other kinds are told in hexadecimal.
  private var protocolCharacters: (UInt8, UInt8) {
    guard let (first, last) = firstProtocol else { return (UInt8(ascii: "0"), UInt8(ascii: "0")) }
    if Self.isAlphanumeric(first), Self.isAlphanumeric(last) { return (first, last) }
    return (Self.digit(UInt16(first &>> 4)), Self.digit(UInt16(last & 0xF)))
  }

  private static func isAlphanumeric(_ byte: UInt8) -> Bool {
    byte &- UInt8(ascii: "0") <= 9 || (byte | 0x20) &- UInt8(ascii: "a") < 26
  }

  private static func versionCharacters(_ version: UInt16) -> (UInt8, UInt8) {
    switch version {
    case 0x0304: (UInt8(ascii: "1"), UInt8(ascii: "3"))
    case 0x0303: (UInt8(ascii: "1"), UInt8(ascii: "2"))
    case 0x0302: (UInt8(ascii: "1"), UInt8(ascii: "1"))
    case 0x0301: (UInt8(ascii: "1"), UInt8(ascii: "0"))
    case 0x0300: (UInt8(ascii: "s"), UInt8(ascii: "3"))
    case 0x0002: (UInt8(ascii: "s"), UInt8(ascii: "2"))
    case 0xFEFF: (UInt8(ascii: "d"), UInt8(ascii: "1"))
    case 0xFEFD: (UInt8(ascii: "d"), UInt8(ascii: "2"))
    case 0xFEFC: (UInt8(ascii: "d"), UInt8(ascii: "3"))
    default: (UInt8(ascii: "0"), UInt8(ascii: "0"))
    }
  }

  private static func write(count: Int, to output: inout InlineArray<36, UInt8>, at place: Int) {
    let shown = min(count, 99)
    output[place] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: shown / 10)
    output[place &+ 1] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: shown % 10)
  }

  private static func digit(_ nibble: UInt16) -> UInt8 {
    let value = UInt8(truncatingIfNeeded: nibble)
    return value < 10 ? UInt8(ascii: "0") &+ value : UInt8(ascii: "a") &+ (value &- 10)
  }
}
