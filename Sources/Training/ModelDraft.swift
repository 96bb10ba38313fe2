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

  /// Weights of the tables' bins.
  let naming: [Float]
  let generated: [Float]
  let entries: [Entry]
  /// The sections that all models of a run share, as `OrdinaryGround.text` gives them.
  let groundText: String

  /// From the weights of all features of a listing.
  init(
    naming: [Float], generated: [Float], _ listing: FeatureListing, _ names: TrainingNames,
    _ suffixes: SuffixTable, _ groundText: String
  ) {
    let count = FeatureListing.numberCount
    self.naming = Array(naming.prefix(count))
    self.generated = Array(generated.prefix(count))
    self.groundText = groundText
    var entries: [Entry] = []
    for (offset, entry) in listing.entries.enumerated() {
      let pair = (naming[count + offset], generated[count + offset])
      let name = Array(names.name(Int(entry.name)))
      guard pair != (0, 0), let domain = suffixes.registeredDomain(of: name.span) else { continue }
      entries.append(
        Entry(
          term: entry.term, text: NameFeatures.text(entry.text, name.span, domain), naming: pair.0,
          generated: pair.1))
    }
    self.entries = entries.sorted { ($0.term.rawValue, $0.text) < ($1.term.rawValue, $1.text) }
  }

  /// The model file.
  func text(
    _ naming: Scale, _ generated: Scale, thresholds: ScoreThresholds,
    calibration: [(score: Int, probability: Int)],
    about: [(String, String)]
  ) -> String {
    var text =
      ModelHead(
        firstLine: NameModelSection.firstLine, about: about, thresholds: thresholds,
        calibration: calibration
      ).text
    func heading(_ section: NameModelSection) { text += "\n[\(section.heading)]\n" }
    func value(_ weight: Float, _ scale: Scale, _ isBase: Bool) -> Int {
      Int((Double(weight) * scale.scale + (isBase ? scale.offset : 0)).rounded())
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
            text += "\(term.row(bin))\t\(ModelText.points(pair.0))\t\(ModelText.points(pair.1))\n"
          }
        }
      }
      for entry in entries where entry.term == term {
        let pair = (value(entry.naming, naming, false), value(entry.generated, generated, false))
        if pair != (0, 0) {
          text += "\(entry.text)\t\(ModelText.points(pair.0))\t\(ModelText.points(pair.1))\n"
        }
      }
    }
    return text + groundText
  }
}
