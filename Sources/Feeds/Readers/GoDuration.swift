/// Durations as the Go language writes them: `72h0m1s`, `59.5s`, `-2m3s`.
enum GoDuration {
  /// In whole seconds, rounded down; `nil` for anything else, and beyond 100 years.
  static func seconds(_ text: String) -> Int64? {
    var rest = text[...]
    let isNegative = rest.first == "-"
    if isNegative || rest.first == "+" { rest = rest.dropFirst() }
    if rest == "0" { return 0 }
    guard !rest.isEmpty, rest.utf8.count <= 64 else { return nil }
    var sum = 0.0
    while !rest.isEmpty {
      let digits = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
      guard let value = Double(digits) else { return nil }
      rest = rest.dropFirst(digits.count)
      let unit = rest.prefix { !$0.isNumber && $0 != "." }
      rest = rest.dropFirst(unit.count)
      switch unit {
      case "h": sum += value * 3600
      case "m": sum += value * 60
      case "s": sum += value
      case "ms": sum += value / 1000
      case "us", "µs", "μs": sum += value / 1_000_000
      case "ns": sum += value / 1_000_000_000
      default: return nil
      }
    }
    guard sum <= 100 * 366 * 86_400 else { return nil }
    return Int64((isNegative ? -sum : sum).rounded(.down))
  }
}
