import NetworkTypes

/// Prefixes as the owners of records in a response policy zone: the length, then the address from its end
/// (draft-vixie-dnsop-dns-rpz, section 4.1.1).
enum PolicyAddress {
  private static let suffix = ".rpz-ip"

  /// `24.0.2.0.192.rpz-ip`, `48.zz.1.db8.2001.rpz-ip`.
  static func owner(of prefix: IPPrefix) -> String {
    let bytes = prefix.address.bytes
    var labels: [String]
    if prefix.isIPv4 {
      labels = bytes.map { String($0) }
    } else {
      let words = stride(from: 0, to: 16, by: 2).map { UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1]) }
      labels = words.map { String($0, radix: 16) }
      // The longest run of two or more zeros, the first of equals from the address's beginning (RFC 5952).
      var best = 0..<0
      var start = 0
      while start < 8 {
        var end = start
        while end < 8, words[end] == 0 { end += 1 }
        if end - start > max(best.count, 1) { best = start..<end }
        start = end + 1
      }
      if !best.isEmpty { labels.replaceSubrange(best, with: ["zz"]) }
    }
    return "\(prefix.length)." + labels.reversed().joined(separator: ".") + suffix
  }

  /// The prefix of such an owner; `nil` for any other and for spellings that are not ours.
  static func prefix(owner: Substring) -> IPPrefix? {
    guard owner.hasSuffix(suffix) else { return nil }
    var labels = owner.dropLast(suffix.utf8.count).split(separator: ".", omittingEmptySubsequences: false)
    guard labels.count >= 2, let length = Int(labels.removeFirst()) else { return nil }
    labels.reverse()
    let isIPv4 = labels.count == 4 && !labels.contains("zz") && labels.allSatisfy { UInt8($0) != nil }
    let text: String
    if isIPv4 {
      text = labels.joined(separator: ".")
    } else if let gap = labels.firstIndex(of: "zz") {
      text = labels[..<gap].joined(separator: ":") + "::" + labels[(gap + 1)...].joined(separator: ":")
    } else {
      text = labels.joined(separator: ":")
    }
    guard let address = IPAddress(text), let prefix = IPPrefix(address, length: length),
      Self.owner(of: prefix) == owner
    else { return nil }
    return prefix
  }
}
