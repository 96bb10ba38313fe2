import FoundationEssentials
import Language
import NetworkTypes

/// Lays out all indicators of some lists as a compiled index.
///
/// Rows are sorted by the order of their slots, so that repetitions meet and the tables are written from
/// front to end; what grows with the lists are 16 bytes for each row of one kind at a time.
struct IndexCompiler {
  private let lists: [IndicatorList]
  private var header: IndexHeader
  private var output: IndexOutput

  private init(_ lists: [IndicatorList], seed: UInt64, _ output: IndexOutput) {
    self.lists = lists
    header = IndexHeader(seed: seed)
    self.output = output
  }

  /// Writes the index of `lists`; the output's `failure` says whether it could.
  /// - Throws: `invalidSource`, `tooManyIndicators`.
  static func compile(
    _ lists: [IndicatorList], seed: UInt64, to output: consuming IndexOutput
  ) throws(ReputationError) -> IndexOutput {
    try check(lists)
    var compiler = IndexCompiler(lists, seed: seed, output)
    compiler.header.listDigest = ListDigest.of(lists, seed: seed)
    compiler.output.reserveHeader()
    try compiler.writeSources()
    for kind in IndexTableKind.allCases { try compiler.write(kind) }
    let prefixes = compiler.prefixRows()
    compiler.write(.ipv4, prefixes.filter(\.prefix.isIPv4), IPv4Key.self)
    compiler.write(.ipv6, prefixes.filter { !$0.prefix.isIPv4 }, IPv6Key.self)
    compiler.output.finish(compiler.header)
    return compiler.output
  }

  private static func check(_ lists: [IndicatorList]) throws(ReputationError) {
    var identifiers: Set<String> = []
    var rows = 0
    for list in lists {
      guard identifiers.insert(list.source.id).inserted else {
        throw .invalidSource(
          list.source, reason: .init(en: "its identifier is used twice", ja: "識別子が重複しています"))
      }
      rows += list.count
      guard identifiers.count <= 65_535, rows < ReputationIndex.limit else {
        throw .tooManyIndicators(list.source, limit: ReputationIndex.limit)
      }
    }
  }

  /// A row of a list, ordered by its hash, then as it stands in the lists.
  private struct Item: Comparable, BitwiseCopyable {
    let order: UInt64
    let place: UInt64

    init(order: UInt64, list: Int, row: Int) {
      self.order = order
      place = UInt64(list) << 32 | UInt64(row)
    }

    static func < (a: Item, b: Item) -> Bool { a.order != b.order ? a.order < b.order : a.place < b.place }
  }

  private func row(_ place: UInt64) -> IndicatorList.Row {
    lists[Int(place >> 32)].rows[Int(place & 0xFFFF_FFFF)]
  }

  private func listing(_ place: UInt64) -> Listing {
    let row = row(place)
    return Listing(
      source: UInt16(place >> 32), line: row.line, since: row.since, confidence: row.confidence,
      includesSubdomains: row.kind == .nameWithSubdomains)
  }

  /// The listings of one indicator, its places in the order of the lists: one for each source.
  private func listings(_ places: some Sequence<UInt64>) -> [Listing] {
    var result: [Listing] = []
    for place in places {
      let listing = listing(place)
      if let last = result.indices.last, result[last].source == listing.source {
        result[last].merge(listing)
      } else {
        result.append(listing)
      }
    }
    return result
  }

  private mutating func section(from start: Int, count: Int) -> IndexSection {
    let section = IndexSection(start: start, byteCount: output.count - start, count: count)
    output.pad(to: IndexHeader.alignment)
    output.flush()
    return section
  }

