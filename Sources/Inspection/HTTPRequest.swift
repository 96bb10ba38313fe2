import NetworkTypes

/// The head of an HTTP/1 request (RFC 9112).
enum HTTPRequest {
  /// Longer methods are no HTTP; the longest registered one has 17 letters.
  private static let longestMethod = 24
  private static let longestRequestLine = 8192

  /// Whether a payload can be one, from its first byte.
  static func canBegin(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "A") < 26 }

  /// Reads the request that begins the range. A request that cannot be told is counted, anything that
  /// is no HTTP/1 request is not.
  ///
  /// `isBeginning` tells that the stream begins here, so that a beginning of a method is one; of a
  /// piece from somewhere, more must be there to tell it from other text.
  static func read(
    _ frame: Span<UInt8>, _ range: Range<Int>, isBeginning: Bool, canWait: Bool,
    _ headers: PacketHeaders, at time: Timestamp,
    into observation: inout Observation, counters: inout InspectionCounters
  ) -> OpeningReader.Outcome {
    let end = range.upperBound
    let start = range.lowerBound
    let more = OpeningReader.Outcome.needs(range.count &+ 1)
    var offset = start
    while offset < end, offset &- start <= longestMethod, isMethod(frame[offset]) { offset &+= 1 }
    guard offset &- start <= longestMethod else { return .nothing }
    guard offset < end else { return isBeginning && canWait ? more : .nothing }
    guard frame[offset] == UInt8(ascii: " ") else { return .nothing }
    let method = start..<offset
    let targetStart = offset &+ 1
    offset = targetStart
    let lineLimit = min(end, start &+ longestRequestLine)
    while offset < lineLimit, frame[offset] > UInt8(ascii: " ") { offset &+= 1 }
    let target = targetStart..<offset
    if offset == end || end &- offset < 9 && matches(frame, at: offset, " HTTP/1.", upTo: end) {
      return canWait ? more : .nothing
    }
    guard !target.isEmpty, end &- offset >= 9, matches(frame, at: offset, " HTTP/1.") else {
      return .nothing
    }
    offset &+= 9
    guard let afterLine = lineEnd(frame, offset, end) else {
      if canWait, end &- offset < 2 { return more }
      counters.malformedHTTP &+= 1
      return .nothing
    }
    guard afterLine.content == offset else {
      counters.malformedHTTP &+= 1
      return .nothing
    }

    observation.begin(.httpRequest, headers, at: time)
    observation.set(method: frame, method)
    let fields = readFields(frame, from: afterLine.next, to: end, into: &observation)
    guard !fields.isAmbiguous else {
      counters.malformedHTTP &+= 1
      return .nothing
    }
    if !fields.isComplete, canWait { return more }
    let authority = readTarget(
      frame, target, isConnect: matches(frame, at: start, "CONNECT "), into: &observation)
    // The authority of the target overrides Host (RFC 9112 section 3.2.2).
    if let host = authority ?? fields.host {
      guard let bare = withoutPort(frame, host) else {
        counters.malformedHTTP &+= 1
        return .nothing
      }
      guard observation.set(host: frame, bare, counters: &counters) else { return .nothing }
    } else if !fields.isComplete {
      counters.splitHTTP &+= 1
      return .nothing
    }
    counters.httpRequests &+= 1
    return .told
  }

  private struct Fields {
    var host: Range<Int>?
    /// Whether the blank line after the head was there.
    var isComplete = false
    /// Two Host fields: servers must refuse (RFC 9112 section 3.2), and which one a lax one takes
    /// cannot be known.
    var isAmbiguous = false
  }

  private static func readFields(
    _ frame: Span<UInt8>, from start: Int, to end: Int, into observation: inout Observation
  ) -> Fields {
    var fields = Fields()
    var offset = start
    while let line = lineEnd(frame, offset, end) {
      if line.content == offset {
        fields.isComplete = true
        break
      }
      if matches(frame, at: offset, "host:", foldingCase: true, end: line.content) {
        if fields.host != nil { fields.isAmbiguous = true }
        let value = trimmed(frame, (offset &+ 5)..<line.content)
        if !value.isEmpty { fields.host = value }
      } else if matches(frame, at: offset, "user-agent:", foldingCase: true, end: line.content) {
        observation.set(userAgent: frame, trimmed(frame, (offset &+ 11)..<line.content))
      }
      offset = line.next
    }
    return fields
  }

  /// Takes the path of the target; its authority, where it has one, is returned.
  private static func readTarget(
    _ frame: Span<UInt8>, _ target: Range<Int>, isConnect: Bool, into observation: inout Observation
  ) -> Range<Int>? {
    if isConnect { return target }
    guard let scheme = schemeLength(frame, target) else {
      observation.set(path: frame, target)
      return nil
    }
    let start = target.lowerBound &+ scheme
    var authorityStart = start
    var offset = start
    while offset < target.upperBound {
      let byte = frame[offset]
      if byte == UInt8(ascii: "/") || byte == UInt8(ascii: "?") { break }
      // What comes before "@" is no host.
      if byte == UInt8(ascii: "@") { authorityStart = offset &+ 1 }
      offset &+= 1
    }
    if offset < target.upperBound { observation.set(path: frame, offset..<target.upperBound) }
    return authorityStart..<offset
  }

  private static func schemeLength(_ frame: Span<UInt8>, _ target: Range<Int>) -> Int? {
    if matches(frame, at: target.lowerBound, "http://", foldingCase: true, end: target.upperBound) {
      return 7
    }
    if matches(frame, at: target.lowerBound, "https://", foldingCase: true, end: target.upperBound) {
      return 8
    }
    return nil
  }

  /// The host without `:port`; `nil` when what follows the colon is no port.
  private static func withoutPort(_ frame: Span<UInt8>, _ host: Range<Int>) -> Range<Int>? {
    var offset = host.upperBound
    while offset > host.lowerBound, frame[offset &- 1] &- UInt8(ascii: "0") <= 9 { offset &-= 1 }
    guard offset > host.lowerBound, frame[offset &- 1] == UInt8(ascii: ":") else { return host }
    guard offset &- 1 > host.lowerBound, host.upperBound &- offset <= 5 else { return nil }
    return host.lowerBound..<(offset &- 1)
  }

  private static func isMethod(_ byte: UInt8) -> Bool {
    byte &- UInt8(ascii: "A") < 26 || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
  }

  /// Where the line from `start` ends, without and with its line end; a bare LF is taken too.
  private static func lineEnd(
    _ frame: Span<UInt8>, _ start: Int, _ end: Int
  ) -> (content: Int, next: Int)? {
    var offset = start
    while offset < end {
      if frame[offset] == UInt8(ascii: "\n") {
        let hasReturn = offset > start && frame[offset &- 1] == UInt8(ascii: "\r")
        return (hasReturn ? offset &- 1 : offset, offset &+ 1)
      }
      offset &+= 1
    }
    return nil
  }

  private static func trimmed(_ frame: Span<UInt8>, _ range: Range<Int>) -> Range<Int> {
    var start = range.lowerBound
    var end = range.upperBound
    while start < end, isBlank(frame[start]) { start &+= 1 }
    while end > start, isBlank(frame[end &- 1]) { end &-= 1 }
    return start..<end
  }

  private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

  /// Whether the bytes from `start` to `end` are a beginning of `text`.
  private static func matches(
    _ frame: Span<UInt8>, at start: Int, _ text: StaticString, upTo end: Int
  ) -> Bool {
    text.withUTF8Buffer { pattern in
      for index in 0..<min(pattern.count, end &- start) where frame[start &+ index] != pattern[index] {
        return false
      }
      return true
    }
  }

  /// Whether `text` (lower case when folding) stands at `start`.
  private static func matches(
    _ frame: Span<UInt8>, at start: Int, _ text: StaticString, foldingCase: Bool = false,
    end: Int? = nil
  ) -> Bool {
    guard (end ?? frame.count) &- start >= text.utf8CodeUnitCount else { return false }
    return text.withUTF8Buffer { pattern in
      for index in 0..<pattern.count {
        var byte = frame[start &+ index]
        if foldingCase, byte &- UInt8(ascii: "A") < 26 { byte |= 0x20 }
        if byte != pattern[index] { return false }
      }
      return true
    }
  }
}
