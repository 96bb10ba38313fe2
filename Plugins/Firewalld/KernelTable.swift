/// What firewalld put into the kernel, as `nft` lists it.
struct KernelTable: Equatable {
  /// The sets that are there.
  var sets: Set<String> = []
  /// The rules of each chain.
  var chains: [String: Set<String>] = [:]

  /// Whether there is no such table.
  var isAbsent = false

  static var absent: KernelTable {
    var table = KernelTable()
    table.isAbsent = true
    return table
  }

  init() {}

  /// Reads `nft -t list table inet firewalld`.
  init(listing: [UInt8]) {
    var chain: String?
    for line in listing.split(separator: UInt8(ascii: "\n")) {
      let words = String(decoding: line, as: UTF8.self).split(whereSeparator: \.isWhitespace)
      if words.count == 3, words[2] == "{" {
        chain = words[0] == "chain" ? String(words[1]) : nil
        if words[0] == "set" { sets.insert(String(words[1])) }
      } else if let chain, words.first != "}" {
        chains[chain, default: []].insert(words.joined(separator: " "))
      }
    }
  }

  /// The elements in `nft list set inet firewalld NAME`.
  static func elements(inListing listing: [UInt8]) -> [String] {
    let start = Array("elements = {".utf8)
    var index = 0
    while index + start.count <= listing.count, !listing[index..<(index + start.count)].elementsEqual(start) {
      index += 1
    }
    guard index + start.count <= listing.count else { return [] }
    return listing[(index + start.count)...].prefix { $0 != UInt8(ascii: "}") }
      .split(separator: UInt8(ascii: ","))
      .map { element in
        String(
          decoding: element.filter { $0 > UInt8(ascii: " ") }, as: UTF8.self)
      }
      .filter { !$0.isEmpty }
  }

  /// Which rules of a policy are absent, or that no packet is led to them.
  func missing(_ rules: [String], ofPolicy name: String) -> [String] {
    let own = chains.filter { $0.key.contains("_policy_\(name)_") }
      .reduce(into: Set<String>()) { $0.formUnion($1.value) }
    var missing = rules.filter { !own.contains($0) }
    let isReached = chains.values.contains { lines in
      lines.contains { $0.contains("jump filter_") && $0.hasSuffix("_policy_\(name)") }
    }
    if !isReached { missing.append("jump") }
    return missing
  }
}
