import Inspection
import Promises

/// The first bytes of an HTTP/1 client.
@main enum HTTPProgram {
  static func main() {
    fuzz { start, count in
      HTTPProgram.read(input(start, count))
      return 0
    }
  }

  private static func read(_ input: [UInt8]) {
    guard input.count >= 3 else { return }
    let payload = Array(input[2...])
    promiseSameInPieces(payload, port: 80, cut: Int(input[1]), isReversed: input[0] & 1 != 0)
    let folded = folded(payload)
    for observation in Trial.tell(Packet.stream(payload, port: 80)) where observation.kind == .httpRequest {
      if let name = observation.name {
        promise(contains(folded, Array(name.utf8)), "the host is in the request")
      }
      for text in [observation.method, observation.path, observation.userAgent] {
        // What is no UTF-8 is told with a mark in its place.
        guard let text, !text.unicodeScalars.contains("\u{FFFD}") else { continue }
        promise(contains(payload, Array(text.utf8)), "what is told is in the request")
      }
      promise((observation.path ?? "").utf8.count <= 3 * 1024, "the path has a bound")
      promise((observation.userAgent ?? "").utf8.count <= 3 * 256, "the User-Agent has a bound")
      promise(observation.name == nil || observation.addressCount == 0, "a host is a name or an address")
    }
  }
}
