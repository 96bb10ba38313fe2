import FirewallKit
import NetworkTypes

/// The sets and policies of ours in firewalld. They filter nothing as long as the sets are empty.
struct FirewalldFrame {
  enum Family: CaseIterable {
    case ipv4, ipv6

    init(_ prefix: IPPrefix) { self = prefix.isIPv4 ? .ipv4 : .ipv6 }

    var digit: String { self == .ipv4 ? "4" : "6" }
    /// As the options of a set spell it.
    var option: String { self == .ipv4 ? "inet" : "inet6" }
    /// As rich rules spell it.
    var word: String { self == .ipv4 ? "ipv4" : "ipv6" }
    /// As the kernel's rules spell it.
    var payload: String { self == .ipv4 ? "ip" : "ip6" }
  }

  enum Role: String, CaseIterable {
    /// Single addresses.
    case host
    /// Prefixes, and what an allowed prefix leaves of one.
    case net
    /// What is allowed, and the blocks that it cuts. No rule looks at this set.
    case note

    var type: String {
      switch self {
      case .host: "hash:ip"
      case .net: "hash:net"
      case .note: "hash:ip,port"
      }
    }
  }

  struct SetName: Hashable, Comparable {
    var text: String
    var role: Role
    var family: Family

    static func == (a: Self, b: Self) -> Bool { a.text == b.text }
    static func < (a: Self, b: Self) -> Bool { a.text < b.text }
    func hash(into hasher: inout Hasher) { hasher.combine(text) }
  }

  /// How a set of firewalld is made; whose it is stands in its description.
  struct SetDefinition: Equatable {
    var description: String
    var type: String
    var options: [String: String]

