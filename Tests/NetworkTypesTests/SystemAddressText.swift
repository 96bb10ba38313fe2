import Glibc
import NetworkTypes
import Randomness

/// The C library's reading and writing of addresses, to compare with.
enum SystemAddressText {
  static func parse(_ text: String) -> IPAddress? {
    var bytes = [UInt8](repeating: 0, count: 16)
    if inet_pton(AF_INET, text, &bytes) == 1 { return IPAddress(bytes: bytes.span.extracting(0..<4)) }
    if inet_pton(AF_INET6, text, &bytes) == 1 { return IPAddress(bytes: bytes.span) }
    return nil
  }

  static func format(_ address: IPAddress) -> String {
    var bytes = address.bytes
    var text = [CChar](repeating: 0, count: 64)
    inet_ntop(address.isIPv4 ? AF_INET : AF_INET6, &bytes, &text, 64)
    return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}

extension IPAddress {
  /// Any address; half of them IPv4, and many IPv6 ones with runs of zeros.
  static func random(using random: inout SplitMix64) -> IPAddress {
    if Bool.random(using: &random) { return IPAddress(ipv4: .random(in: 0 ... .max, using: &random)) }
    var bytes = (0..<16).map { _ in UInt8.random(in: 0...255, using: &random) }
    for group in 0..<8 where Int.random(in: 0..<5, using: &random) < 3 {
      bytes[2 * group] = 0
      if Bool.random(using: &random) { bytes[2 * group + 1] = 0 }
    }
    return IPAddress(bytes: bytes.span)!
  }
}
