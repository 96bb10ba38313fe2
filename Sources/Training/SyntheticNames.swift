import Detection

/// Names made by generators of our own, so that the second head learns what being generated is and not
/// the habits of the few families at hand: uniform letters of a whole or reduced alphabet, letters and
/// digits, hexadecimal, consonants and vowels in turn.
enum SyntheticNames {
  static let generators = 300
  static let namesEach = 100

  private static let suffixes = [
    "com", "net", "org", "info", "biz", "ru", "cc", "me", "pw", "top", "xyz", "in", "eu", "su", "tv", "co",
    "us",
    "de", "kz", "cn", "tk", "ws", "to", "work", "click", "online", "so", "site", "name", "mobi",
  ]

  static func add(to names: inout TrainingNames, _ table: SuffixTable) {
    var random = RandomNumbers(seed: 5)
    for generator in 0..<generators {
      let kind = generator % 6
      let shortest = 5 + random.below(12)
      let longest = shortest + (generator % 2 == 1 ? 0 : 1 + random.below(12))
      let mine = (0..<(1 + random.below(6))).map { _ in suffixes[min(random.below(30), random.below(30))] }
      var letters = Array("abcdefghijklmnopqrstuvwxyz".utf8)
      var alphabet = 8 + random.below(19)
      if random.below(2) == 0 {
        alphabet = 20 + random.below(7)
      } else {
        for index in stride(from: letters.count - 1, to: 0, by: -1) {
          letters.swapAt(index, random.below(index + 1))
        }
      }
      let vowels = Array((generator % 4 == 0 ? "aeiou" : "aeiouy").utf8)
      for _ in 0..<namesEach {
        let length = shortest + random.below(longest - shortest + 1)
        var label: [UInt8] = []
        for position in 0..<length {
          switch kind {
          case 3: label.append(Array("abcdefghijklmnopqrstuvwxyz0123456789".utf8)[random.below(36)])
          case 4: label.append(Array("0123456789abcdef".utf8)[random.below(16)])
          case 5:
            let consonants = Array("bcdfghjklmnpqrstvwxz".utf8)
            label.append(
              position % 2 == 1 ? vowels[random.below(vowels.count)] : consonants[random.below(20)])
          default: label.append(letters[random.below(alphabet)])
          }
        }
        let name = String(decoding: label, as: UTF8.self) + "." + mine[random.below(mine.count)]
        names.add(
          name[...], .synthetic, family: "synthetic \(kind).\(generator)", month: 0, isHard: false, table)
      }
    }
  }
}
