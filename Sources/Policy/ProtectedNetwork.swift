public import Language
public import NetworkTypes

/// Addresses that no block may touch, and why.
public struct ProtectedNetwork: Hashable, Sendable {
  public var prefix: IPPrefix
  /// What the addresses are, as a noun without a full stop: “the default gateway of eth0”.
  public var because: Phrase

  public init(_ prefix: IPPrefix, because: Phrase) {
    self.prefix = prefix
    self.because = because
  }
}

extension ProtectedNetwork {
  /// The ranges that mean “myself”, “my link” or “many”: no outside host has such an address, and a
  /// block of one breaks the machine it stands on.
  public static let always: [ProtectedNetwork] = [
    ProtectedNetwork(
      octets(0, 0, 0, 0, length: 8),
      because: Phrase(en: "“this network” (RFC 791, RFC 1122)", ja: "「このネットワーク」（RFC 791、RFC 1122）")),
    ProtectedNetwork(
      octets(127, 0, 0, 0, length: 8),
      because: Phrase(en: "loopback (RFC 1122)", ja: "ループバック（RFC 1122）")),
    ProtectedNetwork(
      octets(169, 254, 0, 0, length: 16),
      because: Phrase(en: "link-local addresses (RFC 3927)", ja: "リンクローカルアドレス（RFC 3927）")),
    ProtectedNetwork(
      octets(224, 0, 0, 0, length: 4),
      because: Phrase(en: "multicast (RFC 5771)", ja: "マルチキャスト（RFC 5771）")),
    ProtectedNetwork(
      octets(255, 255, 255, 255, length: 32),
      because: Phrase(en: "limited broadcast (RFC 919)", ja: "制限付きブロードキャスト（RFC 919）")),
    ProtectedNetwork(
      IPPrefix(IPAddress(high: 0, low: 0)),
      because: Phrase(
        en: "the unspecified address (RFC 4291 section 2.5.2)", ja: "未指定アドレス（RFC 4291 2.5.2 節）")),
    ProtectedNetwork(
      IPPrefix(IPAddress(high: 0, low: 1)),
      because: Phrase(en: "loopback (RFC 4291 section 2.5.3)", ja: "ループバック（RFC 4291 2.5.3 節）")),
    ProtectedNetwork(
      leading(0xFE80 << 48, length: 10),
      because: Phrase(
        en: "link-local addresses (RFC 4291 section 2.5.6)", ja: "リンクローカルアドレス（RFC 4291 2.5.6 節）")),
    ProtectedNetwork(
      leading(0xFF00 << 48, length: 8),
      because: Phrase(en: "multicast (RFC 4291 section 2.7)", ja: "マルチキャスト（RFC 4291 2.7 節）")),
  ]

  private static func octets(_ a: UInt32, _ b: UInt32, _ c: UInt32, _ d: UInt32, length: Int) -> IPPrefix {
    prefix(IPAddress(ipv4: a << 24 | b << 16 | c << 8 | d), length: length)
  }

  private static func leading(_ high: UInt64, length: Int) -> IPPrefix {
    prefix(IPAddress(high: high, low: 0), length: length)
  }

  private static func prefix(_ address: IPAddress, length: Int) -> IPPrefix {
    guard let prefix = IPPrefix(address, length: length) else {
      preconditionFailure("/\(length) is no prefix length of \(address)")
    }
    return prefix
  }
}

/// Protected networks, ordered so that a question costs one binary search.
public struct ProtectedNetworkList: Sendable, ExpressibleByArrayLiteral {
  public let networks: [ProtectedNetwork]
  let index: PrefixIndex

  /// The networks in any order; they may overlap.
  public init(_ networks: some Sequence<ProtectedNetwork>) {
    self.networks = Array(networks)
    index = PrefixIndex(self.networks.lazy.map(\.prefix))
  }

  public init(arrayLiteral networks: ProtectedNetwork...) { self.init(networks) }

  /// Whether the target shares an address with any of the networks.
  public func overlaps(_ target: IPPrefix) -> Bool {
    if case .apart = index.relation(to: target) { false } else { true }
  }

  /// The network that tells most about an overlap: the smallest that contains the target, otherwise
  /// the first that the target contains. `nil` when there is no overlap.
  public func mostTelling(about target: IPPrefix) -> ProtectedNetwork? {
    networks.filter { $0.prefix.contains(target) }.max { $0.prefix.length < $1.prefix.length }
      ?? networks.first { target.contains($0.prefix) }
  }
}
