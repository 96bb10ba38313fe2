import NetworkTypes

/// A simulated device made ready for somebody to try an adapter against.
public struct LabDevice: Sendable {
  public static let names = [
    SimulatedPANOS.name, SimulatedFortiOS.name, SimulatedOPNsense.name, SimulatedRouterOS.name,
  ]

  public let device: any SimulatedDevice
  /// Values of the adapter's secret settings, by key.
  public let secrets: [String: String]
  /// What is on the device, a line each, in order: an entry that somebody else has put there, and what an
  /// adapter adds.
  public let held: @Sendable () -> [String]

  /// `nil` when there is no simulator of this name.
  public init?(named name: String) {
    switch name {
    case SimulatedPANOS.name:
      let firewall = SimulatedPANOS()
      firewall.addGroup("sekisho-block", filter: "'sekisho-block'")
      firewall.addGroup("sekisho-allow", filter: "'sekisho-allow'")
      firewall.register("198.51.100.200", tags: ["quarantine"])
      device = firewall
      held = {
        firewall.registered().map { "\($0.key): \($0.value.sorted().joined(separator: ", "))" }.sorted()
      }
      secrets = ["api-key": firewall.model.key]
    case SimulatedFortiOS.name:
      let firewall = SimulatedFortiOS()
      firewall.addFeed("sekisho-block", comments: "kept by sekisho")
      firewall.addFeed("sekisho-allow", comments: "kept by sekisho")
      firewall.addFeed("printers", comments: "by hand")
      firewall.setEntries(["198.51.100.200"], of: "printers")
      device = firewall
      held = {
        let feeds = ["printers", "sekisho-allow", "sekisho-block"].flatMap { feed in
          firewall.entries(of: feed).sorted().map { "\(feed): \($0)" }
        }
        return feeds + firewall.banned().keys.sorted().map { "banned: \($0)" }
      }
      secrets = ["api-token": firewall.model.token]
    case SimulatedOPNsense.name:
      let firewall = SimulatedOPNsense()
      firewall.addAlias("sekisho_block")
      firewall.addAlias("sekisho_allow")
      firewall.addAlias("printers")
      firewall.add(IPPrefix(IPAddress(ipv4: 0xC633_64C8)), to: "printers")
      device = firewall
      held = {
        ["printers", "sekisho_allow", "sekisho_block"].flatMap { alias in
          firewall.entries(of: alias).sorted().map { "\(alias): \($0)" }
        }
      }
      secrets = ["credentials": "\(firewall.model.key):\(firewall.model.secret)"]
    case SimulatedRouterOS.name:
      let router = SimulatedRouterOS()
      router.add("198.51.100.200", to: "printers", comment: "by hand")
      device = router
      held = { router.entries.map { "\($0.list): \($0.address) (\($0.comment))" }.sorted() }
      secrets = ["credentials": "\(router.model.user):\(router.model.password)"]
    default: return nil
    }
  }
}
