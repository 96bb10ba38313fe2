import FoundationEssentials
public import NetworkTypes

/// All indicators of all sources, laid out for look-ups: immutable and flat, in memory or in a file that
/// is mapped.
///
/// A look-up compares with the indicator itself, so it has no false match. One that finds nothing
/// allocates nothing and touches no reference count, whatever the size of the lists. Keep the index in
/// a local constant for a batch of packets; `ReputationView` does so.
public final class ReputationIndex: Sendable {
  /// The sources, in the order of the lists.
  public let sources: [ReputationSource]

  let bytes: IndexBytes
  /// A copy of the filters, the only part that every look-up touches.
  let filters: IndexBytes
  private let seed: UInt64
  private let listDigest: UInt64
  let names: IndexTable
  let ipv4: IndexTable
  let ipv6: IndexTable
  let addressPorts: IndexTable
  let ja4: IndexTable
  let certificates: IndexTable
  let ipv4Prefixes: PrefixTable<IPv4Key>
  let ipv6Prefixes: PrefixTable<IPv6Key>

  /// Indicators that an index can hold.
  static let limit = 1 << 27

  /// Builds the index of some lists in memory.
  /// - Parameter seed: start of the hashes; by default unpredictable, so that nobody can send names
  ///   that all collide.
  /// - Throws: `invalidSource` for an identifier that occurs twice, `tooManyIndicators` beyond 65,535
  ///   lists, 2^27 indicators or 4 GiB of names.
  public convenience init(
    _ lists: [IndicatorList], seed: UInt64 = .random(in: .min ... .max)
  ) throws(ReputationError) {
    let output = try IndexCompiler.compile(lists, seed: seed, to: IndexOutput())
    guard let bytes = IndexBytes(copying: output.buffer) else {
      preconditionFailure("an index is longer than its header")
    }
    try self.init(bytes, file: "")
  }

  /// Takes an index from its bytes.
  /// - Parameter file: where they are from, for errors.
  /// - Throws: `notAnIndex`, `otherIndexVersion`, `corruptIndex`.
  init(_ bytes: consuming IndexBytes, file: String) throws(ReputationError) {
    let header = try IndexHeader(reading: bytes, file: file)
    let text = bytes.copy(at: header.sources.start, count: header.sources.byteCount)
    guard let sources = try? JSONDecoder().decode([ReputationSource].self, from: Data(text)),
      sources.count <= 65_535
    else { throw .corruptIndex(file, .sources) }
    self.sources = sources
    seed = header.seed
    listDigest = header.listDigest
    names = try IndexTable(.names, header, file: file)
    ipv4 = try IndexTable(.ipv4, header, file: file)
    ipv6 = try IndexTable(.ipv6, header, file: file)
    addressPorts = try IndexTable(.addressPorts, header, file: file)
    ja4 = try IndexTable(.ja4, header, file: file)
    certificates = try IndexTable(.certificates, header, file: file)
    ipv4Prefixes = try PrefixTable(.ipv4, header, file: file)
    ipv6Prefixes = try PrefixTable(.ipv6, header, file: file)
    filters = IndexBytes(gathering: header.filters, from: bytes)
    self.bytes = bytes
  }

  /// Distinct names.
  public var nameCount: Int { names.count }
  /// Distinct single addresses.
  public var addressCount: Int { ipv4.count + ipv6.count }
  /// Distinct prefixes.
  public var prefixCount: Int { ipv4Prefixes.count + ipv6Prefixes.count }
  /// Distinct pairs of address and port.
  public var addressPortCount: Int { addressPorts.count }
  /// Distinct TLS client fingerprints.
  public var ja4Count: Int { ja4.count }
  /// Distinct certificates.
  public var certificateCount: Int { certificates.count }
  /// All distinct indicators.
  public var count: Int {
    nameCount + addressCount + prefixCount + addressPortCount + ja4Count + certificateCount
  }

  /// Whether it was compiled from exactly these lists: the same sources, indicators, lines, dates and
  /// confidences in the same order. Reads all of the lists, and of the index its header only.
  public func isCompiled(from lists: [IndicatorList]) -> Bool {
    listDigest == ListDigest.of(lists, seed: seed)
  }

  /// Bytes of the whole index, on disk or in memory.
  public var byteCount: Int { bytes.count }

  private var stamp: UInt32 { UInt32(truncatingIfNeeded: seed &>> 32) }

  /// Whether a hit is of this index, or of one compiled with the same seed.
  func gave(_ hit: ReputationHit) -> Bool { hit.stamp == stamp }

  @inline(__always)
  private func hit(_ kind: ReputationHit.Kind, _ entry: Int) -> ReputationHit {
    ReputationHit(kind: kind, entry: UInt32(truncatingIfNeeded: entry), stamp: stamp)
  }

  // MARK: Names

  /// Looks up a name in lower-case A-labels without the final dot: listed itself, or else the longest
  /// parent domain that is listed with its sub-domains. Anything else is not found.
  public func lookUp(name: Span<UInt8>) -> ReputationHit? {
    guard name.count <= 253 else { return nil }
    var walk = NameWalk(name, seed: seed)
    var found: ReputationHit?
    // No single label is ever listed, so the top-level domain is not asked for.
    guard walk.next(in: name) != nil else { return nil }
    // The filter holds the parents of what is listed too: where a domain is not in it, nothing under it is.
    while let start = walk.next(in: name), names.mayContain(walk.hash, in: filters) {
      if let record = record(ofName: name, from: start, hash: walk.hash),
        start == 0 || includesSubdomains(record)
      {
        found = hit(start == 0 ? .name : .subdomain, record)
      }
    }
    return found
  }

