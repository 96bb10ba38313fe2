/// An endless stream of packets of many conversations side by side. The same seed gives the same stream.
public struct TrafficStream: Sendable {
  /// A packet, and what is in it, for who wants to know without reading it.
  public struct Packet: Sendable {
    /// A word for its kind.
    public var kind: String
    public var frame: [UInt8]
    /// The address that is not the terminal's.
    public var remote: UInt32
    /// The name that it shows: of a query, an answer, a ClientHello or an HTTP request.
    public var name: String?
    /// The address that a DNS answer brings.
    public var answered: UInt32?
    /// Whether `remote` is listed.
    public var hasListedAddress: Bool
    /// Whether `name` is listed or lies under a name that is.
    public var hasListedName: Bool
  }

  public private(set) var world: TrafficWorld
  private let parts: [(kind: Conversation.Kind, packets: Int, open: Int)]
  private let total: Int
  private var pools: [[Conversation]]

  /// - Parameter lists: what one conversation in a hundred goes to.
  public init(_ mix: TrafficMix, seed: UInt64, lists: TrafficLists? = nil) {
    var world = TrafficWorld(seed: seed, lists: lists)
    parts = mix.parts
    total = parts.reduce(0) { $0 + $1.packets }
    pools = parts.map { part in (0..<part.open).map { _ in Conversation(part.kind, in: &world) } }
    self.world = world
  }

  public mutating func next() -> Packet {
    var pick = Int.random(in: 0..<total, using: &world.random)
    let pool = parts.firstIndex { part in
      pick -= part.packets
      return pick < 0
    }!
    let member = Int.random(in: 0..<pools[pool].count, using: &world.random)
    if pools[pool][member].isOver { pools[pool][member] = Conversation(parts[pool].kind, in: &world) }
    return pools[pool][member].next(in: &world)
  }
}
