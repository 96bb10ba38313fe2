import Detection

/// The report of the training of addresses.
struct AddressReport {
  /// Ordinary addresses of one kind that were kept apart.
  struct Stratum {
    let name: String
    let count: Int
    /// How many reach each threshold.
    let above: [Int]
  }

  let qualities: [Quality]
  let thresholds: ScoreThresholds
  let about: [(String, String)]
  /// How many ordinary addresses set the thresholds.
  let heldOut: Int
  let model: String
  let strata: [Stratum]

  var markdown: String {
    let limits = [thresholds.oneIn100, thresholds.oneIn1000, thresholds.oneIn10000]
    var text = """
      # Training report of the address model

      Model file: \(model.utf8.count) bytes, SHA-256 `\(ContentDigest.hexadecimal(of: Array(model.utf8).span))`.

      | what it was made from | |
      |---|---|

      """
    for (key, value) in about where !key.hasPrefix("quality ") { text += "| \(key) | `\(value)` |\n" }
    text += """

      ## Thresholds

      Set on \(heldOut) ordinary addresses that the model never saw, drawn at random from ranges of providers, from \
      public resolvers and from the whole address space. The columns by kind: those of each kind that reach the \
      score.

      | false alarms | score |
      """
    for stratum in strata { text += " \(stratum.name) (\(stratum.count)) |" }
    text += "\n|---|---|" + String(repeating: "---|", count: strata.count) + "\n"
    for (place, share) in ["1 in 100", "1 in 1,000", "1 in 10,000"].enumerated() {
      text += "| \(share) | \(ModelText.points(limits[place])) |"
      for stratum in strata { text += " \(stratum.above[place]) |" }
      text += "\n"
    }
    text += """

      ## Quality on addresses that were held out

      Each row is measured by a model that saw none of the addresses of those months, with what was listed before \
      them. The share of harmful addresses found, at 1, 0.1 and 0.01 % false alarms.


      """
    text += TrainingReport.table(qualities)
    text += """

      ## Reliability

      Equally many harmful and ordinary addresses; ordinary traffic has far fewer harmful ones.

      ![Reliability plot](reliability.svg)

      """
    return text
  }
}
