public import NetworkTypes

/// What inspecting one frame gave.
public enum Inspection: Hashable, Sendable {
  /// The frame could not be read; the reason is counted. The headers say nothing.
  case malformed
  /// No IP packet. The headers say nothing.
  case uninteresting
  /// The headers are filled; there is nothing to tell.
  case headers
  /// The headers and the observation are filled.
  case observation
}

/// Turns frames into observations, one after the other, for one source of packets.
///
/// Nothing is allocated after `init` and no clock is read: time is the packets' own. Hostile bytes end
/// in a counter. Payload is looked at only where its first bytes can be something to tell.
public struct Inspector: ~Copyable, Sendable {
  /// What became of all frames so far.
  public private(set) var counters = InspectionCounters()
  private var flows: RecentFlows
  private var dnsScratch = DNS.Scratch()

  /// - Parameters:
  ///   - flowCapacity: flows that are remembered (rounded up to a power of two), 16 bytes each.
  ///   - idleSeconds: a flow that was silent longer is told again when it speaks.
  ///   - seed: keys the table of flows. Two inspectors with one seed tell the same of the same
  ///     packets; against live traffic it must be random.
  public init(
    flowCapacity: Int = 65_536, idleSeconds: Int32 = 600,
    seed: UInt64 = .random(in: .min ... .max)
  ) {
    flows = RecentFlows(capacity: flowCapacity, idleSeconds: idleSeconds, seed: seed)
  }

  /// Inspects one captured frame.
  ///
  /// - Parameters:
  ///   - frame: the captured bytes, from the link header on.
  ///   - time: when the frame was captured.
  ///   - headers: filled unless the result is `malformed` or `uninteresting`.
  ///   - observation: filled when the result is `observation`, otherwise without meaning.
  public mutating func inspect(
    _ frame: Span<UInt8>, link: LinkType, time: Timestamp, headers: inout PacketHeaders,
    observation: inout Observation
  ) -> Inspection {
    counters.packets &+= 1
    counters.bytes &+= UInt64(truncatingIfNeeded: frame.count)
    switch networkLayer(of: frame, link: link) {
    case .malformed: return .malformed
    case .other: return .uninteresting
    case .ip(let offset):
      guard readNetwork(frame, at: offset, into: &headers),
        readTransport(frame, into: &headers)
      else { return .malformed }
    }
    let told =
      switch headers.transport {
      case .tcp: tellTCP(frame, headers, at: time, in: &observation)
      case .udp: tellUDP(frame, headers, at: time, in: &observation)
      case .icmp, .other: false
      }
    return told ? .observation : .headers
  }

  private mutating func networkLayer(of frame: Span<UInt8>, link: LinkType) -> NetworkLayer {
    switch link {
    case .ethernet: return Ethernet.networkLayer(of: frame, counters: &counters)
    case .linuxCooked: return LinuxCooked.networkLayer(of: frame, counters: &counters)
    case .linuxCooked2: return LinuxCooked2.networkLayer(of: frame, counters: &counters)
    case .rawIP: return RawIP.networkLayer(of: frame, counters: &counters)
    case .loopback:
      return Loopback.networkLayer(of: frame, hostOrder: true, counters: &counters)
    case .loop: return Loopback.networkLayer(of: frame, hostOrder: false, counters: &counters)
    case .unsupported:
      counters.unsupportedLinkType &+= 1
      return .other
    }
  }

  /// The version nibble decides, whatever the link layer said: that is what the receiver will do.
  private mutating func readNetwork(
    _ frame: Span<UInt8>, at offset: Int, into headers: inout PacketHeaders
  ) -> Bool {
    guard offset < frame.count else {
      counters.truncated &+= 1
      return false
    }
    switch frame[offset] &>> 4 {
    case 4:
      return IPv4.read(frame, at: offset, into: &headers, counters: &counters)
    case 6:
      return IPv6.read(frame, at: offset, into: &headers, counters: &counters)
    default:
      counters.malformedIPv4 &+= 1
      return false
    }
  }

  private mutating func readTransport(
    _ frame: Span<UInt8>, into headers: inout PacketHeaders
  ) -> Bool {
    headers.sourcePort = 0
    headers.destinationPort = 0
    headers.tcpFlags = []
    headers.sequence = 0
    switch headers.protocolNumber {
    case 6: headers.transport = .tcp
    case 17: headers.transport = .udp
    case 1, 58: headers.transport = .icmp
    default: headers.transport = .other
    }
    guard !headers.isLaterFragment else {
      counters.laterFragments &+= 1
      return true
    }
    switch headers.transport {
    case .tcp: return TCP.read(frame, into: &headers, counters: &counters)
    case .udp: return UDP.read(frame, into: &headers, counters: &counters)
    case .icmp: return ICMP.read(frame, into: &headers, counters: &counters)
    case .other:
      counters.otherTransports &+= 1
      return true
    }
  }

  private mutating func tellTCP(
    _ frame: Span<UInt8>, _ headers: PacketHeaders, at time: Timestamp,
    in observation: inout Observation
  ) -> Bool {
    // A reset opens nothing, and answers to forged packets would fill the table.
    guard !headers.isLaterFragment, !headers.tcpFlags.contains(.rst) else { return false }
    let isOpening = headers.tcpFlags.contains(.syn) && !headers.tcpFlags.contains(.ack)
    let isFirst = flows.isFirst(
      headers, opening: isOpening, at: Self.seconds(time), counters: &counters)
    let payload = headers.payload
    if !payload.isEmpty {
      if TLSClientHello.canBegin(frame, at: payload.lowerBound, end: payload.upperBound) {
        if TLSClientHello.read(frame, headers, at: time, into: &observation, counters: &counters) {
          return true
        }
      } else if HTTPRequest.canBegin(frame[payload.lowerBound]) {
        if HTTPRequest.read(frame, headers, at: time, into: &observation, counters: &counters) {
          return true
        }
      }
    }
    guard isFirst else { return false }
    tellConnection(headers, at: time, in: &observation)
    if headers.tcpFlags.contains(.syn), !isOpening {
      // A SYN-ACK whose SYN was missed: its receiver opened the flow.
      swap(&observation.source, &observation.destination)
    }
    return true
  }

  private mutating func tellUDP(
    _ frame: Span<UInt8>, _ headers: PacketHeaders, at time: Timestamp,
    in observation: inout Observation
  ) -> Bool {
    guard !headers.isLaterFragment else { return false }
    // A fragment of a DNS message has only a part of its records.
    if headers.destinationPort == DNS.port || headers.sourcePort == DNS.port, !headers.isFragment {
      switch DNS.read(
        frame, headers, at: time, into: &observation, scratch: &dnsScratch, counters: &counters)
      {
      case .observed: return true
      case .silent: return false
      case .notDNS: break
      }
    }
    guard
      flows.isFirst(headers, opening: false, at: Self.seconds(time), counters: &counters)
    else { return false }
    tellConnection(headers, at: time, in: &observation)
    return true
  }

  private mutating func tellConnection(
    _ headers: PacketHeaders, at time: Timestamp, in observation: inout Observation
  ) {
    observation.begin(.connection, headers, at: time)
    counters.connections &+= 1
  }

  private static func seconds(_ time: Timestamp) -> UInt32 {
    UInt32(truncatingIfNeeded: time.microseconds / 1_000_000)
  }
}
