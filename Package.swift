// swift-tools-version: 6.2
import PackageDescription

// Each target lists what it may import; `ArchitectureTests` holds the sources to the same table,
// because the compiler lets a target import what it reaches only through another one.
let package = Package(
  name: "sekisho",
  products: [
    .executable(name: "sekisho", targets: ["sekisho"]),
    // What an adapter from outside the tree builds on.
    .library(name: "FirewallKit", targets: ["FirewallKit"]),
    // The laws it must keep.
    .library(name: "FirewallConformance", targets: ["FirewallConformance"]),
    // Firewalls in memory, to try an adapter against.
    .library(name: "FirewallSimulators", targets: ["FirewallSimulators"]),
    // For Benchmarks/, which is a package of its own so that its needs stay out of users' graphs.
    .library(
      name: "SekishoRooms",
      targets: [
        "NetworkTypes", "Capture", "ConfigurationFile", "Inspection", "Reputation", "Detection", "Policy",
        "FirewallKit",
        "Enforcement", "Ledger", "Nftables", "Iptables", "Gateway", "Lab", "PacketSender",
        "Randomness", "TrafficGeneration",
      ]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-asn1", from: "1.7.4"),
    .package(url: "https://github.com/apple/swift-certificates", from: "1.21.1"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2"),
    .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
  ],
  targets: [
    .systemLibrary(
      name: "CPcap", pkgConfig: "libpcap", providers: [.apt(["libpcap-dev"])]),
    .systemLibrary(name: "CNFTables", providers: [.apt(["linux-libc-dev"])]),
    .systemLibrary(
      name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),

    .target(name: "Language"),
    .target(name: "NetworkTypes"),
    // Repeatable numbers for walks, training and tests.
    .target(name: "Randomness"),
    .target(name: "HTTPTransport", dependencies: ["CCurl", "Language", "NetworkTypes"]),
    .target(
      name: "ConfigurationFile",
      dependencies: ["Language", "NetworkTypes", .product(name: "Yams", package: "Yams")]),
    .target(name: "Capture", dependencies: ["CPcap", "Language", "NetworkTypes"]),
    // Cryptography is for QUIC's Initial packets, fingerprints and certificates; it touches no other packet.
    .target(
      name: "Inspection",
      dependencies: [
        "NetworkTypes", .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "CryptoExtras", package: "swift-crypto"),
      ]),
    .target(name: "Reputation", dependencies: ["Language", "NetworkTypes"]),
    .target(
      name: "Detection",
      dependencies: [
        "Language", "NetworkTypes", "Reputation", .product(name: "Crypto", package: "swift-crypto"),
      ]),
    .target(
      name: "Training",
      dependencies: ["Detection", "Language", "NetworkTypes", "Randomness", "Reputation"]),
    .target(
      name: "Feeds",
      dependencies: [
        "ConfigurationFile", "HTTPTransport", "Language", "NetworkTypes", "Reputation",
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
      ]),
    .target(name: "Policy", dependencies: ["ConfigurationFile", "Language", "NetworkTypes"]),
    .target(name: "FirewallKit", dependencies: ["ConfigurationFile", "Language", "NetworkTypes"]),
    .target(
      name: "Enforcement",
      dependencies: [
        "ConfigurationFile", "FirewallKit", "Language", "NetworkTypes", "Policy",
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "Logging", package: "swift-log"),
      ]),
    .target(
      name: "FirewallConformance",
      dependencies: ["Enforcement", "FirewallKit", "Language", "NetworkTypes", "Policy", "Randomness"]),
    .target(
      name: "Ledger",
      dependencies: [
        "Enforcement", "FirewallKit", "Language", "NetworkTypes",
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "GRDB", package: "GRDB.swift"),
      ]),
    .target(
      name: "Nftables",
      dependencies: ["CNFTables", "ConfigurationFile", "FirewallKit", "Language", "NetworkTypes"],
      path: "Plugins/Nftables", exclude: ["README.md"]),
    .target(
      name: "HostPrograms",
      dependencies: [
        "FirewallKit", "Language", .product(name: "Subprocess", package: "swift-subprocess"),
      ]),
    // Adapters outside of this program, in any language.
    .target(
      name: "ProcessPlugins",
      dependencies: [
        "ConfigurationFile", "FirewallKit", "HTTPTransport", "Language", "NetworkTypes",
        .product(name: "Logging", package: "swift-log"),
        .product(name: "Subprocess", package: "swift-subprocess"),
        .product(name: "SystemPackage", package: "swift-system"),
      ]),
    .target(
      name: "PluginTemplate", dependencies: ["Language"],
      resources: [
        .embedInCode("Python/README.md"), .embedInCode("Python/adapter.py"),
        .embedInCode("Python/plugin.json"), .embedInCode("Python/sekisho.yaml"),
        .embedInCode("Python/sekisho_plugin.py"), .embedInCode("Python/test_adapter.py"),
      ]),
    .target(
      name: "Iptables",
      dependencies: ["ConfigurationFile", "FirewallKit", "HostPrograms", "Language", "NetworkTypes"],
      path: "Plugins/Iptables", exclude: ["README.md"]),
    .target(
      name: "Firewalld",
      dependencies: ["ConfigurationFile", "FirewallKit", "HostPrograms", "Language", "NetworkTypes"],
      path: "Plugins/Firewalld", exclude: ["README.md"]),
    .target(
      name: "RPZ",
      dependencies: [
        "ConfigurationFile", "FirewallKit", "HostPrograms", "Language", "NetworkTypes",
        .product(name: "Crypto", package: "swift-crypto"),
      ],
      path: "Plugins/RPZ", exclude: ["README.md"]),
    .target(
      name: "AWSWAF",
      dependencies: ["ConfigurationFile", "FirewallKit", "HTTPTransport", "Language", "NetworkTypes"],
      path: "Plugins/AWSWAF", exclude: ["README.md"]),
    .target(
      name: "Lists",
      dependencies: [
        "ConfigurationFile", "FirewallKit", "HTTPTransport", "Language", "NetworkTypes",
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "HTTPTypes", package: "swift-http-types"),
        .product(name: "Hummingbird", package: "hummingbird"),
        .product(name: "HummingbirdCore", package: "hummingbird"),
        .product(name: "HummingbirdTLS", package: "hummingbird"),
        .product(name: "Logging", package: "swift-log"), .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
      ],
      path: "Plugins/Lists", exclude: ["README.md"]),
    .target(name: "XMLText"),
    .target(
      name: "DeviceRequests",
      dependencies: ["ConfigurationFile", "FirewallKit", "HTTPTransport", "Language", "NetworkTypes"]),
    .target(
      name: "PANOS",
      dependencies: [
        "ConfigurationFile", "DeviceRequests", "FirewallKit", "HTTPTransport", "Language", "NetworkTypes",
        "XMLText",
      ],
      path: "Plugins/PANOS", exclude: ["README.md"]),
    // Adapters that are descriptions: YAML files instead of programs.
    .target(
      name: "RESTPlugins",
      dependencies: [
        "ConfigurationFile", "DeviceRequests", "FirewallKit", "HTTPTransport", "Language", "NetworkTypes",
      ]),
    .target(
      name: "OPNsense", path: "Plugins/OPNsense", exclude: ["README.md"],
      resources: [.embedInCode("opnsense.yaml")]),
    .target(
      name: "RouterOS", path: "Plugins/RouterOS", exclude: ["README.md"],
      resources: [.embedInCode("routeros.yaml")]),
    .target(
      name: "FortiOS",
      dependencies: [
        "ConfigurationFile", "DeviceRequests", "FirewallKit", "HTTPTransport", "Language", "NetworkTypes",
      ],
      path: "Plugins/FortiOS", exclude: ["README.md"]),
    .target(
      name: "FirewallSimulators",
      dependencies: [
        "NetworkTypes", "XMLText", .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"), .product(name: "NIOSSL", package: "swift-nio-ssl"),
        .product(name: "SwiftASN1", package: "swift-asn1"),
        .product(name: "X509", package: "swift-certificates"),
      ]),
    .target(
      name: "Lab",
      dependencies: [
        "Language", "NetworkTypes", .product(name: "Subprocess", package: "swift-subprocess"),
      ]),
    .target(
      name: "DefaultPolicies", path: "Policies", exclude: ["README.md"],
      resources: [
        .embedInCode("standard.yaml"), .embedInCode("monitor-only.yaml"), .embedInCode("strict.yaml"),
      ]),
    .target(
      name: "Gateway",
      dependencies: [
        "AWSWAF", "Capture", "ConfigurationFile", "DefaultPolicies", "Detection", "Enforcement", "Feeds",
        "FirewallConformance", "FirewallKit", "Firewalld", "FortiOS", "HTTPTransport", "Inspection",
        "Iptables", "Language", "Ledger", "Lists", "NetworkTypes", "Nftables", "OPNsense", "PANOS",
        "Policy", "ProcessPlugins", "RESTPlugins", "RPZ", "Reputation", "RouterOS",
        .product(name: "Logging", package: "swift-log"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
        .product(name: "Subprocess", package: "swift-subprocess"),
      ]),
    .executableTarget(
      name: "sekisho",
      dependencies: [
        "Capture", "ConfigurationFile", "Detection", "Enforcement", "Feeds", "FirewallConformance",
        "FirewallKit", "FirewallSimulators", "Gateway", "HTTPTransport", "Inspection", "Lab", "Language",
        "Ledger", "NetworkTypes", "PluginTemplate", "Policy", "ProcessPlugins", "Reputation", "Training",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
        .product(name: "UnixSignals", package: "swift-service-lifecycle"),
      ]),

    .testTarget(name: "NetworkTypesTests", dependencies: ["Language", "NetworkTypes", "Randomness"]),
    .testTarget(
      name: "ConfigurationFileTests",
      dependencies: ["ConfigurationFile", "Language", "NetworkTypes", "Randomness"]),
    .testTarget(
      name: "HTTPTransportTests",
      dependencies: [
        "HTTPTransport", "Language", "NetworkTypes", "Randomness",
        .product(name: "Crypto", package: "swift-crypto"),
      ]),
    .testTarget(
      name: "CaptureTests", dependencies: ["Capture", "Inspection", "Language", "NetworkTypes"]),
    .testTarget(
      name: "InspectionTests",
      dependencies: [
        "AllocationCounter", "Inspection", "NetworkTypes", "Randomness",
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "CryptoExtras", package: "swift-crypto"),
      ]),
    // Frames of a busy office line, and what plays them into an interface: for tests and Benchmarks/.
    .target(name: "TrafficGeneration", dependencies: ["Randomness"], path: "Tests/TrafficGeneration"),
    .target(name: "PacketSender", path: "Tests/PacketSender"),
    // Counts calls of malloc, to hold that a miss allocates nothing.
    .target(name: "AllocationCounter", path: "Tests/ReputationTests/AllocationCounter"),
    .testTarget(
      name: "ReputationTests",
      dependencies: ["AllocationCounter", "Language", "NetworkTypes", "Randomness", "Reputation"],
      exclude: ["AllocationCounter"]),
    .testTarget(
      name: "DetectionTests",
      dependencies: ["AllocationCounter", "Detection", "Language", "NetworkTypes", "Reputation"]),
    .testTarget(
      name: "TrainingTests", dependencies: ["Detection", "Language", "NetworkTypes", "Training"]),
    .testTarget(
      name: "FeedsTests",
      dependencies: [
        "ConfigurationFile", "Feeds", "HTTPTransport", "Language", "NetworkTypes", "Randomness", "Reputation",
        .product(name: "Logging", package: "swift-log"),
      ]),
    .testTarget(
      name: "PolicyTests",
      dependencies: [
        "ConfigurationFile", "DefaultPolicies", "Language", "NetworkTypes", "Policy", "Randomness",
      ]),
    .testTarget(
      name: "EnforcementTests",
      dependencies: [
        "Enforcement", "FirewallConformance", "FirewallKit", "Language", "NetworkTypes", "Policy",
        "Randomness",
      ]),
    .testTarget(
      name: "LedgerTests",
      dependencies: [
        "Enforcement", "FirewallKit", "Language", "Ledger", "NetworkTypes", "Randomness",
        .product(name: "GRDB", package: "GRDB.swift"),
      ]),
    .testTarget(
      name: "AdapterTests",
      dependencies: [
        "AWSWAF", "ConfigurationFile", "DeviceRequests", "Enforcement", "FirewallConformance", "FirewallKit",
        "FirewallSimulators", "Firewalld", "FortiOS", "HTTPTransport", "HostPrograms", "Iptables",
        "Language", "Lists", "NetworkTypes", "Nftables", "OPNsense", "PANOS", "Policy", "RESTPlugins", "RPZ",
        "Randomness", "RouterOS", "XMLText",
        .product(name: "Logging", package: "swift-log"),
      ]),
    .testTarget(
      name: "ProcessPluginTests",
      dependencies: [
        "ConfigurationFile", "Enforcement", "FirewallConformance", "FirewallKit", "HTTPTransport", "Language",
        "NetworkTypes", "PluginTemplate", "Policy", "ProcessPlugins", "Randomness",
        .product(name: "Logging", package: "swift-log"),
      ],
      exclude: ["Device"]),
    .testTarget(
      name: "GatewayTests",
      dependencies: [
        "ConfigurationFile", "Detection", "Enforcement", "Feeds", "FirewallConformance", "FirewallKit",
        "Gateway",
        "Inspection", "Language", "NetworkTypes", "Policy", "Reputation",
        .product(name: "Logging", package: "swift-log"),
      ]),
    .testTarget(name: "ArchitectureTests"),
    .testTarget(name: "LabTests", dependencies: ["Lab", "Language", "NetworkTypes"]),
    // Ends itself with SIGKILL in the middle of a change, for EndToEndTests.
    .executableTarget(
      name: "KillSubject",
      dependencies: [
        "Enforcement", "FirewallConformance", "FirewallKit", "Iptables", "Ledger", "NetworkTypes",
        "Nftables", "Policy",
      ],
      path: "Tests/KillSubject"),
    .testTarget(
      name: "EndToEndTests",
      dependencies: [
        "Detection", "Enforcement", "FirewallConformance", "FirewallKit", "Gateway", "KillSubject", "Lab",
        "Language", "Ledger", "NetworkTypes", "Nftables", "PacketSender", "Policy", "Reputation",
        "TrafficGeneration", "sekisho",
        .product(name: "Logging", package: "swift-log"),
      ]),
  ],
  swiftLanguageModes: [.v6]
)

let inC: Set<String> = ["AllocationCounter", "PacketSender"]
for target in package.targets where target.type != .system && !inC.contains(target.name) {
  target.swiftSettings =
    (target.swiftSettings ?? []) + [
      .enableUpcomingFeature("ExistentialAny"),
      .enableUpcomingFeature("MemberImportVisibility"),
      .enableUpcomingFeature("InternalImportsByDefault"),
      .treatAllWarnings(as: .error),
    ]
}
