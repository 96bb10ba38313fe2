import Detection

/// How well scores tell harmful names from ordinary ones, on names a model never saw.
public struct Quality: Sendable, Codable, Hashable {
  /// One family of harmful names.
  public struct Family: Sendable, Codable, Hashable {
    public let name: String
    public let count: Int
    /// Share found at a false alarm in 100, 1,000 and 10,000 ordinary names.
    public let found: [Double]
  }

  /// What was held out.
  public let split: String
  public let ordinaryCount: Int
  public let harmfulCount: Int
  /// Area under the receiver operating characteristic.
  public let area: Double
  /// Share of harmful names found at 1, 0.1 and 0.01 % false alarms.
  public let found: [Double]
  /// The same as the mean over families of at least ten names.
  public let familyMean: [Double]
  /// Families of at least ten names, the largest first.
  public let families: [Family]

  static let shares = [0.01, 0.001, 0.0001]
  static let leastFamily = 10

  init(split: String, ordinary: [Int], harmful: [(score: Int, family: String)]) {
    let sorted = ordinary.sorted(by: >)
    let limits = Self.shares.map { Self.limit(sorted, $0) }
    func found(_ scores: [Int]) -> [Double] {
      limits.map { limit in
        scores.isEmpty ? 0 : Double(scores.count { $0 >= limit }) / Double(scores.count)
      }
    }
    self.split = split
    ordinaryCount = ordinary.count
    harmfulCount = harmful.count
    self.found = found(harmful.map(\.score))
    families = Dictionary(grouping: harmful, by: \.family).filter { $0.value.count >= Self.leastFamily }
      .map { Family(name: $0.key, count: $0.value.count, found: found($0.value.map(\.score))) }
      .sorted { ($1.count, $0.name) < ($0.count, $1.name) }
    let all = families
    familyMean = limits.indices.map { place in
      all.isEmpty ? 0 : all.reduce(0) { $0 + $1.found[place] } / Double(all.count)
    }
    area = Self.area(ordinary, harmful.map(\.score))
  }

  /// Several folds as one: each harmful name was found, or not, by the model of its own fold. The area is
  /// the mean.
  init(split: String, folds: [Quality]) {
    self.split = split
    ordinaryCount = folds.first?.ordinaryCount ?? 0
    let count = folds.reduce(0) { $0 + $1.harmfulCount }
    harmfulCount = count
    area = folds.reduce(0) { $0 + $1.area } / Double(max(1, folds.count))
    found = Self.shares.indices.map { place in
      folds.reduce(0) { $0 + $1.found[place] * Double($1.harmfulCount) } / Double(max(1, count))
    }
    let all = folds.flatMap(\.families).sorted { ($1.count, $0.name) < ($0.count, $1.name) }
    families = all
    familyMean = Self.shares.indices.map { place in
      all.isEmpty ? 0 : all.reduce(0) { $0 + $1.found[place] } / Double(all.count)
    }
  }

  /// Names, area, shares found and the mean over families at 0.1 %, for the model file.
  var summary: String {
    ([String(harmfulCount), TrainingReport.number(area, 4)]
      + (found + [familyMean[1]]).map { TrainingReport.number($0, 3) }).joined(separator: " ")
  }

  /// The lowest score that at most this share of ordinary names reach.
  static func limit(_ descending: [Int], _ share: Double) -> Int {
    let allowed = Int(Double(descending.count) * share)
    guard allowed < descending.count else { return descending.last ?? 0 }
    return descending[allowed] + 1
  }

  private static func area(_ ordinary: [Int], _ harmful: [Int]) -> Double {
    guard !ordinary.isEmpty, !harmful.isEmpty else { return 0.5 }
    let sorted = ordinary.sorted()
    var sum = 0.0
    for score in harmful {
      sum += Double(first(sorted, from: score) + first(sorted, from: score + 1)) / 2
    }
    return sum / (Double(ordinary.count) * Double(harmful.count))
  }

  /// How many values are below `bound`.
  private static func first(_ ascending: [Int], from bound: Int) -> Int {
    var (low, high) = (0, ascending.count)
    while low < high {
      let middle = (low + high) / 2
      if ascending[middle] < bound { low = middle + 1 } else { high = middle }
    }
    return low
  }
}

/// Probability by score: the share of harmful names in steps of five points, made rising.
struct Calibration {
  /// A step of the reliability plot.
  struct Step {
    var predicted: Double
    var observed: Double
    var count: Int
  }

  private static let width = 500

  /// Ordinary and harmful names weigh the same in all. Neighbouring steps that fall are joined (pool of
  /// adjacent violators), so that a higher score never means a lower probability.
  static func table(ordinary: [Int], harmful: [Int]) -> [(score: Int, probability: Int)] {
    var bins: [Int: (Double, Double)] = [:]
    func bin(_ score: Int) -> Int { min(200, max(-200, Int((Double(score) / Double(width)).rounded(.down)))) }
    for score in ordinary { bins[bin(score), default: (0, 0)].0 += 1 / Double(ordinary.count) }
    for score in harmful { bins[bin(score), default: (0, 0)].1 += 1 / Double(harmful.count) }
    var pools: [(bins: [Int], ordinary: Double, harmful: Double)] = []
    for (bin, masses) in bins.sorted(by: { $0.key < $1.key }) {
      pools.append(([bin], masses.0, masses.1))
      while pools.count > 1 {
        let (a, b) = (pools[pools.count - 2], pools[pools.count - 1])
        guard a.harmful * (b.ordinary + b.harmful) >= b.harmful * (a.ordinary + a.harmful) else { break }
        pools.removeLast(2)
        pools.append((a.bins + b.bins, a.ordinary + b.ordinary, a.harmful + b.harmful))
      }
    }
    return pools.flatMap { pool in
      // Never certain: at most 99.9 %.
      let share = min(0.999, max(0.001, pool.harmful / (pool.ordinary + pool.harmful)))
      return pool.bins.map { (score: $0 * width + width / 2, probability: Int((share * 10_000).rounded())) }
    }
  }

  /// How often a destination was harmful where the model said it was, in tenths of probability.
  ///
  /// - Parameters: what the model says of ordinary and of harmful ones, 0...1.
  static func reliability(ordinary: [Double], harmful: [Double]) -> [Step] {
    var sums = [(predicted: Double, ordinary: Double, harmful: Double, count: Int)](
      repeating: (0, 0, 0, 0), count: 10)
    for (probabilities, isHarmful) in [(ordinary, false), (harmful, true)] {
      for probability in probabilities {
        let place = min(9, Int(probability * 10))
        let weight = 1 / Double(probabilities.count)
        sums[place].predicted += probability * weight
        sums[place].count += 1
        if isHarmful { sums[place].harmful += weight } else { sums[place].ordinary += weight }
      }
    }
    return sums.filter { $0.count > 0 }.map {
      let mass = $0.ordinary + $0.harmful
      return Step(predicted: $0.predicted / mass, observed: $0.harmful / mass, count: $0.count)
    }
  }
}
