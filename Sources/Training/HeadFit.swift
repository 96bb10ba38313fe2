import Detection
import Foundation

func exponent(_ base: Double, _ power: Double) -> Double { pow(base, power) }

/// What a fit found: the weight of every bin and every entry by text, in logits.
struct HeadWeights {
  var numbers: [Float]
  var texts: [(term: NameTerm, key: UInt64, weight: Float)]
}

/// Fits one head by logistic regression over the tables' bins and entries.
///
/// Follow-the-regularised-leader with per-entry steps (McMahan et al., KDD 2013), which leaves entries
/// that contribute little at exactly zero. One thread and a seeded order: the same data gives the same
/// weights.
struct HeadFit {
  let settings: HeadSettings
  private var index = KeyTable(capacity: 1 << 21)
  private var entries: [(term: NameTerm, key: UInt64)] = []
  private var ids: [UInt32] = []
  private var starts: [Int] = [0]
  /// Where the sequences of a name begin among its ids; they are last.
  private var sequenceStarts: [Int] = []
  private var rows: [Int] = []
  private static let sketchSize = 1 << 26

  private static let numberCount = NameModel.offsets[NameTerm.allCases.count] / 2

  init(_ settings: HeadSettings) { self.settings = settings }

  mutating func weights(
    _ names: TrainingNames, _ weights: [Float], _ ground: SplitGround, _ progress: (Double) -> Void
  ) -> HeadWeights {
    rows = weights.indices.filter { weights[$0] > 0 }
    var counter = EntryCounter(settings: settings)
    ground.visit(rows, names, into: &counter) { progress(0.25 * $0) }
    var listing = EntryListing(settings: settings, counter: counter, base: Self.numberCount)
    ground.visit(rows, names, into: &listing) { progress(0.25 + 0.25 * $0) }
    listing.endName()
    (index, entries, ids, starts, sequenceStarts) =
      (listing.index, listing.entries, listing.ids, listing.starts, listing.sequenceStarts)
    return descend(names, weights) { progress(0.5 + 0.5 * $0) }
  }

  private func descend(
    _ names: TrainingNames, _ weights: [Float], _ progress: (Double) -> Void
  ) -> HeadWeights {
    let size = Self.numberCount + entries.count
    var thresholds = [Float](repeating: settings.numberThreshold, count: size)
    for (offset, entry) in entries.enumerated() {
      let isPlain = entry.term == .suffix || entry.term == .topLevel
      thresholds[Self.numberCount + offset] = isPlain ? settings.numberThreshold : settings.textThreshold
    }
    var gradients = [Float](repeating: 0, count: size)
    var squares = [Float](repeating: 0, count: size)
    func weight(_ id: Int) -> Float {
      let gradient = gradients[id]
      let threshold = thresholds[id]
      guard gradient.magnitude > threshold else { return 0 }
      return -(gradient - (gradient > 0 ? threshold : -threshold))
        / ((1 + squares[id].squareRoot()) / settings.rate + settings.shrinkage)
    }
    var order = Array(rows.indices)
    var random = RandomNumbers(seed: 1)
    var current = [Float](repeating: 0, count: 1024)
    for pass in 0..<settings.passes {
      for position in stride(from: order.count - 1, to: 0, by: -1) {
        order.swapAt(position, random.below(position + 1))
      }
      for (done, row) in order.enumerated() {
        if done & 0xFFFF == 0 {
          progress((Double(pass) + Double(done) / Double(order.count)) / Double(settings.passes))
        }
        let (start, sequences, end) = (starts[row], sequenceStarts[row], starts[row + 1])
        let name = rows[row]
        let factor = Self.sequenceFactor(names.name(name))
        var (plain, sequence): (Float, Float) = (0, 0)
        for place in start..<end {
          let value = weight(Int(ids[place]))
          current[place - start] = value
          if place < sequences { plain += value } else { sequence += value }
        }
        let share = 1 / (1 + expf(-(plain + sequence * factor)))
        let target: Float = names.origins[name] == .ordinary ? 0 : 1
        let error = (share - target) * weights[name]
        for place in start..<end {
          let id = Int(ids[place])
          let gradient = place < sequences ? error : error * factor
          let square = gradient * gradient
          let step = ((squares[id] + square).squareRoot() - squares[id].squareRoot()) / settings.rate
          gradients[id] += gradient - step * current[place - start]
          squares[id] += square
        }
      }
    }
    return HeadWeights(
      numbers: (0..<Self.numberCount).map { weight($0) },
      texts: entries.enumerated().compactMap { offset, entry in
        let value = weight(Self.numberCount + offset)
        return value == 0 ? nil : (entry.term, entry.key, value)
      })
  }

