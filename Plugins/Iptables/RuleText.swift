/// Words of `iptables-save` and how they are quoted.
///
/// A word with anything but plain characters stands in double quotes, in which a backslash comes
/// before a quote, a backslash and an apostrophe (`xtables_save_string`). A line feed inside quotes
/// does not end the rule.
enum RuleText {
  /// The rules and headers of an output, each as its bytes; line feeds inside quotes kept.
  static func lines(_ bytes: [UInt8]) -> [ArraySlice<UInt8>] {
    var lines: [ArraySlice<UInt8>] = []
    var start = 0
    var isQuoted = false
    var index = 0
    while index < bytes.count {
      switch bytes[index] {
      case UInt8(ascii: "\\") where isQuoted:
        index += 1
      case UInt8(ascii: "\""):
        // A note of the program is no rule: an apostrophe or quote in it opens nothing.
        if bytes[start] != UInt8(ascii: "#") { isQuoted.toggle() }
      case UInt8(ascii: "\n") where !isQuoted:
        if index > start { lines.append(bytes[start..<index]) }
        start = index + 1
      default:
        break
      }
      index += 1
    }
    if start < bytes.count { lines.append(bytes[start...]) }
    return lines
  }

  /// The words of one line, unquoted. Bytes that are not UTF-8 become replacement characters: such
  /// words are only ever foreign.
  static func words(_ line: ArraySlice<UInt8>) -> [String] {
    var words: [String] = []
    var word: [UInt8] = []
    var isWord = false
    var isQuoted = false
    var isEscaped = false
    for byte in line {
      if isEscaped {
        word.append(byte)
        isEscaped = false
      } else if isQuoted && byte == UInt8(ascii: "\\") {
        isEscaped = true
      } else if byte == UInt8(ascii: "\"") {
        isQuoted.toggle()
        isWord = true
      } else if byte == UInt8(ascii: " ") && !isQuoted {
        if isWord { words.append(String(decoding: word, as: UTF8.self)) }
        word.removeAll(keepingCapacity: true)
        isWord = false
      } else {
        word.append(byte)
        isWord = true
      }
    }
    if isWord { words.append(String(decoding: word, as: UTF8.self)) }
    return words
  }

  /// The word as a rule file takes it.
  static func quoted(_ word: String) -> String {
    let plain = word.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"):
        true
      default:
        "-_./:!,=@+%[]".utf8.contains(byte)
      }
    }
    guard !plain || word.isEmpty else { return word }
    var text = "\""
    for character in word.unicodeScalars {
      if character == "\"" || character == "\\" || character == "'" { text += "\\" }
      text.unicodeScalars.append(character)
    }
    return text + "\""
  }

  static func quoted(_ words: some Sequence<String>) -> String {
    words.map { quoted($0) }.joined(separator: " ")
  }
}
