/// Who lists an indicator, where and since when, as it stands behind the indicator in the compiled index:
/// a byte of flags, the source in one or two bytes, the line in four, then date and confidence if any.
struct Listing: Equatable {
  /// Number of the source in the index.
  var source: UInt16
  var line: UInt32
  /// Seconds since 1970, 0 for unknown.
  var since: UInt32
  /// As in `IndicatorList.Row`.
  var confidence: UInt16
  var includesSubdomains: Bool

  var ownConfidence: Double? { IndicatorList.Row.confidence(confidence) }

  enum Flag {
    /// Another listing of the same indicator follows.
    static let more: UInt8 = 1
    static let subdomains: UInt8 = 2
    static let since: UInt8 = 4
    static let confidence: UInt8 = 8
    static let wideSource: UInt8 = 16
    /// In the first listing: this or a later one includes the sub-domains.
    static let anySubdomains: UInt8 = 32
  }

  /// Takes in what the same source says again: an earlier date, the sub-domains, its own confidence.
  mutating func merge(_ other: Listing) {
    if other.since != 0, since == 0 || other.since < since { since = other.since }
    includesSubdomains = includesSubdomains || other.includesSubdomains
    let unknown = IndicatorList.Row.sourceConfidence
    if other.confidence != unknown, confidence == unknown || other.confidence > confidence {
      confidence = other.confidence
    }
  }

  static func write(_ listings: [Listing], to output: inout IndexOutput) {
    let hasSubdomains = listings.contains(where: \.includesSubdomains)
    for (number, listing) in listings.enumerated() {
      var flags: UInt8 = number + 1 < listings.count ? Flag.more : 0
      if listing.includesSubdomains { flags |= Flag.subdomains }
      if listing.since != 0 { flags |= Flag.since }
      if listing.confidence != IndicatorList.Row.sourceConfidence { flags |= Flag.confidence }
      if listing.source > 0xFF { flags |= Flag.wideSource }
      if number == 0, hasSubdomains { flags |= Flag.anySubdomains }
      output.append(flags)
      if listing.source > 0xFF {
        output.append(listing.source)
      } else {
        output.append(UInt8(listing.source))
      }
      output.append(listing.line)
      if flags & Flag.since != 0 { output.append(listing.since) }
      if flags & Flag.confidence != 0 { output.append(listing.confidence) }
    }
  }

  /// The listings at an offset, at most `limit`.
  static func read(at offset: Int, in bytes: borrowing IndexBytes, limit: Int) -> [Listing] {
    var result: [Listing] = []
    var position = offset
    while result.count < limit {
      let flags = bytes.uint8(at: position)
      position += 1
      let isWide = flags & Flag.wideSource != 0
      let source = isWide ? bytes.uint16(at: position) : UInt16(bytes.uint8(at: position))
      position += isWide ? 2 : 1
      var listing = Listing(
        source: source, line: bytes.uint32(at: position), since: 0,
        confidence: IndicatorList.Row.sourceConfidence, includesSubdomains: flags & Flag.subdomains != 0)
      position += 4
      if flags & Flag.since != 0 {
        listing.since = bytes.uint32(at: position)
        position += 4
      }
      if flags & Flag.confidence != 0 {
        listing.confidence = bytes.uint16(at: position)
        position += 2
      }
      result.append(listing)
      guard flags & Flag.more != 0 else { break }
    }
    return result
  }
}
