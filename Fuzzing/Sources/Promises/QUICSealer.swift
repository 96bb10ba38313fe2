import Crypto
import CryptoExtras

/// Seals Initial packets of a client with one connection id (RFC 9001, RFC 9369), so that mutations reach
/// what is inside.
public struct QUICSealer: Sendable {
  public static let version1 = QUICSealer(
    1,
    salt: [
      0x38, 0x76, 0x2C, 0xF7, 0xF5, 0x59, 0x34, 0xB3, 0x4D, 0x17, 0x9A, 0xE6, 0xA4, 0xC8, 0x0C, 0xAD, 0xCC,
      0xBB, 0x7F, 0x0A,
    ], prefix: "quic")
  public static let version2 = QUICSealer(
    0x6B33_43CF,
    salt: [
      0x0D, 0xED, 0xE3, 0xDE, 0xF7, 0x00, 0xA6, 0xDB, 0x81, 0x93, 0x81, 0xBE, 0x6E, 0x26, 0x9D, 0xCB, 0xF9,
      0xBD, 0x2E, 0xD9,
    ], prefix: "quicv2")

  private static let connectionID: [UInt8] = [1, 2, 3, 4, 5, 6, 7, 8]
  private let version: UInt32
  private let packet: SymmetricKey
  private let header: SymmetricKey
  private let nonce: [UInt8]

  private init(_ version: UInt32, salt: [UInt8], prefix: String) {
    self.version = version
    let secret = HKDF<SHA256>.extract(inputKeyMaterial: SymmetricKey(data: Self.connectionID), salt: salt)
    let client = Self.expand(SymmetricKey(data: secret), "client in", 32)
    packet = Self.expand(client, prefix + " key", 16)
    header = Self.expand(client, prefix + " hp", 16)
    nonce = Self.expand(client, prefix + " iv", 12).withUnsafeBytes { Array($0) }
  }

  /// Frames with the padding of a packet of `size` bytes behind them. A CRYPTO frame that is cut off takes
  /// its bytes from there.
  public static func padded(_ frames: [UInt8], size: Int) -> [UInt8] {
    let around = 1 + 4 + 1 + connectionID.count + 1 + 1 + 2 + 1 + 16
    return frames + [UInt8](repeating: 0, count: max(0, size - around - frames.count))
  }

  /// An Initial packet with these frames.
  public func initial(_ plain: [UInt8], number: UInt8) -> [UInt8] {
    var head: [UInt8] = [version == 1 ? 0xC0 : 0xD0]
    head += Packet.bytes(UInt16(version >> 16)) + Packet.bytes(UInt16(version & 0xFFFF))
    head += [8] + Self.connectionID + [0, 0]
    head += Packet.bytes(UInt16(1 + plain.count + 16) | 0x4000)
    let numberAt = head.count
    head.append(number)
    var nonce = nonce
    nonce[11] ^= number
    guard let value = try? AES.GCM.Nonce(data: nonce),
      let box = try? AES.GCM.seal(plain, using: packet, nonce: value, authenticating: head)
    else { fatalError("sealing needs no luck") }
    let sealed = [UInt8](box.ciphertext) + [UInt8](box.tag)
    guard sealed.count >= 19 else { return head + sealed }
    var mask = Array(sealed[3..<19])
    promise((try? AES.permute(&mask, key: header)) != nil, "a block can be enciphered")
    head[0] ^= mask[0] & 0x0F
    head[numberAt] ^= mask[1]
    return head + sealed
  }

  private static func expand(_ secret: SymmetricKey, _ label: String, _ count: Int) -> SymmetricKey {
    let name = Array("tls13 \(label)".utf8)
    return HKDF<SHA256>.expand(
      pseudoRandomKey: secret, info: [0, UInt8(count), UInt8(name.count)] + name + [0],
      outputByteCount: count)
  }

  /// The bytes that CRYPTO frames carry, those that came first; 0 where there are none.
  public static func cryptoStream(of packets: [[UInt8]]) -> [UInt8] {
    var stream = [UInt8?](repeating: nil, count: 20_000)
    var last = 0
    for frames in packets {
      var offset = 0
      func integer() -> Int? {
        guard offset < frames.count else { return nil }
        let count = 1 << Int(frames[offset] >> 6)
        guard frames.count - offset >= count else { return nil }
        let value = frames[offset..<(offset + count)].reduce(0) { $0 << 8 | Int($1) }
        offset += count
        return count == 8 ? value & 0x3FFF_FFFF_FFFF_FFFF : value & (1 << (8 * count - 2) - 1)
      }
      reading: while offset < frames.count {
        let type = frames[offset]
        offset += 1
        switch type {
        case 0, 1: continue
        case 2, 3:
          guard integer() != nil, integer() != nil, let ranges = integer(), integer() != nil,
            ranges <= frames.count
          else { break reading }
          for _ in 0..<(ranges * 2 + (type == 3 ? 3 : 0)) where integer() == nil { break reading }
        case 6:
          guard let place = integer(), let length = integer(), length <= frames.count - offset else {
            break reading
          }
          for index in 0..<length where place + index < stream.count && stream[place + index] == nil {
            stream[place + index] = frames[offset + index]
            last = max(last, place + index + 1)
          }
          offset += length
        default: break reading
        }
      }
    }
    return stream[..<last].map { $0 ?? 0 }
  }
}
