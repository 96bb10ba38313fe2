import NetworkTypes

/// What an index is built from: the tables while they grow.
struct IndexContents {
  var names: NameTable
  var ipv4: AddressTable<IPv4Key>
  var ipv6: AddressTable<IPv6Key>
  var ipv4Prefixes = GrowingPrefixes<IPv4Key>()
  var ipv6Prefixes = GrowingPrefixes<IPv6Key>()
  var nameListings = ListingTable.Builder()
  var ipv4Listings = ListingTable.Builder()
  var ipv6Listings = ListingTable.Builder()

  /// Empty tables with room for every row of the lists.
  init(_ lists: [IndicatorList], seed: UInt64) {
    var (nameRows, ipv4Rows, ipv6Rows) = (0, 0, 0)
    for list in lists {
      for row in list.rows {
        switch (row.kind, row.length) {
        case (.prefix, 32) where row.high == 0: ipv4Rows += 1
        case (.prefix, 128): ipv6Rows += 1
        case (.prefix, _), (.addressPort, _), (.ja4, _), (.certificate, _): break
        case (.name, _), (.nameWithSubdomains, _): nameRows += 1
        }
      }
    }
    names = NameTable(capacity: nameRows, seed: seed)
    ipv4 = AddressTable(capacity: ipv4Rows, seed: seed)
    ipv6 = AddressTable(capacity: ipv6Rows, seed: seed)
  }

  mutating func add(_ list: IndicatorList, source: UInt16) {
    for row in list.rows {
      var listing = ListingTable.Listing(
        line: row.line, since: row.since, source: source, includesSubdomains: false)
      switch row.kind {
      case .prefix:
        add(IPAddress(high: row.high, low: row.low), length: Int(row.length), listing)
      case .name, .nameWithSubdomains:
        let name = list.text.span.extracting(Int(row.low)..<(Int(row.low) + Int(row.length)))
        listing.includesSubdomains = row.kind == .nameWithSubdomains
        let entry = names.insert(name, includingSubdomains: listing.includesSubdomains)
        nameListings.add(listing, to: entry)
      case .addressPort, .ja4, .certificate:
        break
      }
    }
  }

  private mutating func add(_ address: IPAddress, length: Int, _ listing: ListingTable.Listing) {
    switch (address.isIPv4, length) {
    case (true, 32): ipv4Listings.add(listing, to: ipv4.insert(IPv4Key(address)))
    case (false, 128): ipv6Listings.add(listing, to: ipv6.insert(IPv6Key(address)))
    case (let isIPv4, _):
      guard let prefix = IPPrefix(address, length: length) else { return }
      if isIPv4 { ipv4Prefixes.add(prefix, listing) } else { ipv6Prefixes.add(prefix, listing) }
    }
  }
}

/// Prefixes in the order they were met, until all are known and can be sorted.
struct GrowingPrefixes<Key: AddressKey> {
  private var entries: [IPPrefix: Int] = [:]
  private var listings = ListingTable.Builder()

  mutating func add(_ prefix: IPPrefix, _ listing: ListingTable.Listing) {
    let entry = entries[prefix] ?? entries.count
    entries[prefix] = entry
    listings.add(listing, to: entry)
  }

  func tables() -> (PrefixTable<Key>, ListingTable) {
    let sorted = entries.keys.sorted()
    var places = [Int](repeating: 0, count: sorted.count)
    for (place, prefix) in sorted.enumerated() {
      if let entry = entries[prefix] { places[entry] = place }
    }
    return (PrefixTable(sorted), listings.table(count: sorted.count) { places[$0] })
  }
}
