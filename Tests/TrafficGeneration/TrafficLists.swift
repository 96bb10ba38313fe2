import Randomness

/// What is listed while traffic is written: registered domains and addresses, none of them a server's or a
/// good name's. A shorter list is the beginning of a longer one, and traffic draws from its first 10,000, so
/// that lists of every size hold the same of it.
public struct TrafficLists: Sendable {
  public static let drawn = 10_000
  /// Of conversations, one in so many goes to a listed name, and likewise to a listed address.
  public static let oneIn = 100

  public let names: [String]
  public let addresses: [UInt32]
  private let allNames: Set<String>

  public init(count: Int, seed: UInt64) {
    var random = SplitMix64(seed: seed ^ 0x6C69_7374)
    var (names, all) = ([String](), Set<String>())
    names.reserveCapacity(count)
    all.reserveCapacity(count)
    while names.count < count {
      let name = TrafficWorld.domain(&random)
      if all.insert(name).inserted { names.append(name) }
    }
    var seen = Set<UInt32>()
    var addresses: [UInt32] = []
    while addresses.count < count {
      // 11.0.0.0 to 95.255.255.255: lists refuse what is special or private, so servers of 240.0.0.0/4
      // cannot be listed.
      let address = UInt32.random(in: 0x0B00_0000...0x5FFF_FFFF, using: &random)
      if seen.insert(address).inserted { addresses.append(address) }
    }
    (self.names, self.addresses, allNames) = (names, addresses, all)
  }

  /// Whether a registered domain is listed.
  func lists(_ domain: String) -> Bool { allNames.contains(domain) }
}

/// Packets that a detector must find.
public struct TrafficTruth: Equatable, Sendable {
  /// With a listed address at either end.
  public var addresses = 0
  /// With a listed name or one under it.
  public var names = 0
  /// Of `names` those of DNS answers.
  public var answers = 0

  public init() {}
}
