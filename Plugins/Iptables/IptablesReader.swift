import FirewallKit
import Language
import NetworkTypes

/// What the programs answer, as scaffold parts and blocks. Pure.
struct IptablesReader {
  let layout: IptablesScaffold

  // MARK: Tables

  /// Our chain and jumps in the answer of `iptables-save -t TABLE`.
  func parts(ofTable bytes: [UInt8], _ table: FilterTable, _ family: AddressFamily) throws(AdapterError)
    -> Scaffold
  {
    var isComplete = (header: false, footer: false)
    var chainRules: [[String]]?
    var jumps: [String: [String]] = [:]
    var counts: [ArraySlice<UInt8>: Int] = [:]
    let header = Array("*\(table.rawValue)".utf8)
    let footer = Array("COMMIT".utf8)
    let name = Array(layout.chain.utf8)
    for line in RuleText.lines(bytes) {
      switch line.first {
      case UInt8(ascii: "*"):
        if line.elementsEqual(header) { isComplete.header = true }
      case UInt8(ascii: "C"):
        if line.elementsEqual(footer) { isComplete.footer = true }
      case UInt8(ascii: ":"):
        if RuleText.words(line).first == ":\(layout.chain)" { chainRules = chainRules ?? [] }
      case UInt8(ascii: "-"):
        guard line.count > 3 else { continue }
        let rest = line.dropFirst(3)
        let chain = rest.prefix { $0 != UInt8(ascii: " ") }
        counts[chain, default: 0] += 1
        // Foreign rules can be tens of thousands: only those with our name in them are looked at.
        guard line.contains(name) else { continue }
        let words = RuleText.words(line)
        guard words.count > 2 else { continue }
        if words[1] == layout.chain {
          chainRules = (chainRules ?? []) + [Array(words[2...])]
        } else if isOurJump(words[2...]) {
          jumps[words[1], default: []].append("\(counts[chain] ?? 1) \(RuleText.quoted(words[2...]))")
        }
      default:
        continue
      }
    }
    guard isComplete == (true, true) else { throw incomplete(table, family) }
    var parts: Scaffold = [:]
    if let chainRules {
      // One rule with our mark makes the chain ours, and then the rest of it is drift. An empty chain
      // holds nothing of anybody: that is what a flush by others leaves of ours.
      if !chainRules.isEmpty, !chainRules.contains(where: { comment(in: $0[...]) == layout.mark }) {
        throw AdapterError(
          code: .foreign,
          message: Phrase(
            en:
              "The chain \(layout.chain) in table \(table.rawValue) (\(family.rawValue)) is not ours: none of its rules has the comment “\(layout.mark)”. Rename or remove it, or choose another prefix.",
            ja:
              "テーブル \(table.rawValue)（\(family.rawValue)）のチェーン \(layout.chain) には、コメント「\(layout.mark)」の付いた規則がなく、本製品のものではありません。名前の変更か削除を行うか、別の prefix を設定してください。"
          ))
      }
      parts[IptablesScaffold.chainPart(family, table)] =
        chainRules.map { RuleText.quoted($0) }.joined(separator: "\n")
    }
    for (chain, lines) in jumps {
      parts[IptablesScaffold.jumpPart(family, table, chain)] = lines.joined(separator: "\n")
    }
    return parts
  }

  private func isOurJump(_ words: ArraySlice<String>) -> Bool {
    guard comment(in: words) == layout.mark else { return false }
    return value(of: "-j", in: words) == layout.chain || value(of: "-g", in: words) == layout.chain
  }

  private func comment(in words: ArraySlice<String>) -> String? { value(of: "--comment", in: words) }

  /// The word after an option. A comment may look like an option and is skipped over.
  private func value(of option: String, in words: ArraySlice<String>) -> String? {
    var index = words.startIndex
    while index + 1 < words.endIndex {
      if words[index] == option { return words[index + 1] }
      index += words[index] == "--comment" ? 2 : 1
    }
    return nil
  }

  private func incomplete(_ table: FilterTable, _ family: AddressFamily) -> AdapterError {
    AdapterError(
      code: .unreadable,
      message: Phrase(
        en:
          "iptables-save does not show the table \(table.rawValue) (\(family.rawValue)) as a whole. If it was made by nft itself, use the adapter nftables.",
        ja:
          "iptables-save でテーブル \(table.rawValue)（\(family.rawValue)）の全体を読み取れません。nft で直接作られた場合は、アダプター nftables を使ってください。"
      ))
  }

  // MARK: Sets

