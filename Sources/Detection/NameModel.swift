import Language
public import NetworkTypes

/// The additive model over registered domains, as trained by `sekisho train`.
///
/// A name has one value in each table. The values of a head are added; the larger of the two sums is
/// the score, in points: 80 is reached by one in 10,000 and 40 by one in 100 of the ordinary names of
/// the training command's hold-out. All values are whole hundredths of a point, so sums are exact
/// in any order and on every machine.
///
/// The table of character sequences has many entries for one name; their sum counts in full for labels
/// up to ten characters and times 10 / length for longer ones, cut to hundredths towards zero.
public struct NameModel: ScoringModel, Hashable {
  /// `names-2 ` and the first twelve digits of the file's SHA-256.
  public let identifier: String
  /// SHA-256 of the file, hexadecimal.
  public let digest: String
  /// From which score on, in hundredths of points, one in 100, 1,000 and 10,000 ordinary names lie.
  public let thresholds: ScoreThresholds
  private let calibration: ScoreCalibration
  package let suffixes: SuffixTable
  package let characters: CharacterModel
  package let familiar: FamiliarSequences
  package let words: KeyTable
  package let numbers: [Int32]
  package let texts: KeyTable

  package static let fullLength = 10

  /// Reads a model file.
  public init(_ bytes: Span<UInt8>) throws(ModelFileError) {
    var reader = NameModelReader()
    try ModelText.read(
      bytes, firstLine: NameModelSection.firstLine, sections: NameModelSection.byHeading
    ) { (section, first, second, third, line) throws(ModelFileError) in
      try reader.take(bytes, section, first, second, third, line)
    }
    guard let thresholds = ScoreThresholds(reader.limits), reader.characterContexts == 38 * 38,
      reader.calibration.isUsable
    else {
      throw ModelFileError(
        code: .incomplete, line: 0,
        message: Phrase(
          en: "The model file is not complete: thresholds, calibration or characters are missing.",
          ja: "評価モデルのファイルが不完全です（しきい値・較正・文字の表のいずれかがありません）。"))
    }
    digest = ContentDigest.hexadecimal(of: bytes)
    identifier = "names-2 " + digest.prefix(12)
    self.thresholds = thresholds
    calibration = reader.calibration
    suffixes = reader.suffixes
    characters = CharacterModel(table: reader.characters)
    familiar = FamiliarSequences(table: reader.familiar)
    words = reader.words
    numbers = reader.numbers
    texts = reader.texts
  }

  /// Where each table by number begins in `numbers`.
  package static let offsets: [Int] = {
    var offsets: [Int] = []
    var next = 0
    for term in NameTerm.allCases {
      offsets.append(next)
      next += (term.binCount ?? 0) * 2
    }
    return offsets + [next]
  }()

  /// Scores a name of lower-case A-labels; `nil` when it has a single label.
  public func score(_ name: Span<UInt8>) -> NameScore? {
    guard let domain = suffixes.registeredDomain(of: name), domain.label.count <= 63 else { return nil }
    var sum = NameSum(numbers: numbers, texts: texts)
    NameFeatures.visit(
      name, domain, costs: characters.costs(of: name, domain.label),
      unfamiliar: familiar.unfamiliar(of: name, domain.label), words: words, into: &sum)
    let divisor = max(Self.fullLength, domain.label.count)
    return NameScore(
      naming: sum.naming + sum.namingSequences * Self.fullLength / divisor,
      generated: sum.generated + sum.generatedSequences * Self.fullLength / divisor, domain: domain)
  }

  public func score(_ name: DomainName) -> NameScore? { score(name.text.utf8Span.span) }

  /// The share of harmful names among equally many harmful and ordinary ones with this score, in the
  /// training command's hold-out.
  public func probability(_ score: NameScore) -> Double { calibration.probability(score.hundredths) }

  public static func == (a: NameModel, b: NameModel) -> Bool { a.digest == b.digest }
  public func hash(into hasher: inout Hasher) { hasher.combine(digest) }
}

/// The two sums for a name, in hundredths of points.
public struct NameScore: Hashable, Sendable {
  public let naming: Int
  public let generated: Int
  public let domain: RegisteredDomain

  /// The head with the larger sum; of equal ones `naming`.
  public var head: NameHead { naming >= generated ? .naming : .generated }
  public var hundredths: Int { max(naming, generated) }
  /// In points.
  public var points: Double { Double(hundredths) / 100 }
}

private struct NameSum: NameFeatureVisitor {
  var naming = 0
  var generated = 0
  var namingSequences = 0
  var generatedSequences = 0
  let numbers: [Int32]
  let texts: KeyTable

  init(numbers: [Int32], texts: KeyTable) {
    self.numbers = numbers
    self.texts = texts
  }

  @inline(__always)
  mutating func visit(_ term: NameTerm, bin: Int) {
    let place = NameModel.offsets[term.rawValue] + bin * 2
    naming += Int(numbers[place])
    generated += Int(numbers[place + 1])
  }

  @inline(__always)
  mutating func visit(_ term: NameTerm, key: UInt64, text: NameFeatureText) {
    guard let value = texts.value(key) else { return }
    let pair = ValuePair(value)
    if term == .ngrams {
      namingSequences += pair.naming
      generatedSequences += pair.generated
    } else {
      naming += pair.naming
      generated += pair.generated
    }
  }
}

