import NetworkTypes
import Randomness
import Testing

@testable import Enforcement

@Suite struct HostSurroundingsTests {
  private func texts(_ addresses: [IPAddress]) -> [String] { addresses.map(\.description) }

  @Test func ownAddressesComeFromTheKernelsTables() {
    let trie = """
      Main:
        +-- 0.0.0.0/0 3 0 5
           |-- 0.0.0.0
              /0 universe UNICAST
           +-- 192.0.2.0/24 2 0 2
              |-- 192.0.2.0
                 /24 link UNICAST
              |-- 192.0.2.17
                 /32 host LOCAL
              |-- 192.0.2.255
                 /32 link BROADCAST
      """
    #expect(texts(HostSurroundings.localIPv4(fibTrie: trie)) == ["192.0.2.17"])
    let six = "20010db8000000000000000000000017 02 40 00 80     eth0\nzz 01\n"
    #expect(texts(HostSurroundings.localIPv6(ifInet6: six)) == ["2001:db8::17"])
  }

  @Test func gatewaysComeFromDefaultRoutesOnly() {
    let route = """
      Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
      eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0
      eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
      """
    #expect(texts(HostSurroundings.gateways4(route: route)) == ["192.0.2.1"])
    let zero = String(repeating: "0", count: 32)
    let six = """
      \(zero) 00 \(zero) 00 20010db8000000000000000000000001 00000400 00000001 00000000 00000003 eth0
      20010db8000000000000000000000000 40 \(zero) 00 \(zero) 00000100 00000001 00000000 00000001 eth0
      \(zero) 00 \(zero) 00 \(zero) ffffffff 00000001 00000000 00200200 lo
      """
    #expect(texts(HostSurroundings.gateways6(route: six)) == ["2001:db8::1"])
  }

  @Test func resolversAreReadWhateverTheLineEndings() {
    let text =
      "# comment\r\nnameserver 192.0.2.53\r\nnameserver\t2001:db8::53%eth0\noptions x\nnameserver nonsense\n"
    #expect(texts(HostSurroundings.resolvers(resolvConf: text)) == ["192.0.2.53", "2001:db8::53"])
  }

  @Test func loginsComeFromTheSessionAndUtmpAndConnections() {
    #expect(
      texts(HostSurroundings.sessionPeers(sshConnection: "198.51.100.7 40000 192.0.2.17 22")) == [
        "198.51.100.7"
      ])
    #expect(HostSurroundings.sessionPeers(sshConnection: nil).isEmpty)
    func record(type: UInt8, _ address: [UInt8]) -> [UInt8] {
      var bytes = [UInt8](repeating: 0, count: 384)
      bytes[0] = type
      bytes.replaceSubrange(348..<(348 + address.count), with: address)
      return bytes
    }
    let six: [UInt8] = [0x20, 0x01, 0x0D, 0xB8] + [UInt8](repeating: 0, count: 11) + [9]
    let utmp =
      record(type: 7, [198, 51, 100, 8]) + record(type: 8, [198, 51, 100, 9]) + record(type: 7, six)
      + record(type: 7, []) + [7, 0, 1]
    #expect(texts(HostSurroundings.loginPeers(utmp: utmp)) == ["198.51.100.8", "2001:db8::9"])
    let tcp = """
        sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid
         0: 110200C0:0016 0A6433C6:9C40 01 00000000:00000000 00:00000000 00000000     0
         1: 110200C0:0016 0B6433C6:9C40 06 00000000:00000000 00:00000000 00000000     0
         2: 110200C0:01BB 0C6433C6:9C40 01 00000000:00000000 00:00000000 00000000     0
      """
    #expect(texts(HostSurroundings.sshPeers(tcp: tcp)) == ["198.51.100.10"])
    let tcp6 = """
        sl  local_address                         remote_address                        st
         0: B80D0120000000000000000011000000:0016 B80D0120000000000000000009000000:9C40 01 0
      """
    #expect(texts(HostSurroundings.sshPeers(tcp: tcp6)) == ["2001:db8::9"])
  }

  @Test func hostileTextIsReadWithoutTrap() {
    var random = SplitMix64(seed: 3)
    let pieces = [
      "/32 host LOCAL", "|--", "\n", " ", "\t", "\u{0}", "00000000", "FFFFFFFFFFFFFFFF", ":", "0016", "é",
      "-1", "nameserver",
    ]
    for _ in 0..<2000 {
      let text = (0..<Int.random(in: 0...40, using: &random)).map { _ in
        pieces.randomElement(using: &random) ?? ""
      }.joined()
      _ = HostSurroundings.localIPv4(fibTrie: text)
      _ = HostSurroundings.localIPv6(ifInet6: text)
      _ = HostSurroundings.gateways4(route: text)
      _ = HostSurroundings.gateways6(route: text)
      _ = HostSurroundings.resolvers(resolvConf: text)
      _ = HostSurroundings.sshPeers(tcp: text)
      _ = HostSurroundings.loginPeers(utmp: Array(text.utf8))
    }
  }

  @Test func everythingFoundSaysWhy() {
    let surroundings = HostSurroundings(sessionVariable: "198.51.100.7 1 192.0.2.17 22") { path in
      path == "/etc/resolv.conf" ? Array("nameserver 192.0.2.53\n".utf8) : nil
    }
    #expect(surroundings.findings().map(\.prefix.description) == ["192.0.2.53", "198.51.100.7"])
  }
}
