import NetworkTypes

extension Inspector {
  /// Tells what a TCP segment completes, or its connection when it is the first.
  mutating func tellTCP(
    _ frame: Span<UInt8>, _ headers: PacketHeaders, at time: Timestamp,
    in observation: inout Observation
  ) -> Bool {
    // A reset opens nothing, and answers to forged packets would fill the table.
    guard !headers.isLaterFragment, !headers.tcpFlags.contains(.rst) else { return false }
    let isOpening = headers.tcpFlags.contains(.syn) && !headers.tcpFlags.contains(.ack)
    let flow = flows.note(
      headers, opening: isOpening, at: Self.seconds(time), counters: &counters)
    if !headers.payload.isEmpty, tellPayload(frame, headers, of: flow, at: time, in: &observation) {
      return true
    }
    guard flow.isFirst else { return false }
    tellConnection(headers, at: time, in: &observation)
    if headers.tcpFlags.contains(.syn), !isOpening {
      // A SYN-ACK whose SYN was missed: its receiver opened the flow.
      swap(&observation.source, &observation.destination)
    }
    return true
  }

  private mutating func tellPayload(
    _ frame: Span<UInt8>, _ headers: PacketHeaders, of flow: RecentFlows.Flow, at time: Timestamp,
    in observation: inout Observation
  ) -> Bool {
    // A SYN takes a number of its own, before those of data it may carry (RFC 7413).
    let sequence = headers.sequence &+ (headers.tcpFlags.contains(.syn) ? 1 : 0)
    if let place = streams.find(flow.directedKey) {
      return tellStream(
        place, adding: frame, at: sequence, headers, at: time, in: &observation)
    }
    let isComplete = !headers.isCut && !headers.isFragment
    var isBeginning = false
    switch flows.place(of: sequence, in: flow) {
    case .repeated: return false
    case .ahead(let base):
      guard isComplete else { return false }
      let place = streams.open(
        flow.directedKey, from: base, at: Self.seconds(time), counters: &counters)
      return tellStream(place, adding: frame, at: sequence, headers, at: time, in: &observation)
    case .beginning: isBeginning = true
    case .somewhere: break
    }
    guard OpeningReader.canBegin(frame[headers.payload.lowerBound], headers) else { return false }
    let piece = OpeningReader.Piece(
      range: headers.payload, isBeginning: isBeginning, canWait: isComplete)
    switch reader.read(frame, piece, headers, at: time, into: &observation, counters: &counters) {
    case .told: return true
    case .nothing: return false
    case .needs(let count):
      let place = streams.open(
        flow.directedKey, from: sequence, at: Self.seconds(time), counters: &counters)
      _ = streams.add(
        frame, headers.payload, at: sequence, to: place, at: Self.seconds(time), counters: &counters)
      streams.need(count, of: place)
      return false
    }
  }

  /// Adds a segment to an open stream and tells what that completes; then the stream is closed.
  private mutating func tellStream(
    _ place: Int, adding frame: Span<UInt8>, at sequence: UInt32, _ headers: PacketHeaders,
    at time: Timestamp, in observation: inout Observation
  ) -> Bool {
    let fits = streams.add(
      frame, headers.payload, at: sequence, to: place, at: Self.seconds(time), counters: &counters)
    // A part of a packet that the capture does not have will not come again.
    var canWait = fits && !headers.isCut && !headers.isFragment
    guard streams.isReady(place) || !canWait else { return false }
    if !streams.spend(place) { canWait = false }
    let outcome = streams.read(
      place, canWait: canWait, by: &reader, headers, at: time, into: &observation,
      counters: &counters)
    switch outcome {
    case .told:
      streams.close(place)
      return true
    case .nothing:
      if canWait { streams.close(place) } else { abandon(place) }
      return false
    case .needs(let count):
      streams.need(count, of: place)
      return false
    }
  }

  mutating func abandon(_ place: Int) {
    streams.close(place)
    counters.streamsAbandoned &+= 1
  }
}
