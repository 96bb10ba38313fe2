import DeviceRequests
import FirewallConformance
import FirewallKit
import FirewallSimulators
import HTTPTransport
import NetworkTypes
import Testing

@testable import PANOS

/// The simulator satisfies a client that the vendor wrote, pan-os-python; and what one of the two writes,
/// the other reads.
@Suite(.enabled(if: PeerClient(name: "panos").isInstalled, "Scripts/adapter-peers installs pan-os-python"))
struct PANOSPeerTests {
  private static let client = PeerClient(name: "panos")

  private func run(_ steps: String, on firewall: PANOSFirewall) async throws -> [String] {
    try await Self.client.run(
      Self.preparation + steps,
      [
        String(firewall.server.origin.split(separator: ":").last ?? ""), firewall.folder + "/ca.pem",
        firewall.device.model.user, firewall.device.model.password,
      ], in: firewall.folder)
  }

  private static let preparation = """
    import ssl, sys
    from panos.firewall import Firewall
    from panos.userid import UserId
    from panos.errors import PanDeviceError
    port, ca, user, password = sys.argv[1:]
    firewall = Firewall("127.0.0.1", user, password, port=int(port))
    context = ssl.create_default_context(cafile=ca)
    firewall.xapi.ssl_context = context
    tags = UserId(firewall)
    found = []
    def listed(tag):
        return ",".join(sorted(tags.get_registered_ip(tags=tag)))

    """

  @Test func theVendorsClientReadsWhatWeBlockAndTheReverse() async throws {
    let firewall = try await PANOSFirewall()
    let adapter = firewall.adapter()
    var goal = FirewallState(readAt: firewall.clock.now, scaffold: adapter.scaffold)
    for number in 0..<UInt32(1203) {
      goal.blocks[.prefix(IPPrefix(IPAddress(ipv4: 0x0A00_0000 + number)))] =
        firewall.clock.now + .seconds(3600)
    }
    for operation in try adapter.operations(from: FirewallState(readAt: firewall.clock.now), to: goal) {
      try await adapter.perform(operation)
    }
    let found = try await run(
      """
      context.check_hostname = True
      found.append(".".join(map(str, firewall.refresh_system_info()[0:1])))
      found.append(str(len(tags.get_registered_ip(tags="sekisho-block"))))
      tags.unregister("10.0.0.7", ["sekisho-block"])
      tags.unregister("10.0.0.7", ["sekisho-block"])
      tags.register(["192.0.2.1", "2001:db8::1", "198.51.100.0/24"], ["sekisho-block"], timeout=120)
      tags.register("192.0.2.1", ["sekisho-block"])
      found.append(listed("quarantine"))
      tags.audit_registered_ip_for_tag("mine", ["192.0.2.77", "192.0.2.78"])
      tags.audit_registered_ip_for_tag("mine", ["192.0.2.78"])
      found.append(listed("mine"))
      """, on: firewall)
    #expect(found == ["11.1.2", "1203", "203.0.113.200", "192.0.2.78"])
    let state = try await adapter.state(in: .everything)
    #expect(state.blocks.count == 1205)
    for target in ["192.0.2.1", "2001:db8::1", "198.51.100.0/24"] {
      #expect(state.blocks[BlockTarget(target)!] == DeadlineTag.none)
    }
    #expect(state.blocks[BlockTarget("10.0.0.7")!] == nil)
    #expect(firewall.device.violations == [])
  }

  @Test func theVendorsClientUnderstandsWhatIsRefused() async throws {
    let firewall = try await PANOSFirewall(SimulatedPANOS.Model(version: "9.1.0", capacity: 3))
    let found = try await run(
      """
      strict = UserId(firewall, ignore_dup_errors=False)
      def words(step):
          try:
              step()
              return "done"
          except Exception as e:
              return str(e)
      found.append(words(lambda: strict.register("192.0.2.1", ["t"])))
      found.append(words(lambda: strict.register("192.0.2.1", ["t"])))
      found.append(words(lambda: strict.register("192.0.2.2", ["t"])))
      found.append(words(lambda: strict.unregister("192.0.2.9", ["t"])))
      found.append(words(lambda: strict.register("192.0.2.0/24", ["t"])))
      found.append(words(lambda: firewall.op("show nonsense")))
      firewall.vsys = "vsys9"
      found.append(words(lambda: strict.register("192.0.2.1", ["t"])))
      """, on: firewall)
    #expect(
      found == [
        "done", "ip: 192.0.2.1 message: tag t already exists, ignore",
        "ip: 192.0.2.2 message: registered-ip table is full, maximum number of entries reached",
        "ip: 192.0.2.9 message: tag t does not exist, ignore unreg",
        "ip: 192.0.2.0/24 message: invalid ip address 192.0.2.0/24", "show -> nonsense is unexpected",
        "Unknown vsys vsys9",
      ])
    #expect(firewall.device.violations == ["PAN-OS has no such thing: the command <show><nonsense/></show>"])
  }
}
