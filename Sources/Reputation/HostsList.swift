import NetworkTypes

extension IndicatorListBuilder {
  /// Names with an unusable address before them (`ListFormat.hosts`).
  mutating func readHosts(_ bytes: Span<UInt8>) {
    var lines = LineCursor()
    while !isFull, let line = lines.advance(in: bytes) {
      guard line.count <= limits.lineBytes else {
        report(.lineTooLong, line: lines.number, bytes.extracting(line))
        continue
      }
      let end = line.first { bytes[$0] == UInt8(ascii: "#") } ?? line.upperBound
      let content = LineCursor.trimmed(line.lowerBound..<end, in: bytes)
      guard !content.isEmpty else { continue }
      readEntry(bytes.extracting(content), line: lines.number)
    }
  }

  private mutating func readEntry(_ entry: Span<UInt8>, line: Int) {
    var words: [Range<Int>] = []
    var start = 0
    for index in 0...entry.count where index == entry.count || LineCursor.isBlank(entry[index]) {
      if index > start { words.append(start..<index) }
      start = index + 1
    }
    let names = words.dropFirst()
    guard !names.isEmpty else { return report(.missingName, line: line, entry) }
    // The local lines that every hosts file begins with have any address, even `fe80::1%lo0`.
    let foreign = names.filter { !Self.isLocal(entry.extracting($0)) }
    guard !foreign.isEmpty else { return }
    guard let address = IPAddress(parsing: entry.extracting(words[0])), Self.isUnusable(address) else {
      return report(.hostsAddress, line: line, entry)
    }
    for name in foreign { add(name: entry.extracting(name), line: line) }
  }

  private static func isUnusable(_ address: IPAddress) -> Bool {
    guard let ipv4 = address.ipv4 else { return address.high == 0 && address.low <= 1 }
    return ipv4 == 0 || ipv4 >> 24 == 127
  }

  private static func isLocal(_ name: Span<UInt8>) -> Bool {
    var lowered: [UInt8] = []
    for index in name.indices {
      lowered.append(name[index] &- UInt8(ascii: "A") < 26 ? name[index] | 0x20 : name[index])
    }
    return localNames.contains(lowered) || lowered.starts(with: "ip6-".utf8)
  }

  private static let localNames: Set<[UInt8]> = Set(
    ["localhost", "localhost.localdomain", "localhost4", "localhost6", "local", "broadcasthost", "0.0.0.0"]
      .map { Array($0.utf8) })
}