  /// Our sets in the answer of `ipset list -terse`: name and definition.
  ///
  /// Throws `foreign` when a set with our name is of another type or family, or is without timers:
  /// we never make such a one, and it cannot be turned into ours without losing what it holds.
  func sets(inList bytes: [UInt8]) throws(AdapterError) -> [String: SetContent] {
    let names = layout.setNames
    var found: [String: SetContent] = [:]
    var name = ""
    var type = ""
    for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
      if line.hasPrefix("Name: ") {
        name = String(line.dropFirst(6))
      } else if line.hasPrefix("Type: ") {
        type = String(line.dropFirst(6))
      } else if line.hasPrefix("Header:"), let purpose = names[name] {
        let definition = Self.definition(type: type, options: line.dropFirst(7))
        try refuseForeign(name, definition, purpose.role, purpose.family)
        found[name] = SetContent(definition: definition)
      }
    }
    return found
  }

  /// Type and options without those that the kernel chooses and changes by itself.
  private static func definition(type: String, options: Substring) -> String {
    let own: Set<Substring> = ["hashsize", "bucketsize", "initval"]
    var kept = [Substring(type)]
    var skips = false
    for word in options.split(separator: " ") {
      if skips {
        skips = false
      } else if own.contains(word) {
        skips = true
      } else {
        kept.append(word)
      }
    }
    return kept.joined(separator: " ")
  }

  private func refuseForeign(
    _ name: String, _ definition: String, _ role: SetRole, _ family: AddressFamily
  ) throws(AdapterError) {
    let ours = layout.definition(role, family).split(separator: " ")
    let theirs = definition.split(separator: " ")
    let hasTimers = { (words: [Substring]) in words.contains("timeout") }
    let families = { (words: [Substring]) in
      words.firstIndex(of: "family").map { words.dropFirst($0 + 1).first }
    }
    guard ours.first == theirs.first, hasTimers(ours) == hasTimers(theirs), families(ours) == families(theirs)
    else {
      throw AdapterError(
        code: .foreign,
        message: Phrase(
          en:
            "The set \(name) is not ours: it is “\(definition)”, ours is “\(layout.definition(role, family))”. Rename or remove it, or choose another prefix.",
          ja:
            "セット \(name) は本製品のものではありません（実際: \(definition)、本製品: \(layout.definition(role, family))）。名前の変更か削除を行うか、別の prefix を設定してください。"
        ))
    }
  }

  /// What sets hold.
  struct Entries {
    var allowed: Set<IPPrefix> = []
    var blocks: [BlockTarget: Timestamp] = [:]
    /// Members and strays by set.
    var contents: [String: SetContent] = [:]
  }

  /// The entries of our sets in the answer of `ipset save`, taken at `moment`. With `targets`, blocks
  /// on others are left out.
  func entries(
    inSave bytes: [UInt8], at moment: Timestamp, of sets: [String: SetContent],
    only targets: Set<BlockTarget>?
  ) throws(AdapterError) -> Entries {
    var result = Entries(contents: sets)
    let names = layout.setNames
    var current: (name: [UInt8], text: String, role: SetRole, family: AddressFamily)?
    var start = 0
    let add = Array("add ".utf8)
    while start < bytes.count {
      let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
      defer { start = end + 1 }
      let line = bytes[start..<end]
      guard line.starts(with: add) else { continue }
      let rest = line.dropFirst(4)
      let nameEnd = rest.firstIndex(of: UInt8(ascii: " ")) ?? rest.endIndex
      if current?.name.elementsEqual(rest[..<nameEnd]) != true {
        let text = String(decoding: rest[..<nameEnd], as: UTF8.self)
        current = names[text].map { (Array(rest[..<nameEnd]), text, $0.role, $0.family) }
      }
      // Sets that are being built hold nothing that counts.
      guard let set = current, !set.text.hasSuffix(IptablesScaffold.nextSuffix), nameEnd < rest.endIndex
      else { continue }
      let entry = rest[(nameEnd + 1)...]
      if set.role == .blocked {
        let member = String(decoding: entry.prefix { $0 != UInt8(ascii: " ") }, as: UTF8.self)
        result.contents[set.text]?.members.append(member)
      } else if let (prefix, seconds) = Self.entry(bytes, entry.indices), prefix.family == set.family,
        set.role == .allow ? seconds == nil : seconds != nil,
        set.role == .allow || prefix.isHost == (set.role == .host)
      {
        if set.role == .allow {
          result.allowed.insert(prefix)
        } else if targets?.contains(.prefix(prefix)) != false {
          result.blocks[.prefix(prefix)] =
            seconds == 0
            ? IptablesDialect.never
            : DeviceTimer.deadline(remaining: .seconds(seconds ?? 0), at: moment)
        }
      } else {
        result.contents[set.text]?.strays.append(Self.stray(entry))
      }
    }
    return result
  }

  /// `ADDRESS[/LENGTH] [timeout SECONDS]`; `nil` when there is more or less to it.
  private static func entry(_ bytes: [UInt8], _ range: Range<Int>) -> (IPPrefix, Int64?)? {
    let end = bytes[range].firstIndex(of: UInt8(ascii: " ")) ?? range.upperBound
    guard let prefix = IPPrefix(parsing: bytes.span.extracting(range.lowerBound..<end)) else { return nil }
    guard end < range.upperBound else { return (prefix, nil) }
    let word = Array(" timeout ".utf8)
    let rest = bytes[end..<range.upperBound]
    guard rest.starts(with: word), rest.count > word.count else { return nil }
    var seconds: Int64 = 0
    for byte in rest.dropFirst(word.count) {
      guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9"), seconds <= IptablesDialect.maximumTimeout
      else { return nil }
      seconds = seconds * 10 + Int64(byte - UInt8(ascii: "0"))
    }
    return (prefix, seconds)
  }

  /// A stray entry without its remaining seconds, which would differ at every reading.
  private static func stray(_ entry: ArraySlice<UInt8>) -> String {
    var words = String(decoding: entry, as: UTF8.self).split(separator: " ")
    if let timeout = words.firstIndex(of: "timeout"), timeout + 1 < words.endIndex {
      words.removeSubrange(timeout...(timeout + 1))
    }
    return words.joined(separator: " ")
  }
}
