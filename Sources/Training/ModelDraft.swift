import Detection

/// A fitted model before its scale is fixed, and how it is written.
struct ModelDraft {
  /// From logits to hundredths of points: `offset + scale × logit`.
  struct Scale {
    var scale: Double
    var offset: Double

    static let provisional = Scale(scale: 1000, offset: 0)

    /// The scale that takes a value on this one to `factor × value + shift`.
    func then(factor: Double, shift: Double) -> Scale {
      Scale(scale: scale * factor, offset: offset * factor + shift)
    }
  }

  struct Entry {
    var term: NameTerm
    var text: String
    var naming: Float
    var generated: Float
  }

  let naming: [Float]
  let generated: [Float]
  let entries: [Entry]
  let ground: SplitGround
  let suffixList: [(text: String, kind: SuffixKind)]

  init(
    naming: HeadWeights, generated: HeadWeights, _ names: TrainingNames, _ learns: [Bool],
    _ ground: SplitGround,
    _ suffixList: [(text: String, kind: SuffixKind)]
  ) {
    self.naming = naming.numbers
    self.generated = generated.numbers
    self.ground = ground
    self.suffixList = suffixList
    var places = KeyTable(capacity: naming.texts.count + generated.texts.count)
    var entries: [Entry] = []
    for (head, weights) in [(NameHead.naming, naming), (.generated, generated)] {
      for found in weights.texts {
        let place: Int
        if let known = places.value(found.key) {
          place = Int(known)
        } else {
          place = entries.count
          guard places.insert(found.key, UInt64(place)) else { continue }
          entries.append(Entry(term: found.term, text: "", naming: 0, generated: 0))
        }
        if head == .naming {
          entries[place].naming = found.weight
        } else {
          entries[place].generated = found.weight
        }
      }
    }
    for row in 0..<names.count where learns[row] {
      let bytes = Array(names.name(row))
      guard let domain = ground.suffixes.registeredDomain(of: bytes.span) else { continue }
      var finder = TextFinder(places: places)
      NameFeatures.visit(
        bytes.span, domain, costs: CharacterCosts(repeating: 0), words: KeyTable(capacity: 0), into: &finder)
      for (place, text) in finder.found where entries[place].text.isEmpty {
        entries[place].text = NameFeatures.text(text, bytes.span, domain)
      }
    }
    self.entries = entries.sorted { ($0.term.rawValue, $0.text) < ($1.term.rawValue, $1.text) }
  }

  private struct TextFinder: NameFeatureVisitor {
    let places: KeyTable
    var found: [(Int, NameFeatureText)] = []

    init(places: KeyTable) { self.places = places }

    mutating func visit(_ term: NameTerm, bin: Int) {}
    mutating func visit(_ term: NameTerm, key: UInt64, text: NameFeatureText) {
      if let place = places.value(key) { found.append((Int(place), text)) }
    }
  }

  /// The model file.
  func text(
    _ naming: Scale, _ generated: Scale, thresholds: NameThresholds,
    calibration: [(score: Int, probability: Int)],
    about: [(String, String)]
  ) -> String {
    var text = NameModelText.firstLine + "\n"
    func heading(_ section: NameModelText.Section) { text += "\n[\(section.heading)]\n" }
    func value(_ weight: Float, _ scale: Scale, _ isBase: Bool) -> Int {
      Int((Double(weight) * scale.scale + (isBase ? scale.offset : 0)).rounded())
    }
    heading(.about)
    for (key, value) in about { text += "\(key)\t\(value)\n" }
    heading(.thresholds)
    for (share, limit) in [
      ("1", thresholds.oneIn100), ("0.1", thresholds.oneIn1000), ("0.01", thresholds.oneIn10000),
    ] { text += "\(share)\t\(NameModelText.points(limit))\n" }
    heading(.calibration)
    for step in calibration {
      text += "\(NameModelText.points(step.score))\t\(NameModelText.points(step.probability))\n"
    }
    for term in NameTerm.allCases {
      heading(.table(term))
      if let bins = term.binCount {
        for bin in 0..<bins {
          let place = NameModel.offsets[term.rawValue] / 2 + bin
          let pair = (
            value(self.naming[place], naming, term == .base),
            value(self.generated[place], generated, term == .base)
          )
          if pair != (0, 0) {
            text += "\(bin)\t\(NameModelText.points(pair.0))\t\(NameModelText.points(pair.1))\n"
          }
        }
      }
      for entry in entries where entry.term == term {
        let pair = (value(entry.naming, naming, false), value(entry.generated, generated, false))
        if pair != (0, 0) {
          text += "\(entry.text)\t\(NameModelText.points(pair.0))\t\(NameModelText.points(pair.1))\n"
        }
      }
    }
    heading(.characters)
    let characters = Array("^abcdefghijklmnopqrstuvwxyz0123456789-".unicodeScalars)
    for first in 0..<38 {
      for second in 0..<38 {
        let start = (first * 38 + second) * 38
        let costs = ground.characters.table[start..<(start + 38)].map(String.init).joined(separator: " ")
        text += "\(characters[first])\(characters[second])\t\(costs)\n"
      }
    }
    heading(.words)
    for word in ground.wordList { text += word + "\n" }
    heading(.suffixes)
    for suffix in suffixList { text += "\(suffix.text)\t\(suffix.kind.rawValue)\n" }
    return text
  }
}
