public import Language
public import NetworkTypes

/// Reads the tables of the guards: one entry a line, `#` begins a comment.
public enum GuardTable {
  /// A line that is no entry.
  public struct Problem: Error, Hashable, Sendable {
    /// Counted from 1.
    public let line: Int
    public let message: Phrase
  }

  /// Registered domains, as names.
  public static func names(_ text: String) throws(Problem) -> [DomainName] {
    try entries(text) { line, number throws(Problem) in
      guard let name = DomainName(line), name.labels.count >= 2 else {
        throw Problem(
          line: number,
          message: Phrase(
            en: "“\(line)” is no registered domain. Write one name a line, such as example.org.",
            ja: "「\(line)」は登録ドメインではありません。1 行に 1 つ、example.org のように書いてください。"))
      }
      return name
    }
  }

  /// Networks, as prefixes or single addresses.
  public static func prefixes(_ text: String) throws(Problem) -> [IPPrefix] {
    try entries(text) { line, number throws(Problem) in
      guard let prefix = IPPrefix(line) else {
        throw Problem(
          line: number,
          message: Phrase(
            en: "“\(line)” is no network. Write one prefix a line, such as 192.0.2.0/24.",
            ja: "「\(line)」はネットワークではありません。1 行に 1 つ、192.0.2.0/24 のように書いてください。"))
      }
      return prefix
    }
  }

  private static func entries<Entry>(
    _ text: String, _ read: (String, Int) throws(Problem) -> Entry
  ) throws(Problem) -> [Entry] {
    var found: [Entry] = []
    var number = 0
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      number += 1
      let entry = line.prefix { $0 != "#" }.filter { !$0.isWhitespace }
      if !entry.isEmpty { found.append(try read(String(entry), number)) }
    }
    return found
  }
}
