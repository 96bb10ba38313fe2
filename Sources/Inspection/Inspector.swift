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
/// Memory is taken at `init`, and no clock is read: time is the packets' own. Only what is hashed or
/// deciphered allocates: fingerprints, certificates and QUIC's Initial packets. Hostile bytes end in a
/// counter. Payload is looked at only where its first bytes can be something to tell; pieces of such
/// are held until they are whole.
public struct Inspector: ~Copyable, Sendable {
  /// What became of all frames so far.
  public internal(set) var counters = InspectionCounters()
  var flows: RecentFlows
  var streams: StreamTable
  var reader = OpeningReader()
  var quicFailures = FailureBudget()

  /// - Parameters:
  ///   - flowCapacity: flows that are remembered (rounded up to a power of two), 16 bytes each.
  ///   - streamCapacity: streams of which pieces are held, 1...255, 17 KiB each.
  ///   - idleSeconds: a flow that was silent longer is told again when it speaks.
  ///   - seed: keys the table of flows. Two inspectors with one seed tell the same of the same
  ///     packets; against live traffic it must be random.
  public init(
    flowCapacity: Int = 65_536, streamCapacity: Int = 128, idleSeconds: Int32 = 600,
    seed: UInt64 = .random(in: .min ... .max)
  ) {
    flows = RecentFlows(capacity: flowCapacity, idleSeconds: idleSeconds, seed: seed)
    streams = StreamTable(capacity: streamCapacity)
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
      if Tunnel.isOne(headers), !headers.isLaterFragment { enterTunnel(frame, &headers) }
    }
    let told =
      switch headers.transport {
      case .tcp: tellTCP(frame, headers, at: time, in: &observation)
      case .udp: tellUDP(frame, headers, at: time, in: &observation)
      case .icmp, .other: false
      }
    return told ? .observation : .headers
  }

  /// Puts the inner packet's headers in place of the outer ones, when they can be read. Offsets stay
  /// those of the frame.
  private mutating func enterTunnel(_ frame: Span<UInt8>, _ headers: inout PacketHeaders) {
    let packet = frame.extracting(0..<headers.payload.upperBound)
    guard let layer = Tunnel.networkLayer(of: packet, headers, counters: &counters) else { return }
    switch layer {
    case .other:
      return
    case .malformed:
      counters.malformedTunnel &+= 1
    case .ip(let offset):
      var inner = PacketHeaders()
      guard readNetwork(packet, at: offset, into: &inner), readTransport(packet, into: &inner) else {
        counters.malformedTunnel &+= 1
        return
      }
      counters.tunnelled &+= 1
      inner.isCut = inner.isCut || headers.isCut || headers.isFragment
      headers = inner
      if Tunnel.isOne(headers) { counters.nestedTunnels &+= 1 }
    }
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
      if !Tunnel.carries(headers.protocolNumber) { counters.otherTransports &+= 1 }
      return true
    }
  }

  mutating func tellConnection(
    _ headers: PacketHeaders, at time: Timestamp, in observation: inout Observation
  ) {
    observation.begin(.connection, headers, at: time)
    counters.connections &+= 1
  }

  static func seconds(_ time: Timestamp) -> UInt32 {
    UInt32(truncatingIfNeeded: time.microseconds / 1_000_000)
  }
}
