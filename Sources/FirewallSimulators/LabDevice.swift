/// A simulated device made ready for somebody to try an adapter against.
public struct LabDevice: Sendable {
  public static let names = [
    SimulatedPANOS.name, SimulatedFortiOS.name, SimulatedOPNsense.name, SimulatedRouterOS.name,
  ]

  public let device: any SimulatedDevice
  /// Values of the adapter's secret settings, by key.
  public let secrets: [String: String]

  /// `nil` when there is no simulator of this name.
  public init?(named name: String) {
    switch name {
    case SimulatedPANOS.name:
      let firewall = SimulatedPANOS()
      firewall.addGroup("sekisho-block", filter: "'sekisho-block'")
      firewall.addGroup("sekisho-allow", filter: "'sekisho-allow'")
      device = firewall
      secrets = ["api-key": firewall.model.key]
    case SimulatedFortiOS.name:
      let firewall = SimulatedFortiOS()
      firewall.addFeed("sekisho-block", comments: "kept by sekisho")
      firewall.addFeed("sekisho-allow", comments: "kept by sekisho")
      device = firewall
      secrets = ["api-token": firewall.model.token]
    case SimulatedOPNsense.name:
      let firewall = SimulatedOPNsense()
      firewall.addAlias("sekisho_block")
      firewall.addAlias("sekisho_allow")
      device = firewall
      secrets = ["credentials": "\(firewall.model.key):\(firewall.model.secret)"]
    case SimulatedRouterOS.name:
      let router = SimulatedRouterOS()
      device = router
      secrets = ["credentials": "\(router.model.user):\(router.model.password)"]
    default: return nil
    }
  }
}
