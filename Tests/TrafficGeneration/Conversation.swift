/// One exchange of packets, told packet by packet.
struct Conversation: Sendable {
  enum Kind: Sendable {
    case tls, http, dns, uniqueDNS, scan, other
  }

  /// Segments of data in one TLS flow; every 30th is acknowledged.
  private static let bulkSegments = 60
  private static let requests = 8

  private let kind: Kind
  private let path: FrameBuilder.Path
  private let name: String
  private let salt: [UInt8]
  private var terminalSequence: UInt32
  private var serverSequence: UInt32
  private var step = 0
  private var mustAcknowledge = false
  private(set) var isOver = false
  private let isAddressListed: Bool
  private let isNameListed: Bool
  /// What the packet made last tells.
  private var shown: String?
  private var answered: UInt32?

  init(_ kind: Kind, in world: inout TrafficWorld) {
    self.kind = kind
    let terminal = world.terminal()
    var server: UInt32
    let port: UInt16
    switch kind {
    case .tls: (server, port) = (world.server(), 443)
    case .http: (server, port) = (world.server(), 80)
    case .dns, .uniqueDNS: (server, port) = (TrafficWorld.resolvers.randomElement(using: &world.random)!, 53)
    case .scan:
      server = Int.random(in: 0..<10, using: &world.random) < 3 ? world.server() : world.anyAddress()
      port = ([22, 80, 443, 445, 3389, 8080] as [UInt16]).randomElement(using: &world.random)!
    case .other: (server, port) = (world.server(), 123)
    }
    let listed = kind == .dns || kind == .uniqueDNS ? nil : world.listedServer()
    server = listed ?? server
    isAddressListed = listed != nil
    path = FrameBuilder.Path(
      terminal: terminal.address, terminalPort: terminal.port, server: server, serverPort: port)
    let isFresh = kind == .uniqueDNS && Bool.random(using: &world.random)
    let listedName = isFresh ? nil : world.listedName()
    isNameListed = listedName != nil
    name = listedName ?? (isFresh ? world.freshName() : world.name())
    salt = world.bytes(32)
    terminalSequence = UInt32.random(in: 0 ... .max, using: &world.random)
    serverSequence = UInt32.random(in: 0 ... .max, using: &world.random)
  }

  /// The next packet.
  mutating func next(in world: inout TrafficWorld) -> TrafficStream.Packet {
    (shown, answered) = (nil, nil)
    let (kind, frame) = make(in: &world)
    return TrafficStream.Packet(
      kind: kind, frame: frame, remote: path.server, name: shown, answered: answered,
      hasListedAddress: isAddressListed, hasListedName: shown != nil && isNameListed)
  }

  private mutating func make(in world: inout TrafficWorld) -> (kind: String, frame: [UInt8]) {
    defer { step += 1 }
    let identification = world.nextIdentification()
    switch kind {
    case .scan:
      isOver = true
      return ("syn", segment(isUp: true, flags: 0x02, identification))
    case .other: return other(identification, &world)
    case .dns, .uniqueDNS: return dns(identification, &world)
    case .tls, .http:
      switch step {
      case 0: return ("syn", segment(isUp: true, flags: 0x02, identification))
      case 1: return ("tcp-control", segment(isUp: false, flags: 0x12, identification))
      case 2: return ("tcp-control", segment(isUp: true, flags: 0x10, identification))
      default: return kind == .tls ? tls(identification, world.bulkRecord) : http(identification)
      }
    }
  }

  private mutating func tls(_ identification: UInt16, _ bulk: [UInt8]) -> (String, [UInt8]) {
    if mustAcknowledge {
      mustAcknowledge = false
      isOver = step >= 5 + Self.bulkSegments + Self.bulkSegments / 30 - 1
      return ("tcp-control", segment(isUp: true, flags: 0x10, identification))
    }
    switch step {
    case 3:
      shown = name
      let hello = Messages.clientHello(name, random: salt)
      return ("tls-hello", segment(isUp: true, flags: 0x18, identification, hello))
    case 4:
      let hello = Messages.serverHello(random: salt)
      return ("tls-hello", segment(isUp: false, flags: 0x18, identification, hello))
    default:
      // Thirty segments and their acknowledgement make a group of 31 steps.
      mustAcknowledge = (step - 5) % 31 == 29
      return ("bulk", segment(isUp: false, flags: 0x10, identification, bulk))
    }
  }

  private mutating func http(_ identification: UInt16) -> (String, [UInt8]) {
    let exchange = (step - 3) / 2
    guard exchange < Self.requests else {
      isOver = true
      return ("tcp-control", segment(isUp: true, flags: 0x11, identification))
    }
    let isUp = (step - 3) % 2 == 0
    shown = isUp ? name : nil
    let message =
      isUp ? Messages.httpRequest(host: name, page: Int(salt[exchange])) : Messages.httpResponse
    return ("http", segment(isUp: isUp, flags: 0x18, identification, message))
  }

  private mutating func dns(
    _ identification: UInt16, _ world: inout TrafficWorld
  ) -> (String, [UInt8]) {
    let id = UInt16(salt[0]) << 8 | UInt16(salt[1])
    isOver = step == 1
    shown = name
    answered = step == 0 ? nil : world.server()
    let message =
      answered.map { Messages.dnsAnswer(name, id: id, address: $0) } ?? Messages.dnsQuery(name, id: id)
    return (
      "dns",
      FrameBuilder.udp(path, isUp: step == 0, identification: identification, payload: message)
    )
  }

  private mutating func other(
    _ identification: UInt16, _ world: inout TrafficWorld
  ) -> (String, [UInt8]) {
    isOver = true
    if Int.random(in: 0..<10, using: &world.random) < 6 {
      return (
        "icmp", FrameBuilder.echoRequest(path, identification: identification, number: identification)
      )
    }
    let ntp: [UInt8] = [0x23] + [UInt8](repeating: 0, count: 47)
    return ("udp", FrameBuilder.udp(path, isUp: true, identification: identification, payload: ntp))
  }

  /// A segment of the flow; the sequence numbers go on by what it takes.
  private mutating func segment(
    isUp: Bool, flags: UInt8, _ identification: UInt16, _ payload: [UInt8] = []
  ) -> [UInt8] {
    let frame = FrameBuilder.tcp(
      path, isUp: isUp, sequence: isUp ? terminalSequence : serverSequence,
      acknowledgement: flags & 0x10 == 0 ? 0 : isUp ? serverSequence : terminalSequence, flags: flags,
      identification: identification, payload: payload)
    let taken = UInt32(payload.count) + (flags & 0x03 != 0 ? 1 : 0)
    if isUp { terminalSequence &+= taken } else { serverSequence &+= taken }
    return frame
  }
}
