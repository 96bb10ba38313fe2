import ConfigurationFile
import DeviceRequests
import FirewallConformance
import FirewallSimulators
import Foundation
import HTTPTransport
import NetworkTypes
import OPNsense
import RouterOS

@testable import RESTPlugins

/// A simulated device behind TLS, and the settings of its description that reach it.
final class DescribedFirewall<Device: SimulatedDevice>: Sendable {
  let clock: AdjustableClock
  let device: Device
  let server: DeviceServer
  let folder: String
  let settings: RESTSettings
  let client = HTTPClient()

  init(
    _ device: Device, clock: AdjustableClock, description: RESTDescription, credentials: String
  ) async throws {
    self.clock = clock
    self.device = device
    server = try await DeviceServer(device)
    folder = try scratchFolder("rest", files: ["ca.pem": server.authority, "key": credentials + "\n"])
    settings = RESTSettings(
      description: description,
      endpoint: DeviceEndpoint(
        url: try HTTPURL(server.origin), authorityFile: folder + "/ca.pem",
        secrets: ["credentials": .file(path: folder + "/key")], requestsPerSecond: 1000))
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  func adapter(
    _ settings: RESTSettings? = nil, limits: TransportLimits = DeviceClient.limits
  ) -> RESTAdapter {
    let clock = clock
    return RESTAdapter(
      settings: settings ?? self.settings, sender: client, limits: limits, clock: { clock.now })
  }

  func subject(
    foreign: @escaping @Sendable (Device) -> String, lose: @escaping @Sendable (Device) -> Void
  ) -> ConformanceSubject {
    let clock = clock
    let adapter = adapter()
    return ConformanceSubject(
      name: Device.name, makeAdapter: { adapter }, clock: { clock.now }, wait: { clock.advance(by: $0) },
      foreignContent: { foreign(self.device) }, lose: { lose(self.device) },
      writes: { self.server.changes })
  }
}

typealias OPNsenseFirewall = DescribedFirewall<SimulatedOPNsense>
typealias RouterOSFirewall = DescribedFirewall<SimulatedRouterOS>

extension DescribedFirewall where Device == SimulatedOPNsense {
  static func description() throws -> RESTDescription {
    try RESTDescription(parsing: OPNsense.yaml, file: OPNsense.file)
  }

  convenience init(_ model: SimulatedOPNsense.Model = .init()) async throws {
    let device = SimulatedOPNsense(model)
    for alias in ["sekisho_block", "sekisho_allow", "others"] { device.addAlias(alias) }
    for prefix in ["203.0.113.200", "198.51.100.0/24"] { device.add(IPPrefix(prefix)!, to: "others") }
    try await self.init(
      device, clock: AdjustableClock(), description: Self.description(),
      credentials: "\(model.key):\(model.secret)")
  }

  var blocked: Set<String> { device.entries(of: "sekisho_block") }

  func subject() -> ConformanceSubject {
    subject(
      foreign: { $0.entries(of: "others").sorted().joined(separator: "\n") },
      lose: {
        $0.empty("sekisho_block")
        $0.empty("sekisho_allow")
      })
  }
}

extension DescribedFirewall where Device == SimulatedRouterOS {
  static func description() throws -> RESTDescription {
    try RESTDescription(parsing: RouterOS.yaml, file: RouterOS.file)
  }

  convenience init(_ model: SimulatedRouterOS.Model = .init()) async throws {
    let clock = AdjustableClock()
    let device = SimulatedRouterOS(model, clock: { clock.now })
    // Others', in a list of their own and in ours.
    device.add("203.0.113.200", to: "others")
    device.add("dyn.example.org", to: "sekisho-block", comment: "by hand")
    device.add("2001:db8:ffff::/48", to: "sekisho-block")
    try await self.init(
      device, clock: clock, description: Self.description(),
      credentials: "\(model.user):\(model.password)")
  }

  var blocked: Set<String> {
    Set(device.entries.filter { $0.list == "sekisho-block" && $0.comment == "sekisho" }.map(\.address))
  }

  func subject() -> ConformanceSubject {
    subject(
      foreign: { device in
        device.entries.filter { $0.comment != "sekisho" }
          .map { "\($0.list) \($0.address) \($0.comment)" }.joined(separator: "\n")
      }, lose: { $0.clear(comment: "sekisho") })
  }
}
