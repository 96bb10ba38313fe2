/// A simulated device made ready for somebody to try an adapter against.
public struct LabDevice: Sendable {
  public static let names = [SimulatedPANOS.name]

  public let device: any SimulatedDevice
  /// Values of the adapter's secret settings, by key.
  public let secrets: [String: String]

  /// `nil` when there is no simulator of this name.
  public init?(named name: String) {
    guard name == SimulatedPANOS.name else { return nil }
    let firewall = SimulatedPANOS()
    firewall.addGroup("sekisho-block", filter: "'sekisho-block'")
    firewall.addGroup("sekisho-allow", filter: "'sekisho-allow'")
    device = firewall
    secrets = ["api-key": firewall.model.key]
  }
}
