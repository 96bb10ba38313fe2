// swift-tools-version: 6.2
import PackageDescription

// The rooms that are worth a sanitizer and need little to be built, seen through links. A package of
// its own, because SwiftPM builds all test targets of a package or none. Run by Scripts/sanitize.
//
// Thread: where tasks and threads meet. Address: where bytes from outside are read.
let sanitizer = Context.environment["SEKISHO_SANITIZER"] ?? "thread"

let package = Package(
  name: "sekisho-sanitized",
  targets: [
    .target(name: "Language"),
    .target(name: "NetworkTypes"),
    .target(name: "Randomness"),
    .target(name: "Reputation", dependencies: ["Language", "NetworkTypes"]),
    .target(
      name: "AllocationCounter", path: "Tests/ReputationTests/AllocationCounter"),
    // One process runs all tests, so one of them brings it in for all.
    .target(name: "MutexOrder"),
    .testTarget(
      name: "ReputationTests",
      dependencies: [
        "AllocationCounter", "Language", "MutexOrder", "NetworkTypes", "Randomness", "Reputation",
      ],
      exclude: ["AllocationCounter"]),
  ],
  swiftLanguageModes: [.v6]
)

switch sanitizer {
case "address":
  package.dependencies += [.package(url: "https://github.com/apple/swift-crypto", from: "4.5.2")]
  package.targets += [
    .target(
      name: "Inspection",
      dependencies: [
        "NetworkTypes", .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "CryptoExtras", package: "swift-crypto"),
      ]),
    .testTarget(name: "NetworkTypesTests", dependencies: ["Language", "NetworkTypes", "Randomness"]),
    .testTarget(
      name: "InspectionTests",
      dependencies: [
        "AllocationCounter", "Inspection", "NetworkTypes", "Randomness",
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "CryptoExtras", package: "swift-crypto"),
      ]),
  ]
default:
  package.dependencies += [
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
  ]
  package.targets += [
    .target(
      name: "ConfigurationFile",
      dependencies: ["Language", "NetworkTypes", .product(name: "Yams", package: "Yams")]),
    .target(name: "Policy", dependencies: ["ConfigurationFile", "Language", "NetworkTypes"]),
    .target(name: "FirewallKit", dependencies: ["ConfigurationFile", "Language", "NetworkTypes"]),
    .target(
      name: "Enforcement",
      dependencies: [
        "ConfigurationFile", "FirewallKit", "Language", "NetworkTypes", "Policy",
        .product(name: "Crypto", package: "swift-crypto"), .product(name: "Logging", package: "swift-log"),
      ]),
    .target(
      name: "FirewallConformance",
      dependencies: ["Enforcement", "FirewallKit", "Language", "NetworkTypes", "Policy", "Randomness"]),
    .testTarget(
      name: "EnforcementTests",
      dependencies: [
        "ConfigurationFile", "Enforcement", "FirewallConformance", "FirewallKit", "Language", "NetworkTypes",
        "Policy", "Randomness",
      ]),
  ]
}

for target in package.targets {
  target.swiftSettings =
    (target.swiftSettings ?? []) + [
      .enableUpcomingFeature("ExistentialAny"),
      .enableUpcomingFeature("MemberImportVisibility"),
      .enableUpcomingFeature("InternalImportsByDefault"),
      .treatAllWarnings(as: .error),
    ]
}
