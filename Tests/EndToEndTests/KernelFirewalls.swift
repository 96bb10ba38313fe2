import Foundation
import Lab
import Testing

/// The kernel's firewalls in this namespace, beside the product: asked and changed with the programs
/// of the system.
enum KernelFirewalls {
  /// Removes everything from them.
  static func empty() throws {
    try run("nft", "flush ruleset")
    for program in ["iptables-legacy", "ip6tables-legacy"] {
      for table in ["filter", "raw"] {
        for action in ["-F", "-X"] { _ = try? RunningProgram.run(program, ["-t", table, action]) }
      }
    }
    // A set that is a member of another cannot be destroyed before that one is emptied, and the kernel
    // lets go of a set a moment after the last rule that used it is gone.
    for _ in 1...500 {
      try run("ipset", "flush")
      if try RunningProgram.run("ipset", ["destroy"]).status == 0 { return }
    }
    throw Failure(description: "sets are still in use: \(try run("ipset", "list"))")
  }

  /// Runs a command, its arguments separated by spaces, that must succeed.
  @discardableResult
  static func run(_ program: String, _ arguments: String) throws -> String {
    let outcome = try RunningProgram.run(program, arguments.split(separator: " ").map(String.init))
    guard outcome.status == 0 else { throw Failure(description: "\(program) \(arguments): \(outcome)") }
    return outcome.output
  }

  struct Failure: Error, CustomStringConvertible { var description: String }

  /// A table, a chain and sets that are not ours, of each kind.
  static func addForeign() throws {
    try run("nft", "add table inet foreign")
    try run("nft", "add set inet foreign keep { type ipv4_addr ; flags interval ; }")
    try run("nft", "add element inet foreign keep { 198.51.100.0/24 }")
    try run("nft", "add chain inet foreign guard { type filter hook forward priority 5 ; policy accept ; }")
    try run("nft", "add rule inet foreign guard ip saddr @keep accept")
    try run("ipset", "create foreign hash:ip")
    try run("ipset", "add foreign 198.51.100.77")
    try run("iptables-nft", "-N FOREIGN")
    try run("iptables-nft", "-A FOREIGN -m set --match-set foreign src -j ACCEPT")
    try run("iptables-nft", "-A FORWARD -j FOREIGN")
  }

  /// All that is foreign, to the byte, handles included.
  static func foreign() throws -> String {
    try run("nft", "-a list table inet foreign") + run("iptables-nft", "-S FOREIGN")
      + run("ipset", "list foreign -output save")
      + run("iptables-nft", "-S FORWARD").split(separator: "\n").filter { $0.contains("FOREIGN") }
      .joined(separator: "\n")
  }

  /// Everything that is on them as sorted words, without times and the seeds of hash tables: elements
  /// of a hash set have no order, and an element or a rule that is there twice makes its words count
  /// twice.
  static func words() async throws -> [Substring] {
    try await RulesetSnapshot.read().description
      .replacing(/\ (?:timeout|expires) (?:\d+(?:ms|d|h|m|s)?)+/, with: "")
      .replacing(/\ initval 0x[0-9a-f]+/, with: "")
      .split(whereSeparator: { " ,\n\t".contains($0) }).sorted()
  }
}
