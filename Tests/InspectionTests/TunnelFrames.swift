/// One frame of each tunnel that is read, with a DNS query inside.
enum TunnelFrames {
  typealias B = FrameBuilder

  static let inner4 = B.ipv4(
    "198.51.100.1", "198.51.100.2", protocolNumber: 17,
    B.udp(50_000, 53, B.dnsQuery(B.name("in.example.org"))))
  static let inner6 = B.ipv6(
    "2001:db8:1::1", "2001:db8:1::2", next: 17, B.udp(50_000, 53, B.dnsQuery(B.name("in.example.org"))))
  static let ethernet = B.ethernet(0x8100, [0, 7, 8, 0] + inner4)

  static func gre(_ type: UInt16, _ flags: UInt16, _ rest: [UInt8]) -> [UInt8] {
    B.ethernet(0x0800, B.ipv4(protocolNumber: 47, B.bytes(flags) + B.bytes(type) + rest))
  }

  static func udp(_ port: UInt16, _ payload: [UInt8]) -> [UInt8] {
    B.ethernet(0x0800, B.ipv4(protocolNumber: 17, B.udp(40_000, port, payload)))
  }

  static let all: [(String, [UInt8])] = [
    ("MPLS", B.ethernet(0x8847, [0, 1, 0, 64, 0, 2, 1, 64] + inner4)),
    ("PPPoE", B.ethernet(0x8864, [0x11, 0, 0, 1] + B.bytes(UInt16(inner4.count + 2)) + [0, 0x21] + inner4)),
    (
      "PPPoE 6",
      B.ethernet(0x8864, [0x11, 0, 0, 1] + B.bytes(UInt16(inner6.count + 2)) + [0, 0x57] + inner6)
    ),
    ("IP in IP", B.ethernet(0x0800, B.ipv4(protocolNumber: 4, inner4))),
    ("6in4", B.ethernet(0x0800, B.ipv4(protocolNumber: 41, inner6))),
    ("4in6", B.ethernet(0x86DD, B.ipv6(next: 4, inner4))),
    ("GRE", gre(0x0800, 0, inner4)),
    ("GRE, all fields", gre(0x86DD, 0xB000, [0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2] + inner6)),
    ("GRE, Ethernet", gre(0x6558, 0x2000, [0, 0, 0, 1] + ethernet)),
    ("ERSPAN I", gre(0x88BE, 0, ethernet)),
    ("ERSPAN II", gre(0x88BE, 0x1000, [0, 0, 0, 1] + [0x10, 1, 0, 1, 0, 0, 0, 0] + ethernet)),
    ("ERSPAN III", gre(0x22EB, 0x1000, [0, 0, 0, 1] + [UInt8](repeating: 0x20, count: 12) + ethernet)),
    (
      "ERSPAN III, subheader",
      gre(0x22EB, 0x1000, [0, 0, 0, 1] + [UInt8](repeating: 1, count: 20) + ethernet)
    ),
    ("VXLAN", udp(4789, [8, 0, 0, 0, 0, 0, 1, 0] + ethernet)),
    ("GENEVE", udp(6081, [1, 0, 0x65, 0x58, 0, 0, 1, 0, 0, 0, 0, 0] + ethernet)),
    ("GENEVE, IP", udp(6081, [0, 0, 0x08, 0, 0, 0, 1, 0] + inner4)),
  ]
}
