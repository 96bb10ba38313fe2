/// A script for a router's console, of which this understands what changes address lists, strictly:
///
///     :do {/ip/firewall/address-list/add list=a address=192.0.2.1} on-error={:put "192.0.2.1"};
struct RouterOSScript {
  enum Menu: String { case ip, ipv6 }

  enum Command: Equatable {
    case add(Menu, [String: String])
    /// All that match.
    case remove(Menu, [String: String])
  }

  /// Commands, and what is printed when one of them fails.
  struct Block {
    var commands: [Command]
    var complaint: String
  }

  let blocks: [Block]

  /// `nil` when it is anything else.
  init?(_ text: String) {
    var rest = text[...]
    var blocks: [Block] = []
    while !rest.isEmpty {
      guard let commands = Self.part(&rest, ":do {", "} on-error={:put \""),
        let complaint = Self.part(&rest, "", "\"};")
      else { return nil }
      var found: [Command] = []
      for line in commands.split(separator: ";", omittingEmptySubsequences: false) {
        guard let command = Self.command(line) else { return nil }
        found.append(command)
      }
      blocks.append(Block(commands: found, complaint: String(complaint)))
    }
    guard !blocks.isEmpty else { return nil }
    self.blocks = blocks
  }

  private static func part(_ rest: inout Substring, _ opening: String, _ closing: String) -> Substring? {
    guard rest.hasPrefix(opening) else { return nil }
    rest = rest.dropFirst(opening.count)
    guard let end = rest.firstRange(of: closing) else { return nil }
    defer { rest = rest[end.upperBound...] }
    return rest[..<end.lowerBound]
  }

  private static func command(_ text: Substring) -> Command? {
    for menu in [Menu.ip, .ipv6] {
      let base = "/\(menu.rawValue)/firewall/address-list/"
      if text.hasPrefix(base + "add ") {
        return properties(text.dropFirst(base.count + "add ".count)).map { .add(menu, $0) }
      }
      let remove = base + "remove [find "
      if text.hasPrefix(remove), text.hasSuffix("]") {
        return properties(text.dropFirst(remove.count).dropLast()).map { .remove(menu, $0) }
      }
    }
    return nil
  }

  private static let known: Set<String> = ["list", "address", "timeout", "comment", "disabled", "dynamic"]

  private static func properties(_ text: Substring) -> [String: String]? {
    var found: [String: String] = [:]
    for word in text.split(separator: " ", omittingEmptySubsequences: false) {
      let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2, known.contains(String(parts[0])), !parts[1].isEmpty,
        !parts[1].contains(where: { "\"[]{}$();".contains($0) }),
        found.updateValue(String(parts[1]), forKey: String(parts[0])) == nil
      else { return nil }
    }
    return found
  }
}
