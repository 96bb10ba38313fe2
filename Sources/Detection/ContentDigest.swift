import Crypto

/// SHA-256 (FIPS 180-4), by which a model and what it was made from are named.
package enum ContentDigest {
  /// The digest in lower-case hexadecimal.
  package static func hexadecimal(of bytes: Span<UInt8>) -> String {
    var copy: [UInt8] = []
    copy.reserveCapacity(bytes.count)
    for index in bytes.indices { copy.append(bytes[index]) }
    return SHA256.hash(data: copy).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }
}
