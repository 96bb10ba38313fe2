extension Duration {
  /// Parses a whole number and one unit: `ms`, `s`, `m`, `h` or `d`. `nil` for anything else.
  public init?(text: String) {
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    guard !digits.isEmpty, let value = Int64(digits), value <= 1_000_000_000 else { return nil }
    switch text.dropFirst(digits.count) {
    case "ms": self = .milliseconds(value)
    case "s": self = .seconds(value)
    case "m": self = .seconds(value * 60)
    case "h": self = .seconds(value * 3600)
    case "d": self = .seconds(value * 86_400)
    default: return nil
    }
  }

  /// The duration in the largest unit that keeps it whole: `90s`, `15m`, `36h`, `7d`; `250ms` below a second.
  public var text: String {
    let (seconds, attoseconds) = components
    if attoseconds != 0 { return "\(seconds * 1000 + attoseconds / 1_000_000_000_000_000)ms" }
    for (unit, size) in [("d", Int64(86_400)), ("h", 3600), ("m", 60)]
    where seconds != 0 && seconds % size == 0 { return "\(seconds / size)\(unit)" }
    return "\(seconds)s"
  }
}