  private mutating func writeSources() throws(ReputationError) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    guard let data = try? encoder.encode(lists.map(\.source)) else {
      // Checked when the lists were read: only a number that is none has no JSON.
      preconditionFailure("a source with a confidence in 0...1 has a JSON form")
    }
    let start = output.count
    output.append(contentsOf: data.span)
    header.sources = section(from: start, count: lists.count)
  }

  // MARK: Tables

  private static func kind(of row: IndicatorList.Row) -> IndexTableKind? {
    switch row.kind {
    case .name, .nameWithSubdomains: return .names
    case .addressPort: return .addressPorts
    case .ja4: return .ja4
    case .certificate: return .certificates
    case .prefix:
      let isIPv4 = IPAddress(high: row.high, low: row.low).isIPv4
      guard row.length == (isIPv4 ? 32 : 128) else { return nil }
      return isIPv4 ? .ipv4 : .ipv6
    }
  }

  private func hash(_ row: IndicatorList.Row, _ list: IndicatorList) -> UInt64 {
    let seed = header.seed
    switch row.kind {
    case .name, .nameWithSubdomains:
      return NameWalk.hash(list.text.span.extracting(Self.range(of: row)), seed: seed)
    case .ja4, .certificate:
      return IndexHash.bytes(list.text.span.extracting(Self.range(of: row)), seed: seed)
    case .addressPort:
      return IndexHash.addressPort(high: row.high, low: row.low, port: row.port, seed: seed)
    case .prefix:
      guard let bits = IPAddress(high: row.high, low: row.low).ipv4 else {
        return IndexHash.ipv6(high: row.high, low: row.low, seed: seed)
      }
      return IndexHash.ipv4(bits, seed: seed)
    }
  }

  /// Where the text of a row stands in that of its list.
  private static func range(of row: IndicatorList.Row) -> Range<Int> {
    Int(row.low)..<(Int(row.low) + Int(row.length))
  }

  private func items(_ kind: IndexTableKind) -> [Item] {
    var count = 0
    for list in lists { for row in list.rows where Self.kind(of: row) == kind { count += 1 } }
    var items: [Item] = []
    items.reserveCapacity(count)
    for (number, list) in lists.enumerated() {
      for (position, row) in list.rows.enumerated() where Self.kind(of: row) == kind {
        items.append(Item(order: IndexTable.order(hash(row, list)), list: number, row: position))
      }
    }
    items.sort()
    return items
  }

  private func isSame(_ a: UInt64, _ b: UInt64) -> Bool {
    let (one, other) = (row(a), row(b))
    switch one.kind {
    case .prefix, .addressPort:
      return one.high == other.high && one.low == other.low && one.port == other.port
    case .name, .nameWithSubdomains, .ja4, .certificate:
      guard one.length == other.length else { return false }
      let (mine, its) = (lists[Int(a >> 32)].text, lists[Int(b >> 32)].text)
      return mine[Self.range(of: one)] == its[Self.range(of: other)]
    }
  }

  private mutating func write(_ kind: IndexTableKind) throws(ReputationError) {
    let items = items(kind)
    var distinct = 0
    for index in items.indices where index == 0 || items[index].order != items[index - 1].order {
      distinct += 1
    }
    let homes = UInt64(max(1, distinct + distinct / 4))
    var slots: [UInt8] = []
    slots.reserveCapacity(Int(homes) * IndexTable.slotBytes + 1024)
    var slotCount = 0
    var written = 0
    let start = output.count
    var next = 0
    while next < items.count {
      let order = items[next].order
      var end = next + 1
      while end < items.count, items[end].order == order { end += 1 }
      // Different indicators of one hash are as good as never met, but possible.
      var group = items[next..<end].map(\.place)
      next = end
      while let first = group.first {
        let record = output.count - start
        guard record < Int(UInt32.max) else {
          throw .tooManyIndicators(lists[Int(first >> 32)].source, limit: ReputationIndex.limit)
        }
        writeKey(first)
        let same = group.count == 1 ? group : group.filter { isSame(first, $0) }
        Listing.write(listings(same), to: &output)
        output.flush()
        group = same.count == group.count ? [] : group.filter { !isSame(first, $0) }

        let hash = IndexTable.order(order)
        let home = Int(IndexTable.home(order: order, of: homes))
        while slotCount < home { Self.append(0, tag: 0, to: &slots, &slotCount) }
        Self.append(UInt32(record), tag: IndexTable.tag(hash), to: &slots, &slotCount)
        written += 1
      }
    }
    while slotCount < Int(homes) { Self.append(0, tag: 0, to: &slots, &slotCount) }
    header[kind, .records] = section(from: start, count: written)
    let slotStart = output.count
    output.append(contentsOf: slots.span)
    header[kind, .slots] = section(from: slotStart, count: Int(homes))
    writeFilter(kind, kind == .names ? domainHashes() : items.map { IndexTable.order($0.order) })
  }

  /// The hashes of all names and of their parents of two labels and more.
  private func domainHashes() -> [UInt64] {
    var hashes: [UInt64] = []
    for list in lists {
      let text = list.text.span
      for row in list.rows where Self.kind(of: row) == .names {
        let name = text.extracting(Self.range(of: row))
        var walk = NameWalk(name, seed: header.seed)
        guard walk.next(in: name) != nil else { continue }
        while walk.next(in: name) != nil { hashes.append(walk.hash) }
      }
    }
    return hashes
  }

  private mutating func writeFilter(_ kind: IndexTableKind, _ hashes: [UInt64]) {
    let sorted = hashes.sorted()
    var distinct = 0
    for index in sorted.indices where index == 0 || sorted[index] != sorted[index - 1] { distinct += 1 }
    var filter = [UInt64](repeating: 0, count: max(1, (distinct * 10 + 63) / 64))
    for hash in sorted {
      filter[Int(IndexTable.filterWord(hash, of: UInt64(filter.count)))] |= IndexTable.filterBits(hash)
    }
    let start = output.count
    for word in filter { output.append(word) }
    header[kind, .filter] = section(from: start, count: filter.count)
  }

  private static func append(_ record: UInt32, tag: UInt8, to slots: inout [UInt8], _ count: inout Int) {
    for shift: UInt32 in [0, 8, 16, 24] { slots.append(UInt8(truncatingIfNeeded: record >> shift)) }
    slots.append(tag)
    count += 1
  }

  private mutating func writeKey(_ place: UInt64) {
    let row = row(place)
    switch row.kind {
    case .name, .nameWithSubdomains, .ja4, .certificate:
      output.append(row.length)
      let list = lists[Int(place >> 32)]
      output.append(contentsOf: list.text.span.extracting(Self.range(of: row)))
    case .prefix where row.length == 32:
      output.append(UInt32(truncatingIfNeeded: row.low))
    case .prefix:
      output.append(row.high)
      output.append(row.low)
    case .addressPort:
      output.append(row.high)
      output.append(row.low)
      output.append(row.port)
    }
  }

  // MARK: Prefixes

  private struct PrefixRow: Comparable {
    let prefix: IPPrefix
    let place: UInt64

    static func < (a: PrefixRow, b: PrefixRow) -> Bool {
      a.prefix != b.prefix ? a.prefix < b.prefix : a.place < b.place
    }
  }

  private func prefixRows() -> [PrefixRow] {
    var rows: [PrefixRow] = []
    for (number, list) in lists.enumerated() {
      for (position, row) in list.rows.enumerated() where row.kind == .prefix {
        guard Self.kind(of: row) == nil,
          let prefix = IPPrefix(IPAddress(high: row.high, low: row.low), length: Int(row.length))
        else { continue }
        rows.append(PrefixRow(prefix: prefix, place: UInt64(number) << 32 | UInt64(position)))
      }
    }
    return rows.sorted()
  }

  private mutating func write<Key: AddressKey>(
    _ kind: IndexPrefixKind, _ rows: [PrefixRow], _: Key.Type
  ) {
    var prefixes: [IPPrefix] = []
    var places: [UInt32] = []
    let listingStart = output.count
    var next = 0
    while next < rows.count {
      var end = next + 1
      while end < rows.count, rows[end].prefix == rows[next].prefix { end += 1 }
      prefixes.append(rows[next].prefix)
      places.append(UInt32(output.count - listingStart))
      Listing.write(listings(rows[next..<end].lazy.map(\.place)), to: &output)
      next = end
    }
    header[kind, .listings] = section(from: listingStart, count: prefixes.count)

    let segments = PrefixSegments<Key>(prefixes)
    let entryStart = output.count
    for (entry, prefix) in prefixes.enumerated() {
      output.append(prefix.address.high)
      output.append(prefix.address.low)
      output.append(UInt32(prefix.length))
      output.append(segments.parents[entry])
      output.append(places[entry])
    }
    header[kind, .entries] = section(from: entryStart, count: prefixes.count)
    let segmentStart = output.count
    for start in segments.starts { start.write(to: &output) }
    header[kind, .starts] = section(from: segmentStart, count: segments.starts.count)
    let ownerStart = output.count
    for owner in segments.owners { output.append(owner) }
    header[kind, .owners] = section(from: ownerStart, count: segments.owners.count)
    let bits = segments.bucketBits
    let bucketStart = output.count
    for count in segments.buckets(bits) { output.append(count) }
    header[kind, .buckets] = section(from: bucketStart, count: bits)
  }
}
