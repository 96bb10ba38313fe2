// swift-tools-version: 6.2
import PackageDescription

// A libFuzzer program for each thing that reads bytes from strangers. A package of its own: unsafe flags bar
// a package from being a dependency, and only the rooms that are seen through links here are built. Run by
// Scripts/fuzz, which builds in release mode: all checks of the language stay on there.
let package = Package(
  name: "sekisho-fuzzing",
  dependencies: [
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
  ],
  targets: [
    .systemLibrary(name: "CPcap", pkgConfig: "libpcap", providers: [.apt(["libpcap-dev"])]),
    .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
    .target(name: "Language"),
    .target(name: "NetworkTypes"),
    .target(name: "HTTPTransport", dependencies: ["CCurl", "Language", "NetworkTypes"]),
    .target(
      name: "ConfigurationFile",
      dependencies: ["Language", "NetworkTypes", .product(name: "Yams", package: "Yams")]),
    .target(name: "Capture", dependencies: ["CPcap", "Language", "NetworkTypes"]),
    .target(
      name: "Inspection",
      dependencies: [
        "NetworkTypes", .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "CryptoExtras", package: "swift-crypto"),
      ]),
    .target(name: "Reputation", dependencies: ["Language", "NetworkTypes"]),
    .target(
      name: "Feeds",
      dependencies: [
        "ConfigurationFile", "HTTPTransport", "Language", "NetworkTypes", "Reputation",
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
      ]),

    .systemLibrary(name: "CFuzzer"),
    // What the programs share.
    .target(
      name: "Promises",
      dependencies: [
        "CFuzzer", "Inspection", "NetworkTypes", .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "CryptoExtras", package: "swift-crypto"),
      ]),
    .executableTarget(name: "fuzz-dns", dependencies: ["Inspection", "NetworkTypes", "Promises"]),
    .executableTarget(name: "fuzz-tls", dependencies: ["Inspection", "NetworkTypes", "Promises"]),
    .executableTarget(name: "fuzz-quic", dependencies: ["Inspection", "NetworkTypes", "Promises"]),
    .executableTarget(name: "fuzz-http", dependencies: ["Inspection", "NetworkTypes", "Promises"]),
    .executableTarget(name: "fuzz-ip", dependencies: ["Inspection", "NetworkTypes", "Promises"]),
    .executableTarget(name: "fuzz-reassembly", dependencies: ["Inspection", "NetworkTypes", "Promises"]),
    .executableTarget(
      name: "fuzz-feeds", dependencies: ["Feeds", "Language", "NetworkTypes", "Promises", "Reputation"]),
    .executableTarget(name: "fuzz-text", dependencies: ["NetworkTypes", "Promises", "Reputation"]),
    .executableTarget(name: "fuzz-capture", dependencies: ["Capture", "NetworkTypes", "Promises"]),
    // Writes the corpus from the builders of the project's own tests, which it sees through links.
    .executableTarget(
      name: "fuzz-seeds",
      dependencies: [
        "NetworkTypes", .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "CryptoExtras", package: "swift-crypto"),
      ]),
  ],
  swiftLanguageModes: [.v6]
)

/// Only what reads is instrumented: the coverage of cryptography and of the promises would lead astray.
let readers: Set = ["NetworkTypes", "Capture", "Inspection", "Reputation", "Feeds"]

for target in package.targets where target.type != .system {
  target.swiftSettings = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .treatAllWarnings(as: .error),
  ]
  if readers.contains(target.name) { target.swiftSettings?.append(.unsafeFlags(["-sanitize=fuzzer"])) }
  if target.type == .executable {
    target.linkerSettings = [.unsafeFlags(["-sanitize=fuzzer", "-use-ld=lld"])]
  }
}
