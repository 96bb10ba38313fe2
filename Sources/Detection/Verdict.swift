public import Language
public import Reputation

/// What the model says of a destination, with everything needed to follow and to repeat it.
public struct Verdict: Hashable, Sendable, Codable {
  public enum Outcome: String, Hashable, Sendable, Codable {
    /// The score reaches the block threshold: blocked without asking anybody.
    case block
    /// Notable, but not enough to block.
    case report
    case none
  }

  /// One summand of the score.
  public struct Term: Hashable, Sendable, Codable {
    /// What kind of summand it is, for programs: `listing.strongest`, `listing.further`,
    /// `name.naming.length` (a head and a table of the name model), `name.limit`, `name.guard`,
    /// `address.listed-in-24` (a table of the address model), `address.limit`.
    public var name: String
    /// In points.
    public var value: Double
    /// What it is and how the value comes about.
    public var sentence: Phrase
    /// Identifier of the source it rests on; `nil` for what the name or the address says by itself.
    public var source: String?

    public init(name: String, value: Double, sentence: Phrase, source: String?) {
      self.name = name
      self.value = value
      self.sentence = sentence
      self.source = source
    }
  }

  public let destination: Destination
  public let outcome: Outcome
  /// In the order in which they are summed: listings, the largest first, then the tables of the name or
  /// of the address.
  public let terms: [Term]
  /// The sum of the terms' values in their order, exactly. 0 without terms.
  public let score: Double
  /// Scores from here on block.
  public let threshold: Double
  /// Scores from here on are reported.
  public let reportThreshold: Double
  /// All listings found, the weaker ones of a source too.
  public let evidence: [Evidence]
  /// Name and version of the model.
  public let model: String
  /// What the terms of the name, or of the bare address, rest on; `nil` when neither was judged.
  public let basis: ScoreBasis?

  /// A verdict; score and outcome follow from the terms and thresholds.
  public init(
    destination: Destination, terms: [Term], thresholds: Thresholds, evidence: [Evidence], model: String,
    basis: ScoreBasis? = nil
  ) {
    let score = terms.reduce(0) { $0 + $1.value }
    self.destination = destination
    self.terms = terms
    self.score = score
    threshold = thresholds.block
    reportThreshold = thresholds.report
    // Every value is a whole number of hundredths; the sum of their binary fractions may not be.
    outcome = terms.isEmpty ? .none : thresholds.outcome(for: (score * 100).rounded() / 100)
    self.evidence = evidence
    self.model = model
    self.basis = basis
  }

  /// What the listings bring, in points: the sum of the terms that rest on a source.
  public var listedPoints: Double { terms.reduce(0) { $1.source == nil ? $0 : $0 + $1.value } }

  /// What the name or the bare address brings by itself, in points; `nil` when it brings no term.
  public var ownPoints: Double? {
    let own = terms.filter { $0.source == nil }
    return own.isEmpty ? nil : own.reduce(0) { $0 + $1.value }
  }

  /// Whether the two say the same to the last bit of every number.
  public func isIdentical(to other: Verdict) -> Bool {
    self == other && score.bitPattern == other.score.bitPattern
      && terms.elementsEqual(other.terms) { $0.value.bitPattern == $1.value.bitPattern }
  }
}
