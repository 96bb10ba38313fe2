import Foundation
import Language
import NetworkTypes

/// What a command prints: text in one language at most 80 columns wide, or JSON.
struct Console: Sendable {
  let language: Language
  let json: Bool

  /// Whether standard output is a terminal that wants colour.
  var isColoured: Bool {
    isatty(STDOUT_FILENO) == 1 && ProcessInfo.processInfo.environment["NO_COLOR"] == nil
  }

  enum Colour: Int { case red = 31, green = 32, yellow = 33, dim = 2, bold = 1 }

  func text(_ phrase: Phrase) -> String { phrase.text(in: language) }

  func coloured(_ text: String, _ colour: Colour) -> String {
    isColoured ? "\u{1B}[\(colour.rawValue)m\(text)\u{1B}[0m" : text
  }

  /// One line, whatever its length: for literal content.
  func line(_ text: String = "") { print(text) }

  /// A sentence, wrapped.
  func say(_ phrase: Phrase, indent: Int = 0, _ colour: Colour? = nil) {
    for line in Self.wrap(text(phrase), indent: indent) {
      print(colour.map { coloured(line, $0) } ?? line)
    }
  }

  /// A sentence on standard error.
  func error(_ phrase: Phrase) {
    let text = Self.wrap("sekisho: " + phrase.text(in: language)).joined(separator: "\n") + "\n"
    FileHandle.standardError.write(Data(text.utf8))
  }

  /// A table whose columns are as wide as their widest cell.
  func table(_ header: [Phrase], _ rows: [[String]]) {
    let titles = header.map(text)
    let widths = titles.indices.map { column in
      ([titles] + rows).map { DisplayWidth.columns(of: $0[column]) }.max() ?? 0
    }
    func joined(_ cells: [String]) -> String {
      var line = ""
      for (column, cell) in cells.enumerated() {
        line += column + 1 == cells.count ? cell : DisplayWidth.padded(cell, to: widths[column] + 2)
      }
      return line
    }
    print(coloured(joined(titles), .dim))
    for row in rows { print(joined(row)) }
  }

  /// One JSON object on a line, keys sorted.
  func object(_ value: some Encodable) throws(CommandFailure) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    do {
      print(String(decoding: try encoder.encode(value), as: UTF8.self))
    } catch {
      throw CommandFailure(
        .failed, Phrase(en: "Cannot write JSON: \(error)", ja: "JSON を出力できません: \(error)"))
    }
  }

  /// The text in lines of at most 80 columns. Breaks at spaces, and between Japanese characters, which
  /// have none; never before a closing mark.
  static func wrap(_ text: String, indent: Int = 0, columns: Int = 80) -> [String] {
    let margin = String(repeating: " ", count: indent)
    var lines: [String] = []
    var line = margin
    var width = indent
    func flush() {
      lines.append(line)
      line = margin
      width = indent
    }
    for piece in pieces(of: text) {
      let size = DisplayWidth.columns(of: piece)
      let trimmed = piece.last == " " ? size - 1 : size
      if width + trimmed > columns, width > indent {
        while line.last == " " { line.removeLast() }
        flush()
      }
      line += piece
      width += size
    }
    while line.last == " " { line.removeLast() }
    lines.append(line)
    return lines
  }

  /// Words with the space after them, and single wide characters with the marks that cling to them.
  private static func pieces(of text: String) -> [String] {
    let clinging = Set("、。，．」』）】〉》？！・ー…:;,.)”")
    var result: [String] = []
    var word = ""
    func finish() {
      if !word.isEmpty { result.append(word) }
      word = ""
    }
    for character in text {
      if character == " " {
        word.append(character)
        finish()
      } else if DisplayWidth.columns(of: String(character)) == 2 {
        if clinging.contains(character), word.isEmpty, let last = result.popLast() {
          result.append(last + String(character))
        } else if clinging.contains(character) {
          word.append(character)
        } else {
          finish()
          result.append(String(character))
        }
      } else {
        word.append(character)
      }
    }
    finish()
    return result
  }
}
