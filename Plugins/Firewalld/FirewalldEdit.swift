import NetworkTypes

/// A change of the allow list, with the blocks that change in the same plan.
///
/// An allowed prefix cuts every block that it overlaps, and a plan holds only what it changes: which
/// entries follow from it is computed when it is performed.
struct FirewalldEdit: Equatable {
  var removed = FirewalldState()
  var added = FirewalldState()

  static let heading = "Edit, and cut what is blocked by what is allowed:"

  var text: String {
    let lines =
      removed.allowed.sorted().map { "- allow \($0)" } + removed.blocked.sorted().map { "- block \($0)" }
      + added.allowed.sorted().map { "+ allow \($0)" } + added.blocked.sorted().map { "+ block \($0)" }
    return ([Self.heading] + lines).joined(separator: "\n") + "\n"
  }

  init(from current: FirewalldState, to goal: FirewalldState) {
    removed = FirewalldState(
      allowed: current.allowed.subtracting(goal.allowed), blocked: current.blocked.subtracting(goal.blocked))
    added = FirewalldState(
      allowed: goal.allowed.subtracting(current.allowed), blocked: goal.blocked.subtracting(current.blocked))
  }

  /// `nil` when it is not the text of an edit.
  init?(_ text: String) {
    var lines = text.split(separator: "\n")[...]
    guard lines.popFirst() == Self.heading[...] else { return nil }
    for line in lines {
      let words = line.split(separator: " ")
      guard words.count == 3, let prefix = IPPrefix(String(words[2])) else { return nil }
      switch (words[0], words[1]) {
      case ("-", "allow"): removed.allowed.insert(prefix)
      case ("-", "block"): removed.blocked.insert(prefix)
      case ("+", "allow"): added.allowed.insert(prefix)
      case ("+", "block"): added.blocked.insert(prefix)
      default: return nil
      }
    }
  }

  func applied(to state: FirewalldState) -> FirewalldState {
    FirewalldState(
      allowed: state.allowed.subtracting(removed.allowed).union(added.allowed),
      blocked: state.blocked.subtracting(removed.blocked).union(added.blocked))
  }
}
