import Detection

/// What all fits stand on: the language, words and suffixes of ordinary names that are never held out.
struct OrdinaryGround {
  let language: OrdinaryLanguage
  let characters: CharacterModel
  let frequencies: SequenceFrequencies
  let familiar: FamiliarSequences
  let wordList: [String]
  let words: KeyTable
  let suffixes: SuffixTable

  /// From the ordinary names among `learns`.
  init(_ names: TrainingNames, _ learns: [Bool], _ suffixes: SuffixTable) {
    var language = OrdinaryLanguage()
    var words = OrdinaryWords()
    var frequencies = SequenceFrequencies()
    for index in 0..<names.count where learns[index] && names.origins[index] == .ordinary {
      let label = names.name(index).prefix { $0 != UInt8(ascii: ".") }
      guard !label.starts(with: "xn--".utf8) else { continue }
      language.add(label)
      words.add(label)
      frequencies.add(label)
    }
    language.close()
    self.language = language
    characters = language.model
    self.frequencies = frequencies
    familiar = frequencies.familiar
    wordList = words.list
    var table = KeyTable(capacity: wordList.count)
    for word in wordList { _ = table.insert(TableKey.of(.wordCover, word.utf8), 0) }
    self.words = table
    self.suffixes = suffixes
  }

  /// Shows a visitor the features of names that are learned from.
  func visit<Visitor: NameFeatureVisitor>(
    _ rows: [Int], _ names: TrainingNames, into visitor: inout Visitor, _ progress: (Double) -> Void
  ) {
    for (done, row) in rows.enumerated() {
      if done & 0xFFFF == 0 { progress(Double(done) / Double(rows.count)) }
      visit(row, names, into: &visitor)
    }
  }

  /// The features of one name; of an ordinary name, which the language was learned from, without its own
  /// share.
  func visit<Visitor: NameFeatureVisitor>(_ row: Int, _ names: TrainingNames, into visitor: inout Visitor) {
    let name = Array(names.name(row))
    guard let domain = suffixes.registeredDomain(of: name.span) else { return }
    let label = name[domain.label]
    let wasCounted = names.origins[row] == .ordinary && !label.starts(with: "xn--".utf8)
    NameFeatures.visit(
      name.span, domain,
      costs: wasCounted ? language.costsWithoutItself(label) : characters.costs(of: name.span, domain.label),
      unfamiliar: wasCounted
        ? frequencies.unfamiliarWithoutItself(label) : familiar.unfamiliar(of: name.span, domain.label),
      words: words, into: &visitor)
  }

  /// The sections of the model file that follow from ordinary names alone, and the suffixes.
  func text(_ suffixList: [(text: String, kind: SuffixKind)]) -> String {
    var text = ""
    func heading(_ section: NameModelSection) { text += "\n[\(section.heading)]\n" }
    heading(.characters)
    let alphabet = Array("^abcdefghijklmnopqrstuvwxyz0123456789-".unicodeScalars)
    for first in 0..<38 {
      for second in 0..<38 {
        let start = (first * 38 + second) * 38
        let costs = characters.table[start..<(start + 38)].map(String.init).joined(separator: " ")
        text += "\(alphabet[first])\(alphabet[second])\t\(costs)\n"
      }
    }
    heading(.familiar)
    for context in 0..<(38 * 38 * 38) {
      func following(_ level: UInt8) -> String {
        var found = ""
        for next in 0..<38 where familiar.table[context * 38 + next] == level {
          found.unicodeScalars.append(alphabet[next])
        }
        return found
      }
      let next = familiar.table[(context * 38)..<(context * 38 + 38)]
      guard next.contains(where: { $0 > 0 }) else { continue }
      let (often, seldom) = (following(2), following(1))
      text +=
        "\(alphabet[context / (38 * 38)])\(alphabet[context / 38 % 38])\(alphabet[context % 38])\t"
        + "\(often)\t\(seldom)\n"
    }
    heading(.words)
    for word in wordList { text += word + "\n" }
    heading(.suffixes)
    for suffix in suffixList { text += "\(suffix.text)\t\(suffix.kind.rawValue)\n" }
    return text
  }
}
