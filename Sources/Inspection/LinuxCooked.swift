/// Linux cooked capture, version 1: 16 bytes, the EtherType in the last two (LINKTYPE_LINUX_SLL).
enum LinuxCooked {
  static func networkLayer(
    of frame: Span<UInt8>, counters: inout InspectionCounters
  ) -> NetworkLayer {
    guard frame.count >= 16 else {
      counters.truncated &+= 1
      return .malformed
    }
    return EtherType.follow(frame.uint16(at: 14), in: frame, at: 16, counters: &counters)
  }
}
