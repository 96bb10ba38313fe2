import NetworkTypes

/// The subject's alternative names of an X.509 certificate (RFC 5280 section 4.2.1.6), read out of its
/// DER without checking anything else: whether it is good is for its client to say.
enum X509 {
  /// One element of DER.
  private struct Element {
    var tag: UInt8
    var content: Range<Int>
  }

  private enum Tag {
    static let boolean: UInt8 = 0x01
    static let octetString: UInt8 = 0x04
    static let objectIdentifier: UInt8 = 0x06
    static let sequence: UInt8 = 0x30
    static let dnsName: UInt8 = 0x82
    static let ipAddress: UInt8 = 0x87
    static let extensions: UInt8 = 0xA3
  }

  /// Adds the DNS names and addresses to the observation; what cannot be read is left out, for the
  /// hash tells the certificate all the same.
  static func readNames(
    _ bytes: Span<UInt8>, _ range: Range<Int>, into observation: inout Observation
  ) {
    guard let certificate = element(bytes, at: range.lowerBound, end: range.upperBound, Tag.sequence),
      let body = element(
        bytes, at: certificate.content.lowerBound, end: certificate.content.upperBound, Tag.sequence)
    else { return }
    var offset = body.content.lowerBound
    while let field = element(bytes, at: offset, end: body.content.upperBound) {
      offset = field.content.upperBound
      guard field.tag == Tag.extensions else { continue }
      guard
        let list = element(
          bytes, at: field.content.lowerBound, end: field.content.upperBound, Tag.sequence)
      else { return }
      readExtensions(bytes, list.content, into: &observation)
      return
    }
  }

  private static func readExtensions(
    _ bytes: Span<UInt8>, _ range: Range<Int>, into observation: inout Observation
  ) {
    var offset = range.lowerBound
    while let entry = element(bytes, at: offset, end: range.upperBound, Tag.sequence) {
      offset = entry.content.upperBound
      guard
        let identifier = element(
          bytes, at: entry.content.lowerBound, end: entry.content.upperBound, Tag.objectIdentifier),
        // 2.5.29.17
        identifier.content.count == 3, bytes.uint24(at: identifier.content.lowerBound) == 0x551D11
      else { continue }
      var next = element(bytes, at: identifier.content.upperBound, end: entry.content.upperBound)
      if let critical = next, critical.tag == Tag.boolean {
        next = element(bytes, at: critical.content.upperBound, end: entry.content.upperBound)
      }
      guard let value = next, value.tag == Tag.octetString,
        let names = element(
          bytes, at: value.content.lowerBound, end: value.content.upperBound, Tag.sequence)
      else { return }
      readGeneralNames(bytes, names.content, into: &observation)
      return
    }
  }

  private static func readGeneralNames(
    _ bytes: Span<UInt8>, _ range: Range<Int>, into observation: inout Observation
  ) {
    var offset = range.lowerBound
    while let name = element(bytes, at: offset, end: range.upperBound) {
      offset = name.content.upperBound
      switch name.tag {
      case Tag.dnsName:
        observation.append(certificateName: bytes, name.content)
      case Tag.ipAddress:
        if let address = IPAddress(bytes: bytes.extracting(name.content)) { observation.append(address) }
      default:
        break
      }
    }
  }

  private static func element(
    _ bytes: Span<UInt8>, at offset: Int, end: Int, _ tag: UInt8
  ) -> Element? {
    guard let element = element(bytes, at: offset, end: end), element.tag == tag else { return nil }
    return element
  }

  /// The element at `offset`; `nil` when it does not fit, or has a tag or length of a kind that
  /// certificates do not use.
  private static func element(_ bytes: Span<UInt8>, at offset: Int, end: Int) -> Element? {
    guard end &- offset >= 2 else { return nil }
    let tag = bytes[offset]
    guard tag & 0x1F != 0x1F else { return nil }
    var length = Int(bytes[offset &+ 1])
    var start = offset &+ 2
    if length >= 0x80 {
      let count = length & 0x7F
      guard count >= 1, count <= 3, end &- start >= count else { return nil }
      length = 0
      for index in 0..<count { length = length &<< 8 | Int(bytes[start &+ index]) }
      start &+= count
    }
    guard length <= end &- start else { return nil }
    return Element(tag: tag, content: start..<(start &+ length))
  }
}
