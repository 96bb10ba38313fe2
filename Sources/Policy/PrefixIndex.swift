import NetworkTypes

/// Prefixes ordered for one binary search a question.
///
/// Two prefixes are nested or disjoint, so only the outermost are kept. These are disjoint, and the
/// last that begins at or before the end of a target is the only one that needs a look.
struct PrefixIndex: Sendable {
  private struct Stretch {
    let prefix: IPPrefix
    let first: IPAddress
    let last: IPAddress
  }

  // Apart, because an IPv6 prefix such as ::/64 spans the numbers of the IPv4-mapped addresses
  // without containing them.
  private let ipv4: [Stretch]
  private let ipv6: [Stretch]

  init(_ prefixes: some Sequence<IPPrefix>) {
    let sorted = prefixes.sorted()
    ipv4 = Self.outermost(sorted.filter(\.isIPv4))
    ipv6 = Self.outermost(sorted.filter { !$0.isIPv4 })
  }

  private static func outermost(_ sorted: [IPPrefix]) -> [Stretch] {
    var kept: [Stretch] = []
    for prefix in sorted where kept.last?.prefix.contains(prefix) != true {
      kept.append(Stretch(prefix: prefix, first: prefix.address, last: prefix.last))
    }
    return kept
  }

  func relation(to target: IPPrefix) -> Relation<IPPrefix> {
    let stretches = target.isIPv4 ? ipv4 : ipv6
    let end = target.last
    var low = 0
    var high = stretches.count
    while low < high {
      let middle = (low + high) / 2
      if stretches[middle].first <= end { low = middle + 1 } else { high = middle }
    }
    guard low > 0, stretches[low - 1].last >= target.address else { return .apart }
    let found = stretches[low - 1].prefix
    return found.length <= target.length ? .inside(found) : .covers(found)
  }

  /// Whether every address of the family lies in some prefix.
  func coversEverything(ipv4 family: Bool) -> Bool {
    // Disjoint prefixes hold the share 2^-length each. The sum is exact down to /52; what is
    // rounded away below that is less than a hundredth of what no routing table can tell apart.
    (family ? ipv4 : ipv6).reduce(0.0) {
      $0 + Double(sign: .plus, exponent: -$1.prefix.length, significand: 1)
    } >= 1
  }
}
