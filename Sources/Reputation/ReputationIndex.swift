import Language
public import NetworkTypes

/// All indicators of all sources, laid out for look-ups: immutable and flat.
///
/// A look-up compares with the indicator itself, so it has no false match. One that finds nothing
/// allocates nothing and touches no reference count, whatever the size of the lists. Keep the index in
/// a local constant for a batch of packets; `ReputationView` does so.
public final class ReputationIndex: Sendable {
  /// The sources, in the order of the lists.
  public let sources: [ReputationSource]

  private let names: NameTable
  private let ipv4: AddressTable<IPv4Key>
  private let ipv6: AddressTable<IPv6Key>
  private let ipv4Prefixes: PrefixTable<IPv4Key>
  private let ipv6Prefixes: PrefixTable<IPv6Key>
  private let nameListings: ListingTable
  private let ipv4Listings: ListingTable
  private let ipv6Listings: ListingTable
  private let ipv4PrefixListings: ListingTable
  private let ipv6PrefixListings: ListingTable
  private let stamp: UInt32

  /// Builds the index of some lists.
  /// - Parameter seed: start of the hashes; by default unpredictable, so that nobody can send names
  ///   that all collide.
  /// - Throws: `invalidSource` for an identifier that occurs twice, `tooManyIndicators` beyond 65,535
  ///   lists, 2^27 indicators or 2 GiB of names.
  public init(
    _ lists: [IndicatorList], seed: UInt64 = .random(in: .min ... .max)
  ) throws(ReputationError) {
    try Self.check(lists)
    sources = lists.map(\.source)
    stamp = UInt32(truncatingIfNeeded: seed >> 32)

    var contents = IndexContents(lists, seed: seed)
    for (number, list) in lists.enumerated() { contents.add(list, source: UInt16(number)) }
    contents.names.compact()
    contents.ipv4.compact()
    contents.ipv6.compact()
    names = contents.names
    ipv4 = contents.ipv4
    ipv6 = contents.ipv6
    nameListings = contents.nameListings.table(count: contents.names.count)
    ipv4Listings = contents.ipv4Listings.table(count: contents.ipv4.keys.count)
    ipv6Listings = contents.ipv6Listings.table(count: contents.ipv6.keys.count)
    (ipv4Prefixes, ipv4PrefixListings) = contents.ipv4Prefixes.tables()
    (ipv6Prefixes, ipv6PrefixListings) = contents.ipv6Prefixes.tables()
  }

  private static func check(_ lists: [IndicatorList]) throws(ReputationError) {
    var identifiers: Set<String> = []
    var rows = 0
    var text = 0
    for list in lists {
      guard identifiers.insert(list.source.id).inserted else {
        throw .invalidSource(
          list.source,
          reason: .init(en: "its identifier is used twice", ja: "識別子が重複しています"))
      }
      rows += list.count
      text += list.text.count + list.count
      guard identifiers.count <= 65_535, rows < 1 << 27, text <= NameTable.maximumTextBytes else {
        throw .tooManyIndicators(list.source, limit: 1 << 27)
      }
    }
  }

  /// Distinct names.
  public var nameCount: Int { names.count }
  /// Distinct single addresses.
  public var addressCount: Int { ipv4.keys.count + ipv6.keys.count }
  /// Distinct prefixes.
  public var prefixCount: Int { ipv4Prefixes.prefixes.count + ipv6Prefixes.prefixes.count }

  /// Bytes of all tables.
  public var byteCount: Int {
    names.byteCount + ipv4.byteCount + ipv6.byteCount + ipv4Prefixes.byteCount + ipv6Prefixes.byteCount
      + nameListings.byteCount + ipv4Listings.byteCount + ipv6Listings.byteCount
      + ipv4PrefixListings.byteCount + ipv6PrefixListings.byteCount
  }

  /// Looks up a name in lower-case A-labels without the final dot. Anything else is not found.
  public func lookUp(name: Span<UInt8>) -> ReputationHit? {
    guard let (entry, isItself) = names.lookUp(name) else { return nil }
    return ReputationHit(kind: isItself ? .name : .subdomain, entry: UInt32(entry), stamp: stamp)
  }

