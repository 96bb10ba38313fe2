import NetworkTypes

/// One list as firewalls fetch it: a line an entry, in a stable order, without comments, header and blanks,
/// because no firewall takes all of those.
public enum ListFormat: String, Sendable, CaseIterable {
  /// Addresses and prefixes of both families: PAN-OS (EDL of type IP), FortiOS (address feed), Cisco Security
  /// Intelligence, Junos dynamic addresses, OPNsense, Check Point network feeds.
  case addresses
  /// The same by family, for firewalls whose groups hold one: pfSense, VyOS.
  case ipv4, ipv6
  /// Names, each with all names under it: FortiOS, Cisco, PAN-OS with “expand to subdomains”.
  case domains
  /// Names, and beside each the pattern of those under it: PAN-OS (EDL of type domain), FortiOS.
  case patterns
  /// Names as URLs without a scheme: PAN-OS (EDL of type URL).
  case urls
  /// Indicators of Check Point (sk132193). Prefixes are written as ranges.
  case checkPoint = "check-point"

  /// The list's name below `current`.
  var fileName: String {
    switch self {
    case .addresses: "addresses.txt"
    case .ipv4: "ipv4.txt"
    case .ipv6: "ipv6.txt"
    case .domains: "domains.txt"
    case .patterns: "patterns.txt"
    case .urls: "urls.txt"
    case .checkPoint: "check-point.csv"
    }
  }

  /// The lines for what is blocked. `prefixes` and `names` are sorted.
  func lines(_ prefixes: [IPPrefix], _ names: [DomainName]) -> [String] {
    switch self {
    case .addresses: prefixes.map(\.description)
    case .ipv4: prefixes.filter(\.isIPv4).map(\.description)
    case .ipv6: prefixes.filter { !$0.isIPv4 }.map(\.description)
    case .domains: names.map(\.text)
    case .patterns: names.flatMap { [$0.text, "*." + $0.text] }
    case .urls: names.flatMap { [$0.text + "/", "*." + $0.text + "/"] }
    case .checkPoint: prefixes.map(Self.indicator) + names.map(Self.indicator)
    }
  }

  private static func indicator(_ prefix: IPPrefix) -> String {
    // Every record has the same fields: name, value, type, confidence, severity, product, comment.
    prefix.isHost
      ? "sekisho-\(prefix.address),\(prefix.address),IP,high,high,AB,"
      : "sekisho-\(prefix.address)-\(prefix.length),\(prefix.address)-\(prefix.last),IP Range,high,high,AB,"
  }

  private static func indicator(_ name: DomainName) -> String {
    "sekisho-\(name.text),\(name.text),Domain,high,high,AB,"
  }
}
