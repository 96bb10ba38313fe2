import Detection
import Foundation

/// How often characters follow each other in ordinary names, and the costs that follow from it.
///
/// Interpolated after Witten and Bell over contexts of two, one and no characters. For a name that was
/// itself counted, its own share is taken out first; otherwise names learned from would look less
/// unusual than names never seen.
struct OrdinaryLanguage {
  private var triples = [Int32](repeating: 0, count: 38 * 38 * 38)
  private var pairs = [Int32](repeating: 0, count: 38 * 38)
  private var singles = [Int32](repeating: 0, count: 38)
  private var total: Int32 = 0
  private var afterPair: [Int32] = []
  private var kindsAfterPair: [Int32] = []
  private var afterSingle: [Int32] = []
  private var kindsAfterSingle: [Int32] = []
  private var kinds: Int32 = 0

  mutating func add(_ label: ArraySlice<UInt8>) {
    var (first, second) = (0, 0)
    for code in label.lazy.map({ NameCharacters.code($0) }) + [0] {
      triples[(first * 38 + second) * 38 + code] += 1
      pairs[second * 38 + code] += 1
      singles[code] += 1
      total += 1
      (first, second) = (second, code)
    }
  }

  /// To be called when all names are added.
  mutating func close() {
    func sums(_ counts: [Int32]) -> ([Int32], [Int32]) {
      var (all, kinds): ([Int32], [Int32]) = ([], [])
      for start in stride(from: 0, to: counts.count, by: 38) {
        all.append(counts[start..<(start + 38)].reduce(0, +))
        kinds.append(Int32(counts[start..<(start + 38)].count { $0 > 0 }))
      }
      return (all, kinds)
    }
    (afterPair, kindsAfterPair) = sums(triples)
    (afterSingle, kindsAfterSingle) = sums(pairs)
    kinds = Int32(singles.count { $0 > 0 })
  }

  var model: CharacterModel {
    var table: [UInt8] = []
    for first in 0..<38 {
      for second in 0..<38 { for third in 0..<38 { table.append(cost(first, second, third, own: 0)) } }
    }
    return CharacterModel(table: table)
  }

  /// The costs of a label that was counted, without its own share.
  func costsWithoutItself(_ label: ArraySlice<UInt8>) -> CharacterCosts {
    var costs = CharacterCosts(repeating: 0)
    var (first, second, position) = (0, 0, 0)
    for code in label.lazy.map({ NameCharacters.code($0) }) + [0] {
      costs[position] = cost(first, second, code, own: 1)
      (first, second) = (second, code)
      position += 1
    }
    return costs
  }

  private func cost(_ first: Int, _ second: Int, _ third: Int, own: Int32) -> UInt8 {
    var share = 1.0 / 38
    func refine(_ count: Int32, _ all: Int32, _ kinds: Int32) {
      guard all - own > 0 else { return }
      let others = Double(max(1, count == own && own > 0 ? kinds - 1 : kinds))
      share = (Double(max(0, count - own)) + others * share) / (Double(all - own) + others)
    }
    refine(singles[third], total, kinds)
    refine(pairs[second * 38 + third], afterSingle[second], kindsAfterSingle[second])
    let context = first * 38 + second
    refine(triples[context * 38 + third], afterPair[context], kindsAfterPair[context])
    return UInt8(min(255, (-log(share) * 32).rounded()))
  }
}

/// Words that ordinary names are made of: whole labels under several suffixes, and parts between hyphens.
struct OrdinaryWords {
  private var counts: [ArraySlice<UInt8>: Int] = [:]

  static let leastCount = 5
  /// Three letters make a word by chance more easily.
  static let leastCountOfThree = 25

  mutating func add(_ label: ArraySlice<UInt8>) {
    for part in Set(label.split(separator: UInt8(ascii: "-"))) {
      guard part.count >= 3, part.count <= NameFeatures.longestWord,
        part.count < label.count || part.count > 3,
        part.allSatisfy({ $0 >= 0x61 && $0 <= 0x7A })
      else { continue }
      counts[part, default: 0] += 1
    }
  }

  var list: [String] {
    counts.filter { $0.value >= ($0.key.count == 3 ? Self.leastCountOfThree : Self.leastCount) }
      .map { String(decoding: $0.key, as: UTF8.self) }.sorted()
  }
}

/// How often sequences of four characters occur in ordinary names.
struct SequenceFrequencies {
  private(set) var counts = [Int32](repeating: 0, count: 38 * 38 * 38 * 38)

  static let seen: Int32 = 5
  static let frequent: Int32 = 50

  mutating func add(_ label: ArraySlice<UInt8>) {
    for place in Self.places(label) { counts[place] += 1 }
  }

  var familiar: FamiliarSequences {
    FamiliarSequences(table: counts.map { Self.level($0) })
  }

  /// As `FamiliarSequences.unfamiliar`, for a label that was counted, without its own share.
  func unfamiliarWithoutItself(_ label: ArraySlice<UInt8>) -> Int {
    var missing = 0
    for place in Self.places(label) { missing += 2 - Int(Self.level(counts[place] - 1)) }
    return missing
  }

  private static func level(_ count: Int32) -> UInt8 { count >= frequent ? 2 : count >= seen ? 1 : 0 }

  private static func places(_ label: ArraySlice<UInt8>) -> [Int] {
    var place = 0
    var places: [Int] = []
    for (count, byte) in label.enumerated() {
      place = (place * 38 + NameCharacters.code(byte)) % (38 * 38 * 38 * 38)
      if count >= 3 { places.append(place) }
    }
    return places
  }
}
