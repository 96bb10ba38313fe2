import NetworkTypes

/// Which addresses can be listed at all. One wrong line must not cut an organisation off.
enum IndicatorScope {
  /// Shortest IPv4 prefix accepted: the largest block ever given to one holder.
  static let shortestIPv4 = 8
  /// Shortest IPv6 prefix accepted: as for IPv4.
  static let shortestIPv6 = 16

  /// Why `prefix` is refused; `nil` when it may be listed.
  static func refusal(of prefix: IPPrefix, acceptingPrivate: Bool) -> IndicatorProblem.Code? {
    guard prefix.length >= (prefix.isIPv4 ? shortestIPv4 : shortestIPv6) else { return .tooBroad }
    guard mayBeReserved(prefix.address) else { return nil }
    if special.contains(where: { $0.overlaps(prefix) }) { return .specialAddress }
    if !acceptingPrivate, privateUse.contains(where: { $0.overlaps(prefix) }) { return .privateAddress }
    return nil
  }

  /// A look at the first bits, which every accepted prefix fixes, spares most addresses the tables.
  private static func mayBeReserved(_ address: IPAddress) -> Bool {
    guard let ipv4 = address.ipv4 else {
      let first = address.high >> 56
      return first == 0 || first >= 0xFC
    }
    switch ipv4 >> 24 {
    case 0, 10, 100, 127, 169, 172, 192, 224...255: return true
    default: return false
    }
  }

  /// IANA's special-purpose registries (RFC 6890), without the documentation ranges, which harm
  /// nobody and stand in examples.
  private static let special: [IPPrefix] = prefixes([
    "0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "240.0.0.0/4",
    "::/128", "::1/128", "fe80::/10", "ff00::/8",
  ])

  /// RFC 1918, RFC 6598, RFC 4193.
  private static let privateUse: [IPPrefix] = prefixes([
    "10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7",
  ])

  private static func prefixes(_ texts: [String]) -> [IPPrefix] { texts.compactMap { IPPrefix($0) } }
}
