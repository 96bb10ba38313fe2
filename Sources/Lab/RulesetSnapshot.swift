import Foundation

/// Everything that the firewalls of this network namespace hold, as text, without what changes by
/// itself: counters, remaining times, the moment of the reading.
///
/// Two equal snapshots prove that nothing was changed in between, on any of the kernel's firewalls.
public struct RulesetSnapshot: Sendable, Equatable, CustomStringConvertible {
  /// What each program said, in the order in which they were asked. Programs that are not installed
  /// have no section: what they could show cannot have been made by us.
  public var sections: [Section]

  public struct Section: Sendable, Equatable {
    public var program: String
    public var lines: [String]
  }

  /// Asks every firewall program that is there.
  public static func read() async throws(LabError) -> RulesetSnapshot {
    // `-s` leaves counters and remaining times out; handles are shown only on request.
    let commands = [
      ["nft", "-s", "list", "ruleset"], ["iptables-nft-save"], ["ip6tables-nft-save"],
      ["iptables-legacy-save"], ["ip6tables-legacy-save"], ["ipset", "save"],
    ]
    var sections: [Section] = []
    for command in commands where SystemProgram.path(of: command[0]) != nil {
      let text = try await SystemProgram.run(command)
      sections.append(Section(program: command[0], lines: normalised(text, from: command[0])))
    }
    return RulesetSnapshot(sections: sections)
  }

  public var description: String {
    sections.map { (["# \($0.program)"] + $0.lines).joined(separator: "\n") }.joined(separator: "\n") + "\n"
  }

  /// Lines that only one of the two has, each with the mark and the program of its side.
  public func difference(from earlier: RulesetSnapshot) -> [String] {
    func lines(_ snapshot: RulesetSnapshot) -> [String] {
      snapshot.sections.flatMap { section in section.lines.map { "\(section.program): \($0)" } }
    }
    return lines(self).difference(from: lines(earlier)).map {
      switch $0 {
      case .insert(_, let line, _): "+ \(line)"
      case .remove(_, let line, _): "- \(line)"
      }
    }
  }

  static func normalised(_ text: String, from program: String) -> [String] {
    let lines = text.split(separator: "\n").map(String.init)
    switch program {
    case "nft":
      return withoutEmptyBuiltIns(nft: lines.filter { !$0.hasPrefix("#") })
    case "ipset":
      // The order of members is that of a hash table with a seed.
      let plain = lines.map {
        $0.hasPrefix("add ")
          ? $0.replacing(/\ (?:timeout|packets|bytes) \d+/, with: "") : $0
      }
      return plain.filter { !$0.hasPrefix("add ") } + plain.filter { $0.hasPrefix("add ") }.sorted()
    default:
      let plain = lines.filter { !$0.hasPrefix("#") }.map { $0.replacing(/\[\d+:\d+\]/, with: "[0:0]") }
      return withoutEmptyBuiltIns(saved: plain)
    }
  }

  // Any iptables command makes the built-in chains of its table, and nothing takes them away again.
  // Empty and accepting, they stop no packet, so a table of nothing else counts as absent.

  private static func withoutEmptyBuiltIns(nft lines: [String]) -> [String] {
    var kept: [String] = []
    var table: [String] = []
    for line in lines {
      table.append(line)
      guard line == "}" else { continue }
      let body = table.dropFirst().dropLast().map { $0.trimmingCharacters(in: .whitespaces) }
      let isPlain = body.allSatisfy { line in
        line.isEmpty || line == "}" || line.wholeMatch(of: /chain [A-Z]+ \{/) != nil
          || line.wholeMatch(of: /type \w+ hook \w+ priority [^;]+; policy accept;/) != nil
      }
      let isBuiltIn =
        table[0].wholeMatch(of: /table ip6? (filter|mangle|nat|raw|security) \{/) != nil
      if !(isBuiltIn && isPlain) { kept += table }
      table = []
    }
    return kept + table
  }

  private static func withoutEmptyBuiltIns(saved lines: [String]) -> [String] {
    var kept: [String] = []
    var table: [String] = []
    for line in lines {
      table.append(line)
      guard line == "COMMIT" else { continue }
      let isPlain = table.dropFirst().dropLast().allSatisfy {
        $0.wholeMatch(of: /:[A-Z]+ ACCEPT \[0:0\]/) != nil
      }
      if !isPlain { kept += table }
      table = []
    }
    return kept + table
  }
}
