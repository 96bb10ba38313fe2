import Detection
import Inspection
import NetworkTypes
import Reputation

/// Looks each packet up and makes sightings of those that touch a list, or bring a name or an address
/// that was not judged a moment ago. One for each packet source.
///
/// A packet of no interest costs the inspection and two to four look-ups, and allocates nothing.
struct SightingFilter: ~Copyable {
  /// Packets between two looks for a newer index.
  private static let refreshInterval: UInt64 = 1024

  private var inspector = Inspector()
  private var headers = PacketHeaders()
  private var observation = Observation()
  private var view: ReputationView
  private var untilRefresh = SightingFilter.refreshInterval
  private let link: LinkType
  private let judgesNames: Bool
  private var recent: RecentDestinations
  private let handOver: HandOverCounters?
  private var told = (handedOver: UInt64(0), alreadyJudged: UInt64(0), displaced: UInt64(0))
  private var isReadable = false

  /// - Parameters:
  ///   - judgesNames: whether to hand over what no list has as well.
  ///   - handOver: told of what was handed over, every 1,024 packets.
  init(
    link: LinkType, slot: ReputationIndexSlot, judgesNames: Bool = false, handOver: HandOverCounters? = nil
  ) {
    self.link = link
    self.view = slot.view()
    self.judgesNames = judgesNames
    self.handOver = handOver
    recent = RecentDestinations(capacity: judgesNames ? 16_384 : 4)
  }

  var counters: InspectionCounters { inspector.counters }

  /// Where the packet examined last comes from and goes to; `nil` when it is no readable IP packet.
  var ends: Ends? {
    isReadable
      ? Ends(
        source: headers.source, sourcePort: headers.sourcePort, destination: headers.destination,
        destinationPort: headers.destinationPort) : nil
  }

  /// The ends of a packet; ports where its transport has them.
  struct Ends {
    var source: IPAddress
    var sourcePort: UInt16
    var destination: IPAddress
    var destinationPort: UInt16
  }

  /// What the packet touches, or `nil`.
  mutating func examine(_ frame: Span<UInt8>, at time: Timestamp) -> Sighting? {
    untilRefresh -= 1
    if untilRefresh == 0 {
      untilRefresh = Self.refreshInterval
      _ = view.refresh()
      tellCounters()
    }
    switch inspector.inspect(frame, link: link, time: time, headers: &headers, observation: &observation) {
    case .malformed, .uninteresting:
      isReadable = false
      return nil
    case .headers:
      isReadable = true
      return addressSighting(at: time)
    case .observation:
      isReadable = true
      return nameSighting(at: time) ?? addressSighting(at: time) ?? newSighting(at: time)
    }
  }

  /// Takes back the hand-over of the sighting made last, which did not fit into the channel.
  mutating func forgetLast() { recent.forgetLast() }

  private mutating func tellCounters() {
    guard let handOver else { return }
    handOver.add(
      // A hand-over that was taken back after it was told makes the difference negative for once.
      handedOver: recent.handedOver &- told.handedOver,
      alreadyJudged: recent.alreadyJudged &- told.alreadyJudged,
      displaced: recent.displaced &- told.displaced)
    told = (recent.handedOver, recent.alreadyJudged, recent.displaced)
  }

  /// What no list has and was not handed over a moment ago.
  private mutating func newSighting(at time: Timestamp) -> Sighting? {
    guard judgesNames, observation.nameService == .dns else { return nil }
    switch observation.kind {
    case .dnsQuery, .tlsCertificate:
      // The answer comes next, and brings the addresses.
      return nil
    case .dnsAnswer:
      var fingerprint: UInt64 = 0
      for position in 0..<observation.addressCount {
        fingerprint &+= RecentDestinations.fingerprint(of: observation.address(at: position))
      }
      guard Self.isDue(observation, in: &recent, .answer, fingerprint),
        let name = observation.domainName
      else { return nil }
      return Sighting(
        destination: Destination(name: name), addresses: observation.addresses, kind: .dnsAnswer, time: time,
        isListed: false, timeToLive: observation.timeToLive, terminal: observation.destination.address)
    case .connection:
      guard recent.isDue(observation.destination.address, at: time) else { return nil }
      return contact(nil, at: time)
    case .tlsClientHello, .quicClientHello, .httpRequest:
      let fingerprint = RecentDestinations.fingerprint(of: observation.destination.address)
      guard Self.isDue(observation, in: &recent, .contact, fingerprint),
        let name = observation.domainName
      else { return nil }
      return contact(name, at: time)
    }
  }

  /// Apart from `self`, because one part of it is read while another is changed.
  private static func isDue(
    _ observation: borrowing Observation, in recent: inout RecentDestinations,
    _ sight: RecentDestinations.Sight, _ fingerprint: UInt64
  ) -> Bool {
    let time = observation.time
    return observation.withNameBytes { name in
      !name.isEmpty && recent.isDue(sight, name, addresses: fingerprint, at: time)
    }
  }

  private func contact(_ name: DomainName?, at time: Timestamp) -> Sighting {
    let (address, port) = (observation.destination.address, observation.destination.port)
    return Sighting(
      destination: name.map { Destination(name: $0, address: address, port: port) }
        ?? Destination(address: address, port: port),
      addresses: [address], kind: observation.kind, time: time, isListed: false,
      terminal: observation.source.address)
  }

  private func addressSighting(at time: Timestamp) -> Sighting? {
    if view.index.lookUp(headers.destination) != nil {
      return Sighting(
        destination: Destination(address: headers.destination, port: headers.destinationPort),
        addresses: [headers.destination], kind: nil, time: time,
        isListed: true, terminal: headers.source)
    }
    if view.index.lookUp(headers.source) != nil {
      return Sighting(
        destination: Destination(address: headers.source, port: headers.sourcePort),
        addresses: [headers.source], kind: nil, time: time,
        isListed: true, terminal: headers.destination)
    }
    return nil
  }

  private func nameSighting(at time: Timestamp) -> Sighting? {
    // On the local link anybody can answer for any name: that must not get an address blocked.
    guard observation.nameService == .dns, let listed = listedName() else { return nil }
    switch observation.kind {
    case .dnsQuery:
      return Sighting(
        destination: Destination(name: listed), addresses: [], kind: .dnsQuery, time: time,
        isListed: true, terminal: observation.source.address)
    case .dnsAnswer:
      return Sighting(
        destination: Destination(name: listed), addresses: observation.addresses, kind: .dnsAnswer,
        time: time, isListed: true, timeToLive: observation.timeToLive,
        terminal: observation.destination.address)
    case .tlsCertificate:
      // The names of a certificate are those of everybody who shares the server.
      return nil
    case .tlsClientHello, .quicClientHello, .httpRequest, .connection:
      return Sighting(
        destination: Destination(
          name: listed, address: observation.destination.address, port: observation.destination.port),
        addresses: [observation.destination.address], kind: observation.kind, time: time,
        isListed: true, terminal: observation.source.address)
    }
  }

  /// The observed name, or the first alias of it, that a list has.
  private func listedName() -> DomainName? {
    let index = view.index
    if observation.withNameBytes({ $0.isEmpty ? nil : index.lookUp(name: $0) }) != nil {
      return observation.domainName
    }
    for position in 0..<observation.aliasCount {
      if observation.withAliasBytes(at: position, { index.lookUp(name: $0) }) != nil {
        return DomainName(observation.aliases[position])
      }
    }
    return nil
  }
}
