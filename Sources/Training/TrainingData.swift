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

  init(directory: URL) throws(TrainingError) {
    let shared = try rows(directory, Self.shared, ["suffix", "kind"])
    let malicious = try rows(directory, Self.malicious, ["registered", "family", "first_seen"])
    let ordinary = try rows(directory, Self.ordinary, ["name", "rank"])
    let generated = try rows(directory, Self.generated, ["name", "family"])
    collectSuffixes(shared, registered: malicious, names: ordinary)

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

  /// Suffixes of several labels that registered domains were seen under at least three times, and those
  /// under which anybody can register.
  private mutating func collectSuffixes(
    _ shared: [[Substring]], registered: [[Substring]], names: [[Substring]]
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

  /// The named columns of each row.
  private mutating func rows(
    _ directory: URL, _ file: String, _ columns: [String]
  ) throws(TrainingError) -> [[Substring]] {
    let path = directory.appending(path: file)
    guard let data = try? Data(contentsOf: path) else {
      throw TrainingError(
        code: .unreadable, file: path.path,
        message: Phrase(
          en: "\(path.path) cannot be read. Training needs \(Self.malicious), \(Self.ordinary), "
            + "\(Self.generated) and \(Self.shared) in one directory.",
          ja: "\(path.path) を読み取れません。学習には \(Self.malicious)、\(Self.ordinary)、"
            + "\(Self.generated)、\(Self.shared) が同じディレクトリーに必要です。"))
    }
    let bytes = [UInt8](data)
    digests.append((file, ContentDigest.hexadecimal(of: bytes.span)))
    guard let content = try? Gzip.decompress(bytes) else { throw malformed(path, "gzip") }
    let lines = String(decoding: content, as: UTF8.self).split(separator: "\n")
    guard let header = lines.first?.split(separator: ",", omittingEmptySubsequences: false) else {
      throw malformed(path, columns.joined(separator: ","))
    }
    let places = columns.compactMap { column in header.firstIndex { $0 == column } }
    guard places.count == columns.count else { throw malformed(path, columns.joined(separator: ",")) }
    return lines.dropFirst().compactMap { line in
      let fields = line.split(separator: ",", omittingEmptySubsequences: false)
      return fields.count == header.count ? places.map { fields[$0] } : nil
    }
  }

  private func malformed(_ path: URL, _ expected: String) -> TrainingError {
    TrainingError(
      code: .malformed, file: path.path,
      message: Phrase(
        en: "\(path.path) does not have the expected form (\(expected)).",
        ja: "\(path.path) の形式が想定（\(expected)）と異なります。"))
  }
}
