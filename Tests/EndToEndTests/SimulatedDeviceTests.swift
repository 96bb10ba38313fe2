import Foundation
import Testing

extension EndToEndTests {
  /// `sekisho lab device`, and the real program driving what it runs.
  @Suite(.serialized) struct SimulatedDeviceTests {
    /// What a plan for one address shows, and what stands in the place of the secret.
    struct Shown: Sendable {
      var name: String
      var secret: String
      var settings = ""
      var path: String
      var field: [String: String]
      var body: String
      var line: String
    }

    static let devices = [
      Shown(
        name: "panos", secret: "api-key", path: "/api/",
        field: ["name": "X-PAN-KEY", "value": "‹secret:api-key›"],
        body: "type=user-id&vsys=vsys1&cmd=%3Cuid-message%3E", line: "    <entry ip=\"192.0.2.7\">"),
      Shown(
        name: "fortios", secret: "api-token",
        path: "/api/v2/monitor/system/external-resource/dynamic?vdom=root",
        field: ["name": "Authorization", "value": "Bearer ‹secret:api-token›"],
        body: "{\"commands\":[{\"name\":\"sekisho-block\",\"command\":\"add\",", line: "192.0.2.7"),
      Shown(
        name: "fortios", secret: "api-token", settings: "      way: banned-list\n",
        path: "/api/v2/monitor/system/external-resource/dynamic?vdom=root",
        field: ["name": "Authorization", "value": "Bearer ‹secret:api-token›"],
        body: "{\"commands\":[{\"name\":\"sekisho-block\",\"command\":\"add\",",
        line: "{\"ip_addresses\":[\"192.0.2.7\"],\"expiry\":36"),
    ]

    @Test(arguments: devices)
    func aSimulatedFirewallIsBlockedReadBackAndRolledBack(shown: Shown) async throws {
      let device = try RunningProgram(Installation.program, ["lab", "device", shown.name, "--json"])
      while !device.output.hasSuffix("\n"), device.isRunning { try await Task.sleep(for: .milliseconds(10)) }
      let reach = try #require(try Installation.objects(device.output).first, "\(device.complaint)")
      let url = try #require(reach["url"] as? String)
      let authority = try #require(reach["ca"] as? String)
      let secret = try #require((reach["secrets"] as? [String: String])?[shown.secret])
      let gateway = try Installation(
        firewalls: "  - name: edge\n    adapter: \(shown.name)\n    settings:\n" + shown.settings
          + "      url: \(url)\n      ca: \(authority)\n      \(shown.secret): file:\(secret)")

      let planned = try #require(try gateway.objects("plan block 192.0.2.7 --for 1h").first)
      let operation = try #require((planned["operations"] as? [[String: Any]])?.first)
      #expect(operation["kind"] as? String == "request" && operation["method"] as? String == "POST")
      #expect(operation["url"] as? String == url + shown.path)
      #expect((operation["headers"] as? [[String: String]])?.contains(shown.field) == true)
      #expect((operation["body"] as? String)?.hasPrefix(shown.body) == true)
      let text = try gateway.run("plan block 192.0.2.7 --for 1h --language ja").output
      #expect(text.contains(shown.line), "\(text)")
      #expect(text.split(separator: "\n").allSatisfy { $0.count <= 80 }, "\(text)")

      let digest = try #require(planned["digest"] as? String)
      let applied = try gateway.run("apply \(digest)")
      #expect(applied.status == 0, "\(applied)")
      #expect(try gateway.statusBlocks().confirmed == ["192.0.2.7"])
      #expect(try gateway.run("rollback 1").status == 0)
      #expect(try gateway.statusBlocks().all.isEmpty)
      #expect(try gateway.run("audit verify").status == 0)

      device.signal(SIGINT)
      let end = device.end()
      // Its last words would be requests that the vendor's API does not have.
      #expect(end.status == 0 && end.output.split(separator: "\n").count == 1, "\(end)")
      #expect(!FileManager.default.fileExists(atPath: authority))
    }

    /// The same for firewalls that are driven by a description, the last of them by a stranger's file.
    @Test(arguments: ["opnsense", "routeros", "rest"])
    func aDescriptionDrivesAFirewall(adapter: String) throws {
      let model = adapter == "rest" ? "opnsense" : adapter
      let device = try RunningProgram(Installation.program, ["lab", "device", model, "--json"])
      while !device.output.hasSuffix("\n"), device.isRunning { usleep(10_000) }
      let reach = try #require(try Installation.objects(device.output).first, "\(device.complaint)")
      let url = try #require(reach["url"] as? String)
      let authority = try #require(reach["ca"] as? String)
      let key = try #require((reach["secrets"] as? [String: String])?["credentials"])
      var settings = "url: \(url), ca: \(authority), credentials: \"file:\(key)\""
      if adapter == "rest" {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
          .deletingLastPathComponent()
        let text = try String(
          contentsOf: root.appending(path: "Plugins/OPNsense/opnsense.yaml"), encoding: .utf8)
        let file = URL(filePath: key).deletingLastPathComponent().appending(path: "mine.yaml")
        try Data(text.replacing("name: opnsense", with: "name: mine").utf8).write(to: file)
        settings += ", description: \(file.path)"
      }
      let gateway = try Installation(
        firewalls: "  - {name: edge, adapter: \(adapter), settings: {\(settings)}}")
      #expect(try gateway.run("block 192.0.2.7 --for 1h").status == 0)
      #expect(try gateway.statusBlocks().confirmed == ["192.0.2.7"])
      #expect(try gateway.run("rollback 1").status == 0)
      #expect(try gateway.statusBlocks().all.isEmpty)
      device.signal(SIGINT)
      let end = device.end()
      // Its last words would be requests that the vendor's API does not have.
      #expect(end.status == 0 && end.output.split(separator: "\n").count == 1, "\(end)")
    }
  }
}
