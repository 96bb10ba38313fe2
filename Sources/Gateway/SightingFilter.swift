import Detection
import Inspection
import NetworkTypes
import Reputation

/// Looks each packet up and makes sightings of those that touch a list, or bring a name or an address
/// that was not judged a moment ago. One for each packet source.
///
/// A packet of no interest costs the inspection and two to six look-ups, and allocates nothing.
struct SightingFilter: ~Copyable {
  /// Packets between two looks for a newer index.
  private static let refreshInterval: UInt64 = 1024
  /// How long something listed is left alone after it was handed over: a flow to a blocked address goes
  /// on knocking with every packet. Short, because a block that failed is asked for again.
  private static let listedQuietTime: Duration = .seconds(1)

  private var inspector = Inspector()
  private var headers = PacketHeaders()
  private var observation = Observation()
  private var view: ReputationView
  private var untilRefresh = SightingFilter.refreshInterval
  private let link: LinkType
  private let judgesNames: Bool
  private var recent: RecentDestinations
  private var listed = RecentDestinations(capacity: 4096, quietTime: listedQuietTime)
  private let sensor: SensorCounters?
  private let place: SensorCounters.Place?
  private var isReadable = false

  /// - Parameters:
  ///   - judgesNames: whether to hand over what no list has as well.
  ///   - sensor: told of the counters, every 1,024 packets.
  init(
    link: LinkType, slot: ReputationIndexSlot, judgesNames: Bool = false, sensor: SensorCounters? = nil
  ) {
    self.link = link
    self.view = slot.view()
    self.judgesNames = judgesNames
    self.sensor = sensor
    place = sensor?.place()
    recent = RecentDestinations(capacity: judgesNames ? 16_384 : 4)
  }

