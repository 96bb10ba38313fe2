/// Who lists each entry of a table, where and since when.
struct ListingTable: Sendable {
  struct Listing: BitwiseCopyable {
    var line: UInt32
    /// Seconds since 1970, 0 for unknown.
    var since: UInt32
    var source: UInt16
    var includesSubdomains: Bool
  }

  /// For each entry the first of its listings; one more at the end.
  private let starts: [UInt32]
  private let listings: [Listing]

  subscript(entry: Int) -> ArraySlice<Listing> {
    listings[Int(starts[entry])..<Int(starts[entry + 1])]
  }

  var count: Int { listings.count }
  var byteCount: Int { starts.count * 4 + listings.count * MemoryLayout<Listing>.stride }

  /// Listings in the order of the lists, brought together by entry.
  struct Builder {
    private var entries: [UInt32] = []
    private var listings: [Listing] = []
    private var latest: [UInt32] = []

    /// A source that lists an entry again adds nothing but an earlier date or the sub-domains.
    mutating func add(_ listing: Listing, to entry: Int) {
      while latest.count <= entry { latest.append(.max) }
      let previous = latest[entry]
      guard previous == .max || listings[Int(previous)].source != listing.source else {
        let known = listings[Int(previous)]
        if listing.since != 0, known.since == 0 || listing.since < known.since {
          listings[Int(previous)].since = listing.since
        }
        if listing.includesSubdomains { listings[Int(previous)].includesSubdomains = true }
        return
      }
      latest[entry] = UInt32(listings.count)
      entries.append(UInt32(entry))
      listings.append(listing)
    }

    /// The table for `count` entries; `order` gives an entry its final place.
    func table(count: Int, order: (Int) -> Int = { $0 }) -> ListingTable {
      var starts = [UInt32](repeating: 0, count: count + 1)
      for entry in entries { starts[order(Int(entry)) + 1] += 1 }
      for index in 0..<count { starts[index + 1] += starts[index] }
      var next = starts
      var sorted = listings
      for (entry, listing) in zip(entries, listings) {
        let place = order(Int(entry))
        sorted[Int(next[place])] = listing
        next[place] += 1
      }
      return ListingTable(starts: starts, listings: sorted)
    }
  }
}
