import Foundation
import Testing

/// Which room may know which. The compiler lets a target import what it reaches only through another
/// one, so the sources are read here.
private let permitted: [String: Set<String>] = [
  "Sources/Language": [],
  "Sources/NetworkTypes": ["Glibc"],
  "Sources/HTTPTransport": ["CCurl", "Glibc", "Language", "NetworkTypes", "Synchronization"],
  "Sources/ConfigurationFile": ["Language", "NetworkTypes", "Yams"],
  "Sources/Capture": ["CPcap", "Glibc", "Language", "NetworkTypes", "Synchronization"],
  "Sources/Randomness": [],
  "Sources/Inspection": ["Crypto", "CryptoExtras", "NetworkTypes"],
  "Sources/Reputation": ["FoundationEssentials", "Glibc", "Language", "NetworkTypes", "Synchronization"],
  "Sources/Detection": ["Crypto", "Language", "NetworkTypes", "Reputation"],
  "Sources/Training": [
    "Detection", "Foundation", "FoundationEssentials", "Glibc", "Language", "NetworkTypes", "Randomness",
    "Reputation", "Synchronization",
  ],
  "Sources/Feeds": [
    "ConfigurationFile", "Crypto", "FoundationEssentials", "Glibc", "HTTPTransport", "Language", "Logging",
    "NetworkTypes", "Reputation", "ServiceLifecycle",
  ],
  "Sources/Policy": ["ConfigurationFile", "Language", "NetworkTypes"],
  "Sources/FirewallKit": ["ConfigurationFile", "Language", "NetworkTypes"],
  "Sources/Enforcement": [
    "ConfigurationFile", "Crypto", "FirewallKit", "Glibc", "Language", "NetworkTypes", "Policy",
    "Synchronization",
  ],
  "Sources/FirewallConformance": [
    "Enforcement", "FirewallKit", "Language", "NetworkTypes", "Policy", "Randomness", "Synchronization",
  ],
  "Sources/Ledger": [
    "Crypto", "Enforcement", "FirewallKit", "Foundation", "FoundationEssentials", "GRDB", "Glibc",
    "Language", "NetworkTypes", "Synchronization",
  ],
  "Sources/Lab": [
    "Foundation", "FoundationEssentials", "Glibc", "Language", "NetworkTypes", "Subprocess",
    "Synchronization",
  ],
  "Plugins/Nftables": [
    "CNFTables", "ConfigurationFile", "FirewallKit", "FoundationEssentials", "Glibc", "Language",
    "NetworkTypes", "Synchronization",
  ],
  "Sources/HostPrograms": ["FirewallKit", "FoundationEssentials", "Glibc", "Language", "Subprocess"],
  "Sources/ProcessPlugins": [
    "ConfigurationFile", "FirewallKit", "FoundationEssentials", "Glibc", "HTTPTransport", "Language",
    "Logging",
    "NetworkTypes", "Subprocess", "Synchronization", "SystemPackage",
  ],
  "Sources/PluginTemplate": ["Glibc", "Language"],
  "Plugins/Iptables": [
    "ConfigurationFile", "FirewallKit", "FoundationEssentials", "HostPrograms", "Language", "NetworkTypes",
  ],
  "Plugins/Firewalld": [
    "ConfigurationFile", "FirewallKit", "FoundationEssentials", "HostPrograms", "Language", "NetworkTypes",
  ],
  "Plugins/RPZ": [
    "ConfigurationFile", "Crypto", "FirewallKit", "FoundationEssentials", "Glibc", "HostPrograms", "Language",
    "NetworkTypes",
  ],
  "Plugins/AWSWAF": [
    "ConfigurationFile", "FirewallKit", "FoundationEssentials", "HTTPTransport", "Language", "NetworkTypes",
  ],
  "Plugins/Lists": [
    "ConfigurationFile", "Crypto", "FirewallKit", "Foundation", "Glibc", "HTTPTransport", "HTTPTypes",
    "Hummingbird", "HummingbirdCore", "HummingbirdTLS", "Language", "Logging", "NIOCore", "NIOSSL",
    "NetworkTypes", "ServiceLifecycle",
  ],
  "Sources/XMLText": [],
  "Sources/DeviceRequests": [
    "ConfigurationFile", "FirewallKit", "HTTPTransport", "Language", "NetworkTypes",
  ],
  "Plugins/PANOS": [
    "ConfigurationFile", "DeviceRequests", "FirewallKit", "HTTPTransport", "Language", "NetworkTypes",
    "XMLText",
  ],
  "Plugins/FortiOS": [
    "ConfigurationFile", "DeviceRequests", "FirewallKit", "FoundationEssentials", "HTTPTransport", "Language",
    "NetworkTypes",
  ],
  "Sources/RESTPlugins": [
    "ConfigurationFile", "DeviceRequests", "FirewallKit", "FoundationEssentials", "HTTPTransport", "Language",
    "NetworkTypes",
  ],
  "Plugins/OPNsense": [],
  "Plugins/RouterOS": [],
  "Sources/FirewallSimulators": [
    "Crypto", "Foundation", "NIOCore", "NIOHTTP1", "NIOPosix", "NIOSSL", "NetworkTypes", "SwiftASN1",
    "Synchronization", "X509", "XMLText",
  ],
]

/// The composition root and the command line may know every room; only they are absent above.
private let unbound: Set<String> = ["Sources/Gateway", "Sources/sekisho"]

private let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  .deletingLastPathComponent()

