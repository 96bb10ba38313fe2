import Crypto
import NetworkTypes

/// A zone file of ours, and what it says (draft-vixie-dnsop-dns-rpz): one record for each address or
/// prefix, two for each name, itself and all under it.
///
/// The policy of a zone is that of its longest prefix. An allowed prefix must pass whatever is blocked in
/// it, so a block within one is written as a pass, and the remark behind the record says what it is.
struct PolicyZone: Equatable {
  /// The first line of each file of ours.
  static let mark = "; Kept by sekisho. What is changed here by hand is undone."
  private static let policyMark = "; policy: "
  static let longestFile = 512 << 20

  /// Grows with each version (RFC 1982).
  var serial: UInt32 = 0
  /// `nil` when the zone asks for nothing, not even for the answer that tells its version.
  var action: RPZSettings.Action?
  var allowed: Set<IPPrefix> = []
  var blocks: Set<BlockTarget> = []

  /// The whole file.
  func text(_ versionName: DomainName) -> String {
    let body = records
    var text = """
      \(Self.mark)
      $TTL 5
      @ SOA localhost. sekisho.localhost. \(serial) 3600 600 86400 5
      @ NS localhost.

      """
    guard let action else { return text }
    text += "\(Self.policyMark)\(action.rawValue)\n\(versionName) TXT \"\(Self.version(of: body))\"\n"
    for record in body { text += record + "\n" }
    return text
  }

  /// What tells this content from any other: the resolver gives it back.
  var version: String? { action == nil ? nil : Self.version(of: records) }

  private static func version(of records: [String]) -> String {
    var hash = SHA256()
    for record in records { hash.update(data: Array("\(record)\n".utf8)) }
    return hash.finalize().prefix(16).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  private var records: [String] {
    guard let action else { return [] }
    var lines: [String] = []
    for prefix in allowed.sorted() {
      lines += Self.records(of: .prefix(prefix), allowed.isBlocked(prefix, blocks), action)
    }
    for target in blocks.sorted() {
      if case .prefix(let prefix) = target, allowed.contains(prefix) { continue }
      lines += Self.records(of: target, allowed.passes(target) ? .passedBlock : .block, action)
    }
    return lines
  }

  /// What a record of ours is there for.
  enum Purpose: String, CaseIterable {
    case block
    case allow
    /// Blocked, and within an allowed prefix.
    case passedBlock = "block, within what is allowed"
    /// Blocked and allowed, to the bit.
    case allowedBlock = "allow, and block"
  }

  /// The records of a target as they stand in the file.
  static func records(
    of target: BlockTarget, _ purpose: Purpose, _ action: RPZSettings.Action
  ) -> [String] {
    let answer = purpose == .block ? action.record : "rpz-passthru."
    return owners(of: target).map { "\($0) CNAME \(answer) ; \(purpose.rawValue)" }
  }

  private static func owners(of target: BlockTarget) -> [String] {
    switch target {
    case .name(let name): [name.text, "*." + name.text]
    case .prefix(let prefix): [PolicyAddress.owner(of: prefix)]
    }
  }

  /// Reads a file of ours. Lines that we would not have written make it differ from what we would write
  /// of it again; that is how edits by others are found.
  /// - Returns: `nil` without our mark in the first line.
  init?(_ text: String) {
    self.init()
    var lines = text.split(separator: "\n", omittingEmptySubsequences: true)[...]
    guard lines.popFirst() == Self.mark[...] else { return nil }
    var halves: [DomainName: Int] = [:]
    for line in lines {
      if line.hasPrefix(Self.policyMark) {
        action = RPZSettings.Action(rawValue: String(line.dropFirst(Self.policyMark.count)))
        continue
      }
      if line.hasPrefix("@ SOA ") {
        serial = line.split(separator: " ").dropFirst(4).first.flatMap { UInt32($0) } ?? 0
        continue
      }
      let words = line.split(separator: " ", maxSplits: 4)
      guard words.count == 5, words[1] == "CNAME", words[3] == ";",
        let purpose = Purpose(rawValue: String(words[4]))
      else { continue }
      if let prefix = PolicyAddress.prefix(owner: words[0]) {
        if purpose == .allow || purpose == .allowedBlock { allowed.insert(prefix) }
        if purpose != .allow { blocks.insert(.prefix(prefix)) }
      } else if let name = DomainName(String(words[0].trimmingPrefix("*."))) {
        halves[name, default: 0] |= words[0].hasPrefix("*.") ? 2 : 1
      }
    }
    for (name, both) in halves where both == 3 { blocks.insert(.name(name)) }
  }

  init() {}
}

extension Set<IPPrefix> {
  fileprivate func passes(_ target: BlockTarget) -> Bool {
    guard let prefix = target.prefix else { return false }
    return contains { $0.contains(prefix) }
  }

  fileprivate func isBlocked(_ prefix: IPPrefix, _ blocks: Set<BlockTarget>) -> PolicyZone.Purpose {
    blocks.contains(.prefix(prefix)) ? .allowedBlock : .allow
  }
}
