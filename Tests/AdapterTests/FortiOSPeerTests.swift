import FirewallConformance
import FirewallKit
import FirewallSimulators
import NetworkTypes
import Testing

@testable import FortiOS

/// The simulator satisfies a client that somebody else wrote, fortigate-api; and what one of the two
/// writes, the other reads.
@Suite(.enabled(if: PeerClient(name: "fortios").isInstalled, "Scripts/adapter-peers installs fortigate-api"))
struct FortiOSPeerTests {
  private func run(_ steps: String, on firewall: FortiOSFirewall) async throws -> [String] {
    try await PeerClient(name: "fortios").run(
      Self.preparation + steps,
      [String(firewall.server.origin.split(separator: ":").last ?? ""), firewall.device.model.token],
      in: firewall.folder, environment: ["REQUESTS_CA_BUNDLE": firewall.folder + "/ca.pem"])
  }

  private static let preparation = """
    import sys
    from fortigate_api import FortiGateAPI
    port, token = sys.argv[1:]
    api = FortiGateAPI(host="127.0.0.1", port=int(port), token=token, verify=True)
    api.login()
    fgt = api.fortigate
    url = fgt.url.rstrip("/")
    push = f"{url}/api/v2/monitor/system/external-resource/dynamic"
    found = []
    def entries(feed):
        place = f"{url}/api/v2/monitor/system/external-resource/entry-list?mkey={feed}"
        return fgt.get(place).json()["results"]["entries"]
    def banned():
        return {b["ip_address"]: b for b in fgt.get_results(f"{url}/api/v2/monitor/user/banned")}

    """

  @Test func theClientReadsWhatWeBlockAndTheReverse() async throws {
    let firewall = try await FortiOSFirewall()
    let adapter = firewall.adapter()
    let goal = FirewallState(
      readAt: firewall.clock.now, scaffold: adapter.scaffold, allowed: [IPPrefix("2001:db8::53")!],
      blocks: DeviceTrial.many(1203, until: firewall.clock.now + .seconds(60)))
    for operation in try adapter.operations(from: FirewallState(readAt: firewall.clock.now), to: goal) {
      try await adapter.perform(operation)
    }
    let found = try await run(
      """
      found.append(str(len(entries("sekisho-block"))))
      found.append(",".join(e["entry"] for e in entries("sekisho-allow") if e["valid"]))
      feeds = api.cmdb.system.external_resource
      found.append(",".join(sorted(f["name"] for f in feeds.get())))
      found.append(feeds.get(name="sekisho-block")[0]["comments"])
      def command(verb, *texts):
          step = {"name": "sekisho-block", "command": verb, "entries": list(texts)}
          found.append(str(fgt.post(push, {"commands": [step]}).status_code))
      command("remove", "10.0.0.7")
      command("add", "192.0.2.0/24", "2001:db8::/48")
      """, on: firewall)
    #expect(
      found == [
        "1203", "2001:db8::53", "others,sekisho-allow,sekisho-block", "kept by sekisho", "200", "200",
      ])
    let state = try await adapter.state(in: .everything)
    #expect(state.blocks.count == 1204 && state.blocks[BlockTarget("10.0.0.7")!] == nil)
    for text in ["192.0.2.0/24", "2001:db8::/48"] {
      #expect(state.blocks[BlockTarget(text)!] == .untimed)
    }
    #expect(firewall.device.violations == [])
  }

  @Test func theClientSeesOurBansAndWeTellItsOwnFromOurs() async throws {
    let firewall = try await FortiOSFirewall(.bannedList)
    let adapter = firewall.adapter()
    let now = firewall.clock.now
    let goal = FirewallState(
      readAt: now, scaffold: adapter.scaffold,
      blocks: [
        BlockTarget("192.0.2.7")!: now + .seconds(60), BlockTarget("2001:db8::7")!: now + .seconds(600),
      ])
    for operation in try adapter.operations(from: FirewallState(readAt: now), to: goal) {
      try await adapter.perform(operation)
    }
    let found = try await run(
      """
      bans = banned()
      for address in ["192.0.2.7", "2001:db8::7", "203.0.113.200"]:
          ban = bans[address]
          found.append(f'{ban["expires"] and ban["expires"] - ban["created"]} {ban["ipv6"]} {ban["source"]}')
      users = f"{url}/api/v2/monitor/user/banned"
      found.append(str(fgt.post(f"{users}/add_users", {"ip_addresses": ["192.0.2.8"], "expiry": 90}).status_code))
      found.append(str(fgt.post(f"{users}/clear_users", {"ip_addresses": ["2001:db8::7"]}).status_code))
      """, on: firewall)
    #expect(
      found == ["120 False Administrative", "660 True Administrative", "0 False IPS", "200", "200"])
    let state = try await adapter.state(in: .everything)
    #expect(state.blocks.keys.map(\.description) == ["192.0.2.7"])
    #expect(state.scaffold["ended-bans"] == "2001:db8::7")
    #expect(firewall.device.violations == [])
  }

  @Test func theClientConfiguresFeedsAndUnderstandsWhatIsRefused() async throws {
    let firewall = try await FortiOSFirewall()
    let found = try await run(
      """
      feeds = api.cmdb.system.external_resource
      new = {"name": "more", "type": "address", "update-method": "push", "comments": "x"}
      def said(answer):
          fields = answer.json()
          found.append(f'{answer.status_code} {fields["status"]} {fields.get("error", 0)}')
      place = f"{url}/api/v2/cmdb/system/external-resource"
      said(fgt.post(place, new))
      said(fgt.post(place, new))
      said(feeds.update({"name": "more", "comments": "kept by sekisho"}))
      found.append(feeds.get(name="more")[0]["comments"])
      said(fgt.delete(place + "/more"))
      said(fgt.delete(place + "/more"))
      said(fgt.get(place + "/more"))
      said(fgt.post(push, {"commands": [{"name": "none", "command": "add", "entries": ["192.0.2.1"]}]}))
      users = f"{url}/api/v2/monitor/user/banned"
      said(fgt.post(f"{users}/add_users", {"ip_addresses": ["192.0.2.0/24"], "expiry": 0}))
      other = FortiGateAPI(host="127.0.0.1", port=int(port), token=token, verify=True, vdom="other")
      said(other.fortigate.get(users))
      said(fgt.get(f"{url}/api/v2/monitor/user/nonsense"))
      """, on: firewall)
    #expect(
      found == [
        "200 success 0", "500 error -5", "200 success 0", "kept by sekisho", "200 success 0", "404 error -3",
        "404 error -3", "404 error -3", "500 error -8", "403 error 0", "404 error 0",
      ])
    #expect(firewall.device.violations == ["FortiOS has no such thing: GET monitor/user/nonsense"])
  }
}