    var text: String {
      ([type] + options.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }).joined(separator: " ")
    }
  }

  struct Policy {
    var name: String
    var ingress: String
    var egress: String
    var rules: [String]
  }

  /// In the description of each set and policy of ours.
  static let mark = "Kept by sekisho. What is changed here by hand is undone."
  /// Before every other policy and before the zones.
  static let priority = -32_000
  static let agreed = "the same in firewalld, in its configuration and in the kernel"
  static let inForce = "in force"
  static let kernelPart = "kernel"

  let settings: FirewalldSettings

  func set(_ role: Role, _ family: Family) -> SetName {
    SetName(text: "\(settings.prefix)-\(role.rawValue)\(family.digit)", role: role, family: family)
  }

  var sets: [SetName] { Family.allCases.flatMap { family in Role.allCases.map { set($0, family) } }.sorted() }

  func definition(of set: SetName) -> SetDefinition {
    SetDefinition(
      description: Self.mark, type: set.role.type,
      options: ["family": set.family.option, "maxelem": "\(settings.setSize)"])
  }

  /// The rules as firewalld itself spells them.
  var rules: [String] {
    matches.map { set, isSource in
      "rule family=\"\(set.family.word)\" \(isSource ? "source" : "destination") ipset=\"\(set.text)\" drop"
    }.sorted()
  }

  /// The same as the kernel lists them.
  var kernelRules: [String] {
    matches.map { set, isSource in "\(set.family.payload) \(isSource ? "saddr" : "daddr") @\(set.text) drop" }
      .sorted()
  }

  private var matches: [(set: SetName, isSource: Bool)] {
    let ends: [Bool] =
      switch settings.direction {
      case .inbound: [true]
      case .outbound: [false]
      case .both: [true, false]
      }
    return sets.filter { $0.role != .note }.flatMap { set in ends.map { (set, $0) } }
  }

  var policies: [Policy] {
    FirewalldSettings.Hook.allCases.filter { settings.hooks.contains($0) }.map { hook in
      switch hook {
      case .input: Policy(name: policyNames[0], ingress: "ANY", egress: "HOST", rules: rules)
      case .forward: Policy(name: policyNames[1], ingress: "ANY", egress: "ANY", rules: rules)
      case .output: Policy(name: policyNames[2], ingress: "HOST", egress: "ANY", rules: rules)
      }
    }
  }

  /// Of all hooks: after a change of the settings the policy of a former one may still be there.
  var policyNames: [String] { ["in", "fwd", "out"].map { "\(settings.prefix)-\($0)" } }

  /// What the settings of a policy amount to: those that are empty or false are left out.
  static func text(ofPolicy settings: [String: BusValue]) -> String {
    settings.filter { !["description", "short", "version"].contains($0.key) && !$0.value.isEmpty }
      .sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value.text)" }.joined(separator: "\n")
  }

  private func settings(of policy: Policy) -> [String: BusValue] {
    [
      "description": .text(Self.mark), "target": .text("CONTINUE"), "priority": .number(Self.priority),
      "ingress_zones": .list([.text(policy.ingress)]), "egress_zones": .list([.text(policy.egress)]),
      "rich_rules": .list(policy.rules.map { .text($0) }),
    ]
  }

  // MARK: Scaffold

  static func setPart(_ name: SetName) -> String { "set/\(name.text)" }
  static func entriesPart(_ name: SetName) -> String { "entries/\(name.text)" }
  static func policyPart(_ name: String) -> String { "policy/\(name)" }

  var parts: Scaffold {
    var parts: Scaffold = [Self.kernelPart: Self.inForce]
    for set in sets {
      parts[Self.setPart(set)] = definition(of: set).text
      parts[Self.entriesPart(set)] = Self.agreed
    }
    for policy in policies { parts[Self.policyPart(policy.name)] = Self.text(ofPolicy: settings(of: policy)) }
    return parts
  }

  // MARK: Commands

  /// One command of `busctl` or `firewall-cmd`.
  struct Command: Equatable {
    var program: String
    var arguments: [String]

    /// As a shell would take it, for people.
    var text: String {
      ([program] + arguments).map { word in
        let isPlain = word.utf8.allSatisfy {
          switch $0 {
          case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
          default: "-_./:=,@".utf8.contains($0)
          }
        }
        return isPlain && !word.isEmpty ? word : "'\(word)'"
      }.joined(separator: " ")
    }
  }

  func creation(of set: SetName) -> Command {
    let definition = definition(of: set)
    let options = definition.options.sorted { $0.key < $1.key }
    return FirewalldBus.command(
      FirewalldBus.configurationPath, FirewalldBus.configuration, "addIPSet",
      ["s(ssssa{ss}as)", set.text, "", "", definition.description, definition.type, "\(options.count)"]
        + options.flatMap { [$0.key, $0.value] } + ["0"])
  }

  func creation(of policy: Policy) -> Command {
    let settings = settings(of: policy).sorted { $0.key < $1.key }
    return FirewalldBus.command(
      FirewalldBus.configurationPath, FirewalldBus.configuration, "addPolicy",
      ["sa{sv}", policy.name, "\(settings.count)"] + settings.flatMap { [$0.key] + $0.value.arguments })
  }

  static func removal(ofSet name: String) -> Command {
    Command(program: "firewall-cmd", arguments: ["--permanent", "--delete-ipset=\(name)"])
  }

  static func removal(ofPolicy name: String) -> Command {
    Command(program: "firewall-cmd", arguments: ["--permanent", "--delete-policy=\(name)"])
  }

  static let reload = Command(program: "firewall-cmd", arguments: ["--reload"])

  /// A reload deletes the table of firewalld first, and fails when somebody flushed the whole ruleset.
  static let table = Command(program: "nft", arguments: ["add", "table", "inet", "firewalld"])

  /// Empties a set at run time, in firewalld and in the kernel, also where the two differ.
  static func emptying(_ set: SetName) -> Command {
    FirewalldBus.command(
      FirewalldBus.rootPath, FirewalldBus.service + ".ipset", "setEntries", ["sas", set.text, "0"])
  }

  /// The whole of the set-up as it stands in a plan.
  var setUp: String {
    let creations = sets.map { creation(of: $0) } + policies.map { creation(of: $0) }
    return """
      Set up. What is there already stays; what is of ours and different is deleted first:
      \(creations.map(\.text).joined(separator: "\n"))
      When the kernel has no table of firewalld:
      \(Self.table.text)
      When anything was made, or firewalld or the kernel has not what its configuration says:
      \(Self.reload.text)

      """
  }
}
