import AWSWAF
public import ConfigurationFile
public import FirewallKit
import Firewalld
import FortiOS
import Iptables
import Lists
import Logging
public import NetworkTypes
import Nftables
import OPNsense
import PANOS
import ProcessPlugins
import RESTPlugins
import RPZ
import RouterOS

/// One adapter that a configuration can name.
public struct AdapterEntry: Sendable {
  public var manifest: AdapterManifest
  /// How to make the adapter once its settings are read, with the clock that deadlines are counted by.
  public typealias Maker = @Sendable (@escaping @Sendable () -> Timestamp) -> any FirewallAdapter

  /// Reads the settings, reporting what is wrong with them; `nil` when nothing can be made of them. The
  /// direction is the policy's, used where the settings name none.
  public var configure: @Sendable (ConfigurationSection, TrafficDirection) -> Maker?
}

/// The one list of adapters that are built in. Nothing registers itself.
public enum AdapterList {
  public static let entries: [AdapterEntry] = [
    AdapterEntry(manifest: NftablesAdapter.manifest) { section, direction in
      let settings = NftablesSettings(from: section, direction: direction)
      return { NftablesAdapter(settings: settings, clock: $0) }
    },
    AdapterEntry(manifest: IptablesAdapter.manifest) { section, direction in
      let settings = IptablesSettings(from: section, direction: direction)
      return { IptablesAdapter(settings: settings, clock: $0) }
    },
    AdapterEntry(manifest: FirewalldAdapter.manifest) { section, direction in
      let settings = FirewalldSettings(from: section, direction: direction)
      return { FirewalldAdapter(settings: settings, clock: $0) }
    },
    AdapterEntry(manifest: RPZAdapter.manifest) { section, _ in
      guard let settings = RPZSettings(from: section) else { return nil }
      return { RPZAdapter(settings: settings, clock: $0) }
    },
    AdapterEntry(manifest: ListsAdapter.manifest) { section, _ in
      guard let settings = ListsSettings(from: section) else { return nil }
      let logger = log("sekisho.lists")
      return { ListsAdapter(settings: settings, logger: logger, clock: $0) }
    },
    AdapterEntry(manifest: AWSWAFAdapter.manifest) { section, _ in
      guard let settings = AWSWAFSettings(from: section) else { return nil }
      return { AWSWAFAdapter(settings: settings, clock: $0) }
    },
    AdapterEntry(manifest: PANOSAdapter.manifest) { section, _ in
      guard let settings = PANOSSettings(from: section) else { return nil }
      return { PANOSAdapter(settings: settings, clock: $0) }
    },
    AdapterEntry(manifest: FortiOSAdapter.manifest) { section, _ in
      guard let settings = FortiOSSettings(from: section) else { return nil }
      return { FortiOSAdapter(settings: settings, clock: $0) }
    },
    described(OPNsense.yaml, in: OPNsense.file),
    described(RouterOS.yaml, in: RouterOS.file),
    AdapterEntry(manifest: RESTAdapter.manifest) { section, _ in
      guard let settings = RESTSettings(from: section, taken: entries.map(\.manifest.name)) else {
        return nil
      }
      return { RESTAdapter(settings: settings, clock: $0) }
    },
    AdapterEntry(manifest: PluginAdapter.manifest) { section, direction in
      let taken = entries.map(\.manifest.name)
      guard let settings = PluginSettings(from: section, direction: direction, taken: taken) else {
        return nil
      }
      let logger = log("sekisho.plugin")
      return { PluginAdapter.adapter(for: settings, logger: logger, clock: $0) }
    },
  ]

  /// Where an adapter tells of what it does by itself.
  private static func log(_ label: String) -> Logger {
    Logger(label: label, factory: { StreamLogHandler.standardError(label: $0) })
  }

  /// An adapter that is a description, which is part of this program.
  private static func described(_ yaml: String, in file: String) -> AdapterEntry {
    let description: RESTDescription
    do throws(ConfigurationError) {
      description = try RESTDescription(parsing: yaml, file: file)
    } catch {
      preconditionFailure("\(error)")
    }
    return AdapterEntry(manifest: description.manifest) { section, _ in
      guard let settings = RESTSettings(from: section, description: description) else { return nil }
      return { RESTAdapter(settings: settings, clock: $0) }
    }
  }

  public static func entry(named name: String) -> AdapterEntry? {
    entries.first { $0.manifest.name == name }
  }
}
