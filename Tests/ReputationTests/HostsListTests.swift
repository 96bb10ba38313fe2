import Reputation
import Testing

@Suite struct HostsListTests {
  @Test func namesBehindUnusableAddressesAreRead() throws {
    let list = try read(
      """
      # hosts
      127.0.0.1 localhost localhost.localdomain
      255.255.255.255\tbroadcasthost
      fe80::1%lo0 localhost
      ff02::1 ip6-allnodes
      0.0.0.0 0.0.0.0
      0.0.0.0 one.example.org two.example.org # why
      127.0.0.1\tthree.example.org#tight
      :: four.example.org localhost
      """, source(format: .hosts))
    #expect(list.problems.isEmpty)
    #expect(list.texts == ["one.example.org", "two.example.org", "three.example.org", "four.example.org"])
    #expect(list.indicators.map(\.line) == [7, 7, 8, 9])
  }

  @Test func whatIsNoBlockEntryIsTold() throws {
    let list = try read(
      "192.0.2.1 real.example.org\n0.0.0.0\nbad.example.org other.example.org\n0.0.0.0 203.0.113.7\n"
        + "0.0.0.0 ok.example.org\n", source(format: .hosts))
    #expect(list.faults == ["hosts-address@1", "missing-name@2", "hosts-address@3", "not-an-indicator@4"])
    #expect(list.texts == ["ok.example.org"])
  }
}
