import FirewallKit
import NetworkTypes

/// The families that have a command and sets of their own.
enum AddressFamily: String, CaseIterable, Sendable {
  case ipv4, ipv6

  /// The word of `ipset create … family`.
  var setFamily: String { self == .ipv4 ? "inet" : "inet6" }
  var digit: String { self == .ipv4 ? "4" : "6" }
}

/// The tables that our hooks live in.
enum FilterTable: String, CaseIterable, Sendable { case filter, raw }

/// What a set of ours is for.
enum SetRole: String, CaseIterable, Sendable {
  case host, net, allow
  /// The list of `host` and `net`, so that one rule matches both.
  case blocked
}

/// Names, and what has to stand under them.
///
/// Parts: `set/NAME` is the definition of a set, then one line for each member of a list and for each
/// entry that does not belong there; `chain/FAMILY/TABLE` is our chain, one rule a line;
/// `jump/FAMILY/TABLE/CHAIN` are our jumps in that chain, each with its place in it.
struct IptablesScaffold: Sendable {
  /// Networks in the allow list at most. It is written by people.
  static let allowSize = 65_536
  /// What a set is called while it is built to be swapped in.
  static let nextSuffix = "-next"

  let settings: IptablesSettings

  var families: [AddressFamily] { settings.ipv6 ? [.ipv4, .ipv6] : [.ipv4] }
  var chain: String { settings.prefix.uppercased() }
  /// The comment that marks a rule as ours.
  var mark: String { settings.prefix }

  var tables: Set<FilterTable> {
    Set(settings.hooks.map { $0 == .prerouting ? .raw : .filter })
  }

  func set(_ role: SetRole, _ family: AddressFamily) -> String {
    "\(settings.prefix)-\(role.rawValue)\(family.digit)"
  }

  /// All names that may be ours: the sets, and what an interrupted rebuild leaves.
  var setNames: [String: (role: SetRole, family: AddressFamily)] {
    var names: [String: (role: SetRole, family: AddressFamily)] = [:]
    for family in families {
      for role in SetRole.allCases {
        names[set(role, family)] = (role, family)
        names[set(role, family) + Self.nextSuffix] = (role, family)
      }
    }
    return names
  }

  func definition(_ role: SetRole, _ family: AddressFamily) -> String {
    switch role {
    case .host: "hash:ip family \(family.setFamily) maxelem \(settings.setSize) timeout 0"
    case .net: "hash:net family \(family.setFamily) maxelem \(settings.setSize) timeout 0"
    case .allow: "hash:net family \(family.setFamily) maxelem \(Self.allowSize)"
    case .blocked: "list:set size 8"
    }
  }

  // The allow list is a condition of the drop and not a rule with RETURN ahead of it: a RETURN for one
  // end of a packet would also let pass a packet that the other end is blocked for, and the allow
  // list usually holds our own networks, one end of every packet there is.
  func rules(_ family: AddressFamily) -> [String] {
    let ends =
      settings.direction == .outbound ? ["dst"] : settings.direction == .inbound ? ["src"] : ["dst", "src"]
    return ends.map { end in
      "-m set --match-set \(set(.blocked, family)) \(end)"
        + " -m set ! --match-set \(set(.allow, family)) \(end) -m comment --comment \(mark) -j DROP"
    }
  }

  var jump: String { "-m comment --comment \(mark) -j \(chain)" }

  static func setPart(_ name: String) -> String { "set/\(name)" }
  static func chainPart(_ family: AddressFamily, _ table: FilterTable) -> String {
    "chain/\(family.rawValue)/\(table.rawValue)"
  }
  static func jumpPart(_ family: AddressFamily, _ table: FilterTable, _ chain: String) -> String {
    "jump/\(family.rawValue)/\(table.rawValue)/\(chain)"
  }

  var parts: Scaffold {
    var parts: Scaffold = [:]
    for family in families {
      for role in SetRole.allCases {
        var content = SetContent(definition: definition(role, family))
        if role == .blocked { content.members = [set(.host, family), set(.net, family)] }
        parts[Self.setPart(set(role, family))] = content.text
      }
      for hook in settings.hooks {
        let table: FilterTable = hook == .prerouting ? .raw : .filter
        parts[Self.chainPart(family, table)] = rules(family).joined(separator: "\n")
        // Ahead of everything: a rule before ours could accept what we block.
        parts[Self.jumpPart(family, table, hook.rawValue.uppercased())] = "1 \(jump)"
      }
    }
    return parts
  }
}

/// The content of a `set/…` part.
struct SetContent: Equatable {
  /// Type and options, as `ipset create` takes them.
  var definition: String
  /// Names in a list, sorted: their order makes no difference to a match.
  var members: [String] = []
  /// Entries that only someone else can have put there, as `ipset add` takes them, sorted.
  var strays: [String] = []

  init(definition: String) { self.definition = definition }

  init(_ text: String) {
    let lines = text.split(separator: "\n")
    definition = lines.first.map(String.init) ?? ""
    for line in lines.dropFirst() {
      if line.hasPrefix("member ") { members.append(String(line.dropFirst(7))) }
      if line.hasPrefix("stray ") { strays.append(String(line.dropFirst(6))) }
    }
  }

  var text: String {
    ([definition] + members.sorted().map { "member \($0)" } + strays.sorted().map { "stray \($0)" })
      .joined(separator: "\n")
  }

  var isList: Bool { definition.hasPrefix("list:") }
}

extension IPPrefix {
  var family: AddressFamily { isIPv4 ? .ipv4 : .ipv6 }
}
