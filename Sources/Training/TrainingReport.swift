import Detection
import Foundation

/// The training command's report.
struct TrainingReport {
  let qualities: [Quality]
  /// What some of the qualities are made of.
  let folds: [[Quality]]
  let thresholds: ScoreThresholds
  let about: [(String, String)]
  /// How many ordinary names set the thresholds.
  let heldOut: Int
  let model: String
  var reliability: [Calibration.Step] = []
  /// Ordinary names of other ranks or none, and how many reach each threshold.
  var others = (count: 0, above: [0, 0, 0])

  init(
    qualities: [Quality], folds: [[Quality]], thresholds: ScoreThresholds, about: [(String, String)],
    heldOut: Int, model: String
  ) {
    self.qualities = qualities
    self.folds = folds
    self.thresholds = thresholds
    self.about = about
    self.heldOut = heldOut
    self.model = model
  }

  var markdown: String {
    var text = "# Training report of the name model\n\n"
    text +=
      "Model file: \(model.utf8.count) bytes, SHA-256 `\(ContentDigest.hexadecimal(of: Array(model.utf8).span))`.\n\n"
    text += "| what it was made from | |\n|---|---|\n"
    for (key, value) in about { text += "| \(key) | `\(value)` |\n" }
    text += """

      ## Thresholds

      Set on \(heldOut) ordinary names of rank 100,001 to 1,000,000 that the model never saw. The last column: \
      of \(others.count) ordinary names, never seen either, that are better known or in no ranking (names given by \
      content delivery networks and hosters are among them), those that reach the score.

      | false alarms | score | other ordinary names |
      |---|---|---|

      """
    let limits = [thresholds.oneIn100, thresholds.oneIn1000, thresholds.oneIn10000]
    for (place, share) in ["1 in 100", "1 in 1,000", "1 in 10,000"].enumerated() {
      let above = Self.number(Double(others.above[place]) * 100 / Double(max(1, others.count)), 3)
      text += "| \(share) | \(ModelText.points(limits[place])) | \(above) % |\n"
    }
    text += """

      ## Quality on names that were held out

      Each row is measured by models that saw none of the names, months or families named; generated names \
      and malicious ones of a family are held out together. The share of harmful names found, at 1, 0.1 and \
      0.01 % false alarms.


      """
    text += Self.table(qualities)
    text += """

      With \(qualities.first?.ordinaryCount ?? 0) ordinary names, 0.01 % are about \
      \((qualities.first?.ordinaryCount ?? 0) / 10_000) names: the columns for 0.01 % are uncertain, the more so \
      because some of the highest-scoring names of ranking lists are themselves harmful.

      ## Folds by family

      The families are dealt to \(FamilyFolds.count) folds; each is measured by a model that saw none of its families.


      """
    text += Self.table(folds.flatMap(\.self))
    text += """

      ## Reliability

      Equally many harmful and ordinary names; ordinary traffic has far fewer harmful ones.

      ![Reliability plot](reliability.svg)

      | predicted | observed | names |
      |---|---|---|

      """
    for step in reliability {
      text += "| \(Self.number(step.predicted, 3)) | \(Self.number(step.observed, 3)) | \(step.count) |\n"
    }
    for quality in qualities {
      text +=
        "\n## Families: \(quality.split)\n\n| family | names | 1 % | 0.1 % | 0.01 % |\n|---|---|---|---|---|\n"
      for family in quality.families {
        text +=
          "| \(family.name) | \(family.count) | "
          + family.found.map { Self.number($0, 3) }.joined(separator: " | ") + " |\n"
      }
    }
    return text
  }

  static func table(_ qualities: [Quality]) -> String {
    var text = """
      | held out | harmful | ordinary | AUC | 1 % | 0.1 % | 0.01 % | mean over families: 1 % | 0.1 % | 0.01 % |
      |---|---|---|---|---|---|---|---|---|---|

      """
    for quality in qualities {
      text +=
        "| \(quality.split) | \(quality.harmfulCount) | \(quality.ordinaryCount) | \(number(quality.area, 4)) | "
        + (quality.found + quality.familyMean).map { number($0, 3) }.joined(separator: " | ") + " |\n"
    }
    return text
  }

  static func number(_ value: Double, _ decimals: Int) -> String {
    String(format: "%.\(decimals)f", value)
  }

  static func reliabilityPlot(_ steps: [Calibration.Step]) -> String {
    let size = 360.0
    func x(_ value: Double) -> String { number(40 + value * (size - 60), 1) }
    func y(_ value: Double) -> String { number(size - 40 - value * (size - 60), 1) }
    var svg = """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(Int(size)) \(Int(size))" role="img" \
      font-family="sans-serif" font-size="11">
      <title>Predicted probability against observed share of harmful names</title>
      <rect width="100%" height="100%" fill="white"/>
      <line x1="\(x(0))" y1="\(y(0))" x2="\(x(1))" y2="\(y(1))" stroke="#999" stroke-dasharray="4 3"/>
      <path d="M\(x(0)) \(y(1))V\(y(0))H\(x(1))" fill="none" stroke="black"/>

      """
    for tick in stride(from: 0.0, through: 1, by: 0.25) {
      svg +=
        "<text x=\"\(x(tick))\" y=\"\(number(size - 24, 1))\" text-anchor=\"middle\">\(number(tick, 2))</text>\n"
      svg += "<text x=\"34\" y=\"\(y(tick))\" text-anchor=\"end\">\(number(tick, 2))</text>\n"
    }
    let line = steps.map { "\(x($0.predicted)),\(y($0.observed))" }.joined(separator: " ")
    svg += "<polyline points=\"\(line)\" fill=\"none\" stroke=\"#0b5394\" stroke-width=\"2\"/>\n"
    for step in steps {
      svg += "<circle cx=\"\(x(step.predicted))\" cy=\"\(y(step.observed))\" r=\"3\" fill=\"#0b5394\"/>\n"
    }
    svg +=
      "<text x=\"\(number(size / 2, 0))\" y=\"\(number(size - 8, 0))\" text-anchor=\"middle\">predicted</text>\n"
    return svg + "</svg>\n"
  }
}
