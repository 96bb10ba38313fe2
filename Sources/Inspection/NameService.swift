/// The services that speak the messages of DNS.
public enum NameService: String, Hashable, Sendable {
  case dns
  /// Multicast DNS (RFC 6762): names of the local link, told by whoever has them.
  case mdns
  /// Link-local multicast name resolution (RFC 4795): likewise.
  case llmnr

  /// The service of a pair of ports, if any.
  init?(source: UInt16, destination: UInt16) {
    if let service = Self.of(destination) ?? Self.of(source) { self = service } else { return nil }
  }

  private static func of(_ port: UInt16) -> NameService? {
    switch port {
    case 53: .dns
    case 5353: .mdns
    case 5355: .llmnr
    default: nil
    }
  }

  var port: UInt16 {
    switch self {
    case .dns: 53
    case .mdns: 5353
    case .llmnr: 5355
    }
  }
}
