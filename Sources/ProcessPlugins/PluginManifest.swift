import FirewallKit
import Language
import NetworkTypes

/// A manifest as a plugin writes it: that of `FirewallKit`, with nothing beside it.
struct PluginManifest: Decodable, Sendable, Equatable {
  let manifest: AdapterManifest

  private enum Key: String, CodingKey, CaseIterable {
    case name, summary, contract, capabilities, testedAgainst
  }
  private enum Ability: String, CodingKey, CaseIterable {
    case kinds, atomicity, readBack, expiry, validation, prefixes, driftDetection, maximumBlocks,
      maximumTimeToLiveSeconds, survivesRestart
  }

  init(from decoder: any Decoder) throws {
    try decoder.refuseKeys(beside: Key.self)
    let container = try decoder.container(keyedBy: Key.self)
    try container.superDecoder(forKey: .capabilities).refuseKeys(beside: Ability.self)
    manifest = AdapterManifest(
      name: try container.decode(String.self, forKey: .name),
      summary: try container.decode(PluginText.self, forKey: .summary).phrase,
      contract: try container.decode(Int.self, forKey: .contract),
      capabilities: try container.decode(Capabilities.self, forKey: .capabilities),
      testedAgainst: try container.decodeIfPresent([TestPeer].self, forKey: .testedAgainst) ?? [])
    if let objection = Self.objection(to: manifest) { throw Misunderstanding(reason: objection) }
  }

  /// What is wrong with a manifest; `nil` when nothing is.
  private static func objection(to manifest: AdapterManifest) -> String? {
    let able = manifest.capabilities
    if !PluginFolder.permits(name: manifest.name) {
      return "the name is not of 1 to 40 lower-case letters, digits and hyphens"
    }
    if manifest.contract != AdapterManifest.contractVersion {
      return "contract \(manifest.contract) is asked for, and \(AdapterManifest.contractVersion) is spoken"
    }
    if able.kinds.isEmpty { return "kinds is empty" }
    if able.driftDetection != .interval {
      return "driftDetection must be interval: there is no message to notify"
    }
    if let most = able.maximumBlocks, most < 1 { return "maximumBlocks is below 1" }
    if let longest = able.maximumTimeToLiveSeconds, longest <= DeviceTimer.margin.components.seconds {
      return
        "maximumTimeToLiveSeconds is not more than the margin of \(DeviceTimer.margin.components.seconds) s"
    }
    return nil
  }
}
