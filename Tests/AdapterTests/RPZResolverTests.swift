import Enforcement
import FirewallConformance
import FirewallKit
import Foundation
import HostPrograms
import Language
import NetworkTypes
import RPZ
import Testing

/// A real resolver on loopback with a root of its own, in a directory that goes with it.
final class Resolver: Sendable {
  enum Kind: String, CaseIterable { case bind, unbound }

  let directory: String
  let port: Int
  let kind: Kind
  private let process = Process()

  static let programs = HostPrograms(
    directories: HostPrograms.searchPath,
    meaning: { AdapterError(code: .unavailable, message: Phrase(verbatim: $0.program), detail: $0.complaint) }
  )

  static var areInstalled: Bool {
    ["named", "rndc", "unbound", "unbound-control", "dig"].allSatisfy { programs.path(of: $0) != nil }
  }

  /// Both are told to answer for a root zone of ours, so that nothing is asked outside.
  private static let root = """
    $TTL 5
    @ SOA localhost. a.localhost. 1 3600 600 86400 5
    @ NS localhost.
    localhost. A 127.0.0.1
    good.example.org. A 203.0.113.80
    bad.example.org. A 203.0.113.66
    www.bad.example.org. A 203.0.113.66
    shared.example.net. A 192.0.2.7
    shared.example.net. AAAA 2001:db8:1::7

    """

  init(_ kind: Kind) async throws {
    self.kind = kind
    // One resolver at a time in this process, and two kinds that must not meet.
    port = kind == .bind ? 25_391 : 25_392
    directory = NSTemporaryDirectory() + "sekisho-rpz-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    func write(_ name: String, _ text: String) throws {
      try Data(text.utf8).write(to: URL(filePath: directory + "/" + name))
    }
    try write("root.zone", Self.root)
    try write("rpz.zone", "")
    let key = "key k { algorithm hmac-sha256; secret \"c2VraXNobw==\"; };\n"
    try write(
      "named.conf",
      key + """
        options { directory "\(directory)"; pid-file none; session-keyfile none; recursion yes;
          listen-on port \(port) { 127.0.0.1; }; listen-on-v6 { none; }; allow-query { any; };
          dnssec-validation no; empty-zones-enable no;
          response-policy { zone "rpz.sekisho.example"; } qname-wait-recurse no min-update-interval 0; };
        controls { inet 127.0.0.1 port \(port + 10) allow { 127.0.0.1; } keys { k; }; };
        zone "." { type primary; file "root.zone"; };
        zone "rpz.sekisho.example" { type primary; file "rpz.zone"; allow-query { none; }; };

        """)
    try write(
      "rndc.conf",
      key + "options { default-key k; default-server 127.0.0.1; default-port \(port + 10); };\n")
    try write(
      "unbound.conf",
      """
      server:
        interface: 127.0.0.1
        port: \(port)
        username: ""
        chroot: ""
        directory: "\(directory)"
        pidfile: ""
        use-syslog: no
        module-config: "respip iterator"
      remote-control:
        control-enable: yes
        control-interface: \(directory)/control
        control-use-cert: no
      auth-zone:
        name: "."
        zonefile: root.zone
        for-upstream: yes
        for-downstream: no
      rpz:
        name: rpz.sekisho.example
        zonefile: rpz.zone

      """)
    process.executableURL = URL(
      filePath: try #require(Self.programs.path(of: kind == .bind ? "named" : "unbound")))
    process.arguments =
      kind == .bind ? ["-g", "-c", directory + "/named.conf"] : ["-d", "-c", directory + "/unbound.conf"]
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    let end = ContinuousClock.now + .seconds(20)
    while try await answer("good.example.org") != "203.0.113.80" {
      try #require(process.isRunning && ContinuousClock.now < end, "\(kind.rawValue) does not answer")
      try await Task.sleep(for: .milliseconds(50))
    }
  }

  deinit {
    // A thread of the concurrency pool hands down its blocked signals; this one cannot be blocked.
    if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    try? FileManager.default.removeItem(atPath: directory)
  }

  var reload: [String] {
    kind == .bind
      ? ["rndc", "-c", directory + "/rndc.conf", "reload", "rpz.sekisho.example"]
      : ["unbound-control", "-c", directory + "/unbound.conf", "auth_zone_reload", "rpz.sekisho.example"]
  }