  /// As the model counts sequences of long labels.
  private static func sequenceFactor(_ name: ArraySlice<UInt8>) -> Float {
    let length = (name.firstIndex(of: UInt8(ascii: ".")) ?? name.endIndex) - name.startIndex
    return Float(NameModel.fullLength) / Float(max(NameModel.fullLength, length))
  }

  /// First round: how many names have an entry, in a sketch that may count too many, never too few.
  private struct EntryCounter: NameFeatureVisitor {
    let settings: HeadSettings
    var counts = [UInt8](repeating: 0, count: HeadFit.sketchSize)

    mutating func visit(_ term: NameTerm, bin: Int) {}

    mutating func visit(_ term: NameTerm, key: UInt64, text: NameFeatureText) {
      guard settings.covers(term, text) else { return }
      let place = TableKey.mix(key) & (HeadFit.sketchSize - 1)
      if counts[place] < 255 { counts[place] += 1 }
    }
  }

  /// Second round: the entries that are frequent enough get numbers, and each name its list of them.
  private struct EntryListing: NameFeatureVisitor {
    let settings: HeadSettings
    let counter: EntryCounter
    let base: Int
    var index = KeyTable(capacity: 1 << 21)
    var entries: [(term: NameTerm, key: UInt64)] = []
    var ids: [UInt32] = []
    var starts: [Int] = []
    var sequenceStarts: [Int] = []
    private var inSequences = false

    init(settings: HeadSettings, counter: EntryCounter, base: Int) {
      self.settings = settings
      self.counter = counter
      self.base = base
    }

    mutating func endName() {
      if !inSequences, !starts.isEmpty { sequenceStarts.append(ids.count) }
      starts.append(ids.count)
      inSequences = false
    }

    mutating func visit(_ term: NameTerm, bin: Int) {
      // The base value comes first for each name.
      if term == .base { endName() }
      if settings.terms.contains(term) {
        ids.append(UInt32(NameModel.offsets[term.rawValue] / 2 + bin))
      }
    }

    mutating func visit(_ term: NameTerm, key: UInt64, text: NameFeatureText) {
      if term == .ngrams, !inSequences {
        sequenceStarts.append(ids.count)
        inSequences = true
      }
      guard settings.covers(term, text),
        counter.counts[TableKey.mix(key) & (HeadFit.sketchSize - 1)] >= settings.leastCount
      else { return }
      if let known = index.value(key) {
        ids.append(UInt32(known))
      } else if index.insert(key, UInt64(base + entries.count)) {
        ids.append(UInt32(base + entries.count))
        entries.append((term, key))
      }
    }
  }
}

extension HeadSettings {
  func covers(_ term: NameTerm, _ text: NameFeatureText) -> Bool {
    if case .framed(_, let count) = text, count > longestSequence { return false }
    return terms.contains(term)
  }
}

/// What both heads of a split stand on: the language, words and suffixes of its ordinary names.
struct SplitGround {
  let language: OrdinaryLanguage
  let characters: CharacterModel
  let wordList: [String]
  let words: KeyTable
  let suffixes: SuffixTable

  init(_ names: TrainingNames, _ learns: [Bool], _ suffixes: SuffixTable) {
    var language = OrdinaryLanguage()
    var words = OrdinaryWords()
    for index in 0..<names.count where learns[index] && names.origins[index] == .ordinary {
      let label = names.name(index).prefix { $0 != UInt8(ascii: ".") }
      guard !label.starts(with: "xn--".utf8) else { continue }
      language.add(label)
      words.add(label)
    }
    language.close()
    self.language = language
    characters = language.model
    wordList = words.list
    var table = KeyTable(capacity: wordList.count)
    for word in wordList { _ = table.insert(TableKey.of(.wordCover, word.utf8), 0) }
    self.words = table
    self.suffixes = suffixes
  }

  /// Shows a visitor the features of names that are learned from.
  func visit<Visitor: NameFeatureVisitor>(
    _ rows: [Int], _ names: TrainingNames, into visitor: inout Visitor,
    _ progress: (Double) -> Void = { _ in }
  ) {
    for (done, row) in rows.enumerated() {
      if done & 0xFFFF == 0 { progress(Double(done) / Double(rows.count)) }
      let name = names.name(row)
      let bytes = Array(name)
      guard let domain = suffixes.registeredDomain(of: bytes.span) else { continue }
      let label = name.prefix(domain.label.count)
      let costs =
        names.origins[row] == .ordinary && !label.starts(with: "xn--".utf8)
        ? language.costsWithoutItself(label) : characters.costs(of: bytes.span, domain.label)
      NameFeatures.visit(bytes.span, domain, costs: costs, words: words, into: &visitor)
    }
  }
}