/// The values of both heads in one word.
package struct ValuePair: Hashable, Sendable {
  package let naming: Int
  package let generated: Int

  package init(naming: Int, generated: Int) {
    self.naming = naming
    self.generated = generated
  }

  @inline(__always)
  package init(_ packed: UInt64) {
    naming = Int(Int32(truncatingIfNeeded: packed >> 32))
    generated = Int(Int32(truncatingIfNeeded: packed))
  }

  package var packed: UInt64 {
    UInt64(UInt32(truncatingIfNeeded: naming)) << 32 | UInt64(UInt32(truncatingIfNeeded: generated))
  }
}

private struct NameModelReader {
  var limits: [String: Int] = [:]
  var calibration = ScoreCalibration()
  var suffixes = SuffixTable()
  var characters = [UInt8](repeating: 255, count: 38 * 38 * 38)
  var characterContexts = 0
  var familiar = [UInt8](repeating: 0, count: 38 * 38 * 38 * 38)
  var words = KeyTable(capacity: 1 << 15)
  var numbers = [Int32](repeating: 0, count: NameModel.offsets[NameTerm.allCases.count])
  var texts = KeyTable(capacity: 1 << 18)

  mutating func take(
    _ bytes: Span<UInt8>, _ section: NameModelSection, _ first: Range<Int>, _ second: Range<Int>,
    _ third: Range<Int>, _ line: Int
  ) throws(ModelFileError) {
    switch section {
    case .about: break
    case .thresholds:
      limits[ModelText.text(bytes, first)] = try ModelText.number(bytes, second, line)
    case .calibration:
      try calibration.append(
        score: ModelText.number(bytes, first, line), probability: ModelText.number(bytes, second, line), line)
    case .suffixes:
      guard let kind = Int(ModelText.text(bytes, second)).flatMap({ SuffixKind(rawValue: $0) }) else {
        throw ModelText.malformed(line, "unknown kind of suffix", "サフィックスの種別が不明です")
      }
      guard suffixes.insert(ModelText.text(bytes, first), kind) else { throw ModelText.duplicate(line) }
    case .characters: try takeCharacters(bytes, first, second, line)
    case .familiar: try takeFamiliar(bytes, first, second, third, line)
    case .words:
      var key = TableKey.start(.wordCover)
      for index in first { key = TableKey.extend(key, bytes[index]) }
      guard words.insert(key, 0) else { throw ModelText.duplicate(line) }
    case .table(let term):
      let pair = ValuePair(
        naming: try ModelText.number(bytes, second, line), generated: try ModelText.number(bytes, third, line)
      )
      if term.binCount != nil {
        guard let bin = term.bin(ModelText.text(bytes, first)) else {
          throw ModelText.malformed(line, "no such row", "存在しない行番号です")
        }
        let place = NameModel.offsets[term.rawValue] + bin * 2
        numbers[place] = Int32(truncatingIfNeeded: pair.naming)
        numbers[place + 1] = Int32(truncatingIfNeeded: pair.generated)
      } else {
        var key = TableKey.start(term)
        for index in first { key = TableKey.extend(key, bytes[index]) }
        guard texts.insert(key, pair.packed) else { throw ModelText.duplicate(line) }
      }
    }
  }

  /// `^a<tab>12 255 ...`: the two characters before, and the cost of each of the 38 that may follow.
  private mutating func takeCharacters(
    _ bytes: Span<UInt8>, _ context: Range<Int>, _ costs: Range<Int>, _ line: Int
  ) throws(ModelFileError) {
    func code(_ byte: UInt8) -> Int { byte == UInt8(ascii: "^") ? 0 : NameCharacters.code(byte) }
    let place =
      context.count == 2
      ? (code(bytes[context.lowerBound]) * 38 + code(bytes[context.lowerBound + 1])) * 38 : -1
    var (count, value) = (0, -1)
    for index in costs.lowerBound...costs.upperBound {
      let byte = index < costs.upperBound ? bytes[index] : UInt8(ascii: " ")
      if byte >= 0x30, byte <= 0x39, value < 256 {
        value = max(0, value) * 10 + Int(byte - 0x30)
      } else if byte == UInt8(ascii: " "), (0..<256).contains(value), count < 38, place >= 0 {
        characters[place + count] = UInt8(value)
        (count, value) = (count + 1, -1)
      } else {
        count = 39
      }
    }
    guard count == 38 else {
      throw ModelText.malformed(line, "38 costs after two characters", "2 文字に続く 38 個の値が必要です")
    }
    characterContexts += 1
  }

  /// `abc<tab>de<tab>fg`: after three characters, those that follow often and those that follow seldom.
  private mutating func takeFamiliar(
    _ bytes: Span<UInt8>, _ context: Range<Int>, _ often: Range<Int>, _ seldom: Range<Int>, _ line: Int
  ) throws(ModelFileError) {
    guard context.count == 3 else {
      throw ModelText.malformed(line, "three characters are needed", "先頭に 3 文字が必要です")
    }
    var place = 0
    for index in context { place = place * 38 + NameCharacters.code(bytes[index]) }
    for (range, value) in [(often, UInt8(2)), (seldom, 1)] {
      for index in range { familiar[place * 38 + NameCharacters.code(bytes[index])] = value }
    }
  }
}
