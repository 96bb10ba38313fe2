import FirewallKit
import Foundation
import HostPrograms
import NetworkTypes
import Testing

@testable import Firewalld

/// A real firewalld in this network namespace, with a message bus and a configuration of its own.
final class FirewallDaemon: Sendable {
  let directory: String
  let programs: HostPrograms
  private let bus = Process()
  private let daemon = Process()

  static var isInstalled: Bool {
    let programs = HostPrograms.firewalld()
    return ["firewalld", "firewall-cmd", "dbus-daemon", "busctl", "nft"].allSatisfy {
      programs.path(of: $0) != nil
    }
  }

  init() async throws {
    directory = NSTemporaryDirectory() + "sekisho-firewalld-\(UUID().uuidString)"
    let configuration = directory + "/etc"
    for folder in ["zones", "ipsets", "policies", "services", "helpers", "icmptypes"] {
      try FileManager.default.createDirectory(
        atPath: "\(configuration)/\(folder)", withIntermediateDirectories: true)
    }
    let address = "unix:path=\(directory)/bus"
    programs = .firewalld(bus: address)
    func write(_ name: String, _ text: String) throws {
      try Data(text.utf8).write(to: URL(filePath: "\(directory)/\(name)"))
    }
    try write(
      "bus.conf",
      """
      <busconfig><type>system</type><listen>\(address)</listen><auth>EXTERNAL</auth>
      <policy context="default"><allow user="*"/><allow own="*"/><allow send_type="method_call"/>
      <allow send_type="signal"/><allow send_type="method_return"/><allow send_type="error"/>
      <allow receive_type="method_call"/><allow receive_type="method_return"/>
      <allow receive_type="error"/><allow receive_type="signal"/></policy></busconfig>
      """)
    try write(
      "etc/firewalld.conf",
      "DefaultZone=public\nFirewallBackend=nftables\nCleanupOnExit=no\nCleanupModulesOnExit=no\nIPv6_rpfilter=no\n"
    )
    // What others have there.
    try write(
      "etc/ipsets/others.xml",
      """
      <?xml version="1.0" encoding="utf-8"?>
      <ipset type="hash:ip"><entry>203.0.113.200</entry></ipset>
      """)
    try write(
      "etc/zones/public.xml",
      """
      <?xml version="1.0" encoding="utf-8"?>
      <zone><short>Public</short><service name="ssh"/>
      <rule family="ipv4"><source ipset="others"/><drop/></rule></zone>
      """)
    bus.executableURL = URL(filePath: try #require(programs.path(of: "dbus-daemon")))
    bus.arguments = ["--nofork", "--nopidfile", "--config-file=\(directory)/bus.conf"]
    daemon.executableURL = URL(filePath: try #require(programs.path(of: "firewalld")))
    daemon.arguments = [
      "--nofork", "--nopid", "--system-config", configuration, "--log-target", "file", "--log-file",
      directory + "/log",
    ]
    daemon.environment = ProcessInfo.processInfo.environment.merging(
      ["DBUS_SYSTEM_BUS_ADDRESS": address]) { $1 }
    for process in [bus, daemon] {
      process.standardOutput = FileHandle.nullDevice
      process.standardError = FileHandle.nullDevice
    }
    try bus.run()
    try await wait("the bus") { FileManager.default.fileExists(atPath: self.directory + "/bus") }
    try daemon.run()
    try await wait("firewalld") { (try? await self.run("firewall-cmd", "--state")) != nil }
  }

  private func wait(_ what: String, until isReady: () async -> Bool) async throws {
    let end = ContinuousClock.now + .seconds(20)
    while !(await isReady()) {
      try #require(bus.isRunning && ContinuousClock.now < end, "\(what) does not answer")
      try await Task.sleep(for: .milliseconds(50))
    }
  }

  deinit {
    // A thread of the concurrency pool hands down its blocked signals; this one cannot be blocked.
    for process in [daemon, bus] where process.isRunning {
      kill(process.processIdentifier, SIGKILL)
      process.waitUntilExit()
    }
    try? FileManager.default.removeItem(atPath: directory)
  }

  func stop() {
    kill(daemon.processIdentifier, SIGKILL)
    daemon.waitUntilExit()
  }

  @discardableResult
  func run(_ program: String, _ arguments: String...) async throws -> String {
    String(decoding: try await programs.run(program, arguments), as: UTF8.self)
  }

  func adapter(
    _ settings: FirewalldSettings = FirewalldSettings(),
    clock: @escaping @Sendable () -> Timestamp = Timestamp.now
  ) -> FirewalldAdapter {
    FirewalldAdapter(settings: settings, programs: programs, clock: clock)
  }

  /// What others have: each file of the configuration, and what the kernel has of theirs.
  func foreign() async throws -> String {
    var text = ""
    let files = FileManager.default.enumerator(atPath: directory + "/etc")?.compactMap { $0 as? String } ?? []
    for file in files.sorted() where file.hasSuffix(".xml") && !file.contains("sekisho") {
      text += file + "\n" + (try String(contentsOfFile: "\(directory)/etc/\(file)", encoding: .utf8)) + "\n"
    }
    var isOurs = false
    for line in try await run("nft", "list", "ruleset").split(separator: "\n") {
      if line.hasSuffix("{") { isOurs = line.contains("sekisho") }
      if !isOurs, !line.contains("sekisho"), line.contains(where: \.isLetter) { text += line + "\n" }
    }
    return text
  }
}
