import Detection

/// How one head is fitted. The values were chosen on hold-outs by month and by family.
struct HeadSettings {
  let head: NameHead
  let terms: Set<NameTerm>
  /// Sequences of more characters are not looked at.
  let longestSequence: Int
  /// Entries by text that fewer names have are left out: they could only be learned by heart.
  let leastCount: UInt8
  /// All harmful names together weigh this much of all ordinary ones.
  let harmfulShare: Double
  /// A family of n names counts as n^(1 - damping).
  let familyDamping: Double
  /// Step of the fit.
  let rate: Float
  /// How much an entry must contribute to be kept (L1), for tables by text and by number.
  let textThreshold: Float
  let numberThreshold: Float
  /// Pull towards zero (L2).
  let shrinkage: Float
  let passes: Int

  static let naming = HeadSettings(
    head: .naming, terms: Set(NameTerm.allCases), longestSequence: 5, leastCount: 3, harmfulShare: 0.2,
    familyDamping: 0.4, rate: 0.2, textThreshold: 2, numberThreshold: 0.1, shrinkage: 1, passes: 2)

  static let generated = HeadSettings(
    head: .generated, terms: Set(NameTerm.allCases).subtracting([.skeleton, .endings, .tokens]),
    longestSequence: 3, leastCount: 5, harmfulShare: 0.2, familyDamping: 0.5, rate: 0.1, textThreshold: 1,
    numberThreshold: 0.1, shrinkage: 1, passes: 2)

  /// How many times more a name counts that was first listed in one of the months of the data than one
  /// that was there before: what comes next resembles what came last.
  static let recentFactor = 20.0
  /// Ordinary names outside rank 100,001 to 1,000,000 count this much: they are easier, or unranked.
  static let easyWeight = 0.5
  static let syntheticWeight = 0.3

  /// Families of the malicious names whose names are known to come from a generator: they teach both heads.
  static let knownGenerators: Set<String> = ["conficker", "dyreza", "mintsloader"]

  /// Hexadecimal and letter-digit generators of ours weigh little: many trackers have such names.
  static func syntheticKindWeight(_ family: String) -> Double {
    if family.hasPrefix("synthetic 4") { return 0.2 }
    return family.hasPrefix("synthetic 3") ? 0.5 : 1
  }

  /// The weight of each name of a split; names that do not take part weigh nothing.
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
        weight *=
          head == .generated
          ? Self.syntheticWeight * Self.syntheticKindWeight(names.familyNames[family]) : 0
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
