package import NetworkTypes

/// What is around an IPv4 address: how many addresses were listed near it, and whether it is a hoster's.
package struct AddressSurroundings: Hashable, Sendable {
  package let near24: Int
  package let near20: Int
  package let near16: Int
  package let isHoster: Bool

  package func count(_ table: AddressTable) -> Int {
    switch table {
    case .near24: near24
    case .near20: near20
    case .near16: near16
    case .hoster: isHoster ? 1 : 0
    }
  }
}

/// Where addresses were listed: how many in each /24, and the ranges of hosters that are often abused.
package struct AddressGround: Sendable {
  /// The upper 24 bits of the network above the count, ascending.
  private let networks: [UInt64]
  private let hosters: SharedNetworks

  /// - Parameters:
  ///   - networks: the upper 24 bits of a /24 and its count, each once.
  ///   - hosters: in any order; they may overlap.
  package init(networks: some Sequence<(key: UInt32, value: Int)>, hosters: [IPPrefix]) {
    self.networks = networks.map { UInt64($0.key) << 32 | UInt64($0.value) }.sorted()
    self.hosters = SharedNetworks(hosters)
  }

  package func surroundings(of address: UInt32) -> AddressSurroundings {
    let own = address >> 8
    var (near24, near20, near16) = (0, 0, 0)
    var place = first(from: own & ~0xFF)
    while place < networks.count {
      let network = UInt32(truncatingIfNeeded: networks[place] >> 32)
      guard network >> 8 == own >> 8 else { break }
      let count = Int(networks[place] & 0xFFFF_FFFF)
      if network == own {
        near24 += count
      } else if network >> 4 == own >> 4 {
        near20 += count
      } else {
        near16 += count
      }
      place += 1
    }
    return AddressSurroundings(
      near24: near24, near20: near20, near16: near16, isHoster: hosters.contains(IPAddress(ipv4: address)))
  }

  /// The place of the first network that is not below `network`.
  private func first(from network: UInt32) -> Int {
    var (low, high) = (0, networks.count)
    while low < high {
      let middle = (low + high) / 2
      if networks[middle] >> 32 < UInt64(network) { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
