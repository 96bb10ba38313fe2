import NetworkTypes

/// What one of the four IP sets is there for. The words are the keys of the settings.
enum IPSetRole: String, CaseIterable, Sendable {
  case allowIPv4 = "allow-ipv4"
  case allowIPv6 = "allow-ipv6"
  case blockIPv4 = "block-ipv4"
  case blockIPv6 = "block-ipv6"

  /// The first line of defence against somebody else's set: this description and no other.
  static let mark = "kept by sekisho"

  /// Addresses and prefixes that AWS takes in one set.
  static let capacity = 10_000

  var isIPv4: Bool { self == .allowIPv4 || self == .blockIPv4 }
  var isBlock: Bool { self == .blockIPv4 || self == .blockIPv6 }

  /// As `IPAddressVersion` in the API.
  var version: String { isIPv4 ? "IPV4" : "IPV6" }
}

extension IPPrefix {
  /// As AWS wants it: always with its length.
  var cidr: String { "\(address)/\(length)" }
}
