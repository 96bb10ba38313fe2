import Reputation

extension FeedCollector {
  /// Suricata's IP reputation: `address or prefix,category,score`.
  /// - Parameters:
  ///   - minimumScore: 0...127; entries below it are left out.
  ///   - categories: numbers of the categories that count; empty for all.
  mutating func readReputationList(
    _ bytes: Span<UInt8>, minimumScore: Int, categories: Set<Int>, limit: Int
  ) {
    eachLine(of: bytes, limit: limit) { collector, entry in
      guard entry[0] != UInt8(ascii: "#") else { return }
      let fields = entry.text.split(separator: ",", omittingEmptySubsequences: false)
      guard fields.count == 3, let category = Int(fields[1].trimmed), (1...60).contains(category),
        let score = Int(fields[2].trimmed), (0...127).contains(score)
      else { return collector.report(.score, entry) }
      guard categories.isEmpty || categories.contains(category) else {
        return collector.omit(.otherCategory)
      }
      guard score >= minimumScore else { return collector.omit(.lowScore) }
      collector.add(address: fields[0].trimmed)
    }
  }

  /// Suricata's datasets: one value a line, of type `string` in Base64; in a list with scores (`datarep`)
  /// `value,score`.
  mutating func readDataset(_ bytes: Span<UInt8>, type: DatasetType, minimumScore: Int, limit: Int) {
    eachLine(of: bytes, limit: limit) { collector, entry in
      guard entry[0] != UInt8(ascii: "#") else { return }
      let fields = entry.text.split(separator: ",", omittingEmptySubsequences: false)
      let value = fields[0].trimmed
      if fields.count > 1 {
        guard fields.count == 2, let score = UInt16(fields[1].trimmed) else {
          return collector.report(.ruleSyntax, entry)
        }
        guard Int(score) >= minimumScore else { return collector.omit(.lowScore) }
      }
      switch type {
      case .string:
        guard let content = Base64.decode(value) else { return collector.report(.base64, entry) }
        collector.add(content.span)
      case .ip, .ipv4, .ipv6: collector.add(address: value)
      case .sha256:
        guard let hash = CertificateHash(value), hash.algorithm == .sha256 else {
          return collector.reject(value)
        }
        collector.add(.certificate(hash))
      }
    }
  }
}

/// What the values of a dataset are.
public enum DatasetType: String, Hashable, Sendable, CaseIterable {
  /// Names, addresses, fingerprints: whatever the text is.
  case string
  case ip
  case ipv4
  case ipv6
  /// Hashes of certificates. Hashes of files cannot be seen on the wire.
  case sha256
}

extension StringProtocol {
  /// Without blanks at its ends.
  var trimmed: String {
    let isBlank: (Character) -> Bool = { $0 == " " || $0 == "\t" || $0 == "\r" }
    guard let first = firstIndex(where: { !isBlank($0) }), let last = lastIndex(where: { !isBlank($0) })
    else { return "" }
    return String(self[first...last])
  }
}
