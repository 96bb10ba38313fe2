import Foundation
import Lab
import NetworkTypes
import Testing

@Suite(
  .serialized,
  .enabled(
    if: ProcessInfo.processInfo.environment["SEKISHO_LAB"] == "1",
    "needs a network namespace of its own: run by make test"))
struct LabTests {
  @Test func theTerminalResolvesByAQueryThatCrossesTheGateway() async throws {
    try await Lab.run { lab in
      #expect(
        try await Set(lab.terminal.resolve(LabNetwork.badName)) == [LabNetwork.badV4, LabNetwork.badV6])
      #expect(
        try await Set(lab.terminal.resolve(LabNetwork.goodName)) == [LabNetwork.goodV4, LabNetwork.goodV6])
      let unknown = try #require(DomainName("nowhere.example.org"))
      #expect(try await lab.terminal.resolve(unknown).isEmpty)
      try await withRule("ip daddr \(LabNetwork.resolver) udp dport 53 drop") {
        let dropped = try await lab.terminal.resolve(LabNetwork.goodName)
        #expect(dropped.isEmpty)
      }
    }
  }

  @Test func thePagesOfBothServersAreReachedInBothFamiliesPlainAndSecure() async throws {
    try await Lab.run { lab in
      for server in [LabNetwork.badV4, LabNetwork.badV6, LabNetwork.goodV4, LabNetwork.goodV6] {
        for secure in [false, true] {
          let fetch = try await lab.terminal.fetch(Terminal.url(of: server, secure: secure))
          #expect(fetch.reached && fetch.httpStatus == 200 && fetch.server == server, "\(fetch)")
        }
      }
      for family in AddressFamily.allCases {
        let fetch = try await lab.terminal.fetch(
          Terminal.url(of: LabNetwork.badName, secure: true), family: family)
        #expect(fetch.reached && fetch.server == (family == .ipv4 ? LabNetwork.badV4 : LabNetwork.badV6))
      }
    }
  }

  @Test func aDropStopsNewAndEstablishedConnectionsAndNothingElse() async throws {
    try await Lab.run { lab in
      try await lab.terminal.withConnection(to: Terminal.streamURL(at: LabNetwork.badV4)) { connection in
        #expect(try await connection.flows(within: .seconds(10)))
        try await withRule("ip saddr \(LabNetwork.badV4) drop") {
          let blocked = try await lab.terminal.fetch(
            Terminal.url(of: LabNetwork.badV4), timeout: .milliseconds(500))
          #expect(!blocked.reached && blocked.httpStatus == nil && blocked.error != nil, "\(blocked)")
          #expect(try await connection.stops())
          #expect(try await lab.terminal.fetch(Terminal.url(of: LabNetwork.goodV4)).reached)
          #expect(try await lab.terminal.fetch(Terminal.url(of: LabNetwork.badV6)).reached)
        }
        #expect(try await lab.terminal.fetch(Terminal.url(of: LabNetwork.badV4)).reached)
        // TCP sends again after ever longer pauses.
        #expect(try await connection.flows(within: .seconds(20)))
        #expect(try await !connection.stops(within: .seconds(2)))
      }
    }
  }

  @Test func itIsBuiltInUnderASecondTwiceAndNothingIsLeft() async throws {
    let before = try await surroundings()
    for _ in 0..<2 {
      let (buildTime, during) = try await Lab.run { lab in (lab.buildTime, try await surroundings()) }
      #expect(during != before)
      // What is promised is a second on an idle machine; this one may be shared.
      #expect(buildTime < .seconds(5))
      #expect(try await surroundings() == before)
    }
    struct Abandoned: Error {}
    await #expect(throws: Abandoned.self) { try await Lab.run { _ in throw Abandoned() } }
    #expect(try await surroundings() == before)
  }

  @Test func aSecondLabInTheSameNamespaceIsRefusedAndTheFirstStands() async throws {
    try await Lab.run { lab in
      let error = await #expect(throws: LabError.self) { try await Lab.run { _ in } }
      #expect(error?.code == .occupied)
      let fetch = try await lab.terminal.fetch(Terminal.url(of: LabNetwork.goodV4))
      #expect(fetch.reached)
    }
  }

  /// Everything of the namespace that a laboratory could leave behind.
  private func surroundings() async throws -> [String] {
    var found = try await run(["ip", "-br", "link"]).split(separator: "\n").map(String.init)
    found += try await run(["ip", "netns", "list"]).split(separator: "\n").map(String.init)
    found += try FileManager.default.contentsOfDirectory(atPath: "/run").filter {
      $0.hasPrefix("sekisho-lab")
    }
    found.append(try String(contentsOfFile: "/proc/sys/net/ipv4/ip_forward", encoding: .utf8))
    found.append(try String(contentsOfFile: "/proc/sys/net/ipv6/conf/all/forwarding", encoding: .utf8))
    // In our mount namespace only: others on this machine may have a laboratory too.
    let ours = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/ns/mnt")
    for process in try FileManager.default.contentsOfDirectory(atPath: "/proc") where Int(process) != nil {
      let theirs = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(process)/ns/mnt")
      let words = (try? String(contentsOfFile: "/proc/\(process)/cmdline", encoding: .utf8)) ?? ""
      if theirs == ours, words.contains("/run/sekisho-lab.") { found.append("\(process) \(words)") }
    }
    return found.filter { !$0.isEmpty }
  }
}

/// Runs `body` while a rule of another firewall drops traffic that the gateway forwards.
private func withRule(_ rule: String, _ body: () async throws -> Void) async throws {
  _ = try await run(["nft", "add table inet labtest"])
  do {
    _ = try await run([
      "nft", "add chain inet labtest forward { type filter hook forward priority -10; }",
    ])
    _ = try await run(["nft", "add rule inet labtest forward \(rule)"])
    try await body()
  } catch {
    _ = try await run(["nft", "delete table inet labtest"])
    throw error
  }
  _ = try await run(["nft", "delete table inet labtest"])
}

struct CommandFailed: Error {
  var command: [String]
  var status: Int32
}

/// What a command prints.
func run(_ command: [String]) async throws -> String {
  let process = Process()
  process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
  process.arguments = ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"] + command
  let output = Pipe()
  process.standardOutput = output
  try process.run()
  let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
  process.waitUntilExit()
  guard process.terminationStatus == 0 else {
    throw CommandFailed(command: command, status: process.terminationStatus)
  }
  return text
}
