import FirewallKit

/// What others set at run time only, which a reload of firewalld drops.
///
/// The zones of interfaces are left out: NetworkManager keeps them at run time only, and firewalld asks
/// it for them again.
struct RuntimeOnly {
  let bus: FirewalldBus
  let frame: FirewalldFrame

  private static let ignored: Set<String> = ["interfaces", "short", "description", "version", "target"]

  /// Zones, policies, ipsets and `direct`, as far as they differ.
  func names() async throws(AdapterError) -> [String] {
    let service = FirewalldBus.service
    let (configuration, path) = (FirewalldBus.configuration, FirewalldBus.configurationPath)
    var found: [String] = []
    found += try await differing(
      try await bus.names(service + ".zone", "getZones"),
      try await bus.names(configuration, "getZoneNames", at: path), "Zone", "getZoneSettings2",
      "getSettings2")
    found += try await differing(
      try await bus.names(service + ".policy", "getPolicies").subtracting(frame.policyNames),
      try await bus.names(configuration, "getPolicyNames", at: path), "Policy", "getPolicySettings",
      "getSettings")
    found += try await differing(
      try await bus.names(service + ".ipset", "getIPSets").subtracting(frame.sets.map(\.text)),
      try await bus.names(configuration, "getIPSetNames", at: path), "IPSet", "getIPSetSettings",
      "getSettings")
    let direct = try await bus.ask(
      configuration + ".direct", "getSettings", at: FirewalldBus.configurationPath)
    let methods = ["getAllChains", "getAllRules", "getAllPassthroughs"]
    let now = try await concurrently(methods) { method async throws(AdapterError) in
      try await bus.ask(service + ".direct", method)
    }
    if direct.elements?.map(\.text) != methods.map({ now[$0]?.text ?? "" }) { found.append("direct") }
    return found
  }

  private func differing(
    _ runtime: Set<String>, _ permanent: Set<String>, _ kind: String, _ ask: String, _ read: String
  ) async throws(AdapterError) -> [String] {
    let interface = FirewalldBus.service + "." + kind.lowercased()
    let differs = try await concurrently(runtime) { name async throws(AdapterError) in
      guard permanent.contains(name) else { return true }
      let now = try await bus.ask(interface, ask, ["s", name])
      return Self.text(now) != Self.text(try await bus.permanent(kind, name, read))
    }
    return differs.filter(\.value).keys.sorted()
  }

  private static func text(_ settings: BusValue) -> String {
    guard let members = settings.members else { return settings.text }
    return members.filter { !ignored.contains($0.key) && !$0.value.isEmpty }
      .sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value.text)" }.joined(separator: "\n")
  }
}
