import Detection

/// How one head is fitted. The values were chosen on hold-outs by month and by family; what was tried
/// stands in Docs/Algorithm-notes.md.
struct HeadSettings {
  let head: NameHead
  let terms: Set<NameTerm>
  /// Sequences of more characters are not looked at.
  let longestSequence: Int
  /// All harmful names together weigh this much of all ordinary ones. Little, because what matters is to
  /// tell names apart where hardly any ordinary name lies.
  let harmfulShare: Double
  /// A family of n names counts as n^(1 - damping).
  let familyDamping: Double
  /// Steps of the fit, for tables by number and by text.
  let numberRate: Float
  let textRate: Float
  /// How much an entry must contribute to be kept (L1), for tables by number and by text.
  let numberThreshold: Float
  let textThreshold: Float
  /// Pull towards zero (L2).
  let shrinkage: Float
  /// An ordinary name that the fit gives the probability p of being harmful counts 1 + p × this: such names set
  /// the limits.
  let lookalikeFactor: Float
  let passes: Int

  static let naming = HeadSettings(
    head: .naming, terms: Set(NameTerm.allCases).subtracting([.suffixPairs]), longestSequence: 5,
    harmfulShare: 0.1, familyDamping: 0.3, numberRate: 0.2, textRate: 0.2, numberThreshold: 0.1,
    textThreshold: 2, shrinkage: 1, lookalikeFactor: 4, passes: 4)

  static let generated = HeadSettings(
    head: .generated,
    terms: Set(NameTerm.allCases).subtracting([
      .suffix, .topLevel, .suffixKind, .topLevelLength, .skeleton, .tokens, .laidWords,
    ]), longestSequence: 3, harmfulShare: 0.01, familyDamping: 0.5, numberRate: 0.3, textRate: 0.1,
    numberThreshold: 0.1, textThreshold: 1, shrinkage: 1, lookalikeFactor: 0, passes: 3)

  /// How many times more a name counts that was first listed in one of the months of the data than one
  /// that was there before: what comes next resembles what came last.
  static let recentFactor = 20.0

  /// Families of the malicious names whose names are known to come from a generator: they teach both heads.
  static let knownGenerators: Set<String> = ["conficker", "dyreza", "mintsloader"]

  /// The threshold of an entry by text; infinite for one that this head does not use.
  func threshold(_ term: NameTerm, _ text: NameFeatureText) -> Float {
    guard terms.contains(term) else { return .infinity }
    if case .framed(_, let count) = text, count > longestSequence { return .infinity }
    return term == .suffix || term == .topLevel ? numberThreshold : textThreshold
  }

  /// Ordinary names outside rank 100,001 to 1,000,000 count this much: they are easier, but only they have
  /// the names that content delivery networks and hosters give, and without them all such names look harmful.
  static let easyWeight = 0.2

  /// The weight of each name; names that do not take part weigh nothing.
  func weights(_ names: TrainingNames, _ learns: [Bool]) -> [Float] {
    var sizes = [Double](repeating: 0, count: names.familyNames.count)
    for index in 0..<names.count where learns[index] { sizes[names.families[index]] += 1 }
    var weights = [Double](repeating: 0, count: names.count)
    var (ordinary, harmful) = (0.0, 0.0)
    for index in 0..<names.count where learns[index] {
      let family = names.families[index]
      var weight = 1 / exponent(sizes[family], familyDamping)
      switch names.origins[index] {
      case .ordinary: weight = names.isHard[index] ? 1 : Self.easyWeight
      case .malicious:
        if head == .naming {
          weight *= names.months[index] > 0 ? Self.recentFactor : 1
        } else if !Self.knownGenerators.contains(names.familyNames[family]) {
          weight = 0
        }
      case .generated: weight *= head == .generated ? 1 : 0
      case .synthetic:
        weight *= head == .generated ? SyntheticNames.weight(family: names.familyNames[family]) : 0
      }
      weights[index] = weight
      if names.origins[index] == .ordinary { ordinary += weight } else { harmful += weight }
    }
    let factor = harmful > 0 ? harmfulShare * ordinary / harmful : 0
    return weights.enumerated().map { index, weight in
      Float(names.origins[index] == .ordinary ? weight : weight * factor)
    }
  }
}
