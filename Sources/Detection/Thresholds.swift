/// From which score on something follows, in points.
public struct Thresholds: Hashable, Sendable, Codable {
  /// Scores from here on block.
  public let block: Double
  /// Scores from here on are reported.
  public let report: Double

  /// The values in force when nothing else is configured.
  public static let standard = Thresholds(uncheckedBlock: 80, report: 20)

  /// `nil` unless 0 < `report` <= `block` and both are finite: a score of nothing must never block.
  public init?(block: Double, report: Double) {
    guard report > 0, report <= block, block.isFinite else { return nil }
    self.init(uncheckedBlock: block, report: report)
  }

  private init(uncheckedBlock block: Double, report: Double) {
    self.block = block
    self.report = report
  }

  func outcome(for score: Double) -> Verdict.Outcome {
    if score >= block { return .block }
    return score >= report ? .report : .none
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    guard
      let checked = Thresholds(
        block: try container.decode(Double.self, forKey: .block),
        report: try container.decode(Double.self, forKey: .report))
    else {
      throw DecodingError.dataCorruptedError(
        forKey: .block, in: container, debugDescription: "thresholds must satisfy 0 < report <= block")
    }
    self = checked
  }
}