  /// The listed domains that the name is or lies under, the longest first, whether or not they include
  /// their sub-domains.
  func records(coveringName name: Span<UInt8>) -> [(record: Int, isItself: Bool)] {
    var found: [(record: Int, isItself: Bool)] = []
    guard name.count <= 253 else { return found }
    var walk = NameWalk(name, seed: seed)
    while let start = walk.next(in: name) {
      if let record = record(ofName: name, from: start, hash: walk.hash) {
        found.append((record, start == 0))
      }
    }
    return found.reversed()
  }

  @inline(never)
  private func record(ofName name: Span<UInt8>, from start: Int, hash: UInt64) -> Int? {
    record(of: name.extracting(start..<name.count), hash: hash, in: names)
  }

  private func includesSubdomains(_ record: Int) -> Bool {
    let place = names.recordStart + record
    return bytes.uint8(at: place + 1 + Int(bytes.uint8(at: place))) & Listing.Flag.anySubdomains != 0
  }

  /// The record of an indicator that is kept as its length and bytes.
  private func record(of text: Span<UInt8>, hash: UInt64, in table: IndexTable) -> Int? {
    var probe = table.probe(hash)
    while let record = probe.next(in: bytes) {
      let place = table.recordStart + record
      if bytes.uint8(at: place) == text.count, bytes.hold(text, at: place + 1) { return record }
    }
    return nil
  }

  /// The text of a record in a table of texts.
  func text(_ record: Int, in table: IndexTable) -> [UInt8] {
    let place = table.recordStart + record
    return bytes.copy(at: place + 1, count: Int(bytes.uint8(at: place)))
  }

  // MARK: Addresses

  /// Looks up an address: listed itself, or else inside the longest listed prefix.
  public func lookUp(_ address: IPAddress) -> ReputationHit? {
    if let bits = address.ipv4 {
      let hash = IndexHash.ipv4(bits, seed: seed)
      if ipv4.mayContain(hash, in: filters), let record = record(ofIPv4: bits, hash: hash) {
        return hit(.ipv4, record)
      }
      return ipv4Prefixes.lookUp(IPv4Key(bits: bits), in: bytes).map { hit(.ipv4Prefix, $0) }
    }
    let hash = IndexHash.ipv6(high: address.high, low: address.low, seed: seed)
    if ipv6.mayContain(hash, in: filters), let record = record(ofIPv6: address, hash: hash) {
      return hit(.ipv6, record)
    }
    return ipv6Prefixes.lookUp(IPv6Key(address), in: bytes).map { hit(.ipv6Prefix, $0) }
  }

  /// Looks up where a connection goes: the port of the address listed, or else as without a port.
  public func lookUp(_ address: IPAddress, port: UInt16) -> ReputationHit? {
    if let record = record(ofPort: port, at: address) { return hit(.addressPort, record) }
    return lookUp(address)
  }

  @inline(never)
  func record(ofIPv4 bits: UInt32, hash: UInt64) -> Int? {
    var probe = ipv4.probe(hash)
    while let record = probe.next(in: bytes) {
      // Four bytes, and at least six of a listing: a place outside must not read as the address 0.
      if record <= ipv4.recordBytes - 10, bytes.uint32(at: ipv4.recordStart + record) == bits {
        return record
      }
    }
    return nil
  }

  @inline(never)
  func record(ofIPv6 address: IPAddress, hash: UInt64) -> Int? {
    var probe = ipv6.probe(hash)
    while let record = probe.next(in: bytes) {
      let place = ipv6.recordStart + record
      if record <= ipv6.recordBytes - 22, bytes.uint64(at: place) == address.high,
        bytes.uint64(at: place + 8) == address.low
      {
        return record
      }
    }
    return nil
  }

  func record(ofPort port: UInt16, at address: IPAddress) -> Int? {
    // Asked twice of every packet, and most lists have none.
    guard addressPorts.count > 0 else { return nil }
    let hash = IndexHash.addressPort(high: address.high, low: address.low, port: port, seed: seed)
    guard addressPorts.mayContain(hash, in: filters) else { return nil }
    var probe = addressPorts.probe(hash)
    while let record = probe.next(in: bytes) {
      let place = addressPorts.recordStart + record
      if record <= addressPorts.recordBytes - 24, bytes.uint64(at: place) == address.high,
        bytes.uint64(at: place + 8) == address.low, bytes.uint16(at: place + 16) == port
      {
        return record
      }
    }
    return nil
  }

  /// The record of an address in its family's table.
  func record(of address: IPAddress) -> Int? {
    if let bits = address.ipv4 { return record(ofIPv4: bits, hash: IndexHash.ipv4(bits, seed: seed)) }
    let hash = IndexHash.ipv6(high: address.high, low: address.low, seed: seed)
    return record(ofIPv6: address, hash: hash)
  }

  // MARK: Fingerprints

  /// Looks up the 36 characters of a JA4 fingerprint.
  public func lookUp(ja4 text: Span<UInt8>) -> ReputationHit? {
    record(ofFingerprint: text, in: ja4).map { hit(.ja4, $0) }
  }

  /// Looks up the 20 or 32 bytes of a certificate's SHA-1 or SHA-256.
  public func lookUp(certificate hash: Span<UInt8>) -> ReputationHit? {
    record(ofFingerprint: hash, in: certificates).map { hit(.certificate, $0) }
  }

  func record(ofFingerprint text: Span<UInt8>, in table: IndexTable) -> Int? {
    guard table.count > 0, !text.isEmpty, text.count <= JA4Text.byteCount else { return nil }
    let hash = IndexHash.bytes(text, seed: seed)
    guard table.mayContain(hash, in: filters) else { return nil }
    return record(of: text, hash: hash, in: table)
  }
}
