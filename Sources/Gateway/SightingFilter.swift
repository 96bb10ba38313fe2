import Detection
import Inspection
import NetworkTypes
import Reputation

/// Looks each packet up and makes sightings of those that touch a list. One for each packet source.
///
/// A packet of no interest costs the inspection and two or three look-ups, and allocates nothing.
struct SightingFilter: ~Copyable {
  /// Packets between two looks for a newer index.
  private static let refreshInterval: UInt64 = 1024

  private var inspector = Inspector()
  private var headers = PacketHeaders()
  private var observation = Observation()
  private var view: ReputationView
  private var untilRefresh = SightingFilter.refreshInterval
  private let link: LinkType
  private var isReadable = false

  init(link: LinkType, slot: ReputationIndexSlot) {
    self.link = link
    self.view = slot.view()
  }

  var counters: InspectionCounters { inspector.counters }

  /// Where the packet examined last comes from and goes to; `nil` when it is no readable IP packet.
  var ends: (source: IPAddress, destination: IPAddress)? {
    isReadable ? (headers.source, headers.destination) : nil
  }

  /// What the packet touches, or `nil`.
  mutating func examine(_ frame: Span<UInt8>, at time: Timestamp) -> Sighting? {
    untilRefresh -= 1
    if untilRefresh == 0 {
      untilRefresh = Self.refreshInterval
      _ = view.refresh()
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
      return nameSighting(at: time) ?? addressSighting(at: time)
    }
  }

  private func addressSighting(at time: Timestamp) -> Sighting? {
    if view.index.lookUp(headers.destination) != nil {
      return Sighting(
        destination: Destination(address: headers.destination, port: headers.destinationPort),
        addresses: [headers.destination], kind: nil, time: time, terminal: headers.source)
    }
    if view.index.lookUp(headers.source) != nil {
      return Sighting(
        destination: Destination(address: headers.source, port: headers.sourcePort),
        addresses: [headers.source], kind: nil, time: time, terminal: headers.destination)
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
        terminal: observation.source.address)
    case .dnsAnswer:
      return Sighting(
        destination: Destination(name: listed), addresses: observation.addresses, kind: .dnsAnswer,
        time: time, terminal: observation.destination.address)
    case .tlsCertificate:
      // The names of a certificate are those of everybody who shares the server.
      return nil
    case .tlsClientHello, .quicClientHello, .httpRequest, .connection:
      return Sighting(
        destination: Destination(
          name: listed, address: observation.destination.address, port: observation.destination.port),
        addresses: [observation.destination.address], kind: observation.kind, time: time,
        terminal: observation.source.address)
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
