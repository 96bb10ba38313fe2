public import NetworkTypes

/// Networks whose addresses many services share: content delivery networks and services in front of
/// others. An address in one of them is not blocked.
public struct SharedNetworks: Sendable {
  /// Disjoint and ascending.
  private let ranges: [(first: IPAddress, last: IPAddress)]
  public var count: Int { ranges.count }

  public static let none = SharedNetworks([])

  public init(_ prefixes: some Sequence<IPPrefix>) {
    var merged: [(first: IPAddress, last: IPAddress)] = []
    for prefix in prefixes.sorted(by: { $0.address < $1.address }) {
      // An ascending start that lies within the range before ends there too, or further out.
      if let before = merged.last, prefix.address <= before.last {
        merged[merged.count - 1].last = max(before.last, prefix.last)
      } else {
        merged.append((prefix.address, prefix.last))
      }
    }
    ranges = merged
  }

  public func contains(_ address: IPAddress) -> Bool {
    var low = 0
    var high = ranges.count
    while low < high {
      let middle = (low + high) / 2
      if ranges[middle].last < address { low = middle + 1 } else { high = middle }
    }
    return low < ranges.count && ranges[low].first <= address
  }
}
