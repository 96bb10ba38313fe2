/// That something is listed, in a few bytes; `ReputationIndex.evidence(of:)` says by whom.
///
/// It has a meaning only with the index that gave it.
public struct ReputationHit: Hashable, Sendable, BitwiseCopyable {
  enum Kind: UInt8 {
    case name, subdomain, ipv4, ipv6, ipv4Prefix, ipv6Prefix, addressPort, ja4, certificate
  }
  let kind: Kind
  /// The place of a record, or the number of a prefix.
  let entry: UInt32
  /// Part of the index's seed.
  let stamp: UInt32

  /// How the most specific indicator covers what was looked up.
  public var match: Evidence.Match {
    switch kind {
    case .name, .ipv4, .ipv6, .addressPort, .ja4, .certificate: .itself
    case .subdomain: .parentDomain
    case .ipv4Prefix, .ipv6Prefix: .containingPrefix
    }
  }
}
