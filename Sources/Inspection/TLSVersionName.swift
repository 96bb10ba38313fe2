/// The versions of TLS and DTLS as people write them.
enum TLSVersionName {
  /// The version of a protocol number, such as `1.3` or `DTLS 1.2`; the number in hexadecimal
  /// where there is no name here.
  static func name(_ version: UInt16) -> String {
    switch version {
    case 0x0304: "1.3"
    case 0x0303: "1.2"
    case 0x0302: "1.1"
    case 0x0301: "1.0"
    case 0x0300: "SSL 3.0"
    case 0xFEFF: "DTLS 1.0"
    case 0xFEFD: "DTLS 1.2"
    case 0xFEFC: "DTLS 1.3"
    default: "0x" + String(version, radix: 16)
    }
  }
}
