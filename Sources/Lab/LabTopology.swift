import Foundation
import Language
import NetworkTypes

/// Three hosts in network namespaces, joined by virtual Ethernet: the terminal, the gateway (the
/// namespace of this process) and the outside.
struct LabTopology {
  private static let forwarding = [
    "/proc/sys/net/ipv4/ip_forward", "/proc/sys/net/ipv6/conf/all/forwarding",
  ]

  /// What the namespace forwarded before, to be put back.
  private let forwardedBefore: [String]

  /// Builds it in the network namespace of this process.
  /// - Throws: `notInside` on a host that is not ours, `occupied` when a laboratory stands here.
  static func build() async throws(LabError) -> LabTopology {
    guard LabEntry.isInside else {
      throw LabError(
        code: .notInside,
        message: Phrase(
          en:
            "The laboratory is built only in a network namespace made for it, and this is the host's. Start with `sekisho demo` or Scripts/in-lab.",
          ja: "実験環境は専用のネットワーク名前空間でのみ構築できますが、現在はホストの名前空間です。`sekisho demo` または Scripts/in-lab から開始してください。"))
    }
    guard !exists(LabNetwork.insideInterface), !exists(LabNetwork.outsideInterface) else {
      throw LabError(
        code: .occupied,
        message: Phrase(
          en:
            "A laboratory stands in this network namespace already. End it first; two cannot share a gateway.",
          ja: "このネットワーク名前空間には既に実験環境があります。ゲートウェイは共有できないため、先に終了してください。"))
    }
    let topology = try LabTopology(
      forwardedBefore: forwarding.map { path throws(LabError) in try read(path) })
    do throws(LabError) {
      try await topology.connect()
    } catch {
      await topology.remove()
      throw error
    }
    return topology
  }

  private func connect() async throws(LabError) {
    let inside = LabNetwork.insideInterface
    let outside = LabNetwork.outsideInterface
    // Without duplicate address detection (`nodad`) an IPv6 address is usable at once, not in a second.
    // That goes for the link-local ones too, from which routers ask for neighbours (RFC 4861, 7.2.2).
    try await batch(
      [],
      """
      netns add \(LabNetwork.terminalNamespace)
      netns add \(LabNetwork.outsideNamespace)
      link add \(inside) type veth peer name eth0 netns \(LabNetwork.terminalNamespace)
      link add \(outside) type veth peer name eth0 netns \(LabNetwork.outsideNamespace)
      addr add \(LabNetwork.gatewayInsideV4)/24 dev \(inside)
      addr add \(LabNetwork.gatewayInsideV6)/64 dev \(inside) nodad
      addr add \(LabNetwork.gatewayOutsideV4)/24 dev \(outside)
      addr add \(LabNetwork.gatewayOutsideV6)/64 dev \(outside) nodad
      link set \(inside) addrgenmode none
      link set \(outside) addrgenmode none
      addr add fe80::1/64 dev \(inside) nodad
      addr add fe80::1/64 dev \(outside) nodad
      link set \(inside) up
      link set \(outside) up
      """)
    try await batch(
      ["-n", LabNetwork.terminalNamespace],
      """
      link set lo up
      addr add \(LabNetwork.terminalV4)/24 dev eth0
      addr add \(LabNetwork.terminalV6)/64 dev eth0 nodad
      link set eth0 addrgenmode none
      addr add fe80::2/64 dev eth0 nodad
      link set eth0 up
      route add default via \(LabNetwork.gatewayInsideV4)
      route add default via \(LabNetwork.gatewayInsideV6)
      """)
    let servers = LabNetwork.servers.map {
      "addr add \($0)\($0.isIPv4 ? "/24 dev eth0" : "/64 dev eth0 nodad")"
    }
    .joined(separator: "\n")
    try await batch(
      ["-n", LabNetwork.outsideNamespace],
      """
      link set lo up
      addr add \(LabNetwork.resolver)/24 dev eth0
      \(servers)
      link set eth0 addrgenmode none
      addr add fe80::2/64 dev eth0 nodad
      link set eth0 up
      route add default via \(LabNetwork.gatewayOutsideV4)
      route add default via \(LabNetwork.gatewayOutsideV6)
      """)
    for path in Self.forwarding { try Self.write("1", to: path) }
  }

  /// Leaves the namespace as it was found. Cannot fail in a way that somebody could act on: what is
  /// left over goes with the namespace.
  func remove() async {
    // Removing one end removes both, at once; a namespace alone would do so only some time later.
    for interface in [LabNetwork.insideInterface, LabNetwork.outsideInterface] where Self.exists(interface) {
      _ = try? await SystemProgram.run(["ip", "link", "delete", interface])
    }
    for namespace in [LabNetwork.terminalNamespace, LabNetwork.outsideNamespace]
    where FileManager.default.fileExists(atPath: Self.path(ofNamespace: namespace)) {
      _ = try? await SystemProgram.run(["ip", "netns", "delete", namespace])
    }
    for (path, value) in zip(Self.forwarding, forwardedBefore) { try? Self.write(value, to: path) }
  }

  static func path(ofNamespace name: String) -> String { "/run/netns/\(name)" }

  private func batch(_ options: [String], _ commands: String) async throws(LabError) {
    try await SystemProgram.run(["ip"] + options + ["-batch", "-"], input: commands + "\n")
  }

  private static func exists(_ interface: String) -> Bool {
    // Not /sys/class/net: that is mounted for the network namespace it was mounted in.
    FileManager.default.fileExists(atPath: "/proc/sys/net/ipv4/conf/\(interface)")
  }

  private static func read(_ path: String) throws(LabError) -> String {
    do {
      return try String(contentsOfFile: path, encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines)
    } catch {
      throw LabError(
        code: .setupFailed,
        message: Phrase(
          en: "\(path) cannot be read; is IPv6 switched off in the kernel?",
          ja: "\(path) を読めません。カーネルで IPv6 が無効になっていないか確認してください。"),
        detail: "\(error)")
    }
  }

  private static func write(_ value: String, to path: String) throws(LabError) {
    do {
      // Not atomically: files below /proc cannot be renamed over.
      let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
      try file.write(contentsOf: Data(value.utf8))
      try file.close()
    } catch {
      throw LabError(
        code: .setupFailed,
        message: Phrase(
          en: "Forwarding could not be switched on in \(path); a container with a read-only /proc/sys?",
          ja: "\(path) で転送を有効にできませんでした。/proc/sys が読み取り専用のコンテナーではないか確認してください。"),
        detail: "\(error)")
    }
  }
}
