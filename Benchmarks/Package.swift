// swift-tools-version: 6.2
import PackageDescription

// A package of its own, so that what only measuring needs stays out of users' graphs.
// Build with `swift build -c release`: debug figures say nothing.
let package = Package(
  name: "sekisho-benchmarks",
  products: [.executable(name: "sekisho-bench", targets: ["sekisho-bench"])],
  dependencies: [
    .package(name: "sekisho", path: ".."),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
  ],
  targets: [
    // What the measured code is held against, in plain C.
    .target(name: "CFloors", linkerSettings: [.linkedLibrary("pcap"), .linkedLibrary("nftables")]),
    .executableTarget(
      name: "sekisho-bench",
      dependencies: [
        "CFloors", .product(name: "SekishoRooms", package: "sekisho"),
        .product(name: "FirewallSimulators", package: "sekisho"),
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .treatAllWarnings(as: .error),
      ]),
  ],
  swiftLanguageModes: [.v6]
)
