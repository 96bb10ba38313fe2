public import NetworkTypes

/// Names and addresses of the laboratory, all of them reserved for documentation
/// (RFC 5737, RFC 3849, RFC 6761).
///
///     terminal 192.0.2.10 ── lan0 gateway wan0 ── outside 203.0.113.0/24
///
/// The network namespace of this process is the gateway, so that libraries which work on "this host"
/// work on the laboratory's gateway.
public enum LabNetwork {
  /// The gateway's interface towards the terminal.
  public static let insideInterface = "lan0"
  /// The gateway's interface towards the outside.
  public static let outsideInterface = "wan0"
  /// Names of the two other network namespaces, as `ip netns` lists them.
  public static let terminalNamespace = "terminal"
  public static let outsideNamespace = "outside"

  public static let terminalV4 = address("192.0.2.10")
  public static let terminalV6 = address("2001:db8:1::10")
  public static let gatewayInsideV4 = address("192.0.2.1")
  public static let gatewayInsideV6 = address("2001:db8:1::1")
  public static let gatewayOutsideV4 = address("203.0.113.1")
  public static let gatewayOutsideV6 = address("2001:db8:2::1")
  public static let resolver = address("203.0.113.53")
  public static let badV4 = address("203.0.113.66")
  public static let badV6 = address("2001:db8:2::66")
  public static let goodV4 = address("203.0.113.80")
  public static let goodV6 = address("2001:db8:2::80")
  /// Where every name under `example` resolves to (RFC 6761): a server that no list holds.
  public static let unlistedV4 = address("203.0.113.77")
  public static let unlistedV6 = address("2001:db8:2::77")

  public static let badName = name("bad.example.org")
  public static let goodName = name("good.example.org")

  /// Addresses of the web servers outside.
  static let servers = [badV4, badV6, goodV4, goodV6, unlistedV4, unlistedV6]

  private static func address(_ text: String) -> IPAddress {
    guard let address = IPAddress(text) else { preconditionFailure("\(text) is no address") }
    return address
  }

  private static func name(_ text: String) -> DomainName {
    guard let name = DomainName(text) else { preconditionFailure("\(text) is no name") }
    return name
  }
}
