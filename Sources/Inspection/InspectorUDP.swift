import NetworkTypes

extension Inspector {
  /// Tells what a datagram says, or its flow when it is the first.
  mutating func tellUDP(
    _ frame: Span<UInt8>, _ headers: PacketHeaders, at time: Timestamp,
    in observation: inout Observation
  ) -> Bool {
    guard !headers.isLaterFragment else { return false }
    // A fragment of a DNS message has only a part of its records.
    if !headers.isFragment,
      let service = NameService(source: headers.sourcePort, destination: headers.destinationPort)
    {
      switch reader.readDatagram(
        frame.extracting(headers.payload), of: service, headers, at: time, into: &observation,
        counters: &counters)
      {
      case .observed: return true
      case .silent: return false
      case .notDNS: break
      }
    }
    let flow = flows.note(headers, opening: false, at: Self.seconds(time), counters: &counters)
    if !headers.payload.isEmpty {
      let first = frame[headers.payload.lowerBound]
      if QUIC.canBegin(first) {
        if tellQUIC(frame, headers, of: flow, at: time, in: &observation) { return true }
      } else if first == TLSRecords.handshake, flow.isFirst,
        let place = DTLS.clientHello(frame, in: headers.payload)
      {
        if TLSClientHello.read(
          frame, place, headers, at: time, into: &observation, ja4: &reader.ja4, counters: &counters)
        {
          return true
        }
      }
    }
    guard flow.isFirst else { return false }
    tellConnection(headers, at: time, in: &observation)
    return true
  }

  /// Reads the Initial packets of a client's datagram and tells the ClientHello they complete.
  ///
  /// Packets of the other side and later ones of a connection that was told cost no cryptography, but
  /// for the first under each new connection id.
  private mutating func tellQUIC(
    _ frame: Span<UInt8>, _ headers: PacketHeaders, of flow: RecentFlows.Flow, at time: Timestamp,
    in observation: inout Observation
  ) -> Bool {
    let end = headers.payload.upperBound
    guard flow.isFromOpener, !headers.isCut, !headers.isFragment,
      let first = QUIC.packet(frame, at: headers.payload.lowerBound, end: end)
    else { return false }
    let now = Self.seconds(time)
    var stream = streams.find(flow.directedKey)
    if stream == nil {
      guard first.isInitial, headers.payload.count >= QUIC.shortestDatagram,
        first.connectionID.count >= QUIC.shortestFirstID
      else { return false }
      let connection = QUICConnectionID(frame, first.connectionID, version: first.version)
      guard flows.note(tag: connection.tag, of: flow) else { return false }
    }
    var offset = headers.payload.lowerBound
    while offset < end, let packet = QUIC.packet(frame, at: offset, end: end) {
      offset = packet.end
      guard packet.isInitial else { continue }
      guard quicFailures.allows(at: now) else {
        counters.skippedQUIC &+= 1
        return false
      }
      let own = QUICConnectionID(frame, packet.connectionID, version: packet.version)
      var frames: [UInt8]?
      if let place = stream {
        frames = QUICInitialKeys(streams.connection(of: place)).open(frame, packet)
      }
      // The first packet is under keys of its own id; so is the first after a Retry, which makes the
      // client begin again (RFC 9000 section 17.2.5).
      if frames == nil, stream == nil || flows.note(tag: own.tag, of: flow) {
        frames = QUICInitialKeys(own).open(frame, packet)
        if frames != nil {
          if let place = stream { streams.close(place) }
          let place = streams.open(flow.directedKey, from: 0, at: now, counters: &counters)
          streams.set(own, of: place)
          stream = place
        }
      }
      if let place = stream, !streams.spend(place) {
        abandon(place)
        return false
      }
      guard let frames else {
        quicFailures.fail()
        counters.undecipherableQUIC &+= 1
        return false
      }
      if let place = stream, !take(frames, into: place, at: now) {
        counters.malformedQUIC &+= 1
        abandon(place)
        return false
      }
    }
    guard let place = stream else { return false }
    return tellHello(of: place, headers, at: time, in: &observation)
  }

  /// Adds the CRYPTO frames of a packet to a stream; `false` when its frames do not fit.
  private mutating func take(_ frames: [UInt8], into place: Int, at now: UInt32) -> Bool {
    var offset = 0
    while offset < frames.count {
      guard let (kind, next) = QUIC.frame(frames.span, at: offset) else { return false }
      if case .crypto(let position, let data) = kind, position < StreamTable.room {
        _ = streams.add(
          frames.span, data, at: UInt32(truncatingIfNeeded: position), to: place, at: now,
          counters: &counters)
      }
      offset = next
    }
    return true
  }

  private mutating func tellHello(
    of place: Int, _ headers: PacketHeaders, at time: Timestamp, in observation: inout Observation
  ) -> Bool {
    let range = streams.range(place)
    guard range.count >= 4 else { return false }
    let (type, length) = streams.messageHeader(place)
    let whole = 4 &+ length
    guard type == 1, whole <= StreamTable.room else {
      counters.malformedQUIC &+= 1
      abandon(place)
      return false
    }
    guard range.count >= whole else { return false }
    let isTold = streams.readHello(
      place, whole, headers, at: time, into: &observation, ja4: &reader.ja4, counters: &counters)
    streams.close(place)
    return isTold
  }
}