  /// Looks up an address: listed itself, or else inside the longest listed prefix.
  public func lookUp(_ address: IPAddress) -> ReputationHit? {
    if let bits = address.ipv4 {
      let key = IPv4Key(bits: bits)
      if let entry = ipv4.lookUp(key) { return hit(.ipv4, entry) }
      return ipv4Prefixes.lookUp(key).map { hit(.ipv4Prefix, $0) }
    }
    let key = IPv6Key(address)
    if let entry = ipv6.lookUp(key) { return hit(.ipv6, entry) }
    return ipv6Prefixes.lookUp(key).map { hit(.ipv6Prefix, $0) }
  }

  private func hit(_ kind: ReputationHit.Kind, _ entry: Int) -> ReputationHit {
    ReputationHit(kind: kind, entry: UInt32(entry), stamp: stamp)
  }

  /// Everything that is listed about a name, the most specific indicator first.
  public func evidence(concerning name: DomainName) -> [Evidence] {
    evidence(aboutName: name.text, isItself: true)
  }

  /// Everything that is listed about an address, the most specific indicator first.
  public func evidence(concerning address: IPAddress) -> [Evidence] {
    let key4 = address.ipv4.map { IPv4Key(bits: $0) }
    if let key4 {
      return (ipv4.lookUp(key4).map { addressEvidence(address, ipv4Listings[$0]) } ?? [])
        + prefixEvidence(ipv4Prefixes, ipv4PrefixListings, from: ipv4Prefixes.lookUp(key4))
    }
    let key = IPv6Key(address)
    return (ipv6.lookUp(key).map { addressEvidence(address, ipv6Listings[$0]) } ?? [])
      + prefixEvidence(ipv6Prefixes, ipv6PrefixListings, from: ipv6Prefixes.lookUp(key))
  }

  /// All listings behind a hit, the most specific indicator first.
  ///
  /// Empty for a hit of another index: its destination must be looked up again.
  public func evidence(of hit: ReputationHit) -> [Evidence] {
    guard hit.stamp == stamp else { return [] }
    let entry = Int(hit.entry)
    switch hit.kind {
    case .name: return evidence(aboutName: names.name(entry), isItself: true)
    case .subdomain: return evidence(aboutName: names.name(entry), isItself: false)
    case .ipv4: return evidence(concerning: ipv4.keys[entry].address)
    case .ipv6: return evidence(concerning: ipv6.keys[entry].address)
    case .ipv4Prefix: return prefixEvidence(ipv4Prefixes, ipv4PrefixListings, from: entry)
    case .ipv6Prefix: return prefixEvidence(ipv6Prefixes, ipv6PrefixListings, from: entry)
    }
  }

  /// - Parameter isItself: false when `text` is a parent of the name in question.
  private func evidence(aboutName text: String, isItself: Bool) -> [Evidence] {
    var result: [Evidence] = []
    for match in names.allMatches(text.utf8Span.span) {
      guard let name = DomainName(names.name(match.entry)) else { continue }
      let exact = match.isItself && isItself
      for listing in nameListings[match.entry] where exact || listing.includesSubdomains {
        let indicator = Indicator.domain(name, includingSubdomains: listing.includesSubdomains)
        result.append(evidence(indicator, exact ? .itself : .parentDomain, listing))
      }
    }
    return result
  }

  private func addressEvidence(
    _ address: IPAddress, _ listings: ArraySlice<ListingTable.Listing>
  ) -> [Evidence] {
    listings.map { evidence(.address(address), .itself, $0) }
  }

  private func prefixEvidence<Key>(
    _ table: PrefixTable<Key>, _ listings: ListingTable, from first: Int?
  ) -> [Evidence] {
    var result: [Evidence] = []
    var next = first
    while let entry = next {
      result += listings[entry].map { evidence(.prefix(table.prefixes[entry]), .containingPrefix, $0) }
      next = table.parent(of: entry)
    }
    return result
  }

  private func evidence(
    _ indicator: Indicator, _ match: Evidence.Match, _ listing: ListingTable.Listing
  ) -> Evidence {
    let source = sources[Int(listing.source)]
    return Evidence(
      indicator: indicator, match: match, source: source.id, sourceName: source.name,
      category: source.category, confidence: source.confidence, file: source.file,
      line: Int(listing.line),
      since: listing.since == 0 ? nil : Timestamp(seconds: Int64(listing.since)))
  }
}
