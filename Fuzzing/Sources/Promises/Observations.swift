public import Inspection
import NetworkTypes

/// What is true of every observation. `told` is its JSON.
public func promiseSound(_ observation: borrowing Observation, told: [UInt8]) {
  promise(observation.withNameBytes { $0.isEmpty || DomainName.isValid($0) }, "a name is a name")
  promise(observation.addressCount <= Observation.addressCapacity, "the addresses have a bound")
  promise(observation.aliasCount <= Observation.listCapacity, "the aliases have a bound")
  promise(told.first == UInt8(ascii: "{") && told.last == UInt8(ascii: "}"), "an observation is one object")
  promise(told.allSatisfy { $0 >= 0x20 }, "an observation is one line")
}

/// What is true of an observation of TLS. `bytes` is the payload, `handshake` the messages in it without what
/// is around them.
public func promiseTLS(_ observation: Observation, in bytes: [UInt8], orIn handshake: [UInt8]) {
  func holds(_ part: [UInt8]) -> Bool { contains(bytes, part) || contains(handshake, part) }
  if let name = observation.name {
    let text = Array(name.utf8)
    promise(
      contains(folded(handshake), text) || contains(folded(bytes), text), "the server's name is in the hello")
  }
  for name in observation.certificateNames {
    promise(holds(Array(name.utf8)), "a name is in the certificate")
  }
  for text in observation.alpn where !text.unicodeScalars.contains("\u{FFFD}") {
    promise(holds(Array(text.utf8)), "an application protocol is in the hello")
  }
  for version in observation.tlsVersions {
    promise(holds([UInt8(version >> 8), UInt8(version & 0xFF)]), "a version is in the hello")
  }
  guard let ja4 = observation.ja4.map({ Array($0.utf8) }) else { return }
  let isHexadecimal = ja4.indices.allSatisfy {
    $0 < 11 || $0 == 23 || "0123456789abcdef".utf8.contains(ja4[$0])
  }
  promise(
    ja4.count == 36 && ja4[10] == UInt8(ascii: "_") && ja4[23] == UInt8(ascii: "_") && isHexadecimal,
    "a fingerprint has its shape")
  promise(
    ja4[3] == UInt8(ascii: "d") || observation.name == nil && observation.addressCount == 0,
    "a fingerprint knows whether there is a server's name")
}

/// Promises that a stream in two segments, in order or not, tells what it tells in one.
public func promiseSameInPieces(_ payload: [UInt8], port: UInt16, cut: Int, isReversed: Bool) {
  guard payload.count >= 2, let whole = Trial.first(of: Packet.stream(payload, port: port)) else { return }
  let place = max(1, min(payload.count - 1, payload.count * cut / 256))
  let opening = Packet.tcp(50_000, port, sequence: 999, flags: 2, [])
  var pieces = [
    Packet.tcp(50_000, port, sequence: 1000, Array(payload[..<place])),
    Packet.tcp(50_000, port, sequence: 1000 + UInt32(place), Array(payload[place...])),
  ]
  if isReversed { pieces.reverse() }
  promise(Trial.first(of: [opening] + pieces) == whole, "two segments tell what one tells")
}
