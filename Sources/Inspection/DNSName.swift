/// Reads compressed names (RFC 1035 section 4.1.4).
enum DNSName {
  /// Reads the name at `offset` of the message into `name`; the offset after it, or `nil`, counted.
  ///
  /// A pointer must lead before the labels it ends, so offsets only ever fall and no loop is possible.
  static func read(
    _ message: Span<UInt8>, at offset: Int, into name: inout NameBuffer,
    counters: inout InspectionCounters
  ) -> Int? {
    name.clear()
    var position = offset
    var runStart = offset
    var end: Int?
    while position < message.count {
      let length = Int(message[position])
      switch length &>> 6 {
      case 0:
        if length == 0 { return end ?? position &+ 1 }
        guard message.count &- position > length else {
          counters.malformedDNS &+= 1
          return nil
        }
        guard name.beginLabel(), name.append(message, from: position &+ 1, count: length) else {
          counters.nameTooLong &+= 1
          return nil
        }
        position &+= 1 &+ length
      case 3:
        guard message.count &- position >= 2 else {
          counters.malformedDNS &+= 1
          return nil
        }
        let target = Int(message.uint16(at: position) & 0x3FFF)
        guard target < runStart else {
          counters.nameLoop &+= 1
          return nil
        }
        if end == nil { end = position &+ 2 }
        position = target
        runStart = target
      default:
        // 01 and 10 are reserved (RFC 6891 section 5).
        counters.malformedDNS &+= 1
        return nil
      }
    }
    counters.malformedDNS &+= 1
    return nil
  }
}
