import NetworkTypes

/// Multicast DNS (RFC 6762): the format of DNS, but questions may be several, answers come without
/// one, and the class has a flag.
enum MulticastDNS {
  /// Reads a message: the first question, or the first name that an answer gives addresses for.
  static func read(
    _ message: Span<UInt8>, _ headers: PacketHeaders, at time: Timestamp,
    into observation: inout Observation, scratch: inout DNS.Scratch,
    counters: inout InspectionCounters
  ) -> DNS.Outcome {
    guard message.count >= 12 else {
      counters.malformedDNS &+= 1
      return .notDNS
    }
    let flags = message.uint16(at: 2)
    let isAnswer = flags & 0x8000 != 0
    let port = NameService.mdns.port
    guard isAnswer ? headers.sourcePort == port : headers.destinationPort == port else {
      counters.malformedDNS &+= 1
      return .notDNS
    }
    guard flags & 0x7800 == 0 else { return .silent }
    let questions = Int(message.uint16(at: 4))
    observation.begin(isAnswer ? .dnsAnswer : .dnsQuery, headers, at: time)
    observation.nameService = .mdns
    var offset = 12
    for index in 0..<questions {
      let isTold = index == 0 && !isAnswer
      guard
        let end = isTold
          ? DNSName.read(message, at: offset, into: &observation.nameBuffer, counters: &counters)
          : DNSName.read(message, at: offset, into: &scratch.owner, counters: &counters)
      else { return .silent }
      guard message.count &- end >= 4 else {
        counters.malformedDNS &+= 1
        return .silent
      }
      if isTold {
        // Service names are free text, and no place to go to.
        guard observation.nameBuffer.count > 0, observation.nameBuffer.isText else { return .silent }
        observation.recordType = DNSRecordType(rawValue: message.uint16(at: end))
        counters.dnsQueries &+= 1
        return .observed
      }
      offset = end &+ 4
    }
    guard isAnswer else { return .silent }
    let records =
      Int(message.uint16(at: 6)) &+ Int(message.uint16(at: 8)) &+ Int(message.uint16(at: 10))
    guard
      readRecords(
        message, from: offset, count: records, into: &observation, owner: &scratch.owner,
        counters: &counters)
    else { return .silent }
    guard observation.addressCount > 0 else { return .silent }
    counters.dnsAnswers &+= 1
    return .observed
  }

  private static func readRecords(
    _ message: Span<UInt8>, from start: Int, count: Int, into observation: inout Observation,
    owner: inout NameBuffer, counters: inout InspectionCounters
  ) -> Bool {
    var offset = start
    for _ in 0..<count {
      guard let header = DNSName.read(message, at: offset, into: &owner, counters: &counters) else {
        return false
      }
      guard message.count &- header >= 10 else {
        counters.malformedDNS &+= 1
        return false
      }
      let type = DNSRecordType(rawValue: message.uint16(at: header))
      // The highest bit of the class says that older records are void (RFC 6762 section 10.2).
      let isInternet = message.uint16(at: header &+ 2) & 0x7FFF == 1
      let length = Int(message.uint16(at: header &+ 8))
      let data = header &+ 10
      guard length <= message.count &- data else {
        counters.malformedDNS &+= 1
        return false
      }
      offset = data &+ length
      guard isInternet, type == .a && length == 4 || type == .aaaa && length == 16, owner.isText else {
        continue
      }
      if observation.addressCount == 0 {
        observation.nameBuffer = owner
        observation.recordType = type
      } else if !owner.equals(observation.nameBuffer) {
        continue
      }
      observation.append(
        type == .a
          ? IPAddress(ipv4: message.uint32(at: data))
          : IPAddress(high: message.uint64(at: data), low: message.uint64(at: data &+ 8)))
    }
    return true
  }
}
