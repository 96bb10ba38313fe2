import Detection
import Foundation
import NetworkTypes

/// The addresses to learn from.
struct AddressData {
  struct Harmful {
    var address: UInt32
    /// Index of the family in `families`.
    var family: Int
    /// 0 for entries that were listed at the first snapshot or before, then one a month.
    var month: Int
  }

  struct Ordinary {
    var address: UInt32
    /// Index of the stratum it was drawn from.
    var stratum: Int
    /// Whether it is only measured with: addresses of a /16 are learned from together, or not at all.
    var isKeptApart: Bool
  }

  private(set) var harmful: [Harmful] = []
  private(set) var ordinary: [Ordinary] = []
  private(set) var families: [String] = []
  private(set) var strata: [String] = []
  private(set) var hosters: [IPPrefix] = []
  private(set) var monthCount = 0
  let digests: [(file: String, digest: String)]

  static let listed = "malicious_ips_train.csv.gz"
  static let background = "benign_ips_train.csv.gz"
  static let ranges = "hosting_ranges.csv.gz"
  /// Drawn from ranges of hosters at random: nobody knows what they are.
  private static let unknownStratum = "hosting_random"

  init(directory: URL) throws(TrainingError) {
    var files = TrainingFiles(directory: directory, needed: [Self.listed, Self.background, Self.ranges])
    let listed = try files.rows(Self.listed, ["ip", "family", "first_seen"])
    let background = try files.rows(Self.background, ["ip", "stratum"])
    let ranges = try files.rows(Self.ranges, ["cidr"])
    digests = files.digests
    hosters = ranges.compactMap { IPPrefix(String($0[0])) }.filter(\.isIPv4)

    let monthNames = Set(listed.map { $0[2] }).subtracting([""]).sorted()
    monthCount = monthNames.count
    let months = Dictionary(uniqueKeysWithValues: monthNames.enumerated().map { ($1, $0 + 1) })
    var known: [Substring: Int] = [:]
    var seen: Set<UInt32> = []
    for row in listed {
      guard let address = IPAddress(String(row[0]))?.ipv4, seen.insert(address).inserted else { continue }
      let family = known[row[1]] ?? families.count
      if family == families.count {
        known[row[1]] = family
        families.append(String(row[1]))
      }
      harmful.append(Harmful(address: address, family: family, month: months[row[2]] ?? 0))
    }
    var places: [Substring: Int] = [:]
    for row in background where row[1] != Self.unknownStratum {
      guard let address = IPAddress(String(row[0]))?.ipv4, !seen.contains(address) else { continue }
      let stratum = places[row[1]] ?? strata.count
      if stratum == strata.count {
        places[row[1]] = stratum
        strata.append(String(row[1]))
      }
      ordinary.append(
        Ordinary(
          address: address, stratum: stratum,
          isKeptApart: TableKey.mix(UInt64(address >> 16) &+ 1) & 1 == 0))
    }
  }

  /// Where addresses were listed up to a month.
  func ground(through month: Int) -> AddressGround {
    AddressGround(networks: counts(through: month), hosters: hosters)
  }

  /// How many addresses of each /24, by its upper 24 bits, were listed up to a month.
  func counts(through month: Int) -> [UInt32: Int] {
    var counts: [UInt32: Int] = [:]
    for entry in harmful where entry.month <= month { counts[entry.address >> 8, default: 0] += 1 }
    return counts
  }
}
