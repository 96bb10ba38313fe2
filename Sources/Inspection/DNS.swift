import NetworkTypes

/// The messages of DNS (RFC 1035) over UDP and TCP, and of LLMNR: the question, and the addresses and
/// aliases of the answer, the hints of service bindings (RFC 9460) among them. Authority and additional
/// records (EDNS among them, RFC 6891) are not looked at.
enum DNS {

  enum Outcome {
    /// The observation is filled.
    case observed
    /// DNS, but without a name to tell or refused for its names, which are counted.
    case silent
    /// Not a DNS message, whatever the port says.
    case notDNS
  }

  /// Names that are held while an answer is read; kept by the caller so that nothing is cleared per
  /// packet.
  struct Scratch: Sendable {
    var owner = NameBuffer()
    var target = NameBuffer()
  }

  /// Reads one message, sent from or to the port of `service`.
  static func read(
    _ message: Span<UInt8>, of service: NameService, _ headers: PacketHeaders, at time: Timestamp,
    into observation: inout Observation, scratch: inout Scratch, counters: inout InspectionCounters
  ) -> Outcome {
    guard message.count >= 12 else {
      counters.malformedDNS &+= 1
      return .notDNS
    }
    let flags = message.uint16(at: 2)
    let isAnswer = flags & 0x8000 != 0
    guard isAnswer ? headers.sourcePort == service.port : headers.destinationPort == service.port else {
      counters.malformedDNS &+= 1
      return .notDNS
    }
    // Only standard queries (opcode 0) ask for a destination.
    guard flags & 0x7800 == 0 else { return .silent }
    guard message.uint16(at: 4) == 1 else {
      counters.malformedDNS &+= 1
      return .notDNS
    }
    let refusedBefore = counters.nameLoop &+ counters.nameTooLong
    observation.begin(isAnswer ? .dnsAnswer : .dnsQuery, headers, at: time)
    observation.nameService = service
    guard
      let questionEnd = DNSName.read(
        message, at: 12, into: &observation.nameBuffer, counters: &counters)
    else { return counters.nameLoop &+ counters.nameTooLong == refusedBefore ? .notDNS : .silent }
    guard message.count &- questionEnd >= 4 else {
      counters.malformedDNS &+= 1
      return .notDNS
    }
    // The root and classes other than Internet lead nowhere.
    guard observation.nameBuffer.count > 0, message.uint16(at: questionEnd &+ 2) == 1 else {
      return .silent
    }
    guard observation.nameBuffer.isText else {
      counters.nameNotText &+= 1
      return .silent
    }
    observation.recordType = DNSRecordType(rawValue: message.uint16(at: questionEnd))
    guard isAnswer else {
      counters.dnsQueries &+= 1
      return .observed
    }
    observation.responseCode = UInt8(truncatingIfNeeded: flags & 0x000F)
    guard
      readAnswers(
        message, from: questionEnd &+ 4, count: Int(message.uint16(at: 6)), into: &observation,
        scratch: &scratch, counters: &counters)
    else { return .silent }
    counters.dnsAnswers &+= 1
    return .observed
  }