private func folders(in place: String) throws -> [String] {
  try FileManager.default.contentsOfDirectory(
    at: root.appending(path: place), includingPropertiesForKeys: [.isDirectoryKey]
  ).filter { (try? $0.resourceValues(forKeys: [.isDirectoryKey]).isDirectory) == true }
    .map { "\(place)/\($0.lastPathComponent)" }.sorted()
}

private func swiftFiles(under room: String) throws -> [URL] {
  let all = FileManager.default.enumerator(at: root.appending(path: room), includingPropertiesForKeys: nil)
  return (all?.compactMap { $0 as? URL } ?? []).filter { $0.pathExtension == "swift" }
}

private func imports(of file: URL) throws -> Set<String> {
  let text = try String(contentsOf: file, encoding: .utf8)
  return Set(
    text.split(separator: "\n").compactMap { line -> String? in
      let words = line.split(separator: " ")
      guard let position = words.firstIndex(of: "import"), position <= 2, position + 1 < words.count,
        words[..<position].allSatisfy({
          $0 == "public" || $0 == "package" || $0 == "internal" || $0.hasPrefix("@")
        })
      else { return nil }
      return String(words[position + 1].prefix { $0 != "." })
    })
}

/// Plugins that are processes of their own, in other languages.
private let examples = "Plugins/Examples"

/// What every plugin tells people.
private let headings = [
  "Name", "Description", "Permissions", "Settings", "Examples", "Capabilities", "What rollback restores",
  "Caveats", "Metrics",
]

private func text(_ file: String) throws -> String {
  try String(contentsOf: root.appending(path: file), encoding: .utf8)
}

@Suite struct ImportTests {
  @Test func everyRoomKnowsOnlyWhatItMay() throws {
    for (room, known) in permitted {
      let files = try swiftFiles(under: room)
      #expect(!files.isEmpty, "\(room) has no sources")
      for file in files {
        let surplus = try imports(of: file).subtracting(known)
        #expect(surplus.isEmpty, "\(room)/\(file.lastPathComponent) must not import \(surplus.sorted())")
      }
    }
  }

  @Test func everyRoomIsInTheTable() throws {
    let rooms = try (folders(in: "Sources") + folders(in: "Plugins")).filter {
      !(try swiftFiles(under: $0).isEmpty)
    }
    let listed = unbound.union(permitted.keys)
    #expect(Set(rooms).subtracting(listed).isEmpty, "rooms without a rule")
    #expect(listed.subtracting(rooms).isEmpty, "rules without a room")
  }

  /// A folder in Plugins/ that no target names would silently not be compiled.
  @Test func everyPluginHasATargetAndTheSameFiles() throws {
    let manifest = try String(contentsOf: root.appending(path: "Package.swift"), encoding: .utf8)
    for plugin in try folders(in: "Plugins") where plugin != examples {
      let name = String(plugin.dropFirst("Plugins/".count))
      #expect(manifest.contains("path: \"\(plugin)\""), "no target for \(plugin)")
      // A plugin is a program or a description, and never a bit of both.
      let description = "\(name.lowercased()).yaml"
      let isDescribed = FileManager.default.fileExists(
        atPath: root.appending(path: "\(plugin)/\(description)").path)
      let files =
        isDescribed
        ? [description, "\(name).swift", "README.md"]
        : [
          "README.md", "\(name)Adapter.swift", "\(name)Settings.swift", "\(name)Dialect.swift",
          "\(name)Reader.swift",
        ]
      if isDescribed {
        #expect(manifest.contains("resources: [.embedInCode(\"\(description)\")]"))
        #expect(try swiftFiles(under: plugin).count == 1, "\(plugin) is a description, and holds code")
      }
      for file in files {
        #expect(
          FileManager.default.fileExists(atPath: root.appending(path: "\(plugin)/\(file)").path),
          "\(plugin) lacks \(file)")
      }
      let readme = try String(contentsOf: root.appending(path: "\(plugin)/README.md"), encoding: .utf8)
      for heading in headings {
        #expect(
          readme.contains("\n## \(heading)\n") || readme.contains("# \(heading)\n"),
          "\(plugin)/README.md lacks “\(heading)”")
      }
    }
  }

  /// A plugin that is a process of its own is told like the others, tested, and whole in its folder.
  @Test func everyExampleIsDeclaredToldAndTested() throws {
    let speaker = try text("Sources/PluginTemplate/Python/sekisho_plugin.py")
    let plugins = try folders(in: examples)
    #expect(!plugins.isEmpty)
    for plugin in plugins + ["Sources/PluginTemplate/Python"] {
      let files = try FileManager.default.contentsOfDirectory(atPath: root.appending(path: plugin).path)
      #expect(files.contains { $0.hasPrefix("test_") } && files.contains("plugin.json"), "\(plugin)")
      let readme = try text("\(plugin)/README.md")
      for heading in headings {
        #expect(readme.contains("\n## \(heading)\n"), "\(plugin)/README.md lacks “\(heading)”")
      }
      let itsSpeaker = try text("\(plugin)/sekisho_plugin.py")
      #expect(itsSpeaker == speaker, "\(plugin)/sekisho_plugin.py is another")
    }
  }

  /// No room but the list of adapters may name one.
  @Test func onlyTheListOfAdaptersNamesPlugins() throws {
    let names = Set(try folders(in: "Plugins").map { String($0.dropFirst("Plugins/".count)) })
    for room in try folders(in: "Sources") {
      for file in try swiftFiles(under: room) where file.lastPathComponent != "AdapterList.swift" {
        let named = try imports(of: file).intersection(names)
        #expect(named.isEmpty, "\(room)/\(file.lastPathComponent) imports \(named.sorted())")
      }
    }
  }
}
