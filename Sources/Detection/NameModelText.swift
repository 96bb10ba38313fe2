public import Language

/// What is wrong with a model file.
public struct NameModelError: Error, Hashable, Sendable {
  public enum Code: String, Hashable, Sendable {
    /// The first line is not that of a model this version reads.
    case unknownFormat = "unknown-format"
    /// A line does not follow the format.
    case malformed
    /// An entry stands twice, or two entries have the same key.
    case duplicate
    /// A section that a model needs is absent.
    case incomplete
  }

  public let code: Code
  /// Counted from 1; 0 when it is about the whole file.
  public let line: Int
  public let message: Phrase
}

/// The text form of a model: sections, one entry a line, fields separated by tabs, values in points with
/// two decimals. One reader serves the scorer, which wants keys, and the disclosure, which wants texts.
package enum NameModelText {
  package static let firstLine = "sekisho-name-model 2"

  package enum Section: Hashable, Sendable {
    case about, thresholds, calibration, suffixes, characters, familiar, words
    case table(NameTerm)

    package var heading: String {
      switch self {
      case .about: "about"
      case .thresholds: "thresholds"
      case .calibration: "calibration"
      case .suffixes: "suffixes"
      case .characters: "characters"
      case .familiar: "familiar-sequences"
      case .words: "known-words"
      case .table(let term): term.identifier
      }
    }

    static let byHeading: [String: Section] = {
      let all: [Section] =
        [.about, .thresholds, .calibration, .suffixes, .characters, .familiar, .words]
        + NameTerm.allCases.map { .table($0) }
      return Dictionary(uniqueKeysWithValues: all.map { ($0.heading, $0) })
    }()
  }

  /// Calls `body` with each entry: its section, the ranges of its first three fields (empty when there
  /// are fewer) and its line number.
  package static func read(
    _ bytes: Span<UInt8>,
    _ body: (Section, Range<Int>, Range<Int>, Range<Int>, Int) throws(NameModelError) -> Void
  ) throws(NameModelError) {
    var section: Section?
    var start = 0
    var number = 0
    while start < bytes.count {
      number += 1
      var end = start
      var tabs = InlineArray<2, Int>(repeating: -1)
      var tabCount = 0
      while end < bytes.count, bytes[end] != UInt8(ascii: "\n") {
        if bytes[end] == UInt8(ascii: "\t"), tabCount < 2 {
          tabs[tabCount] = end
          tabCount += 1
        }
        end += 1
      }
      defer { start = end + 1 }
      if number == 1 {
        guard text(bytes, start..<end) == firstLine else {
          throw NameModelError(
            code: .unknownFormat, line: 1,
            message: Phrase(
              en: "The file does not begin with “\(firstLine)”: it is not a name model this version reads.",
              ja: "ファイルの先頭行が「\(firstLine)」ではありません。この版で読める評価モデルではありません。"))
        }
        continue
      }
      if end == start { continue }
      if bytes[start] == UInt8(ascii: "["), tabCount == 0 {
        let heading = String(text(bytes, start..<end).dropFirst().dropLast())
        guard let known = Section.byHeading[heading] else {
          throw malformed(number, "unknown section “\(heading)”", "未知のセクション「\(heading)」")
        }
        section = known
        continue
      }
      guard let section else { throw malformed(number, "an entry before any section", "セクションより前に項目があります") }
      let first = start..<(tabCount > 0 ? tabs[0] : end)
      let second = tabCount > 0 ? (tabs[0] + 1)..<(tabCount > 1 ? tabs[1] : end) : end..<end
      let third = tabCount > 1 ? (tabs[1] + 1)..<end : end..<end
      try body(section, first, second, third, number)
    }
    guard number > 0 else {
      throw NameModelError(
        code: .unknownFormat, line: 0,
        message: Phrase(en: "The model file is empty.", ja: "評価モデルのファイルが空です。"))
    }
  }

  package static func malformed(_ line: Int, _ en: String, _ ja: String) -> NameModelError {
    NameModelError(
      code: .malformed, line: line,
      message: Phrase(
        en: "Line \(line) of the model file: \(en). Use the file as it was made, or train again.",
        ja: "評価モデルの \(line) 行目: \(ja)。作成時のままのファイルを使うか、再学習してください。"))
  }

  package static func text(_ bytes: Span<UInt8>, _ range: Range<Int>) -> String {
    var copy: [UInt8] = []
    copy.reserveCapacity(range.count)
    for index in range { copy.append(bytes[index]) }
    return String(decoding: copy, as: UTF8.self)
  }

  /// `-12.34` as -1234; `nil` for anything else, more than two decimals included.
  package static func hundredths(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Int? {
    var index = range.lowerBound
    var isNegative = false
    if index < range.upperBound, bytes[index] == UInt8(ascii: "-") {
      isNegative = true
      index += 1
    }
    guard index < range.upperBound, range.upperBound - index <= 10 else { return nil }
    var value = 0
    var decimals = -1
    while index < range.upperBound {
      let byte = bytes[index]
      if byte == UInt8(ascii: "."), decimals < 0 {
        decimals = 0
      } else if byte >= 0x30, byte <= 0x39, decimals < 2 {
        value = value * 10 + Int(byte - 0x30)
        if decimals >= 0 { decimals += 1 }
      } else {
        return nil
      }
      index += 1
    }
    while decimals < 2 {
      value *= 10
      decimals = decimals < 0 ? 1 : decimals + 1
    }
    return isNegative ? -value : value
  }

  /// -1234 as `-12.34`, 0 as `0`.
  package static func points(_ hundredths: Int) -> String {
    guard hundredths != 0 else { return "0" }
    let size = hundredths.magnitude
    let fraction = size % 100
    return (hundredths < 0 ? "-" : "") + "\(size / 100)." + (fraction < 10 ? "0" : "") + "\(fraction)"
  }
}
