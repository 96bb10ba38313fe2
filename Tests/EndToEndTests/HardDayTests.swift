import Foundation
import Glibc
import Lab
import Testing

extension EndToEndTests {
  /// What goes wrong on a bad day: each time the message says what, where and what to do, and the
  /// firewall is what the ledger says.
  @Suite(.serialized) final class HardDayTests {
    init() throws { try KernelFirewalls.empty() }
    deinit { try? KernelFirewalls.empty() }

    // MARK: Files

    @Test func aWrongKeyStopsEveryCommandWithItsPlaceAndASuggestion() async throws {
      let untouched = try await RulesetSnapshot.read()
      let gateway = try Installation(more: "sensr: { interface: eth0 }")
      for words in ["block 192.0.2.7", "status", "run", "audit"] {
        let outcome = try gateway.run(words)
        let text = outcome.sentences
        #expect(outcome.status == 64, "\(words): \(outcome)")
        #expect(
          text.contains("\(gateway.configuration):5:1") && text.contains("“sensor”"), "\(words): \(outcome)")
      }
      #expect(try await RulesetSnapshot.read() == untouched)
    }

    @Test func aConfigurationThatCannotBeReadIsNamedWithWhatToDo() throws {
      let folder = try TemporaryFolder()
      for path in [folder.path + "/absent.yaml", folder.path] {
        let outcome = try RunningProgram.run(
          Installation.program, ["status", "--config", path, "--state", folder.path])
        #expect(outcome.status == 64, "\(outcome)")
        let text = outcome.sentences
        #expect(text.contains(path) && text.contains("--config"), "\(outcome)")
      }
    }

    @Test func aStateDirectoryThatCannotBeMadeChangesNothing() async throws {
      let untouched = try await RulesetSnapshot.read()
      let folder = try TemporaryFolder()
      let inTheWay = try folder.file("file", "not a directory")
      let gateway = try Installation(state: inTheWay + "/state")
      let outcome = try gateway.run("block 192.0.2.7")
      #expect(outcome.status == 1, "\(outcome)")
      #expect(outcome.sentences.contains(inTheWay), "\(outcome)")
      #expect(try await RulesetSnapshot.read() == untouched)
    }

    @Test(.enabled(if: isHostRoot, "changing the user needs root, not only a user namespace"))
    func aStateDirectoryOfSomebodyElseIsNamed() throws {
      let gateway = try Installation()
      try gateway.run("status")
      // The folder of a test is only for its owner.
      try KernelFirewalls.run("chmod", "755 \(gateway.folder.path)")
      let outcome = try RunningProgram.run(
        "setpriv",
        ["--reuid=65534", "--regid=65534", "--clear-groups", Self.reachableProgram()]
          + gateway.arguments("block 192.0.2.7"))
      #expect(outcome.status == 1, "\(outcome)")
      #expect(outcome.sentences.contains("state"), "\(outcome)")
    }

    @Test func aDamagedLedgerIsNamedAndNothingIsChanged() async throws {
      let gateway = try Installation()
      try gateway.run("block 192.0.2.7")
      let before = try await RulesetSnapshot.read()
      let file = gateway.state + "/ledger.sqlite"
      for leftover in ["-wal", "-shm"] { try? FileManager.default.removeItem(atPath: file + leftover) }
      try Data(repeating: 0x5A, count: 65_536).write(to: URL(filePath: file))
      for words in ["block 192.0.2.8", "status", "rollback --all"] {
        let outcome = try gateway.run(words)
        #expect(outcome.status == 1, "\(words): \(outcome)")
        #expect(outcome.sentences.contains("ledger.sqlite"), "\(words): \(outcome)")
      }
      #expect(try await RulesetSnapshot.read() == before)
    }

