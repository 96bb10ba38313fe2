/// From which score on, in hundredths of points, a given share of ordinary names lies.
public struct ScoreThresholds: Hashable, Sendable, Codable {
  public let oneIn100: Int
  public let oneIn1000: Int
  public let oneIn10000: Int

  package init(oneIn100: Int, oneIn1000: Int, oneIn10000: Int) {
    self.oneIn100 = oneIn100
    self.oneIn1000 = oneIn1000
    self.oneIn10000 = oneIn10000
  }

  /// From the entries of a model's section: the share in percent, and the score.
  init?(_ entries: [String: Int]) {
    guard let a = entries["1"], let b = entries["0.1"], let c = entries["0.01"] else { return nil }
    self.init(oneIn100: a, oneIn1000: b, oneIn10000: c)
  }
}

/// The share of harmful destinations by score.
package struct ScoreCalibration: Sendable {
  /// Score in hundredths and probability in 1/10000, ascending.
  private var steps: [(score: Int, probability: Int)]

  package init(_ steps: [(score: Int, probability: Int)] = []) { self.steps = steps }

  var isUsable: Bool { steps.count >= 2 }

  mutating func append(score: Int, probability: Int, _ line: Int) throws(ModelFileError) {
    guard steps.last.map({ $0.score < score }) ?? true else { throw ModelText.duplicate(line) }
    steps.append((score, probability))
  }

  /// Between the steps by straight lines, 0...1.
  package func probability(_ hundredths: Int) -> Double {
    guard var previous = steps.first else { return 0 }
    if hundredths <= previous.score { return Double(previous.probability) / 10_000 }
    for step in steps {
      if hundredths < step.score {
        let share = Double(hundredths - previous.score) / Double(step.score - previous.score)
        return (Double(previous.probability) + share * Double(step.probability - previous.probability))
          / 10_000
      }
      previous = step
    }
    return Double(previous.probability) / 10_000
  }
}
