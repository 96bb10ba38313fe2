import Language

/// Text in columns of a terminal.
enum TextLayout {
  /// `12.30`: two decimals, rounded half away from zero.
  static func hundredths(_ value: Double) -> String {
    let scaled = (value * 100).rounded()
    guard abs(scaled) < 1e15 else { return String(value) }
    let whole = Int64(abs(scaled))
    let fraction = whole % 100
    return (scaled < 0 ? "-" : "") + "\(whole / 100)." + (fraction < 10 ? "0" : "") + "\(fraction)"
  }

  /// Breaks a text into lines of at most `columns`: at spaces, between Japanese characters (never
  /// before closing punctuation, after opening, or inside a katakana word), and inside any other word
  /// only when it fills a line alone.
  static func lines(of text: String, columns: Int) -> [String] {
    var lines: [String] = []
    var line = ""
    for piece in pieces(of: text) {
      if DisplayWidth.columns(of: line) + DisplayWidth.columns(of: trimmed(piece)) <= columns {
        line += piece
        continue
      }
      if !line.isEmpty { lines.append(trimmed(line)) }
      line = ""
      for character in piece {
        if DisplayWidth.columns(of: line + String(character)) > columns, character != " " {
          lines.append(line)
          line = ""
        }
        line.append(character)
      }
    }
    if !line.isEmpty || lines.isEmpty { lines.append(trimmed(line)) }
    return lines
  }

  private static let neverFirst: Set<Character> = [
    "、", "。", "）", "」", "』", "・", "：", "？", "！", "っ", "ゃ", "ゅ", "ょ",
  ]
  private static let neverLast: Set<Character> = ["（", "「", "『"]

  /// The pieces between which a line may end; a piece keeps the spaces after it.
  private static func pieces(of text: String) -> [String] {
    var pieces: [String] = []
    var current = ""
    var previous: Character?
    for character in text {
      let isWide = DisplayWidth.columns(of: String(character)) == 2
      let breaks: Bool
      if let previous {
        let wasWide = DisplayWidth.columns(of: String(previous)) == 2
        breaks =
          character != " " && (previous == " " || isWide || wasWide)
          && !neverFirst.contains(character) && !neverLast.contains(previous)
          && !(isKatakana(previous) && isKatakana(character))
      } else {
        breaks = false
      }
      if breaks {
        pieces.append(current)
        current = ""
      }
      current.append(character)
      previous = character
    }
    if !current.isEmpty { pieces.append(current) }
    return pieces
  }

  /// Katakana words are kept whole: a foreign word cut in two is hard to read.
  private static func isKatakana(_ character: Character) -> Bool {
    ("\u{30A1}"..."\u{30FF}").contains(character)
  }

  private static func trimmed(_ text: String) -> String {
    var text = text
    while text.last == " " { text.removeLast() }
    return text
  }
}