    @Test func aFullDiskBlocksNothingAndIsOverWhenThereIsSpace() async throws {
      let folder = try TemporaryFolder()
      let disk = folder.path + "/disk"
      try FileManager.default.createDirectory(atPath: disk, withIntermediateDirectories: true)
      try KernelFirewalls.run("mount", "-t tmpfs -o size=2m,mode=700 tmpfs \(disk)")
      defer { _ = try? KernelFirewalls.run("umount", disk) }
      let gateway = try Installation(state: disk + "/state")
      #expect(try gateway.run("block 192.0.2.7").status == 0)
      let before = try await RulesetSnapshot.read()
      let filler = disk + "/filler"
      _ = try RunningProgram.run("dd", ["if=/dev/zero", "of=\(filler)", "bs=4k"])
      // A few records may still fit in what the files have already.
      var refused: RunningProgram.Outcome?
      for host in 1...200 where refused == nil {
        let outcome = try gateway.run("block 198.51.100.\(host)")
        if outcome.status != 0 { refused = outcome } else { try gateway.run("unblock 198.51.100.\(host)") }
      }
      let outcome = try #require(refused)
      #expect(outcome.status == 1, "\(outcome)")
      let text = outcome.sentences
      #expect(text.contains("ledger.sqlite") || text.contains("disk"), "\(outcome)")
      #expect(try await RulesetSnapshot.read() == before)
      try FileManager.default.removeItem(atPath: filler)
      #expect(try gateway.run("block 192.0.2.8").status == 0)
      #expect(try Set(gateway.statusBlocks().confirmed).isSuperset(of: ["192.0.2.7", "192.0.2.8"]))
      #expect(try gateway.run("audit verify").status == 0)
    }

    // MARK: Rights

    @Test func withoutTheRightToChangeTheFirewallTheMessageSaysWhichRight() async throws {
      let gateway = try Installation()
      let untouched = try await RulesetSnapshot.read()
      let outcome = try RunningProgram.run(
        "setpriv",
        ["--inh-caps=-all", "--bounding-set=-net_admin", Installation.program]
          + gateway.arguments("block 192.0.2.7"))
      #expect(outcome.status == 1, "\(outcome)")
      #expect(outcome.sentences.contains("CAP_NET_ADMIN") || outcome.sentences.contains("root"), "\(outcome)")
      #expect(try await RulesetSnapshot.read() == untouched)
    }

    // MARK: Others on the same firewall

    @Test func aTableOfOurNameWithoutOurMarkIsNotTouched() async throws {
      try KernelFirewalls.run("nft", "add table inet \(Installation.table)")
      try KernelFirewalls.run("nft", "add chain inet \(Installation.table) theirs")
      let before = try KernelFirewalls.run("nft", "-a list ruleset")
      let gateway = try Installation()
      for words in ["block 192.0.2.7", "reconcile", "rollback --all"] {
        let outcome = try gateway.run(words)
        #expect(outcome.status == 5, "\(words): \(outcome)")
        #expect(outcome.sentences.contains(Installation.table), "\(words): \(outcome)")
      }
      #expect(try KernelFirewalls.run("nft", "-a list ruleset") == before)
    }

    @Test func twentyProcessesAtOnceLoseNothing() throws {
      let gateway = try Installation()
      try gateway.run("status")
      let running = try (1...20).map { try gateway.start("block 192.0.2.\($0)") }
      for process in running {
        let outcome = process.end()
        #expect(outcome.status == 0, "\(outcome)")
      }
      #expect(try Set(gateway.statusBlocks().confirmed) == Set((1...20).map { "192.0.2.\($0)" }))
      #expect(try gateway.objects("audit --limit 100").count == 20)
      #expect(try gateway.run("audit verify").status == 0)
    }

    // MARK: The service

