/// IP without a link header: the version nibble of IP itself tells the family.
enum RawIP {
  static func networkLayer(
    of frame: Span<UInt8>, counters: inout InspectionCounters
  ) -> NetworkLayer {
    guard frame.count >= 1 else {
      counters.truncated &+= 1
      return .malformed
    }
    return .ip(at: 0)
  }
}