  func adapter(clock: @escaping @Sendable () -> Timestamp = Timestamp.now) throws -> RPZAdapter {
    RPZAdapter(
      settings: RPZSettings(
        zone: try #require(DomainName("rpz.sekisho.example")), file: directory + "/rpz.zone", reload: reload,
        resolver: try #require(IPAddress("127.0.0.1")), port: port,
        versionName: try #require(DomainName(RPZSettings.defaultVersionName))), clock: clock)
  }

  /// What a terminal is answered: the first address, or the status.
  func answer(_ name: String, _ type: String = "A") async throws -> String {
    let words = try? await Self.programs.run(
      "dig", ["@127.0.0.1", "-p", "\(port)", "+tries=1", "+time=1", "-t", type, "-q", name])
    let lines = String(decoding: words ?? [], as: UTF8.self).split(separator: "\n")
    if let record = lines.first(where: { $0.hasPrefix("\(name).") && $0.contains("\tIN\t\(type)\t") }) {
      return String(record.split(whereSeparator: \.isWhitespace).last ?? "")
    }
    let status = lines.first { $0.contains("status: ") }?.split(separator: " ").drop { $0 != "status:" }
    return status?.dropFirst().first.map { String($0.dropLast()) } ?? "none"
  }

  func withdrawBehindItsBack() throws {
    try Data().write(to: URL(filePath: directory + "/rpz.zone"))
  }
}

/// The adapter against BIND and Unbound, as Debian has them.
@Suite(.serialized, .enabled(if: Resolver.areInstalled, "needs named, unbound and dig"))
struct RPZResolverTests {
  private func goal(_ adapter: RPZAdapter, _ targets: String..., allowed: [String] = []) -> FirewallState {
    var state = FirewallState(readAt: Timestamp.now(), scaffold: adapter.scaffold)
    for target in targets { state.blocks[BlockTarget(target)!] = .untimed }
    state.allowed = Set(allowed.map { IPPrefix($0)! })
    return state
  }

  private func bring(_ adapter: RPZAdapter, to goal: FirewallState) async throws {
    let current = try await adapter.state(in: .everything)
    for operation in try adapter.operations(from: current, to: goal) { try await adapter.perform(operation) }
    let found = try await adapter.state(in: .everything)
    #expect(found.holds(goal, at: Timestamp.now(), slack: .seconds(1)))
    #expect(found.scaffold == goal.scaffold)
  }

  @Test(arguments: Resolver.Kind.allCases)
  func theAnswerChangesAndChangesBack(kind: Resolver.Kind) async throws {
    let resolver = try await Resolver(kind)
    let adapter = try resolver.adapter()
    #expect(try await resolver.answer("bad.example.org") == "203.0.113.66")
    try await bring(
      adapter, to: goal(adapter, "bad.example.org", "192.0.2.0/24", "2001:db8:1::/48", allowed: ["192.0.2.7"])
    )
    #expect(try await resolver.answer("bad.example.org") == "NXDOMAIN")
    #expect(try await resolver.answer("www.bad.example.org") == "NXDOMAIN")
    #expect(try await resolver.answer("good.example.org") == "203.0.113.80")
    // Allowed to the address, within a blocked prefix.
    #expect(try await resolver.answer("shared.example.net") == "192.0.2.7")
    #expect(try await resolver.answer("shared.example.net", "AAAA") == "NXDOMAIN")
    try await bring(adapter, to: FirewallState(readAt: Timestamp.now()))
    #expect(try await resolver.answer("bad.example.org") == "203.0.113.66")
    #expect(try await resolver.answer("shared.example.net", "AAAA") == "2001:db8:1::7")
  }

  @Test(arguments: Resolver.Kind.allCases)
  func aZoneThatTheResolverDoesNotAnswerByIsNoBlock(kind: Resolver.Kind) async throws {
    let resolver = try await Resolver(kind)
    var settings = try resolver.adapter().settings
    // A command that ends well and does nothing.
    settings.reload = ["true"]
    let adapter = RPZAdapter(settings: settings)
    let goal = goal(adapter, "bad.example.org")
    let operations = try adapter.operations(from: FirewallState(readAt: Timestamp.now()), to: goal)
    for operation in operations { try await adapter.perform(operation) }
    let found = try await adapter.state(in: .everything)
    #expect(found.scaffold["resolver"] == nil && found.scaffold["zone"] == "nxdomain")
    #expect(!found.holds(goal, at: Timestamp.now(), slack: .seconds(1)))
    #expect(try await resolver.answer("bad.example.org") == "203.0.113.66")
  }

  /// The zone has no timers, so its time can be moved.
  private func subject(_ resolver: Resolver) throws -> ConformanceSubject {
    let clock = AdjustableClock()
    let adapter = try resolver.adapter(clock: { clock.now })
    return ConformanceSubject(
      name: "rpz-\(resolver.kind.rawValue)", makeAdapter: { adapter }, clock: { clock.now },
      wait: { clock.advance(by: $0) }, lose: { try resolver.withdrawBehindItsBack() })
  }

  @Test(arguments: Resolver.Kind.allCases)
  func itKeepsTheLaws(kind: Resolver.Kind) async throws {
    let subject = try subject(try await Resolver(kind))
    let report = try await Conformance.run(subject)
    for line in report.broken { Issue.record("\(subject.name): \(line.law): \(line.finding)") }
    #expect(report.lines.contains { $0.finding == .held })
  }

  @Test(arguments: Resolver.Kind.allCases)
  func itAgreesWithTheLedgerWhateverHappens(kind: Resolver.Kind) async throws {
    let subject = try subject(try await Resolver(kind))
    do throws(RandomWalk.Misstep) {
      try await RandomWalk(sequences: 20, seed: 1).run(subject)
    } catch {
      Issue.record("seed \(error.seed): \(error.because.en)\n\(error.trail.joined(separator: "\n"))")
    }
  }

  @Test func aResolverThatIsGoneIsAnErrorThatSaysSo() async throws {
    let resolver = try await Resolver(.bind)
    var settings = try resolver.adapter().settings
    try await bring(resolver.adapter(), to: goal(resolver.adapter(), "bad.example.org"))
    settings.port = 25_399
    let adapter = RPZAdapter(settings: settings)
    let error = await #expect(throws: AdapterError.self) { try await adapter.state(in: .everything) }
    #expect(error?.code == .unavailable)
    #expect(error?.message.en.contains("25399") == true)
  }
}