    @Test func theServiceHealsADeletedTableOfAThousandBlocksAtOnce() async throws {
      let gateway = try Installation(more: "reconcile-every: 1h")
      let addresses = (0..<1000).map { "198.18.\($0 / 250).\($0 % 250 + 1)" }
      #expect(try gateway.run("block \(addresses.joined(separator: " "))").status == 0)
      let service = try gateway.start("run")
      #expect(try await comesAbout { service.complaint.contains("started") })
      // It listens once it has looked for the first time; a deletion before that is found by looking.
      let table = Installation.table
      var slowest = Duration.zero
      for _ in 1...3 {
        #expect(
          try await comesAbout {
            try RunningProgram.run("nft", ["list", "table", "inet", table]).status == 0
          })
        try KernelFirewalls.run("nft", "delete table inet \(table)")
        let start = ContinuousClock.now
        let healed = try await comesAbout {
          let listing = try RunningProgram.run("nft", ["list", "table", "inet", table])
          return listing.output.split(separator: "198.18.").count == 1001
        }
        #expect(healed)
        slowest = max(slowest, ContinuousClock.now - start)
      }
      print("A thousand blocks deleted by others: healed in \(slowest) at most")
      #expect(slowest < .seconds(2))
      service.signal(SIGTERM)
      #expect(service.end().status == 0)
      #expect(try gateway.statusBlocks().confirmed.count == 1000)
    }

    @Test func theServiceEndsWhenToldAndLeavesItsBlocks() async throws {
      let gateway = try Installation()
      try gateway.run("block 192.0.2.7")
      let before = try await KernelFirewalls.words()
      let service = try gateway.start("run")
      #expect(try await comesAbout { service.complaint.contains("started") })
      let start = ContinuousClock.now
      service.signal(SIGTERM)
      let outcome = service.end()
      #expect(outcome.status == 0, "\(outcome)")
      #expect(ContinuousClock.now - start < .seconds(2))
      #expect(try await KernelFirewalls.words() == before)
    }

    @Test func aKilledServiceStartsAgainWithTheSameBlocksAndNoRuleTwice() async throws {
      for firewall in [
        "  - { name: edge, adapter: nftables, settings: { table: e2e_cli } }",
        "  - { name: edge, adapter: iptables, settings: { prefix: e2ecli } }",
      ] {
        try KernelFirewalls.empty()
        let gateway = try Installation(firewalls: firewall)
        try gateway.run("block 192.0.2.7 198.51.100.0/24 2001:db8::7")
        let before = try await KernelFirewalls.words()
        for _ in 1...2 {
          let service = try gateway.start("run")
          #expect(try await comesAbout { service.complaint.contains("started") })
          service.signal(SIGKILL)
          #expect(service.end().status == -SIGKILL)
        }
        let service = try gateway.start("run")
        #expect(try await comesAbout { service.complaint.contains("started") })
        #expect(try gateway.run("block 192.0.2.8").status == 0)
        #expect(try gateway.run("unblock 192.0.2.8").status == 0)
        #expect(try await KernelFirewalls.words() == before)
        service.signal(SIGTERM)
        #expect(service.end().status == 0)
        #expect(try gateway.statusBlocks().health == ["good"])
      }
    }

    /// A moment of the system's choosing, also in the middle of a program that the adapter runs.
    @Test(arguments: ["nftables, settings: { table: e2e_cli }", "iptables, settings: { prefix: e2ecli }"])
    func aProgramKilledAtAnyMomentLeavesWhatTheLedgerSays(_ adapter: String) async throws {
      let gateway = try Installation(firewalls: "  - { name: edge, adapter: \(adapter) }")
      try gateway.run("block 192.0.2.200 198.51.100.0/24")
      var killed = 0
      for round in 0..<40 {
        let program = try gateway.start(
          "\(round % 2 == 0 ? "block" : "unblock") 192.0.2.\(round / 2 + 1) 2001:db8::\(round / 2 + 1)")
        // The moment is what varies; nothing depends on what has happened until then.
        try await Task.sleep(for: .milliseconds(4 * round))
        program.signal(SIGKILL)
        if program.end().status == -SIGKILL { killed += 1 }
        // Status resolves what the killed one left open, and shows what is read back afterwards.
        let status = try gateway.run("status")
        #expect(status.status == 0, "round \(round): \(status)")
        let audit = try gateway.objects("audit --limit 1")
        #expect(audit.first?["outcome"] as? String == "applied", "round \(round)")
      }
      #expect(try gateway.run("audit verify").status == 0)
      #expect(try gateway.run("reconcile").sentences.contains("exactly what is in force"))
      print("\(killed) of 40 programs killed in the middle (\(adapter.prefix { $0 != "," }))")
      #expect(killed > 5)
    }

    // MARK: Captures

    @Test func aTruncatedCaptureTellsWhatWasBeforeTheDamage() throws {
      let gateway = try Installation()
      let whole = CaptureSample.dnsAnswer(name: "bad.example.org", address: [203, 0, 113, 66])
      let good = try gateway.folder.file("good.pcap")
      try Data(CaptureSample.file([whole, whole])).write(to: URL(filePath: good))
      let inspected = try gateway.run("inspect \(good) --json")
      #expect(inspected.status == 0, "\(inspected)")
      let first = try #require(try Installation.objects(inspected.output).first)
      for key in ["time", "kind", "transport", "source", "destination", "name"] {
        #expect(first[key] != nil, "inspect --json lacks \(key): \(first)")
      }
      #expect(
        first["name"] as? String == "bad.example.org" && first["addresses"] as? [String] == ["203.0.113.66"])

      let cut = try gateway.folder.file("cut.pcap")
      try Data(CaptureSample.file([whole, whole]).dropLast(20)).write(to: URL(filePath: cut))
      for words in ["inspect \(cut)", "replay \(cut)"] {
        let outcome = try gateway.run(words)
        #expect(outcome.status == 1, "\(words): \(outcome)")
        #expect(outcome.sentences.contains("cut.pcap"), "\(words): \(outcome)")
        #expect(!outcome.output.isEmpty, "\(words)")
      }
      #expect(try gateway.run("inspect \(cut)").output.contains("bad.example.org"))
      let empty = try gateway.folder.file("empty.pcap", "")
      #expect(try gateway.run("inspect \(empty)").status == 1)
      #expect(try gateway.run("inspect \(gateway.folder.path)/absent.pcap").status == 1)
    }

    @Test func aReplayShowsWhatWouldHaveBeenBlockedAndTouchesNothing() async throws {
      let folder = try TemporaryFolder()
      let list = try folder.file("bad.txt", "bad.example.org\n")
      let gateway = try Installation(
        more: "reputation:\n  sources:\n    - { id: own, file: \(list), category: malware, confidence: 0.95 }"
      )
      let capture = try gateway.folder.file("one.pcap")
      let frames = [
        CaptureSample.dnsAnswer(name: "bad.example.org", address: [203, 0, 113, 66]),
        CaptureSample.synchronise(to: [203, 0, 113, 66]),
      ]
      try Data(CaptureSample.file(frames)).write(to: URL(filePath: capture))
      let untouched = try await RulesetSnapshot.read()
      let block = try #require(try gateway.objects("replay \(capture)").first)
      #expect(block["target"] as? String == "203.0.113.66" && block["packetsCut"] as? Int == 1, "\(block)")
      for language in ["en", "ja"] {
        let told = try gateway.run("replay \(capture) --explain --language \(language)")
        #expect(told.status == 0 && told.output.contains("203.0.113.66"), "\(told)")
        #expect(tooWide(told.output).isEmpty, "\(tooWide(told.output))")
      }
      #expect(try await RulesetSnapshot.read() == untouched)
    }

    /// The real program where another user can run it; the folders above a checkout may be closed.
    private static func reachableProgram() throws -> String {
      let copy = "/run/sekisho-under-test"
      try? FileManager.default.removeItem(atPath: copy)
      try FileManager.default.copyItem(atPath: Installation.program, toPath: copy)
      try KernelFirewalls.run("chmod", "755 /run \(copy)")
      return copy
    }
  }
}

/// Whether this is the machine's root: in a user namespace of one user there is nobody else to become.
private let isHostRoot =
  geteuid() == 0
  && (try? String(contentsOfFile: "/proc/self/uid_map", encoding: .utf8))?.split(separator: " ").last?
    .hasPrefix("4294967295") == true
