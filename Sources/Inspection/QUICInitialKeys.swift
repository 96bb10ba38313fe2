import Crypto
import CryptoExtras

/// The keys of a client's Initial packets (RFC 9001 section 5.2, RFC 9369 section 3.3). Everybody who sees
/// the packets can derive them; they keep out only those who do not know QUIC.
struct QUICInitialKeys {
  private let packet: SymmetricKey
  private let header: SymmetricKey
  private let nonce: [UInt8]

  init(_ connection: QUICConnectionID) {
    let isVersion2 = connection.version == QUIC.version2
    let secret = SymmetricKey(
      data: HKDF<SHA256>.extract(
        inputKeyMaterial: SymmetricKey(data: (0..<connection.count).map { connection.bytes[$0] }),
        salt: isVersion2 ? Self.salt2 : Self.salt1))
    let client = Self.expand(secret, "client in", 32)
    let prefix = isVersion2 ? "quicv2" : "quic"
    packet = Self.expand(client, prefix + " key", 16)
    header = Self.expand(client, prefix + " hp", 16)
    nonce = Self.expand(client, prefix + " iv", 12).withUnsafeBytes { Array($0) }
  }

  /// The frames of a packet; `nil` when it does not open.
  func open(_ frame: Span<UInt8>, _ packet: QUIC.Packet) -> [UInt8]? {
    // The sample begins where a packet number of 4 bytes would end (RFC 9001 section 5.4.2).
    guard packet.end &- packet.number >= 4 &+ 16 else { return nil }
    var mask = (0..<16).map { frame[packet.number &+ 4 &+ $0] }
    guard (try? AES.permute(&mask, key: header)) != nil else { return nil }
    let first = frame[packet.start] ^ mask[0] & 0x0F
    let numberLength = Int(first & 3) &+ 1
    var associated = (packet.start..<(packet.number &+ numberLength)).map { frame[$0] }
    associated[0] = first
    var nonce = nonce
    for index in 0..<numberLength {
      let place = associated.count &- numberLength &+ index
      associated[place] ^= mask[1 &+ index]
      // Initial packet numbers begin at 0, so what is left out of them is 0.
      nonce[12 &- numberLength &+ index] ^= associated[place]
    }
    let tag = packet.end &- 16
    let start = packet.number &+ numberLength
    guard start <= tag, let value = try? AES.GCM.Nonce(data: nonce),
      let box = try? AES.GCM.SealedBox(
        nonce: value, ciphertext: (start..<tag).map { frame[$0] },
        tag: (tag..<packet.end).map { frame[$0] }),
      let plain = try? AES.GCM.open(box, using: self.packet, authenticating: associated)
    else { return nil }
    return [UInt8](plain)
  }

  /// HKDF-Expand-Label of TLS 1.3 with an empty context (RFC 8446 section 7.1).
  private static func expand(
    _ secret: SymmetricKey, _ label: String, _ count: Int
  ) -> SymmetricKey {
    let name = Array("tls13 \(label)".utf8)
    return HKDF<SHA256>.expand(
      pseudoRandomKey: secret,
      info: [UInt8(count >> 8), UInt8(count & 0xFF), UInt8(name.count)] + name + [0],
      outputByteCount: count)
  }

  private static let salt1: [UInt8] = [
    0x38, 0x76, 0x2C, 0xF7, 0xF5, 0x59, 0x34, 0xB3, 0x4D, 0x17, 0x9A, 0xE6, 0xA4, 0xC8, 0x0C, 0xAD,
    0xCC, 0xBB, 0x7F, 0x0A,
  ]
  private static let salt2: [UInt8] = [
    0x0D, 0xED, 0xE3, 0xDE, 0xF7, 0x00, 0xA6, 0xDB, 0x81, 0x93, 0x81, 0xBE, 0x6E, 0x26, 0x9D, 0xCB,
    0xF9, 0xBD, 0x2E, 0xD9,
  ]
}
