public import NetworkTypes

extension ReputationIndex {
  /// Everything that is listed about a name, the most specific indicator first.
  public func evidence(concerning name: DomainName) -> [Evidence] {
    evidence(aboutName: name.text, isItself: true)
  }

  /// Everything that is listed about an address, the most specific indicator first.
  /// - Parameter port: that of the destination; with it, what is listed of this port alone comes first.
  public func evidence(concerning address: IPAddress, port: UInt16? = nil) -> [Evidence] {
    var result: [Evidence] = []
    if let port, let record = record(ofPort: port, at: address) {
      let indicator = Indicator.addressPort(address, port: port)
      result += evidence(indicator, .itself, listings(at: addressPorts.recordStart + record + 18))
    }
    if let record = record(of: address) {
      let place = address.isIPv4 ? ipv4.recordStart + record + 4 : ipv6.recordStart + record + 16
      result += evidence(.address(address), .itself, listings(at: place))
    }
    if let bits = address.ipv4 {
      result += evidence(ipv4Prefixes, from: ipv4Prefixes.lookUp(IPv4Key(bits: bits), in: bytes))
    } else {
      result += evidence(ipv6Prefixes, from: ipv6Prefixes.lookUp(IPv6Key(address), in: bytes))
    }
    return result
  }

  /// Everything that is listed about a JA4 fingerprint.
  public func evidence(concerningJA4 text: String) -> [Evidence] {
    record(ofFingerprint: text.utf8Span.span, in: ja4).map { evidence(ofJA4: $0) } ?? []
  }

  /// Everything that is listed about a certificate's hash.
  public func evidence(concerning certificate: CertificateHash) -> [Evidence] {
    record(ofFingerprint: certificate.bytes.span, in: certificates).map { evidence(ofCertificate: $0) } ?? []
  }

  /// All listings behind a hit, the most specific indicator first.
  ///
  /// Empty for a hit of another index: its destination must be looked up again.
  public func evidence(of hit: ReputationHit) -> [Evidence] {
    guard gave(hit) else { return [] }
    let entry = Int(hit.entry)
    switch hit.kind {
    case .name, .subdomain:
      let name = String(decoding: text(entry, in: names), as: UTF8.self)
      return evidence(aboutName: name, isItself: hit.kind == .name)
    case .ipv4: return evidence(concerning: IPAddress(ipv4: bytes.uint32(at: ipv4.recordStart + entry)))
    case .ipv6: return evidence(concerning: address(at: ipv6.recordStart + entry))
    case .addressPort:
      let place = addressPorts.recordStart + entry
      return evidence(concerning: address(at: place), port: bytes.uint16(at: place + 16))
    case .ja4: return evidence(ofJA4: entry)
    case .certificate: return evidence(ofCertificate: entry)
    case .ipv4Prefix: return evidence(ipv4Prefixes, from: entry)
    case .ipv6Prefix: return evidence(ipv6Prefixes, from: entry)
    }
  }

  private func address(at place: Int) -> IPAddress {
    IPAddress(high: bytes.uint64(at: place), low: bytes.uint64(at: place + 8))
  }

  /// - Parameter isItself: false when `text` is a parent of the name in question.
  private func evidence(aboutName text: String, isItself: Bool) -> [Evidence] {
    var result: [Evidence] = []
    for match in records(coveringName: text.utf8Span.span) {
      let bytes = self.text(match.record, in: names)
      guard let name = DomainName(String(decoding: bytes, as: UTF8.self)) else { continue }
      let exact = match.isItself && isItself
      for listing in listings(at: names.recordStart + match.record + 1 + bytes.count)
      where exact || listing.includesSubdomains {
        let indicator = Indicator.domain(name, includingSubdomains: listing.includesSubdomains)
        result += evidence(indicator, exact ? .itself : .parentDomain, [listing])
      }
    }
    return result
  }

  private func evidence<Key>(_ table: PrefixTable<Key>, from first: Int?) -> [Evidence] {
    var result: [Evidence] = []
    var next = first
    while let entry = next {
      if let prefix = table.prefix(entry, in: bytes) {
        let listings = listings(at: table.listings(of: entry, in: bytes))
        result += evidence(.prefix(prefix), .containingPrefix, listings)
      }
      next = table.parent(of: entry, in: bytes)
    }
    return result
  }

  private func evidence(ofJA4 record: Int) -> [Evidence] {
    let text = text(record, in: ja4)
    let listings = listings(at: ja4.recordStart + record + 1 + text.count)
    return evidence(.ja4(String(decoding: text, as: UTF8.self)), .itself, listings)
  }

  private func evidence(ofCertificate record: Int) -> [Evidence] {
    let text = text(record, in: certificates)
    guard let hash = CertificateHash(bytes: text.span) else { return [] }
    let listings = listings(at: certificates.recordStart + record + 1 + text.count)
    return evidence(.certificate(hash), .itself, listings)
  }

  private func listings(at place: Int) -> [Listing] {
    Listing.read(at: place, in: bytes, limit: sources.count)
  }

  /// Without what a damaged index says of sources that it does not have.
  private func evidence(
    _ indicator: Indicator, _ match: Evidence.Match, _ listings: [Listing]
  ) -> [Evidence] {
    listings.filter { Int($0.source) < sources.count }.map { listing in
      let source = sources[Int(listing.source)]
      return Evidence(
        indicator: indicator, match: match, source: source.id, sourceName: source.name,
        category: source.category, confidence: listing.ownConfidence ?? source.confidence,
        file: source.file, line: Int(listing.line),
        since: listing.since == 0 ? nil : Timestamp(seconds: Int64(listing.since)))
    }
  }
}
