import NetworkTypes

/// The beginnings of streams that tell something only when more than one segment of them is there: TCP
/// by sequence number (RFC 9293), QUIC's CRYPTO frames by offset (RFC 9000 section 19.6).
///
/// A fixed number of places of fixed size, made once. Segments may come in any order, overlap and
/// repeat; the bytes that came first stay. A stream that was silent longest gives up its place to a
/// new one, and that is counted.
struct StreamTable: Sendable {
  /// Bytes that are held of one stream: a TLS record with its header, and some more.
  static let room = 16 * 1024 + 512
  /// Segments behind gaps that are held of one stream.
  private static let gapCapacity = 16
  /// How often a stream is read before it is given up: one that grows byte by byte costs no more.
  private static let readCapacity: UInt8 = 64

  private struct Stream: Sendable {
    /// 0 is an empty place.
    var key: UInt64 = 0
    var base: UInt32 = 0
    var lastSeen: UInt32 = 0
    /// Bytes from the base on without a gap.
    var count = 0
    /// Bytes that must be there before reading again has a chance.
    var needed = 1
    var reads: UInt8 = 0
    /// Ranges behind the first gap, in order and apart from each other.
    var starts = InlineArray<16, UInt16>(repeating: 0)
    var ends = InlineArray<16, UInt16>(repeating: 0)
    var rangeCount = 0
    var connection = QUICConnectionID()
  }

  private var streams: [Stream]
  /// The bytes of all streams, `room` for each.
  private var storage: [UInt8]
  /// Streams by twelve bits of their key, to find quickly that there is none.
  private var filter = [UInt8](repeating: 0, count: 4096)
  private var used = 0
  private let idleSeconds: UInt32

  /// `capacity` is 1...255 streams.
  init(capacity: Int, idleSeconds: UInt32 = 30) {
    precondition((1...255).contains(capacity))
    streams = Array(repeating: Stream(), count: capacity)
    storage = Array(repeating: 0, count: capacity * Self.room)
    self.idleSeconds = idleSeconds
  }

  private static func bucket(_ key: UInt64) -> Int { Int(truncatingIfNeeded: key &>> 40 & 0xFFF) }

  /// The place of an open stream.
  func find(_ key: UInt64) -> Int? {
    guard used > 0, filter[Self.bucket(key)] > 0 else { return nil }
    return streams.firstIndex { $0.key == key }
  }

  /// Opens a stream whose first byte has this sequence number or offset.
  mutating func open(
    _ key: UInt64, from base: UInt32, at seconds: UInt32, counters: inout InspectionCounters
  ) -> Int {
    var place = 0
    if used < streams.count {
      while streams[place].key != 0 { place &+= 1 }
    } else {
      for index in streams.indices
      where Int32(bitPattern: streams[place].lastSeen &- streams[index].lastSeen) > 0 { place = index }
      if seconds &- streams[place].lastSeen <= idleSeconds {
        counters.streamsEvicted &+= 1
      } else {
        counters.streamsAbandoned &+= 1
      }
      close(place)
    }
    streams[place] = Stream()
    streams[place].key = key
    streams[place].base = base
    streams[place].lastSeen = seconds
    filter[Self.bucket(key)] &+= 1
    used &+= 1
    return place
  }

  mutating func close(_ place: Int) {
    filter[Self.bucket(streams[place].key)] &-= 1
    used &-= 1
    streams[place].key = 0
  }

  /// Where the bytes of a stream without a gap lie in `storage`.
  func range(_ place: Int) -> Range<Int> {
    let start = place &* Self.room
    return start..<(start &+ streams[place].count)
  }

  /// Whether so much is there that reading it has a chance.
  func isReady(_ place: Int) -> Bool { streams[place].count >= streams[place].needed }

  /// Counts one reading; `false` when it is the last that the stream gets.
  mutating func spend(_ place: Int) -> Bool {
    streams[place].reads &+= 1
    return streams[place].reads < Self.readCapacity
  }

  mutating func need(_ count: Int, of place: Int) { streams[place].needed = count }

  /// The QUIC connection of a stream, which its keys are derived from.
  func connection(of place: Int) -> QUICConnectionID { streams[place].connection }

  mutating func set(_ connection: QUICConnectionID, of place: Int) {
    streams[place].connection = connection
  }

