import Detection

/// What one of the trainer's models does not learn from.
enum HoldOut: Equatable {
  /// The last two months of the data are measured.
  case recentMonths
  /// The two months before those are measured; what came later is not used at all.
  case earlierMonths
  /// The families of one fold are measured, malicious names and generators alike.
  case families(Int)
  case nothing

  static let all: [HoldOut] =
    [.recentMonths, .earlierMonths] + (0..<FamilyFolds.count).map { .families($0) } + [.nothing]

  /// Which of `all` it is.
  var place: Int { Self.all.firstIndex(of: self) ?? 0 }

  enum Use { case learn, measure, ignore }

  /// What a harmful name is for. Months count from 1; 0 is a name that was listed before the first one.
  func use(month: Int, of monthCount: Int, fold: Int, isGenerated: Bool) -> Use {
    switch self {
    case .nothing: return .learn
    case .families(let held): return fold == held ? .measure : .learn
    case .recentMonths:
      return !isGenerated && month > max(0, monthCount - 2) ? .measure : .learn
    case .earlierMonths:
      if isGenerated || month <= max(0, monthCount - 4) { return .learn }
      return month <= max(0, monthCount - 2) ? .measure : .ignore
    }
  }
}

/// Families dealt to folds so that each has about as many large and small ones.
///
/// Families whose names differ by a number at the end only, and a generator and the malware of the same
/// name, go to the same fold: one would tell about the other.
struct FamilyFolds {
  static let count = 4

  /// The fold of each family, by its index in `TrainingNames.familyNames`.
  let fold: [Int]

  init(_ names: TrainingNames) {
    var sizes: [String: (isGenerated: Bool, count: Int)] = [:]
    let keys = names.familyNames.map { Self.key($0) }
    for index in 0..<names.count where [.malicious, .generated].contains(names.origins[index]) {
      let key = keys[names.families[index]]
      sizes[key, default: (false, 0)].count += 1
      if names.origins[index] == .generated { sizes[key]?.isGenerated = true }
    }
    var folds: [String: Int] = [:]
    for isGenerated in [true, false] {
      let keys = sizes.filter { $0.value.isGenerated == isGenerated }
        .sorted { ($1.value.count, $0.key) < ($0.value.count, $1.key) }.map(\.key)
      for (place, key) in keys.enumerated() {
        // To and fro: 0 1 2 3 3 2 1 0.
        let step = place % (2 * Self.count)
        folds[key] = step < Self.count ? step : 2 * Self.count - 1 - step
      }
    }
    fold = keys.map { folds[$0] ?? 0 }
  }

  private static func key(_ family: String) -> String {
    let name = family.hasPrefix("dga ") ? family.dropFirst(4) : family[...]
    guard let dash = name.lastIndex(of: "-"), name[name.index(after: dash)...].allSatisfy(\.isNumber) else {
      return String(name)
    }
    return String(name[..<dash])
  }
}
