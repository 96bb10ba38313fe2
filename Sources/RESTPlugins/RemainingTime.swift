/// The time that is left of a device's timer, as the device tells it.
enum RemainingTime: String, Sendable, CaseIterable {
  /// A whole number of seconds.
  case seconds
  /// Units one after another, as RouterOS writes them: `1w2d3h4m5s`, `59m58s`; also `1d00:10:00`, `00:10:00`.
  case units

  /// `nil` when the text is no such time.
  func duration(_ text: String) -> Duration? {
    let seconds: Int64? =
      switch self {
      case .seconds: Self.number(text[...])
      case .units: Self.sum(text)
      }
    return seconds.map { .seconds($0) }
  }

  private static func number(_ text: Substring) -> Int64? {
    guard !text.isEmpty, text.utf8.count <= 12, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
      return nil
    }
    return Int64(text)
  }

  private static let lengths: [(name: Character, seconds: Int64)] = [
    ("w", 604_800), ("d", 86_400), ("h", 3600), ("m", 60), ("s", 1),
  ]

  private static func sum(_ text: String) -> Int64? {
    var rest = text[...]
    var total: Int64 = 0
    var next = 0
    while !rest.isEmpty {
      let digits = rest.prefix(while: \.isNumber)
      let unit = rest[digits.endIndex...].first
      if unit == ":" || unit == nil {
        let parts = rest.split(separator: ":", omittingEmptySubsequences: false).map { number($0) }
        guard next <= 2, parts.count == 3, let hours = parts[0], let minutes = parts[1],
          let seconds = parts[2]
        else { return nil }
        return total + hours * 3600 + minutes * 60 + seconds
      }
      guard let value = number(digits),
        let index = lengths.firstIndex(where: { $0.name == unit }), index >= next
      else { return nil }
      total += value * lengths[index].seconds
      next = index + 1
      rest = rest[digits.endIndex...].dropFirst()
    }
    return next == 0 ? nil : total
  }
}
