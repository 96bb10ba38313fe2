/// Which part of a name the model scores: one label and the public suffix under it, nothing above.
///
/// There is nothing here but positions in the name: no client, no popularity, no time.
public struct RegisteredDomain: Hashable, Sendable {
  /// Where the label that was registered stands, as byte offsets.
  public let label: Range<Int>
  /// Where the suffix stands: everything after the label and its dot.
  public let suffix: Range<Int>
  /// What kind of suffix it is.
  public let kind: SuffixKind
  /// The name is itself a suffix under which anybody can register; its score must not block.
  public let isSharedSuffix: Bool

  /// Where the last label stands.
  package func topLevel(of name: Span<UInt8>) -> Range<Int> {
    var start = suffix.upperBound
    while start > suffix.lowerBound, name[start - 1] != UInt8(ascii: ".") { start -= 1 }
    return start..<suffix.upperBound
  }
}

/// Who may register under a suffix, as far as it is known.
public enum SuffixKind: Int, Hashable, Sendable, CaseIterable {
  /// An ordinary top-level domain or registry suffix.
  case registry = 0
  case freeHosting = 1
  case dynamicDNS = 2
  /// A domain whose owner lets others add names (free DNS services).
  case sharedDomain = 3
}
