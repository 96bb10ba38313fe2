/// Packets of a stream one after the other, and which destinations a gateway with a given list must
/// block when it sees all of them.
public struct TrafficRecording: Sendable {
  /// The frames, the n-th from `ends[n - 1]` to `ends[n]`.
  public private(set) var bytes: [UInt8] = []
  public private(set) var ends: [UInt32] = []
  /// The list: domains, and addresses of servers.
  public let domains: [String]
  public let servers: [UInt32]
  /// Addresses to be blocked: listed and spoken with, contacted by a listed name, or answered for one.
  public private(set) var expected: Set<UInt32> = []

  /// - Parameter listed: ranks of the domains and of the servers that are listed; 0 is the most popular.
  public init(_ mix: TrafficMix, seed: UInt64, packets: Int, listed: Range<Int>) {
    var stream = TrafficStream(mix, seed: seed)
    domains = Array(stream.world.domains[listed])
    servers = Array(stream.world.servers[listed])
    let (listedDomains, listedServers) = (Set(domains), Set(servers))
    for _ in 0..<packets {
      let packet = stream.next()
      bytes += packet.frame
      ends.append(UInt32(bytes.count))
      if listedServers.contains(packet.remote) { expected.insert(packet.remote) }
      guard let name = packet.name, Self.isListed(name, listedDomains) else { continue }
      // A query brings no address yet, and the resolver is not at fault.
      if packet.kind != "dns" { expected.insert(packet.remote) }
      if let answered = packet.answered { expected.insert(answered) }
    }
  }

  /// Frames.
  public var count: Int { ends.count }

  private static func isListed(_ name: String, _ domains: Set<String>) -> Bool {
    var rest = Substring(name)
    while true {
      if domains.contains(String(rest)) { return true }
      guard let dot = rest.firstIndex(of: ".") else { return false }
      rest = rest[rest.index(after: dot)...]
    }
  }
}
