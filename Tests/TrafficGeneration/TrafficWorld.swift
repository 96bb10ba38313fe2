import Randomness

/// Terminals, servers and names that conversations draw from.
public struct TrafficWorld: Sendable {
  /// As many as a middling office has.
  static let terminals = 1000

  var random: SplitMix64
  private var ports: [UInt16]
  /// Addresses of servers in 10.0.0.0/8, the popular ones first.
  public let servers: [UInt32]
  /// Domains, the popular ones first.
  public let domains: [String]
  private let lists: TrafficLists?
  /// One full record of application data, shared by all flows.
  let bulkRecord: [UInt8]
  private var identification: UInt16 = 0

  public static let resolvers: [UInt32] = [0x0A01_0101, 0x0A01_0102]
  private static let firstTerminal: UInt32 = 0xC612_000A

  /// - Parameter lists: what some conversations go to.
  init(seed: UInt64, lists: TrafficLists? = nil) {
    var random = SplitMix64(seed: seed)
    self.lists = lists
    ports = (0..<Self.terminals).map { UInt16(1024 + $0 * 131 % 60_000) }
    servers = (0..<20_000).map { _ in UInt32.random(in: 0x0A00_0001...0x0AFF_FFFE, using: &random) }
    domains = (0..<20_000).map { _ in Self.domain(&random, butNot: lists) }
    var record: [UInt8] = [0x17, 0x03, 0x03, 0x05, 0x86]
    for _ in 0..<1414 { record.append(UInt8.random(in: 0...255, using: &random)) }
    bulkRecord = record
    self.random = random
  }

  /// A terminal and its next source port.
  mutating func terminal() -> (address: UInt32, port: UInt16) {
    let index = Int.random(in: 0..<ports.count, using: &random)
    ports[index] = ports[index] == 65_023 ? 1024 : ports[index] + 1
    return (Self.firstTerminal + UInt32(index * 37), ports[index])
  }

  /// A server; few are asked for often.
  mutating func server() -> UInt32 { servers[popular(servers.count)] }

  /// A server that is listed, in one of a hundred draws.
  mutating func listedServer() -> UInt32? {
    guard let lists, isDrawn() else { return nil }
    return lists.addresses[Int.random(in: 0..<TrafficLists.drawn, using: &random)]
  }

  /// A name that is listed, or lies under one that is, in one of a hundred draws.
  mutating func listedName() -> String? {
    guard let lists, isDrawn() else { return nil }
    let name = lists.names[Int.random(in: 0..<TrafficLists.drawn, using: &random)]
    return Bool.random(using: &random) ? name : host(of: name)
  }

  private mutating func isDrawn() -> Bool { Int.random(in: 0..<TrafficLists.oneIn, using: &random) == 0 }

  mutating func anyAddress() -> UInt32 { UInt32.random(in: 0x0A00_0001...0x0AFF_FFFE, using: &random) }

  /// A host name; few are asked for often.
  mutating func name() -> String {
    let domain = domains[popular(domains.count)]
    guard Int.random(in: 0..<10, using: &random) < 7 else { return domain }
    return host(of: domain)
  }

  private mutating func host(of domain: String) -> String {
    let hosts = ["www", "api", "cdn", "mail", "static", "img", "app", "login", "m", "assets"]
    return "\(hosts.randomElement(using: &random)!).\(domain)"
  }

  /// A name that never comes again.
  mutating func freshName() -> String {
    "\(String(UInt64.random(in: 0..<1 << 48, using: &random), radix: 16)).\(Self.domain(&random, butNot: lists))"
  }

  mutating func bytes(_ count: Int) -> [UInt8] {
    (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
  }

  mutating func nextIdentification() -> UInt16 {
    identification &+= 1
    return identification
  }

  /// An index drawn so that halving it doubles its chance, roughly as popularity goes; one in five
  /// is drawn evenly.
  private mutating func popular(_ count: Int) -> Int {
    let even = Int.random(in: 0..<count, using: &random)
    guard Int.random(in: 0..<5, using: &random) > 0 else { return even }
    let octave = Int.random(in: 0..<(Int.bitWidth - count.leadingZeroBitCount), using: &random)
    return min(count - 1, (1 << octave) - 1 + even % (1 << octave))
  }

  private static func domain(_ random: inout SplitMix64, butNot lists: TrafficLists?) -> String {
    while true {
      let name = domain(&random)
      if lists?.lists(name) != true { return name }
    }
  }

  static func domain(_ random: inout SplitMix64) -> String {
    var label = ""
    for _ in 0..<Int.random(in: 3...7, using: &random) {
      label.append("bcdfghjklmnpqrstvwxz".randomElement(using: &random)!)
      label.append("aeiouy".randomElement(using: &random)!)
    }
    if Int.random(in: 0..<10, using: &random) < 3 {
      label += String(Int.random(in: 0..<1000, using: &random))
    }
    let suffixes = ["com", "com", "com", "net", "org", "info", "biz", "top", "xyz", "io", "de", "co.uk"]
    return "\(label).\(suffixes.randomElement(using: &random)!)"
  }
}