  var counters: FilterCounters {
    FilterCounters(
      inspection: inspector.counters, listed: listed.handedOver, listedAgain: listed.alreadyJudged,
      new: recent.handedOver, newAgain: recent.alreadyJudged,
      forgottenEarly: recent.displaced &+ listed.displaced)
  }

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
      return observedSighting(at: time) ?? addressSighting(at: time) ?? newSighting(at: time)
    }
  }

  /// Takes back the hand-over of the sighting made last, which did not fit into the channel.
  mutating func forget(_ last: Sighting) {
    if last.isListed { listed.forgetLast() } else { recent.forgetLast() }
  }

  /// Tells the counters to the sensor, as at the end of the capture.
  func tellCounters() {
    guard let sensor, let place else { return }
    sensor.tell(counters, at: place)
  }

  /// What no list has and was not handed over a moment ago.
  private mutating func newSighting(at time: Timestamp) -> Sighting? {
    guard judgesNames, observation.nameService == .dns else { return nil }
    switch observation.kind {
    case .dnsQuery, .tlsCertificate:
      // The answer comes next, and brings the addresses.
      return nil
    case .dnsAnswer:
      guard Self.isDue(observation, in: &recent, .answer, addressFingerprint),
        observation.domainName != nil
      else { return nil }
      return answer(at: time, isListed: false)
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

  // MARK: What a list has

  private mutating func addressSighting(at time: Timestamp) -> Sighting? {
    let index = view.index
    if index.lookUp(headers.destination, port: headers.destinationPort) != nil {
      return addressSighting(
        headers.destination, headers.destinationPort, terminal: headers.source, at: time)
    }
    if index.lookUp(headers.source, port: headers.sourcePort) != nil {
      return addressSighting(headers.source, headers.sourcePort, terminal: headers.destination, at: time)
    }
    return nil
  }

  private mutating func addressSighting(
    _ address: IPAddress, _ port: UInt16, terminal: IPAddress, at time: Timestamp
  ) -> Sighting? {
    guard listed.isDue(address, at: time) else { return nil }
    return Sighting(
      destination: Destination(address: address, port: port), addresses: [address], kind: nil, time: time,
      isListed: true, terminal: terminal)
  }

  /// Of what the packet tells beside its addresses.
  private mutating func observedSighting(at time: Timestamp) -> Sighting? {
    // On the local link anybody can answer for any name: that must not get an address blocked.
    guard observation.nameService == .dns else { return nil }
    let index = view.index
    switch observation.kind {
    case .connection: return nil
    case .dnsQuery:
      guard nameIsListed(in: index), Self.isDue(observation, in: &listed, .query, 0),
        let name = observation.domainName
      else { return nil }
      return Sighting(
        destination: Destination(name: name), addresses: [], kind: .dnsQuery, time: time, isListed: true,
        terminal: observation.source.address)
    case .dnsAnswer:
      guard nameIsListed(in: index) || anAliasIsListed(in: index),
        Self.isDue(observation, in: &listed, .answer, addressFingerprint)
      else { return nil }
      return answer(at: time, isListed: true)
    case .tlsCertificate: return certificateSighting(in: index, at: time)
    case .tlsClientHello, .quicClientHello, .httpRequest: return contactSighting(in: index, at: time)
    }
  }

  /// A listed name that is contacted, or a listed fingerprint of who contacts.
  private mutating func contactSighting(in index: ReputationIndex, at time: Timestamp) -> Sighting? {
    let hasListedJA4 = observation.withJA4Bytes { index.lookUp(ja4: $0) } != nil
    guard hasListedJA4 || nameIsListed(in: index) else { return nil }
    let server = RecentDestinations.fingerprint(of: observation.destination.address)
    let isDue =
      observation.name == nil
      ? listed.isDue(observation.destination.address, at: time)
      : Self.isDue(observation, in: &listed, .contact, server)
    guard isDue else { return nil }
    var sighting = contact(observation.domainName, at: time)
    sighting.isListed = true
    if hasListedJA4 { sighting.ja4 = observation.ja4 }
    return sighting
  }

  /// A listed certificate. The names in it are those of everybody who shares the server, and no reason to
  /// block anything.
  private mutating func certificateSighting(in index: ReputationIndex, at time: Timestamp) -> Sighting? {
    let isListed =
      observation.withCertificateSHA256 { index.lookUp(certificate: $0) } != nil
      || observation.withCertificateSHA1 { index.lookUp(certificate: $0) } != nil
    let server = observation.source
    guard isListed else { return nil }
    let fingerprint = RecentDestinations.fingerprint(of: server.address)
    let isDue = observation.withCertificateSHA256 { hash in
      listed.isDue(.certificate, hash, addresses: fingerprint, at: time)
    }
    guard isDue else { return nil }
    let hashes = [
      observation.withCertificateSHA256 { CertificateHash(bytes: $0) },
      observation.withCertificateSHA1 { CertificateHash(bytes: $0) },
    ]
    return Sighting(
      destination: Destination(address: server.address, port: server.port),
      certificates: hashes.compactMap { $0 }, addresses: [server.address], kind: .tlsCertificate, time: time,
      isListed: true, terminal: observation.destination.address)
  }

  /// What was answered: the name that was asked for, what it is an alias of, and the addresses.
  private func answer(at time: Timestamp, isListed: Bool) -> Sighting? {
    let aliases = observation.aliases.compactMap { DomainName($0) }
    guard let name = observation.domainName ?? aliases.first else { return nil }
    return Sighting(
      destination: Destination(name: name), aliases: aliases.filter { $0 != name },
      addresses: observation.addresses, kind: .dnsAnswer, time: time, isListed: isListed,
      timeToLive: observation.timeToLive, terminal: observation.destination.address)
  }

  private func nameIsListed(in index: ReputationIndex) -> Bool {
    observation.withNameBytes { $0.isEmpty ? nil : index.lookUp(name: $0) } != nil
  }

  private func anAliasIsListed(in index: ReputationIndex) -> Bool {
    var position = 0
    while position < observation.aliasCount {
      if observation.withAliasBytes(at: position, { index.lookUp(name: $0) }) != nil { return true }
      position += 1
    }
    return false
  }

  /// Of the addresses of an answer, in any order.
  private var addressFingerprint: UInt64 {
    var fingerprint: UInt64 = 0
    var position = 0
    while position < observation.addressCount {
      fingerprint &+= RecentDestinations.fingerprint(of: observation.address(at: position))
      position += 1
    }
    return fingerprint
  }
}