  /// Follows the chain of aliases from the question. A record of another name is somebody trying to
  /// add to the answer, and is left out.
  private static func readAnswers(
    _ message: Span<UInt8>, from start: Int, count: Int, into observation: inout Observation,
    scratch: inout Scratch, counters: inout InspectionCounters
  ) -> Bool {
    var offset = start
    var isAliased = false
    for _ in 0..<count {
      // Nearly every first record names the question by a pointer to it, which needs no reading.
      let isQuestion = message.count &- offset >= 2 && message.uint16(at: offset) == 0xC00C
      guard
        let header =
          isQuestion
          ? offset &+ 2
          : DNSName.read(message, at: offset, into: &scratch.owner, counters: &counters)
      else { return false }
      guard message.count &- header >= 10 else {
        counters.malformedDNS &+= 1
        return false
      }
      let type = DNSRecordType(rawValue: message.uint16(at: header))
      let isInternet = message.uint16(at: header &+ 2) == 1
      let length = Int(message.uint16(at: header &+ 8))
      let data = header &+ 10
      guard length <= message.count &- data else {
        counters.malformedDNS &+= 1
        return false
      }
      offset = data &+ length
      guard isInternet, type == .a || type == .aaaa || type == .cname || type == .https || type == .svcb
      else { continue }
      guard
        isQuestion || scratch.owner.equals(observation.nameBuffer)
          || isAliased && scratch.owner.equals(scratch.target)
      else {
        counters.foreignAnswers &+= 1
        continue
      }
      // The highest bit is no part of it: such a value counts as nothing (RFC 2181 section 8).
      let written = message.uint32(at: header &+ 4)
      let life = written > 0x7FFF_FFFF ? 0 : written
      observation.timeToLive = min(observation.timeToLive ?? life, life)
      switch type {
      case .a where length == 4:
        observation.append(IPAddress(ipv4: message.uint32(at: data)))
      case .aaaa where length == 16:
        observation.append(
          IPAddress(high: message.uint64(at: data), low: message.uint64(at: data &+ 8)))
      case .cname:
        guard
          DNSName.read(message, at: data, into: &scratch.target, counters: &counters) == offset
        else {
          counters.malformedDNS &+= 1
          return false
        }
        isAliased = true
        // A target that is no text is followed all the same, or it would hide the addresses.
        if scratch.target.isText {
          observation.append(alias: scratch.target)
        } else {
          counters.nameNotText &+= 1
        }
      case .https, .svcb:
        guard
          readBinding(
            message, data..<offset, into: &observation, name: &scratch.owner, counters: &counters)
        else { return false }
      default:
        counters.malformedDNS &+= 1
        return false
      }
    }
    return true
  }

  /// Takes the other name of a service binding, and the addresses it hints at (RFC 9460 sections 2.2
  /// and 7.3): clients connect to them before they ask for more.
  private static func readBinding(
    _ message: Span<UInt8>, _ range: Range<Int>, into observation: inout Observation,
    name: inout NameBuffer, counters: inout InspectionCounters
  ) -> Bool {
    guard range.count >= 3,
      let parameters = DNSName.read(
        message, at: range.lowerBound &+ 2, into: &name, counters: &counters),
      parameters <= range.upperBound
    else {
      counters.malformedDNS &+= 1
      return false
    }
    // The root stands for the owner itself.
    if name.count > 0 {
      if name.isText { observation.append(alias: name) } else { counters.nameNotText &+= 1 }
    }
    var offset = parameters
    while range.upperBound &- offset >= 4 {
      let key = message.uint16(at: offset)
      let value = offset &+ 4
      let length = Int(message.uint16(at: offset &+ 2))
      guard length <= range.upperBound &- value else { break }
      offset = value &+ length
      switch key {
      case 4 where length % 4 == 0:
        for index in 0..<(length / 4) {
          observation.append(IPAddress(ipv4: message.uint32(at: value &+ index &* 4)))
        }
      case 6 where length % 16 == 0:
        for index in 0..<(length / 16) {
          let place = value &+ index &* 16
          observation.append(
            IPAddress(high: message.uint64(at: place), low: message.uint64(at: place &+ 8)))
        }
      default:
        break
      }
    }
    guard offset == range.upperBound else {
      counters.malformedDNS &+= 1
      return false
    }
    return true
  }

  /// The mnemonic of a response code (IANA "dns-parameters"), or `RCODE11` where there is none here.
  static func name(ofResponseCode code: UInt8) -> String {
    switch code {
    case 0: "NOERROR"
    case 1: "FORMERR"
    case 2: "SERVFAIL"
    case 3: "NXDOMAIN"
    case 4: "NOTIMP"
    case 5: "REFUSED"
    default: "RCODE\(code)"
    }
  }
}
