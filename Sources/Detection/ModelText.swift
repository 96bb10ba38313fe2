import Language

/// The text form of a model: sections, one entry a line, fields separated by tabs, values in points with
/// two decimals. One reader serves the scorer, which wants keys, and the disclosure, which wants texts.
package enum ModelText {
  /// Calls `body` with each entry: its section, the ranges of its first three fields (empty when there
  /// are fewer) and its line number.
  ///
  /// - Parameters:
  ///   - firstLine: what the file begins with; anything else is another format.
  ///   - sections: the sections by heading.
  package static func read<Section>(
    _ bytes: Span<UInt8>, firstLine: String, sections: [String: Section],
    _ body: (Section, Range<Int>, Range<Int>, Range<Int>, Int) throws(ModelFileError) -> Void
  ) throws(ModelFileError) {
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
          throw ModelFileError(
            code: .unknownFormat, line: 1,
            message: Phrase(
              en: "The file does not begin with “\(firstLine)”: it is not a model this version reads.",
              ja: "ファイルの先頭行が「\(firstLine)」ではありません。この版で読める評価モデルではありません。"))
        }
        continue
      }
      if end == start { continue }
      if bytes[start] == UInt8(ascii: "["), tabCount == 0 {
        let heading = String(text(bytes, start..<end).dropFirst().dropLast())
        guard let known = sections[heading] else {
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
      throw ModelFileError(
        code: .unknownFormat, line: 0,
        message: Phrase(en: "The model file is empty.", ja: "評価モデルのファイルが空です。"))
    }
  }

  package static func malformed(_ line: Int, _ en: String, _ ja: String) -> ModelFileError {
    ModelFileError(
      code: .malformed, line: line,
      message: Phrase(
        en: "Line \(line) of the model file: \(en). Use the file as it was made, or train again.",
        ja: "評価モデルの \(line) 行目: \(ja)。作成時のままのファイルを使うか、再学習してください。"))
  }

  package static func duplicate(_ line: Int) -> ModelFileError {
    ModelFileError(
      code: .duplicate, line: line,
      message: Phrase(
        en: "Line \(line) of the model file repeats an entry. Use the file as it was made, or train again.",
        ja: "評価モデルの \(line) 行目の項目が重複しています。作成時のままのファイルを使うか、再学習してください。"))
  }

  package static func number(
    _ bytes: Span<UInt8>, _ range: Range<Int>, _ line: Int
  ) throws(ModelFileError) -> Int {
    guard let value = hundredths(bytes, range) else {
      throw malformed(line, "a number with two decimals", "小数 2 桁の数値が必要です")
    }
    return value
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
