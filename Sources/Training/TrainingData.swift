import Detection
import Foundation
public import Language

/// Why training could not begin.
public struct TrainingError: Error, Hashable, Sendable {
  public enum Code: String, Hashable, Sendable { case unreadable, malformed }
  public let code: Code
  public let file: String
  public let message: Phrase
}

/// The files of a data directory, read.
struct TrainingData {
  var names = TrainingNames()
  var suffixes = SuffixTable()
  /// What is in the table, for the model file.
  var suffixList: [(text: String, kind: SuffixKind)] = []
  /// SHA-256 of each file as it was read (compressed).
  var digests: [(file: String, digest: String)] = []
  var monthCount = 0

  static let malicious = "malicious_domains_train.csv.gz"
  static let ordinary = "benign_domains_train.csv.gz"
  static let generated = "dga_train.csv.gz"
  static let shared = "free_suffixes.csv.gz"

  init(directory: URL, publicSuffixes: URL) throws(TrainingError) {
    let list = try PublicSuffixList(publicSuffixes)
    var files = TrainingFiles(
      directory: directory, needed: [Self.malicious, Self.ordinary, Self.generated, Self.shared])
    let shared = try files.rows(Self.shared, ["suffix", "kind"])
    let malicious = try files.rows(Self.malicious, ["registered", "family", "first_seen"])
    let ordinary = try files.rows(Self.ordinary, ["name", "rank"])
    let generated = try files.rows(Self.generated, ["name", "family"])
    digests = files.digests + [(publicSuffixes.lastPathComponent, list.digest)]
    collectSuffixes(list, shared, registered: malicious, names: ordinary)

    let monthNames = Set(malicious.map { $0[2] }).subtracting([""]).sorted()
    monthCount = monthNames.count
    let months = Dictionary(
      uniqueKeysWithValues: monthNames.enumerated().map { ($1, UInt8($0 + 1)) })
    for row in malicious {
      names.add(
        row[0], .malicious, family: String(row[1]), month: months[row[2]] ?? 0, isHard: false, suffixes)
    }
    for row in generated {
      names.add(row[0], .generated, family: "dga " + row[1], month: 0, isHard: false, suffixes)
    }
    for row in ordinary {
      names.add(
        row[0], .ordinary, family: "", month: 0, isHard: Int(row[1]).map { $0 > 100_000 } ?? false, suffixes)
    }
  }

  /// The Public Suffix List, what anybody can register under beside it, and suffixes of several labels that
  /// registered domains were seen under at least three times, which the list may be too old to have.
  private mutating func collectSuffixes(
    _ list: PublicSuffixList, _ shared: [[Substring]], registered: [[Substring]], names: [[Substring]]
  ) {
    var kinds: [String: SuffixKind] = [:]
    for row in shared {
      let kind: SuffixKind =
        switch row[1] {
        case "free_hosting": .freeHosting
        case "dynamic_dns": .dynamicDNS
        default: .sharedDomain
        }
      let text = String(row[0])
      if let known = kinds[text], known.rawValue <= kind.rawValue { continue }
      kinds[text] = kind
    }
    for rule in list.rules where kinds[rule.text] == nil {
      kinds[rule.text] = rule.isPrivate ? .sharedDomain : .registry
    }
    var counts: [Substring: Int] = [:]
    for row in registered + names {
      guard let dot = row[0].firstIndex(of: "."), row[0].prefix(4) != "www." else { continue }
      let suffix = row[0][row[0].index(after: dot)...]
      if suffix.contains(".") { counts[suffix, default: 0] += 1 }
    }
    for (suffix, count) in counts where count >= 3 && kinds[String(suffix)] == nil {
      kinds[String(suffix)] = .registry
    }
    for (text, kind) in kinds.sorted(by: { $0.key < $1.key }) where text.contains(".") {
      if suffixes.insert(text, kind) { suffixList.append((text, kind)) }
    }
  }
}
