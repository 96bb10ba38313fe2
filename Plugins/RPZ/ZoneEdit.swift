import FirewallKit

/// One operation as text: which file, what is taken out of it and put in, and the command that makes the
/// resolver read it. What is shown is what is done: `perform` reads this text and nothing else. How an entry
/// is spelt in the file follows from the zone as a whole (`PolicyZone`).
///
///     file /var/lib/sekisho/rpz.zone
///     edit nxdomain
///     - block old.example.org
///     + block bad.example.org
///     run rndc reload rpz.sekisho.example
struct ZoneEdit: Equatable {
  enum Beginning: Equatable {
    /// What is in the file stays, but for the lines below.
    case edit(RPZSettings.Action)
    /// The file is made anew.
    case replace(RPZSettings.Action)
    /// Nothing is asked of the resolver any more.
    case withdraw
  }

  var file: String
  var beginning: Beginning
  var entries = EntryEdit()
  var reload: [String]

  var text: String {
    var lines = ["file \(file)"]
    switch beginning {
    case .edit(let action): lines.append("edit \(action.rawValue)")
    case .replace(let action): lines.append("replace \(action.rawValue)")
    case .withdraw: lines.append("withdraw")
    }
    lines += entries.lines
    lines.append("run \(reload.joined(separator: " "))")
    return lines.joined(separator: "\n")
  }

  /// Reads what `text` wrote; `nil` for anything else.
  init?(_ text: String) {
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false)[...]
    guard let first = lines.popFirst(), first.hasPrefix("file /"), let second = lines.popFirst(),
      let last = lines.popLast(), last.hasPrefix("run ")
    else { return nil }
    let words = second.split(separator: " ")
    let action = words.count == 2 ? RPZSettings.Action(rawValue: String(words[1])) : nil
    switch (words.first, action) {
    case ("edit", let action?): beginning = .edit(action)
    case ("replace", let action?): beginning = .replace(action)
    case ("withdraw", nil) where words.count == 1: beginning = .withdraw
    default: return nil
    }
    file = String(first.dropFirst(5))
    reload = last.dropFirst(4).split(separator: " ").map(String.init)
    guard let entries = EntryEdit(lines: lines) else { return nil }
    self.entries = entries
  }

  init(file: String, beginning: Beginning, entries: EntryEdit = EntryEdit(), reload: [String]) {
    self.file = file
    self.beginning = beginning
    self.entries = entries
    self.reload = reload
  }

  /// The zone after the edit.
  func applied(to zone: PolicyZone) -> PolicyZone {
    var result = zone
    switch beginning {
    case .edit(let action): result.action = action
    case .replace(let action):
      result = PolicyZone()
      result.serial = zone.serial
      result.action = action
    case .withdraw:
      result = PolicyZone()
      result.serial = zone.serial
    }
    entries.apply(allowed: &result.allowed, blocks: &result.blocks)
    return result
  }
}
