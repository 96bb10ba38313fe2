import FirewallKit
import NetworkTypes

/// What stands in our table before blocks can: names and canonical contents.
enum NftablesScaffold {
  /// The sets of the table. Single addresses live in hash sets, because adding one to an interval set
  /// costs time in proportion to its size; prefixes need intervals and are few.
  enum SetName: String, CaseIterable {
    case blocked4, blocked6
    case blocked4Prefixes = "blocked4-prefixes"
    case blocked6Prefixes = "blocked6-prefixes"
    case allowed4, allowed6

    var isIPv4: Bool {
      switch self {
      case .blocked4, .blocked4Prefixes, .allowed4: true
      case .blocked6, .blocked6Prefixes, .allowed6: false
      }
    }

    var isInterval: Bool { self != .blocked4 && self != .blocked6 }
    var isAllowed: Bool { self == .allowed4 || self == .allowed6 }

    /// The set that holds a block of this prefix.
    static func holding(block prefix: IPPrefix) -> SetName {
      switch (prefix.isIPv4, prefix.isHost) {
      case (true, true): .blocked4
      case (false, true): .blocked6
      case (true, false): .blocked4Prefixes
      case (false, false): .blocked6Prefixes
      }
    }

    /// The set that holds an allowed prefix.
    static func holding(allowed prefix: IPPrefix) -> SetName { prefix.isIPv4 ? .allowed4 : .allowed6 }

    /// The place among all sets.
    var place: Int {
      switch self {
      case .blocked4: 0
      case .blocked6: 1
      case .blocked4Prefixes: 2
      case .blocked6Prefixes: 3
      case .allowed4: 4
      case .allowed6: 5
      }
    }

    /// As `SetDescription.text`. There is no auto-merge: it would join two blocks into one that ends
    /// when the later of them does.
    var content: String {
      (isIPv4 ? "ipv4_addr" : "ipv6_addr") + (isInterval ? " interval" : "") + (isAllowed ? "" : " timeout")
    }

    var part: String { "set \(rawValue)" }
  }

  /// The part that stands for the table itself.
  static let tablePart = "table"
  static let tableContent = "inet"
  /// Our mark: an empty chain of this name. Comments on tables would read better, but libnftables
  /// 1.0.6 neither takes nor gives them in JSON; and a mark on a rule would go with `flush table`.
  static let markChain = "owned-by-sekisho"
  /// The chain that decides about packets of which this end is blocked.
  static func blockedChain(_ end: NftablesRule.End) -> String {
    switch end {
    case .source: "blocked-sources"
    case .destination: "blocked-destinations"
    }
  }

  static func part(chain: String) -> String { "chain \(chain)" }
  static func part(set: String) -> String { "set \(set)" }

  /// The scaffold that settings ask for.
  ///
  /// A packet that is not blocked meets only the look-ups of the blocks. The allow list is asked when
  /// one of them has hit, and for the address that hit: an allowed address may be the other end of a
  /// packet that is dropped. From there packets come back, because their other end is still to be asked.
  static func scaffold(for settings: NftablesSettings) -> Scaffold {
    var parts: Scaffold = [
      tablePart: tableContent,
      part(chain: markChain): ChainDescription(base: nil, rules: []).text,
    ]
    for set in SetName.allCases { parts[set.part] = set.content }
    let ends = settings.direction.ends
    for end in ends {
      let rules = [
        NftablesRule(match: .init(isIPv4: true, end: end, set: SetName.allowed4.rawValue), verdict: .return),
        NftablesRule(match: .init(isIPv4: false, end: end, set: SetName.allowed6.rawValue), verdict: .return),
        NftablesRule(counter: settings.counters, verdict: .drop),
      ]
      parts[part(chain: blockedChain(end))] = ChainDescription(base: nil, rules: rules.map(\.text)).text
    }
    var lookups: [NftablesRule] = []
    for set in [SetName.blocked4, .blocked4Prefixes, .blocked6, .blocked6Prefixes] {
      for end in ends {
        lookups.append(
          NftablesRule(
            match: .init(isIPv4: set.isIPv4, end: end, set: set.rawValue),
            verdict: .jump(blockedChain(end))))
      }
    }
    for hook in settings.hooks {
      let priority = settings.priority ?? NftablesSettings.defaultPriority(of: hook)
      parts[part(chain: hook.rawValue)] =
        ChainDescription(
          base: .init(type: "filter", hook: hook.rawValue, priority: priority, policy: "accept"),
          rules: lookups.map(\.text)
        ).text
    }
    return parts
  }
}

extension TrafficDirection {
  /// Which address of a packet is looked up.
  fileprivate var ends: [NftablesRule.End] {
    switch self {
    case .outbound: [.destination]
    case .inbound: [.source]
    case .both: [.source, .destination]
    }
  }
}

/// A chain in the canonical text of the scaffold: its kind, then a line for each rule.
struct ChainDescription: Equatable {
  struct Base: Equatable {
    var type: String
    var hook: String
    var priority: Int
    var policy: String
  }

  /// `nil` for a chain that packets reach only by a jump.
  var base: Base?
  var rules: [String]

  var text: String {
    let head = base.map { "\($0.type) \($0.hook) \($0.priority) \($0.policy)" } ?? "regular"
    return ([head] + rules).joined(separator: "\n")
  }

  init(base: Base?, rules: [String]) {
    self.base = base
    self.rules = rules
  }

  /// `nil` for a text with a head that no chain of ours has.
  init?(_ text: String) {
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    let words = lines.removeFirst().split(separator: " ").map(String.init)
    if words == ["regular"] {
      base = nil
    } else if words.count == 4, words[0] == "filter", let priority = Int(words[2]),
      NftablesSettings.Hook(rawValue: words[1]) != nil, words[3] == "accept" || words[3] == "drop"
    {
      base = Base(type: words[0], hook: words[1], priority: priority, policy: words[3])
    } else {
      return nil
    }
    rules = lines
  }
}
