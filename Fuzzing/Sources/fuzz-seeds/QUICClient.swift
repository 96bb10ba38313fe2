import Crypto
import CryptoExtras

/// The packets of a QUIC client, sealed as RFC 9001 and RFC 9369 have it.
struct QUICClient {
  var version: UInt32 = 1
  var connectionID: [UInt8] = [1, 2, 3, 4, 5, 6, 7, 8]

  static func integer(_ value: Int) -> [UInt8] { FrameBuilder.bytes(UInt16(value) | 0x4000) }

  static func crypto(_ bytes: [UInt8], _ range: Range<Int>) -> [UInt8] {
    [6] + integer(range.lowerBound) + integer(range.count) + bytes[range]
  }

  /// An Initial packet with these frames, padded to `size` bytes. Keys are of `keyID`, by default
  /// the packet's own connection id.
  func initial(
    _ frames: [UInt8], number: UInt16 = 0, size: Int = 1200, keyID: [UInt8]? = nil
  ) throws -> [UInt8] {
    let isVersion2 = version != 1
    var head =
      [isVersion2 ? 0xD1 : 0xC1] + FrameBuilder.bytes(version) + [UInt8(connectionID.count)] + connectionID
      + [0, 0]
    let padding = [UInt8](repeating: 0, count: max(0, size - head.count - 2 - 2 - 16 - frames.count))
    let plain = frames + padding
    head += Self.integer(2 + plain.count + 16)
    let numberAt = head.count
    head += FrameBuilder.bytes(number)
    let salt = PublishedBytes.bytes(
      isVersion2
        ? "0dede3def700a6db819381be6e269dcbf9bd2ed9" : "38762cf7f55934b34d179ae6a4c80cadccbb7f0a")
    let secret = HKDF<SHA256>.extract(
      inputKeyMaterial: SymmetricKey(data: keyID ?? connectionID), salt: salt)
    let client = expand(SymmetricKey(data: secret), "client in", 32)
    let prefix = isVersion2 ? "quicv2" : "quic"
    var nonce = expand(client, prefix + " iv", 12).withUnsafeBytes { Array($0) }
    nonce[10] ^= UInt8(number >> 8)
    nonce[11] ^= UInt8(number & 0xFF)
    let box = try AES.GCM.seal(
      plain, using: expand(client, prefix + " key", 16), nonce: AES.GCM.Nonce(data: nonce),
      authenticating: head)
    let sealed = [UInt8](box.ciphertext) + [UInt8](box.tag)
    var mask = Array(sealed[2..<18])
    try AES.permute(&mask, key: expand(client, prefix + " hp", 16))
    head[0] ^= mask[0] & 0x0F
    head[numberAt] ^= mask[1]
    head[numberAt + 1] ^= mask[2]
    return head + sealed
  }

  private func expand(_ secret: SymmetricKey, _ label: String, _ count: Int) -> SymmetricKey {
    let name = Array("tls13 \(label)".utf8)
    return HKDF<SHA256>.expand(
      pseudoRandomKey: secret, info: [0, UInt8(count), UInt8(name.count)] + name + [0],
      outputByteCount: count)
  }
}
