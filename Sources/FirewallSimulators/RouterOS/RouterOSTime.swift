/// Times as RouterOS writes them.
enum RouterOSTime {
  /// 35w3d13h13m56s
  static let longest: Int64 = 21_474_836

  private static let units: [(name: Character, seconds: Int64)] = [
    ("w", 604_800), ("d", 86_400), ("h", 3600), ("m", 60), ("s", 1),
  ]

  /// `59m58s`; weeks to seconds, those that are zero left out.
  static func text(_ seconds: Int64) -> String {
    var rest = seconds
    var text = ""
    for unit in units where rest >= unit.seconds {
      text += "\(rest / unit.seconds)\(unit.name)"
      rest %= unit.seconds
    }
    return text.isEmpty ? "0s" : text
  }

  /// Reads `1h30m`, `3600s`, `3600` and `00:10:00`; `nil` for anything else, and for what is too long.
  static func seconds(_ text: String) -> Int64? {
    let clock = text.split(separator: ":", omittingEmptySubsequences: false).map { Int64($0) }
    if clock.count == 3, let hours = clock[0], let minutes = clock[1], let seconds = clock[2],
      (0..<60).contains(minutes), (0..<60).contains(seconds), hours >= 0
    {
      return within(hours * 3600 + minutes * 60 + seconds)
    }
    if let plain = Int64(text) { return within(plain) }
    var rest = text[...]
    var total: Int64 = 0
    while !rest.isEmpty {
      let digits = rest.prefix(while: \.isNumber)
      rest = rest[digits.endIndex...]
      guard let value = Int64(digits), value <= longest, let name = rest.popFirst(),
        let unit = units.first(where: { $0.name == name })
      else { return nil }
      total += value * unit.seconds
    }
    return within(total)
  }

  private static func within(_ seconds: Int64) -> Int64? { (0...longest).contains(seconds) ? seconds : nil }
}
