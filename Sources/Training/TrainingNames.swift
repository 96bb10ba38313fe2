import Detection

/// The names to learn from, as registered domains.
struct TrainingNames {
  enum Origin: UInt8 { case ordinary, malicious, generated, synthetic }

  private(set) var bytes: [UInt8] = []
  private(set) var starts: [Int] = [0]
  private(set) var origins: [Origin] = []
  /// Index in `familyNames`.
  private(set) var families: [Int] = []
  /// 0 for entries that were listed at the first snapshot or before, then one a month.
  private(set) var months: [UInt8] = []
  /// Of rank 100,001 to 1,000,000: the ordinary names that are hard to tell.
  private(set) var isHard: [Bool] = []
  private(set) var hashes: [UInt64] = []
  private(set) var familyNames: [String] = []
  private var familyIndex: [String: Int] = [:]
  private var seen = KeyTable(capacity: 1 << 21)

  var count: Int { origins.count }

  func name(_ index: Int) -> ArraySlice<UInt8> { bytes[starts[index]..<starts[index + 1]] }

  /// Adds the registered domain of a name; one that is there already is left out.
  mutating func add(
    _ name: Substring, _ origin: Origin, family: String, month: UInt8, isHard hard: Bool,
    _ suffixes: SuffixTable
  ) {
    let text = Array(name.utf8)
    guard let domain = suffixes.registeredDomain(of: text.span), domain.label.count <= 63 else { return }
    let registered = text[domain.label.lowerBound...]
    let hash = TableKey.of(.base, registered)
    guard seen.insert(hash, 0) else { return }
    bytes += registered
    starts.append(bytes.count)
    origins.append(origin)
    months.append(month)
    isHard.append(hard)
    hashes.append(hash)
    if let known = familyIndex[family] {
      families.append(known)
    } else {
      familyIndex[family] = familyNames.count
      families.append(familyNames.count)
      familyNames.append(family)
    }
  }

  /// Of the ordinary names this many in 100 are never learned from.
  private static let keptApartShare = 15

  func isKeptApart(_ index: Int) -> Bool {
    origins[index] == .ordinary && draw(index, 1) < Self.keptApartShare
  }

  /// A number below 100 that depends on the name and a purpose only.
  func draw(_ index: Int, _ purpose: UInt8) -> Int {
    Self.draw(hashes[index], purpose)
  }

  static func draw(_ hash: UInt64, _ purpose: UInt8) -> Int {
    (TableKey.mix(TableKey.extend(hash, purpose)) & 0xFFFF_FFFF) % 100
  }
}
