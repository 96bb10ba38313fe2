import Detection
import Randomness

/// Names made by generators of our own, so that the second head learns what being generated is and not
/// the habits of the few families at hand.
///
/// Each generator is drawn at random: a kind of alphabet, a range of lengths, one to six suffixes. None
/// imitates one algorithm; the kinds are those that published domain generation algorithms share.
enum SyntheticNames {
  static let namesEach = 60

  enum Kind: String, CaseIterable {
    /// Uniform letters, the whole alphabet.
    case letters
    /// Uniform letters of a part of the alphabet: its beginning, or any.
    case fewLetters
    case lettersAndDigits
    case hexadecimal
    /// Syllables of one or two consonants, a vowel or two, and sometimes a consonant.
    case syllables
    /// Letters as frequent as in English, without order.
    case shuffled
    /// Uniform letters of four to nine.
    case tinyAlphabet
    /// Letters, and a digit now and then.
    case sprinkled

    /// Many trackers and short brands look like these: they count less.
    var weight: Double {
      switch self {
      case .letters, .fewLetters, .shuffled: 1
      case .lettersAndDigits, .sprinkled, .tinyAlphabet: 0.5
      case .syllables: 0.3
      case .hexadecimal: 0.2
      }
    }

    /// Whether long names of this kind are seldom ordinary.
    var isLongTelling: Bool { self != .hexadecimal && self != .syllables }
  }

  /// Suffixes that published generators use, and about how often.
  private static let suffixCounts: [(suffixes: Substring, count: Int)] = [
    ("com", 30), ("net", 16), ("org", 12), ("info", 9), ("biz", 9), ("ru", 7), ("eu su top xyz", 3),
    ("cc in pw online ddns.net", 2),
    (
      """
      tk cn co.uk de us me tv ws kz site club space click live duckdns.org dyndns.org hopto.org be it fr nl \
      pro tech store life host website co to mn la im bid win shop fun ga cf ml mobi name tw
      """, 1
    ),
  ]

  /// Each suffix as many times as it is frequent.
  private static let frequentSuffixes = suffixCounts.flatMap { suffixes, count in
    suffixes.split(separator: " ").flatMap { [Substring](repeating: $0, count: count) }
  }
  private static let distinctSuffixes = suffixCounts.flatMap { $0.suffixes.split(separator: " ") }
  private static let alphabet = Array("abcdefghijklmnopqrstuvwxyz".utf8)
  private static let digits = Array("0123456789".utf8)
  private static let vowels = Array("aeiou".utf8)
  private static let consonants = Array("bcdfghjklmnpqrstvwxyz".utf8)
  /// Letters of a hundred, by their frequency in English.
  private static let english = Array(
    ("eeeeeeeeeeeetttttttttaaaaaaaaooooooooiiiiiiinnnnnnnsssssshhhhhhrrrrrrdddd"
      + "llllcccuuummmwwwffggyyppbbvkjxqz").utf8)

  static func add(_ generators: Int, to names: inout TrainingNames, _ table: SuffixTable) {
    var random = SplitMix64(seed: 5)
    let ordinary = ordinarySuffixes(names)
    for generator in 0..<generators {
      let kind = Kind.allCases[generator % Kind.allCases.count]
      var shortest = 6 + random.below(12)
      var longest = max(9, shortest + (random.below(2) == 0 ? 0 : 1 + random.below(10)))
      if random.below(6) == 0 {
        shortest = 18 + random.below(12)
        longest = shortest
      }
      let pool =
        switch random.below(4) {
        case 0 where !ordinary.isEmpty: ordinary
        case 1: distinctSuffixes
        default: frequentSuffixes
        }
      let mine = (0..<(1 + random.below(6))).map { _ in pool[random.below(pool.count)] }
      let letters = someLetters(kind, &random)
      for _ in 0..<namesEach {
        let label = label(kind, shortest + random.below(longest - shortest + 1), letters, &random)
        let name = String(decoding: label, as: UTF8.self) + "." + mine[random.below(mine.count)]
        names.add(
          name[...], .synthetic, family: "synthetic \(kind.rawValue) \(shortest)-\(longest) \(generator)",
          month: 0, isHard: false, table)
      }
    }
  }

  /// The suffixes of ordinary names, as often as they have them: under these a generated name differs by its
  /// label alone.
  private static func ordinarySuffixes(_ names: TrainingNames) -> [Substring] {
    (0..<names.count).filter { names.isHard[$0] && !names.isKeptApart($0) }.compactMap { index in
      let name = names.name(index)
      guard let dot = name.firstIndex(of: UInt8(ascii: ".")) else { return nil }
      return String(decoding: name[(dot + 1)...], as: UTF8.self)[...]
    }
  }

  /// How much a generator counts, by its kind and its shortest names. Hardly any ordinary name looks like a
  /// long one; with this weight the sums of such names rise clear of those of short ones.
  static func weight(family: String) -> Double {
    let parts = family.split(separator: " ")
    guard parts.count > 2, let kind = Kind(rawValue: String(parts[1])),
      let shortest = parts[2].split(separator: "-").first.flatMap({ Int($0) })
    else { return 0 }
    return kind.isLongTelling && shortest >= longNames ? kind.weight * 2 : kind.weight
  }

  private static let longNames = 13

  private static func someLetters(_ kind: Kind, _ random: inout SplitMix64) -> [UInt8] {
    switch kind {
    case .lettersAndDigits: return alphabet + digits
    case .sprinkled: return alphabet + alphabet + alphabet + digits.prefix(2 + random.below(8))
    case .hexadecimal: return digits + alphabet.prefix(6)
    case .shuffled: return english
    case .fewLetters, .tinyAlphabet:
      var letters = alphabet
      let count = kind == .tinyAlphabet ? 4 + random.below(6) : 10 + random.below(14)
      if random.below(2) == 0 {
        for index in stride(from: letters.count - 1, to: 0, by: -1) {
          letters.swapAt(index, random.below(index + 1))
        }
      }
      return Array(letters.prefix(count))
    case .letters, .syllables: return alphabet
    }
  }

  private static func label(
    _ kind: Kind, _ length: Int, _ letters: [UInt8], _ random: inout SplitMix64
  ) -> [UInt8] {
    var label: [UInt8] = []
    func add(_ from: [UInt8]) { label.append(from[random.below(from.count)]) }
    while label.count < length {
      switch kind {
      case .letters, .fewLetters, .lettersAndDigits, .hexadecimal, .shuffled, .tinyAlphabet, .sprinkled:
        add(letters)
      case .syllables:
        add(consonants)
        if random.below(5) == 0 { add(consonants) }
        add(vowels)
        if random.below(6) == 0 { add(vowels) }
        if random.below(3) == 0 { add(consonants) }
      }
    }
    return Array(label.prefix(length))
  }
}
