import DeviceRequests
import FirewallConformance
import FirewallSimulators
import Foundation
import HTTPTransport
import NetworkTypes
import Testing

@testable import PANOS

/// A simulated PAN-OS behind TLS, with two groups, and the settings that reach it.
final class PANOSFirewall: Sendable {
  let clock = AdjustableClock()
  let device: SimulatedPANOS
  let server: DeviceServer
  let folder: String
  let settings: PANOSSettings
  let client: HTTPClient

  init(_ model: SimulatedPANOS.Model = .init()) async throws {
    let clock = clock
    device = SimulatedPANOS(model, clock: { clock.now })
    device.addGroup("sekisho-block", filter: "'sekisho-block'")
    device.addGroup("sekisho-allow", filter: "'sekisho-allow'")
    // Somebody else's, which must stay.
    device.register("203.0.113.200", tags: ["quarantine"])
    device.register("198.51.100.90", tags: ["printers", "sekisho-blocklist"])
    server = try await DeviceServer(device)
    folder = try scratchFolder("panos", files: ["ca.pem": server.authority, "key": model.key + "\n"])
    settings = PANOSSettings(
      endpoint: DeviceEndpoint(
        url: try HTTPURL(server.origin), authorityFile: folder + "/ca.pem",
        secrets: ["api-key": .file(path: folder + "/key")], requestsPerSecond: 1000))
    client = HTTPClient()
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  func adapter(
    _ settings: PANOSSettings? = nil, limits: TransportLimits = DeviceClient.limits
  ) -> PANOSAdapter {
    let clock = clock
    return PANOSAdapter(
      settings: settings ?? self.settings, sender: client, limits: limits, clock: { clock.now })
  }

  /// What is registered that is not ours.
  var foreign: String {
    device.registered().sorted { $0.key < $1.key }.compactMap { entry in
      let tags = entry.value.filter {
        !["sekisho-block", "sekisho-allow"].contains($0) && !$0.hasPrefix("sekisho-block-until-")
      }
      return tags.isEmpty ? nil : "\(entry.key): \(tags.sorted())"
    }.joined(separator: "\n")
  }

  /// Addresses that are registered with our tag.
  var blocked: Set<String> {
    Set(device.registered().filter { $0.value.contains("sekisho-block") }.keys)
  }

  func subject() -> ConformanceSubject {
    let clock = clock
    let adapter = adapter()
    return ConformanceSubject(
      name: "panos", makeAdapter: { adapter }, clock: { clock.now }, wait: { clock.advance(by: $0) },
      foreignContent: { self.foreign },
      lose: {
        self.device.clear(tag: "sekisho-block")
        self.device.clear(tag: "sekisho-allow")
      }, writes: { self.server.changes })
  }
}
