/// The type of a DNS record or question (IANA "dns-parameters").
public struct DNSRecordType: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
  public let rawValue: UInt16
  public init(rawValue: UInt16) { self.rawValue = rawValue }

  public static let a = DNSRecordType(rawValue: 1)
  public static let cname = DNSRecordType(rawValue: 5)
  public static let aaaa = DNSRecordType(rawValue: 28)
  /// Service bindings (RFC 9460), and those of web servers.
  public static let svcb = DNSRecordType(rawValue: 64)
  public static let https = DNSRecordType(rawValue: 65)

  /// The mnemonic, or `TYPE65280` where there is none here (RFC 3597 section 5).
  public var description: String {
    switch rawValue {
    case 1: "A"
    case 2: "NS"
    case 5: "CNAME"
    case 6: "SOA"
    case 12: "PTR"
    case 15: "MX"
    case 16: "TXT"
    case 28: "AAAA"
    case 33: "SRV"
    case 35: "NAPTR"
    case 39: "DNAME"
    case 43: "DS"
    case 48: "DNSKEY"
    case 64: "SVCB"
    case 65: "HTTPS"
    case 255: "ANY"
    default: "TYPE\(rawValue)"
    }
  }
}
