import DeviceRequests
import FirewallConformance
import FirewallSimulators
import Foundation
import HTTPTransport
import NetworkTypes

@testable import FortiOS

/// A simulated FortiGate behind TLS, with our two feeds, and the settings that reach it.
final class FortiOSFirewall: Sendable {
  let clock = AdjustableClock()
  let device: SimulatedFortiOS
  let server: DeviceServer
  let folder: String
  let settings: FortiOSSettings
  let client: HTTPClient

  init(_ way: FortiOSSettings.Way = .threatFeed, _ model: SimulatedFortiOS.Model = .init()) async throws {
    let clock = clock
    device = SimulatedFortiOS(model, clock: { clock.now })
    for name in ["sekisho-block", "sekisho-allow"] { device.addFeed(name, comments: "kept by sekisho") }
    // Somebody else's, which must stay.
    device.addFeed("others", comments: "threats of the week")
    device.setEntries(["203.0.113.201", "203.0.113.0/28", "bad entry"], of: "others")
    device.ban(IPAddress("203.0.113.200")!, source: "IPS")
    device.ban(IPAddress("203.0.113.199")!, source: "Administrative")
    server = try await DeviceServer(device)
    folder = try scratchFolder(
      "fortios", files: ["ca.pem": server.authority, "token": model.token + "\n"])
    settings = FortiOSSettings(
      endpoint: DeviceEndpoint(
        url: try HTTPURL(server.origin), authorityFile: folder + "/ca.pem",
        secrets: ["api-token": .file(path: folder + "/token")], requestsPerSecond: 1000), way: way)
    client = HTTPClient()
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  func adapter(
    _ settings: FortiOSSettings? = nil, limits: TransportLimits = DeviceClient.limits
  ) -> FortiOSAdapter {
    let clock = clock
    return FortiOSAdapter(
      settings: settings ?? self.settings, sender: client, limits: limits, clock: { clock.now })
  }

  /// What is on the device that is not ours.
  var foreign: String {
    let bans = device.banned().filter { !Set(device.entries(of: "sekisho-block")).contains($0.key) }
    return (bans.map { "\($0.key) by \($0.value)" }.sorted() + device.entries(of: "others"))
      .joined(separator: "\n")
  }

  /// What is refused at the device because of us.
  var blocked: Set<String> {
    let feed = Set(device.entries(of: "sekisho-block"))
    return settings.way == .threatFeed ? feed : feed.intersection(device.banned().keys)
  }

  var allowed: Set<String> { Set(device.entries(of: "sekisho-allow")) }

  /// Takes away what is ours: of feeds the content, of bans all that a restart of the device ends.
  func lose() {
    if settings.way == .bannedList {
      for address in device.entries(of: "sekisho-block").compactMap({ IPAddress($0) }) {
        device.unban(address)
      }
    } else {
      device.setEntries([], of: "sekisho-block")
      device.setEntries([], of: "sekisho-allow")
    }
  }

  func subject() -> ConformanceSubject {
    let clock = clock
    let adapter = adapter()
    return ConformanceSubject(
      name: "fortios \(settings.way.rawValue)", makeAdapter: { adapter }, clock: { clock.now },
      wait: { clock.advance(by: $0) }, foreignContent: { self.foreign }, lose: { self.lose() },
      writes: { self.server.changes })
  }
}
