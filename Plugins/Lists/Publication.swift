import Crypto
import NetworkTypes

/// What is published at one time: the lists, and the record that they are made from.
///
/// The lists themselves can hold no mark of ours, so the record beside them has it, and says what is asked
/// for: a list holds the blocks without what is allowed, from which neither could be told again.
struct Publication: Equatable {
  /// The first line of each record of ours.
  static let mark = "Kept by sekisho. What is changed here by hand is undone."
  static let recordName = "record.txt"
  static let longestRecord = 512 << 20

  /// Empty when nothing is asked for: the lists are there and empty then, because firewalls go on using the
  /// last copy of a list that is gone.
  var formats: [ListFormat] = []
  var allowed: Set<IPPrefix> = []
  var blocks: Set<BlockTarget> = []

  var record: String {
    var lines = [Self.mark, "formats" + formats.map { " " + $0.rawValue }.joined()]
    lines += allowed.sorted().map { "allow \($0)" }
    lines += blocks.sorted().map { "block \($0)" }
    return lines.joined(separator: "\n") + "\n"
  }

  /// What tells this publication from any other: the first half of its record's SHA-256.
  var version: String {
    SHA256.hash(data: Array(record.utf8)).prefix(16)
      .map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  /// The lists by file name. Those of `others` are published empty.
  func lists(emptying others: [ListFormat] = []) -> [String: String] {
    var names: [DomainName] = []
    var prefixes: [IPPrefix] = []
    for target in blocks.sorted() {
      switch target {
      case .name(let name): names.append(name)
      case .prefix(let prefix):
        let holes = allowed.filter { $0.overlaps(prefix) }
        prefixes += holes.reduce([prefix]) { pieces, hole in pieces.flatMap { $0.subtracting(hole) } }
      }
    }
    // Pieces of one prefix may be blocks of their own as well.
    prefixes = Set(prefixes).sorted()
    var lists: [String: String] = [:]
    for format in others { lists[format.fileName] = "" }
    for format in formats {
      lists[format.fileName] = format.lines(prefixes, names).map { $0 + "\n" }.joined()
    }
    return lists
  }

  /// Reads a record of ours; lines that we would not have written make its version differ from its name.
  /// - Returns: `nil` without our mark in the first line.
  init?(record text: String) {
    var lines = text.split(separator: "\n", omittingEmptySubsequences: true)[...]
    guard lines.popFirst() == Self.mark[...] else { return nil }
    for line in lines {
      let words = line.split(separator: " ")
      if words.first == "formats" {
        formats = words.dropFirst().compactMap { ListFormat(rawValue: String($0)) }
      } else if words.count == 2, words[0] == "allow", let prefix = IPPrefix(String(words[1])) {
        allowed.insert(prefix)
      } else if words.count == 2, words[0] == "block", let target = BlockTarget(String(words[1])) {
        blocks.insert(target)
      }
    }
  }

  init() {}
}
