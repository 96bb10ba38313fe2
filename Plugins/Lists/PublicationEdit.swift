import FirewallKit

/// One operation as text: where, what is taken out of the lists and put in. What is shown is what is done:
/// `perform` reads this text and nothing else. What the lists look like follows from the whole
/// (`Publication`).
///
///     directory /var/lib/sekisho/lists
///     edit addresses domains
///     - block old.example.org
///     + block bad.example.org
struct PublicationEdit: Equatable {
  enum Beginning: Equatable {
    /// What is published stays, but for the lines below.
    case edit
    /// The lists are made anew.
    case replace
    /// The lists become empty.
    case withdraw
  }

  var directory: String
  var beginning: Beginning
  var formats: [ListFormat]
  var entries = EntryEdit()

  private static let words: [(word: String, beginning: Beginning)] = [
    ("edit", .edit), ("replace", .replace), ("withdraw", .withdraw),
  ]

  var text: String {
    let word = Self.words.first { $0.beginning == beginning }?.word ?? ""
    var lines = ["directory \(directory)", ([word] + formats.map(\.rawValue)).joined(separator: " ")]
    lines += entries.lines
    return lines.joined(separator: "\n")
  }

  /// Reads what `text` wrote; `nil` for anything else.
  init?(_ text: String) {
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false)[...]
    guard let first = lines.popFirst(), first.hasPrefix("directory /"), let second = lines.popFirst()
    else { return nil }
    let words = second.split(separator: " ").map(String.init)
    let formats = words.dropFirst().compactMap { ListFormat(rawValue: $0) }
    guard let beginning = Self.words.first(where: { $0.word == words.first })?.beginning,
      formats.count == words.count - 1, !formats.isEmpty
    else { return nil }
    guard let entries = EntryEdit(lines: lines) else { return nil }
    self.init(
      directory: String(first.dropFirst(10)), beginning: beginning, formats: formats, entries: entries)
  }

  init(directory: String, beginning: Beginning, formats: [ListFormat], entries: EntryEdit = EntryEdit()) {
    self.directory = directory
    self.beginning = beginning
    self.formats = formats
    self.entries = entries
  }

  /// What is published after the edit.
  func applied(to publication: Publication) -> Publication {
    var result = beginning == .edit ? publication : Publication()
    result.formats = beginning == .withdraw ? [] : formats
    entries.apply(allowed: &result.allowed, blocks: &result.blocks)
    return result
  }
}
