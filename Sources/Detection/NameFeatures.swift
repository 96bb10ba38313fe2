/// Takes what `NameFeatures` finds in a name.
package protocol NameFeatureVisitor {
  /// The bin of a table by number.
  mutating func visit(_ term: NameTerm, bin: Int)
  /// An entry of a table by text; the key is that of the text.
  mutating func visit(_ term: NameTerm, key: UInt64, text: NameFeatureText)
}

/// Where the text of an entry comes from. Texts are only made for people and for the model file.
package enum NameFeatureText: Hashable, Sendable {
  case suffix, topLevel
  /// Of the label between `^` and `$`.
  case framed(start: Int, count: Int)
  /// `^ab.top`
  case head(Int)
  /// `ab.top`
  case tail(Int)
  /// `ab..co.uk`
  case tailWithSuffix(Int)
  case token(Range<Int>)
  /// `co.uk l7`
  case pair(kind: UInt8, value: Int)
  case skeleton(withTopLevel: Bool)
  case ends
}

/// Everything the model looks at, computed from the registered domain alone. Integers throughout, so
/// that every machine gets the same.
package enum NameFeatures {
  package static let longestSequence = 5
  package static let longestWord = 12

  package static func visit<Visitor: NameFeatureVisitor>(
    _ name: Span<UInt8>, _ domain: RegisteredDomain, costs: CharacterCosts, unfamiliar: Int,
    words: KeyTable, into visitor: inout Visitor
  ) {
    visitor.visit(.base, bin: 0)
    let topLevel = domain.topLevel(of: name)
    visitSuffix(name, domain, topLevel, into: &visitor)
    let counts = visitCounts(name, domain.label, into: &visitor)
    let unusual = visitCosts(costs, domain.label.count, into: &visitor)
    let cover = visitWords(name, domain.label, letters: counts.letters, words, into: &visitor)
    visitPairs(counts, unusual: unusual, unfamiliar: unfamiliar, cover: cover, into: &visitor)
    visitSuffixPairs(name, domain, counts, unusual: unusual, cover: cover, into: &visitor)
    visitSkeleton(name, domain.label, topLevel, into: &visitor)
    visitEndings(name, domain, topLevel, into: &visitor)
    visitTokens(name, domain.label, into: &visitor)
    visitSequences(name, domain.label, into: &visitor)
  }

  private static func visitSuffix<Visitor: NameFeatureVisitor>(
    _ name: Span<UInt8>, _ domain: RegisteredDomain, _ topLevel: Range<Int>, into visitor: inout Visitor
  ) {
    visitor.visit(.suffix, key: key(.suffix, name, domain.suffix), text: .suffix)
    visitor.visit(.topLevel, key: key(.topLevel, name, topLevel), text: .topLevel)
    var dots = 0
    for index in domain.suffix where name[index] == UInt8(ascii: ".") { dots += 1 }
    visitor.visit(
      .suffixKind, bin: domain.kind.rawValue * 8 + min(dots, 3) * 2 + (topLevel.count == 2 ? 1 : 0))
    visitor.visit(.topLevelLength, bin: min(topLevel.count, 12))
  }

  /// What several tables count in a label.
  private struct Counts {
    var length = 0
    var letters = 0
    var digits = 0
    var hyphens = 0
    var distinct = 0
    var vowelShare = 0
    var alternation = 0
    var rareLetters = 0
    var highest = 0
    var switches = 0
    var doubles = 0
  }

  private static func visitCounts<Visitor: NameFeatureVisitor>(
    _ name: Span<UInt8>, _ label: Range<Int>, into visitor: inout Visitor
  ) -> Counts {
    var result = Counts()
    var alternationRun = 0
    var previous: NameCharacters.Kind?
    var counts = InlineArray<38, Int>(repeating: 0)
    var (digits, hyphens, vowels, letters) = (0, 0, 0, 0)
    var (digitRun, consonantRun, vowelRun) = (0, 0, 0)
    var (digitMost, consonantMost, vowelMost) = (0, 0, 0)
    for index in label {
      let byte = name[index]
      counts[NameCharacters.code(byte)] += 1
      let kind = NameCharacters.kind(byte)
      digitRun = kind == .digit ? digitRun + 1 : 0
      consonantRun = kind == .consonant ? consonantRun + 1 : 0
      vowelRun = kind == .vowel ? vowelRun + 1 : 0
      digitMost = max(digitMost, digitRun)
      consonantMost = max(consonantMost, consonantRun)
      vowelMost = max(vowelMost, vowelRun)
      let isLetter = kind == .vowel || kind == .consonant
      if isLetter {
        let follows = previous == .vowel && kind == .consonant || previous == .consonant && kind == .vowel
        alternationRun = follows ? alternationRun + 1 : 1
        result.highest = max(result.highest, Int(byte) - 0x60)
        if NameCharacters.isRare(byte) { result.rareLetters += 1 }
      } else {
        alternationRun = 0
      }
      result.alternation = max(result.alternation, alternationRun)
      if let previous {
        if (previous == .digit) != (kind == .digit) { result.switches += 1 }
        if name[index - 1] == byte { result.doubles += 1 }
      }
      previous = kind
      switch kind {
      case .digit: digits += 1
      case .mark: hyphens += 1
      case .vowel:
        vowels += 1
        letters += 1
      case .consonant: letters += 1
      }
    }
    let length = label.count
    var distinct = 0
    var content = length * FixedLogarithm.base2[length]
    for code in counts.indices where counts[code] > 0 {
      distinct += 1
      content -= counts[code] * FixedLogarithm.base2[counts[code]]
    }
    visitor.visit(.length, bin: min(length, 40))
    visitor.visit(.digits, bin: min(digits, 12))
    visitor.visit(.hyphens, bin: min(hyphens, 6))
    visitor.visit(.digitRun, bin: min(digitMost, 10))
    visitor.visit(.vowelShare, bin: letters > 0 ? vowels * 20 / letters + 1 : 0)
    visitor.visit(.consonantRun, bin: min(consonantMost, 10))
    visitor.visit(.vowelRun, bin: min(vowelMost, 6))
    visitor.visit(.entropy, bin: min(content * 6 / (length * FixedLogarithm.one), 31))
    visitor.visit(.distinct, bin: min(distinct, 24))
    visitor.visit(.switches, bin: min(result.switches, 9) * 10 + min(digits, 9))
    visitor.visit(.doubles, bin: min(result.doubles, 5))
    (result.length, result.letters, result.digits, result.hyphens) = (length, letters, digits, hyphens)
    result.distinct = distinct
    result.vowelShare = letters > 0 ? vowels * 10 / letters + 1 : 0
    return result
  }

  /// Returns the mean as the tables count it.
  private static func visitCosts<Visitor: NameFeatureVisitor>(
    _ costs: CharacterCosts, _ length: Int, into visitor: inout Visitor
  ) -> Int {
    var (sum, window, worst, best) = (0, 0, 0, Int.max)
    for position in 0...length {
      sum += Int(costs[position])
      window += Int(costs[position])
      if position >= 6 { window -= Int(costs[position - 6]) }
      worst = max(worst, window)
      if position >= min(5, length) { best = min(best, window) }
    }
    let mean = sum * 3 / (8 * (length + 1))
    visitor.visit(.unusualMean, bin: min(mean, 95))
    visitor.visit(.unusualWorst, bin: min(worst / 16, 60))
    visitor.visit(.unusualSum, bin: min(sum / 64, 60))
    visitor.visit(.usualBest, bin: min(best / 16, 60))
    return mean
  }

  /// Tables of two shapes at once: what is ordinary in a short label is not in a long one.
  private static func visitPairs<Visitor: NameFeatureVisitor>(
    _ counts: Counts, unusual: Int, unfamiliar: Int, cover: Int, into visitor: inout Visitor
  ) {
    let length = min(counts.length, 24)
    visitor.visit(.lengthUnusual, bin: length * 24 + min(unusual / 4, 23))
    visitor.visit(.lengthUnfamiliar, bin: length * 49 + min(unfamiliar, 48))
    visitor.visit(.lengthCover, bin: length * 13 + cover)
    visitor.visit(.lengthVowels, bin: length * 12 + counts.vowelShare)
    visitor.visit(.lengthDistinct, bin: length * 25 + min(counts.distinct, 24))
    visitor.visit(.lengthDigits, bin: length * 13 + min(counts.digits, 12))
    visitor.visit(.lengthAlternation, bin: length * 17 + min(counts.alternation, 16))
    visitor.visit(.lengthRareLetters, bin: length * 9 + min(counts.rareLetters, 8))
    visitor.visit(.highestLetter, bin: counts.highest * 7 + min(counts.length / 4, 6))
  }

  private static func visitSuffixPairs<Visitor: NameFeatureVisitor>(
    _ name: Span<UInt8>, _ domain: RegisteredDomain, _ counts: Counts, unusual: Int, cover: Int,
    into visitor: inout Visitor
  ) {
    var start = TableKey.start(.suffixPairs)
    for index in domain.suffix { start = TableKey.extend(start, name[index]) }
    start = TableKey.extend(start, UInt8(ascii: " "))
    func visit(_ kind: UInt8, _ value: Int) {
      var key = TableKey.extend(start, kind)
      if value >= 10 { key = TableKey.extend(key, UInt8(ascii: "0") + UInt8(value / 10)) }
      key = TableKey.extend(key, UInt8(ascii: "0") + UInt8(value % 10))
      visitor.visit(.suffixPairs, key: key, text: .pair(kind: kind, value: value))
    }
    visit(UInt8(ascii: "l"), min(counts.length, 24))
    visit(UInt8(ascii: "u"), min(unusual / 6, 15))
    visit(UInt8(ascii: "w"), cover / 2)
    visit(UInt8(ascii: "d"), min(counts.digits, 6))
    visit(UInt8(ascii: "h"), min(counts.hyphens, 3))
  }

  /// Known words laid into the label without overlap so that they cover the most characters, and of
  /// such layings the one with the fewest words.
  private static func visitWords<Visitor: NameFeatureVisitor>(
    _ name: Span<UInt8>, _ label: Range<Int>, letters: Int, _ words: KeyTable, into visitor: inout Visitor
  ) -> Int {
    let length = label.count
    var next = InlineArray<64, Int>(repeating: 0)
    var covered = InlineArray<64, Int>(repeating: 0)
    var used = InlineArray<64, Int>(repeating: 0)
    // Going backwards lets the key of a word grow at its end.
    var start = length - 1
    while start >= 0 {
      covered[start] = covered[start + 1]
      used[start] = used[start + 1]
      next[start] = start + 1
      var key = TableKey.start(.wordCover)
      var end = start
      while end < length, end - start < longestWord {
        let byte = name[label.lowerBound + end]
        guard byte >= 0x61, byte <= 0x7A else { break }
        key = TableKey.extend(key, byte)
        end += 1
        guard end - start >= 3, words.value(key) != nil else { continue }
        let cover = covered[end] + end - start
        if cover > covered[start] || (cover == covered[start] && used[end] + 1 < used[start]) {
          covered[start] = cover
          used[start] = used[end] + 1
          next[start] = end
        }
      }
      start -= 1
    }
    start = 0
    while start < length {
      if next[start] - start > 4 {
        let word = (label.lowerBound + start)..<(label.lowerBound + next[start])
        visitor.visit(.laidWords, key: key(.laidWords, name, word), text: .token(word))
      }
      start = next[start]
    }
    let cover = min(12, covered[0] * 12 / max(1, letters))
    visitor.visit(.wordCover, bin: cover)
    visitor.visit(.words, bin: min(used[0], 6) * 8 + min(3, (letters - covered[0]) / 3))
    return cover
  }

  private static func visitSkeleton<Visitor: NameFeatureVisitor>(
    _ name: Span<UInt8>, _ label: Range<Int>, _ topLevel: Range<Int>, into visitor: inout Visitor
  ) {
    var key = TableKey.start(.skeleton)
    forEachRun(name, label) { letter, run in
      key = TableKey.extend(key, letter)
      if run >= 10 { key = TableKey.extend(key, UInt8(ascii: "0") + UInt8(run / 10)) }
      key = TableKey.extend(key, UInt8(ascii: "0") + UInt8(run % 10))
    }
    visitor.visit(.skeleton, key: key, text: .skeleton(withTopLevel: false))
    key = TableKey.extend(key, UInt8(ascii: "."))
    for index in topLevel { key = TableKey.extend(key, name[index]) }
    visitor.visit(.skeleton, key: key, text: .skeleton(withTopLevel: true))
    let ends =
      TableKey.extend(
        TableKey.extend(TableKey.start(.ends), letter(name[label.lowerBound])),
        letter(name[label.upperBound - 1]))
    visitor.visit(.ends, key: ends, text: .ends)
  }

  /// Runs of letters (`L`), digits (`D`) and marks (`-`); counted up to 20, 9 and 9.
  private static func forEachRun(
    _ name: Span<UInt8>, _ label: Range<Int>, _ body: (UInt8, Int) -> Void
  ) {
    func kind(_ byte: UInt8) -> UInt8 {
      switch NameCharacters.kind(byte) {
      case .digit: UInt8(ascii: "D")
      case .mark: UInt8(ascii: "-")
      case .vowel, .consonant: UInt8(ascii: "L")
      }
    }
    var start = label.lowerBound
    while start < label.upperBound {
      let letter = kind(name[start])
      var end = start + 1
      while end < label.upperBound, kind(name[end]) == letter { end += 1 }
      body(letter, min(end - start, letter == UInt8(ascii: "L") ? 20 : 9))
      start = end
    }
  }

  /// Vowel, consonant, digit or mark as a letter.
  private static func letter(_ byte: UInt8) -> UInt8 {
    switch NameCharacters.kind(byte) {
    case .vowel: UInt8(ascii: "V")
    case .consonant: UInt8(ascii: "C")
    case .digit: UInt8(ascii: "D")
    case .mark: UInt8(ascii: "-")
    }
  }

  private static func visitEndings<Visitor: NameFeatureVisitor>(
    _ name: Span<UInt8>, _ domain: RegisteredDomain, _ topLevel: Range<Int>, into visitor: inout Visitor
  ) {
    let label = domain.label
    func key(_ start: UInt64, _ part: Range<Int>, dots: Int, _ suffix: Range<Int>) -> UInt64 {
      var key = start
      for index in part { key = TableKey.extend(key, name[index]) }
      for _ in 0..<dots { key = TableKey.extend(key, UInt8(ascii: ".")) }
      for index in suffix { key = TableKey.extend(key, name[index]) }
      return key
    }
    let start = TableKey.start(.endings)
    let framed = TableKey.extend(start, UInt8(ascii: "^"))
    for count in 1...4 where count <= label.count {
      let tail = (label.upperBound - count)..<label.upperBound
      visitor.visit(.endings, key: key(start, tail, dots: 1, topLevel), text: .tail(count))
      if count < 4, topLevel != domain.suffix {
        visitor.visit(
          .endings, key: key(start, tail, dots: 2, domain.suffix), text: .tailWithSuffix(count))
      }
      if count > 1 {
        let head = label.lowerBound..<(label.lowerBound + count)
        visitor.visit(.endings, key: key(framed, head, dots: 1, topLevel), text: .head(count))
      }
    }
  }

  private static func visitTokens<Visitor: NameFeatureVisitor>(
    _ name: Span<UInt8>, _ label: Range<Int>, into visitor: inout Visitor
  ) {
    var start = label.lowerBound
    var isWhole = true
    for index in label.lowerBound...label.upperBound {
      let isEnd = index == label.upperBound
      guard isEnd || name[index] == UInt8(ascii: "-") else { continue }
      if !isEnd { isWhole = false }
      if index - start > 1, !isWhole {
        visitor.visit(.tokens, key: key(.tokens, name, start..<index), text: .token(start..<index))
      }
      start = index + 1
    }
  }

  /// Sequences of the label framed as `^label$`, without the frame's single characters.
  private static func visitSequences<Visitor: NameFeatureVisitor>(
    _ name: Span<UInt8>, _ label: Range<Int>, into visitor: inout Visitor
  ) {
    let length = label.count + 2
    func framed(_ position: Int) -> UInt8 {
      if position == 0 { return UInt8(ascii: "^") }
      return position == length - 1 ? UInt8(ascii: "$") : name[label.lowerBound + position - 1]
    }
    for start in 0..<(length - 1) {
      var key = TableKey.start(.ngrams)
      for position in start..<min(start + longestSequence, length) {
        key = TableKey.extend(key, framed(position))
        if position > start || start > 0 {
          visitor.visit(.ngrams, key: key, text: .framed(start: start, count: position - start + 1))
        }
      }
    }
  }

  private static func key(_ term: NameTerm, _ name: Span<UInt8>, _ range: Range<Int>) -> UInt64 {
    var key = TableKey.start(term)
    for index in range { key = TableKey.extend(key, name[index]) }
    return key
  }

  /// The text of an entry.
  package static func text(
    _ text: NameFeatureText, _ name: Span<UInt8>, _ domain: RegisteredDomain
  ) -> String {
    func slice(_ range: Range<Int>) -> String {
      var bytes: [UInt8] = []
      for index in range { bytes.append(name[index]) }
      return String(decoding: bytes, as: UTF8.self)
    }
    let label = domain.label
    let topLevel = domain.topLevel(of: name)
    switch text {
    case .suffix: return slice(domain.suffix)
    case .topLevel: return slice(topLevel)
    case .framed(let start, let count):
      let body = "^" + slice(label) + "$"
      return String(body.dropFirst(start).prefix(count))
    case .head(let count): return "^" + slice(label.prefix(count)) + "." + slice(topLevel)
    case .tail(let count): return slice(label.suffix(count)) + "." + slice(topLevel)
    case .tailWithSuffix(let count): return slice(label.suffix(count)) + ".." + slice(domain.suffix)
    case .token(let range): return slice(range)
    case .pair(let kind, let value):
      return slice(domain.suffix) + " " + String(UnicodeScalar(kind)) + String(value)
    case .skeleton(let withTopLevel):
      var skeleton = ""
      forEachRun(name, label) { letter, run in skeleton += String(UnicodeScalar(letter)) + String(run) }
      return withTopLevel ? skeleton + "." + slice(topLevel) : skeleton
    case .ends:
      return String(UnicodeScalar(letter(name[label.lowerBound])))
        + String(UnicodeScalar(letter(name[label.upperBound - 1])))
    }
  }
}
