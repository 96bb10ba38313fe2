import Inspection
import NetworkTypes
import Promises

/// One frame of any link layer.
@main enum IPProgram {
  static func main() {
    fuzz { start, count in
      IPProgram.read(input(start, count))
      return 0
    }
  }

  private static func read(_ input: [UInt8]) {
    guard let first = input.first else { return }
    let links: [LinkType] = [.ethernet, .linuxCooked, .linuxCooked2, .rawIP, .loopback, .loop]
    let link = links[Int(first) % links.count]
    let frame = Array(input.dropFirst())
    let observations = Trial.tell([frame], link: link)
    var trial = Trial()
    let result = trial.take(frame, link: link)
    switch result {
    case .malformed, .uninteresting:
      promise(observations.isEmpty, "a frame that cannot be read tells nothing")
    case .headers, .observation:
      let headers = trial.headers
      promise(
        headers.payload.lowerBound >= 0 && headers.payload.upperBound <= frame.count,
        "the payload lies in the frame")
      for address in [headers.source, headers.destination] {
        // An IPv4-mapped address in an IPv6 header is told as IPv4.
        promise(contains(frame, address.bytes), "the addresses are in the frame")
      }
      promise(headers.isFragment || !headers.isLaterFragment, "a later fragment is a fragment")
    }
    if result == .observation, trial.observation.kind != .connection, let name = trial.observation.name {
      let folded = folded(frame)
      promise(
        contains(folded, Array(name.utf8)) || isLabelled(name, in: folded)
          || trial.observation.kind == .tlsClientHello || trial.observation.kind == .quicClientHello,
        "the name is in the frame")
    }
  }
}
