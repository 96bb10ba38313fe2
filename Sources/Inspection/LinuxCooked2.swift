/// Linux cooked capture, version 2: 20 bytes, the EtherType in the first two (LINKTYPE_LINUX_SLL2).
enum LinuxCooked2 {
  static func networkLayer(
    of frame: Span<UInt8>, counters: inout InspectionCounters
  ) -> NetworkLayer {
    guard frame.count >= 20 else {
      counters.truncated &+= 1
      return .malformed
    }
    return EtherType.follow(frame.uint16(at: 0), in: frame, at: 20, counters: &counters)
  }
}
