import Crypto
import NetworkTypes

/// The certificate that a TLS server shows in clear: up to TLS 1.2 (RFC 5246 section 7.4.2).
enum TLSCertificate {
  /// How a server's first messages were read.
  enum Outcome {
    case told
    /// No certificate will come in clear, or none that can be read.
    case nothing
    /// So many more handshake bytes are needed before there is something to say.
    case needs(Int)
  }

  /// Whether a server's records lead to a certificate in clear: TLS 1.3 encrypts it, and its
  /// cipher suites are numbered apart (RFC 8446 appendix B.4). `nil` when the choice is not there yet.
  static func isInClear(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool? {
    let sessionLength = range.lowerBound &+ TLSRecords.headerLength &+ 4 &+ 34
    guard sessionLength < range.upperBound else { return nil }
    let cipher = sessionLength &+ 1 &+ Int(bytes[sessionLength])
    guard cipher &+ 1 < range.upperBound else { return nil }
    return bytes[cipher] != 0x13
  }

  /// Walks the first `count` handshake bytes of a server, from its ServerHello on.
  static func read(
    _ handshake: [UInt8], count: Int, _ headers: PacketHeaders, at time: Timestamp,
    into observation: inout Observation, counters: inout InspectionCounters
  ) -> Outcome {
    var offset = 0
    while true {
      guard count &- offset >= 4 else { return .needs(offset &+ 4 &- count) }
      let type = handshake[offset]
      let length = handshake.span.uint24(at: offset &+ 1)
      switch type {
      case 11:
        guard length >= 6 else { break }
        guard count &- offset >= 10 else { return .needs(offset &+ 10 &- count) }
        let certificate = handshake.span.uint24(at: offset &+ 7)
        let start = offset &+ 10
        guard certificate > 0, certificate <= length &- 6 else { break }
        guard start &+ certificate <= handshake.count else {
          counters.longCertificate &+= 1
          return .nothing
        }
        guard start &+ certificate <= count else { return .needs(start &+ certificate &- count) }
        tell(handshake, start..<(start &+ certificate), headers, at: time, into: &observation)
        counters.tlsCertificates &+= 1
        return .told
      case 2, 4, 22, 23:
        // ServerHello, NewSessionTicket, CertificateStatus, SupplementalData: around the certificate.
        offset &+= 4 &+ length
        guard offset &+ 4 <= handshake.count else { return .nothing }
        continue
      default:
        // The server goes on without a certificate: a resumed session, or one of an odd kind.
        return .nothing
      }
      counters.malformedCertificate &+= 1
      return .nothing
    }
  }

  private static func tell(
    _ handshake: [UInt8], _ leaf: Range<Int>, _ headers: PacketHeaders, at time: Timestamp,
    into observation: inout Observation
  ) {
    observation.begin(.tlsCertificate, headers, at: time)
    var sha256 = InlineArray<32, UInt8>(repeating: 0)
    for (index, byte) in SHA256.hash(data: handshake[leaf]).enumerated() { sha256[index] = byte }
    var sha1 = InlineArray<20, UInt8>(repeating: 0)
    // What lists of certificates are keyed by; nothing here rests on its strength.
    for (index, byte) in Insecure.SHA1.hash(data: handshake[leaf]).enumerated() { sha1[index] = byte }
    observation.set(certificateSHA256: sha256, sha1: sha1)
    X509.readNames(handshake.span, leaf, into: &observation)
  }
}
