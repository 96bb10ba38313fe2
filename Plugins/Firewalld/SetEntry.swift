import NetworkTypes

/// Prefixes as the entries of our sets, spelt as firewalld compares them: letter by letter.
enum SetEntry {
  /// What a note says about a prefix.
  enum Note: String {
    case allowed = "tcp"
    /// Blocked, but for what is allowed in it.
    case cut = "udp"
  }

  static func host(_ prefix: IPPrefix) -> String { address(prefix.address) }
  static func net(_ prefix: IPPrefix) -> String { "\(address(prefix.address))/\(prefix.length)" }

  /// An address of the prefix with its length as the port: entries of one prefix within another do not
  /// overlap. The last for IPv4, because firewalld takes no `0.0.0.0`.
  static func note(_ prefix: IPPrefix, _ note: Note) -> String {
    "\(address(prefix.isIPv4 ? prefix.last : prefix.address)),\(note.rawValue):\(prefix.length)"
  }

  /// `nil` for whatever we would not have written into a set of this role.
  static func prefix(_ text: some StringProtocol, _ set: FirewalldFrame.SetName) -> IPPrefix? {
    // The kernel leaves the length of an address away.
    guard let prefix = IPPrefix(String(text)), FirewalldFrame.Family(prefix) == set.family,
      set.role == .net || prefix.isHost
    else { return nil }
    return prefix
  }

  static func note(_ text: String, _ set: FirewalldFrame.SetName) -> (prefix: IPPrefix, note: Note)? {
    let words = text.split(separator: ",")
    guard words.count == 2, let address = IPAddress(String(words[0])),
      let colon = words[1].firstIndex(of: ":"), let note = Note(rawValue: String(words[1][..<colon])),
      let length = Int(words[1][words[1].index(after: colon)...]),
      let prefix = IPPrefix(address, length: length), FirewalldFrame.Family(prefix) == set.family,
      Self.note(prefix, note) == text
    else { return nil }
    return (prefix, note)
  }

  /// RFC 5952 without the dotted form, which firewalld does not write.
  private static func address(_ address: IPAddress) -> String {
    guard !address.isIPv4 else { return address.description }
    let bytes = address.bytes
    let words = stride(from: 0, to: 16, by: 2).map { UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1]) }
    var best = 0..<0
    var start = 0
    while start < 8 {
      var end = start
      while end < 8, words[end] == 0 { end += 1 }
      if end - start > max(best.count, 1) { best = start..<end }
      start = end + 1
    }
    let hexadecimal = words.map { String($0, radix: 16) }
    guard !best.isEmpty else { return hexadecimal.joined(separator: ":") }
    return hexadecimal[..<best.lowerBound].joined(separator: ":") + "::"
      + hexadecimal[best.upperBound...].joined(separator: ":")
  }
}
