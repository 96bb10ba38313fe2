public import NetworkTypes

/// What is taken out of a list of blocks and exceptions and what is put in, as lines of text: for adapters
/// whose device has no timers and is changed by a text that tells a person what it does.
///
///     - block old.example.org
///     + allow 192.0.2.0/28
///     + block bad.example.org
public struct EntryEdit: Equatable, Sendable {
  /// A block, or an exception of blocks.
  public enum Entry: Hashable, Comparable, Sendable {
    case allow(IPPrefix)
    case block(BlockTarget)

    public static func < (a: Entry, b: Entry) -> Bool {
      switch (a, b) {
      case (.allow(let a), .allow(let b)): a < b
      case (.block(let a), .block(let b)): a < b
      case (.allow, .block): true
      case (.block, .allow): false
      }
    }

    fileprivate init?(_ words: Substring) {
      if words.hasPrefix("allow "), let prefix = IPPrefix(String(words.dropFirst(6))) {
        self = .allow(prefix)
      } else if words.hasPrefix("block "), let target = BlockTarget(String(words.dropFirst(6))) {
        self = .block(target)
      } else {
        return nil
      }
    }

    fileprivate var text: String {
      switch self {
      case .allow(let prefix): "allow \(prefix)"
      case .block(let target): "block \(target)"
      }
    }
  }

  public private(set) var removed: [Entry] = []
  public private(set) var added: [Entry] = []

  /// Changes nothing.
  public init() {}

  /// What leads from one state to the other, in a stable order. Deadlines do not count.
  public init(from current: FirewallState, to goal: FirewallState) {
    removed = Self.entries(of: current, notIn: goal)
    added = Self.entries(of: goal, notIn: current)
  }

  private static func entries(of state: FirewallState, notIn other: FirewallState) -> [Entry] {
    let allowed = state.allowed.subtracting(other.allowed).map { Entry.allow($0) }
    return (allowed + state.blocks.keys.filter { other.blocks[$0] == nil }.map { .block($0) }).sorted()
  }

  public var isEmpty: Bool { removed.isEmpty && added.isEmpty }

  public var lines: [String] { removed.map { "- \($0.text)" } + added.map { "+ \($0.text)" } }

  /// Reads what `lines` wrote; `nil` for anything else.
  public init?(lines: some Sequence<Substring>) {
    for line in lines {
      guard let entry = Entry(line.dropFirst(2)) else { return nil }
      if line.hasPrefix("- ") {
        removed.append(entry)
      } else if line.hasPrefix("+ ") {
        added.append(entry)
      } else {
        return nil
      }
    }
  }

  /// Does what the lines say.
  public func apply(allowed: inout Set<IPPrefix>, blocks: inout Set<BlockTarget>) {
    for entry in removed {
      switch entry {
      case .allow(let prefix): allowed.remove(prefix)
      case .block(let target): blocks.remove(target)
      }
    }
    for entry in added {
      switch entry {
      case .allow(let prefix): allowed.insert(prefix)
      case .block(let target): blocks.insert(target)
      }
    }
  }
}
