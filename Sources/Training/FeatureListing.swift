import Detection

/// The features of every name that may be learned from, found once for all fits.
///
/// A feature is a number: first the bins of the tables by number, then the entries of tables by text that
/// enough names have. Which of them a fit uses is the fit's own affair.
struct FeatureListing {
  /// An entry of a table by text, and a name that has it.
  struct Entry {
    let term: NameTerm
    let text: NameFeatureText
    let name: Int32
  }

  /// Entries that fewer names have are left out: they could only be learned by heart.
  static let leastCount: UInt8 = 3
  /// Bins of all tables by number.
  static let numberCount = NameModel.offsets[NameTerm.allCases.count] / 2

  /// The names, as indices into `TrainingNames`.
  let rows: [Int]
  let entries: [Entry]
  /// The features of row r are `ids[starts[r]..<starts[r + 1]]`, character sequences last.
  let ids: [UInt32]
  let starts: [Int]
  /// Where the character sequences of a row begin.
  let sequenceStarts: [Int]

  init(
    _ rows: [Int], _ names: TrainingNames, _ ground: OrdinaryGround, _ progress: (Double) -> Void
  ) {
    self.rows = rows
    var counter = EntryCounter()
    ground.visit(rows, names, into: &counter) { progress(0.5 * $0) }
    var listing = EntryListing(counts: counter.counts)
    counter.counts = []
    for (done, row) in rows.enumerated() {
      if done & 0xFFFF == 0 { progress(0.5 + 0.5 * Double(done) / Double(rows.count)) }
      listing.begin(row)
      ground.visit(row, names, into: &listing)
      listing.end()
    }
    (entries, ids, starts, sequenceStarts) =
      (listing.entries, listing.ids, listing.starts, listing.sequenceStarts)
  }

  /// First round: how many names have an entry, in a sketch that may count too many, never too few.
  private struct EntryCounter: NameFeatureVisitor {
    static let size = 1 << 26
    var counts = [UInt8](repeating: 0, count: size)

    mutating func visit(_ term: NameTerm, bin: Int) {}

    mutating func visit(_ term: NameTerm, key: UInt64, text: NameFeatureText) {
      let place = TableKey.mix(key) & (Self.size - 1)
      if counts[place] < 255 { counts[place] += 1 }
    }
  }

  /// Second round: the entries that are frequent enough get numbers, and each name its list of them.
  private struct EntryListing: NameFeatureVisitor {
    let counts: [UInt8]
    var index = KeyTable(capacity: 1 << 16)
    var entries: [Entry] = []
    var ids: [UInt32] = []
    var starts = [0]
    var sequenceStarts: [Int] = []
    private var name: Int32 = 0

    init(counts: [UInt8]) { self.counts = counts }

    mutating func begin(_ row: Int) { name = Int32(row) }

    mutating func end() {
      if sequenceStarts.count < starts.count { sequenceStarts.append(ids.count) }
      starts.append(ids.count)
    }

    mutating func visit(_ term: NameTerm, bin: Int) {
      ids.append(UInt32(NameModel.offsets[term.rawValue] / 2 + bin))
    }

    mutating func visit(_ term: NameTerm, key: UInt64, text: NameFeatureText) {
      if term == .ngrams, sequenceStarts.count < starts.count { sequenceStarts.append(ids.count) }
      guard counts[TableKey.mix(key) & (EntryCounter.size - 1)] >= FeatureListing.leastCount else { return }
      if let known = index.value(key) {
        ids.append(UInt32(known))
      } else if index.insert(key, UInt64(FeatureListing.numberCount + entries.count)) {
        ids.append(UInt32(FeatureListing.numberCount + entries.count))
        entries.append(Entry(term: term, text: text, name: name))
      }
    }
  }
}