  /// Takes a segment; `false` when it lies beyond the room, so that the stream cannot become whole.
  mutating func add(
    _ bytes: Span<UInt8>, _ range: Range<Int>, at sequence: UInt32, to place: Int,
    at seconds: UInt32, counters: inout InspectionCounters
  ) -> Bool {
    streams[place].lastSeen = seconds
    let offset = Int(Int32(bitPattern: sequence &- streams[place].base))
    guard offset < Self.room else { return false }
    let start = max(offset, streams[place].count)
    let end = min(offset &+ range.count, Self.room)
    guard start < end else { return true }
    fillGaps(of: place, start, end, with: bytes, from: range.lowerBound &- offset)
    if !note(start, end, in: place) { counters.segmentsOmitted &+= 1 }
    return true
  }

  /// Copies what is not there yet of `start..<end`; byte 0 of the stream is at `shift` of `bytes`.
  private mutating func fillGaps(
    of place: Int, _ start: Int, _ end: Int, with bytes: Span<UInt8>, from shift: Int
  ) {
    let room = place &* Self.room
    var position = start
    var next = 0
    while position < end {
      while next < streams[place].rangeCount, Int(streams[place].ends[next]) <= position { next &+= 1 }
      var stop = end
      if next < streams[place].rangeCount {
        let rangeStart = Int(streams[place].starts[next])
        if rangeStart <= position {
          position = Int(streams[place].ends[next])
          continue
        }
        stop = min(end, rangeStart)
      }
      for index in position..<stop { storage[room &+ index] = bytes[shift &+ index] }
      position = stop
    }
  }

  /// Notes that `start..<end` is there; `false` when that would be one range too many.
  private mutating func note(_ start: Int, _ end: Int, in place: Int) -> Bool {
    var start = start
    var end = end
    let count = streams[place].rangeCount
    // The ranges that touch the new one become one with it.
    var first = 0
    while first < count, Int(streams[place].ends[first]) < start { first &+= 1 }
    var last = first
    while last < count, Int(streams[place].starts[last]) <= end {
      start = min(start, Int(streams[place].starts[last]))
      end = max(end, Int(streams[place].ends[last]))
      last &+= 1
    }
    if start <= streams[place].count {
      streams[place].count = end
      replace(first..<last, with: 0, in: place)
      return true
    }
    guard count &- (last &- first) < Self.gapCapacity else { return false }
    replace(first..<last, with: 1, in: place)
    streams[place].starts[first] = UInt16(truncatingIfNeeded: start)
    streams[place].ends[first] = UInt16(truncatingIfNeeded: end)
    return true
  }

  /// Makes room for `added` ranges in place of `old`.
  private mutating func replace(_ old: Range<Int>, with added: Int, in place: Int) {
    let count = streams[place].rangeCount
    let shift = added &- old.count
    if shift < 0 {
      for index in old.upperBound..<count {
        streams[place].starts[index &+ shift] = streams[place].starts[index]
        streams[place].ends[index &+ shift] = streams[place].ends[index]
      }
    } else if shift > 0 {
      for index in (old.upperBound..<count).reversed() {
        streams[place].starts[index &+ shift] = streams[place].starts[index]
        streams[place].ends[index &+ shift] = streams[place].ends[index]
      }
    }
    streams[place].rangeCount = count &+ shift
  }

  /// Reads what there is of a TCP stream without a gap.
  func read(
    _ place: Int, canWait: Bool, by reader: inout OpeningReader, _ headers: PacketHeaders,
    at time: Timestamp, into observation: inout Observation, counters: inout InspectionCounters
  ) -> OpeningReader.Outcome {
    let range = range(place)
    guard !range.isEmpty else { return canWait ? .needs(1) : .nothing }
    return reader.read(
      storage.span, OpeningReader.Piece(range: range, isBeginning: true, canWait: canWait), headers,
      at: time, into: &observation, counters: &counters)
  }

  /// The type and length of the handshake message that a QUIC stream of four bytes or more begins with.
  func messageHeader(_ place: Int) -> (type: UInt8, length: Int) {
    let start = range(place).lowerBound
    return (storage[start], storage.span.uint24(at: start &+ 1))
  }

  /// Reads the ClientHello that a QUIC stream of at least `count` bytes begins with.
  func readHello(
    _ place: Int, _ count: Int, _ headers: PacketHeaders, at time: Timestamp,
    into observation: inout Observation, ja4: inout JA4, counters: inout InspectionCounters
  ) -> Bool {
    let start = range(place).lowerBound
    return TLSClientHello.read(
      storage.span,
      TLSClientHello.Place(
        body: (start &+ 4)..<(start &+ count), declaredEnd: start &+ count, carrier: .quic),
      headers, at: time, into: &observation, ja4: &ja4, counters: &counters)
  }
}
