import Detection

/// What every model file begins with: its origin, its thresholds, its probabilities.
struct ModelHead {
  let firstLine: String
  let about: [(String, String)]
  let thresholds: ScoreThresholds
  /// Score in hundredths and probability in 1/10000, ascending.
  let calibration: [(score: Int, probability: Int)]

  var text: String {
    var text = firstLine + "\n\n[about]\n"
    for (key, value) in about { text += "\(key)\t\(value)\n" }
    text += "\n[thresholds]\n"
    for (share, limit) in [
      ("1", thresholds.oneIn100), ("0.1", thresholds.oneIn1000), ("0.01", thresholds.oneIn10000),
    ] { text += "\(share)\t\(ModelText.points(limit))\n" }
    text += "\n[calibration]\n"
    for step in calibration {
      text += "\(ModelText.points(step.score))\t\(ModelText.points(step.probability))\n"
    }
    return text
  }
}
