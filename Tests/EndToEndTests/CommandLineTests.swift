import Foundation
import Lab
import Testing

extension EndToEndTests {
  /// The command line's contract, held by the real program on the kernel's nftables.
  @Suite(.serialized) final class CommandLineTests {
    init() throws { try KernelFirewalls.empty() }
    deinit { try? KernelFirewalls.empty() }

    // MARK: Plan and apply

    @Test func aPlanIsAppliedToTheByteAndOnlyOnce() async throws {
      let gateway = try Installation()
      let untouched = try await RulesetSnapshot.read()
      let planned = try #require(try gateway.objects("plan block 192.0.2.7 2001:db8::7 --for 1h").first)
      #expect(try await RulesetSnapshot.read() == untouched)
      let keys = [
        "digest", "firewall", "adapter", "basisDigest", "goalDigest", "changes", "operations", "refused",
        "warnings", "cost",
      ]
      for key in keys { #expect(planned[key] != nil, "plan --json lacks \(key)") }
      let change = try #require((planned["changes"] as? [[String: Any]])?.first)
      #expect(change["change"] as? String == "block" && change["target"] as? String == "192.0.2.7")
      #expect(change["deadline"] as? String != nil)
      let cost = try #require(planned["cost"] as? [String: Any])
      #expect(cost["operations"] != nil && cost["expectedSeconds"] != nil)

      let digest = try #require(planned["digest"] as? String)
      let applied = try gateway.run("apply \(digest) --json")
      #expect(applied.status == 0, "\(applied)")
      let report = try #require(try Installation.objects(applied.output).first)
      let ran = try #require((report["plan"] as? [String: Any])?["operations"] as? NSArray)
      #expect(ran == planned["operations"] as? NSArray)
      #expect(try gateway.statusBlocks().confirmed == ["192.0.2.7", "2001:db8::7"])

      let again = try gateway.run("apply \(digest)")
      #expect(again.status == 5, "\(again)")
      #expect(again.sentences.contains("make the plan anew"))
    }

    @Test func aPlanIsRefusedAsConflictWhenSomebodyElseChangedTheTable() throws {
      let gateway = try Installation()
      try gateway.run("block 192.0.2.1")
      let digest = try #require(try gateway.objects("plan block 192.0.2.7").first?["digest"] as? String)
      try KernelFirewalls.run("nft", "delete table inet \(Installation.table)")
      let outcome = try gateway.run("apply \(digest)")
      #expect(outcome.status == 5, "\(outcome)")
      #expect(outcome.sentences.contains("make the plan anew"), "\(outcome)")
      #expect(try !KernelFirewalls.run("nft", "list tables").contains(Installation.table))
      #expect(try gateway.run("reconcile").status == 0)
      #expect(try gateway.statusBlocks().confirmed == ["192.0.2.1"])
    }

    // MARK: Changes

    @Test func everyChangeIsReadBackAndTakenBack() async throws {
      let gateway = try Installation()
      let untouched = try await RulesetSnapshot.read()
      #expect(try gateway.run("block 192.0.2.7 198.51.100.0/24 --for 2h --reason test").status == 0)
      #expect(try gateway.run("allow 198.51.100.5").status == 0)
      #expect(try gateway.run("unblock 192.0.2.7").status == 0)
      #expect(try gateway.statusBlocks().confirmed == ["198.51.100.0/24"])
      let status = try #require(
        (try gateway.objects("status").first?["firewalls"] as? [[String: Any]])?.first)
      for key in ["firewall", "mode", "health", "blocks", "drift", "lastReadBack"] {
        #expect(status[key] != nil, "status --json lacks \(key)")
      }
      let block = try #require((status["blocks"] as? [[String: Any]])?.first)
      for key in ["target", "deadline", "intended", "readBack", "origin", "action"] {
        #expect(block[key] != nil, "a block of status --json lacks \(key): \(block)")
      }
      #expect(status["allowed"] as? [String] == ["198.51.100.5"])

      // The third action ended a block: taking it back blocks again.
      #expect(try gateway.run("rollback 3").status == 0)
      #expect(try gateway.statusBlocks().confirmed == ["192.0.2.7", "198.51.100.0/24"])
      #expect(try gateway.run("rollback --since 1h").status == 0)
      #expect(try gateway.statusBlocks().all == [])
      #expect(try gateway.run("block 192.0.2.8").status == 0)
      #expect(try gateway.run("rollback --all").status == 0)
      #expect(try await RulesetSnapshot.read() == untouched)

      let actions = try gateway.objects("audit")
      #expect(
        actions.map { $0["kind"] as? String } == [
          "rollback", "block", "rollback", "rollback", "unblock", "allow", "block",
        ])
      #expect(actions.allSatisfy { $0["outcome"] as? String == "applied" })
      #expect(actions.last?["reason"] as? String == "test")
      let verified = try #require(try gateway.objects("audit verify").first)
      #expect(verified["intact"] as? Bool == true)
      let anchor = try #require(verified["anchor"] as? String)
      #expect(try gateway.run("audit verify --anchor \(anchor)").status == 0)
    }

    @Test func reconcilingRepairsWhatOthersChangedAndShowsItFirst() throws {
      let gateway = try Installation()
      try gateway.run("block 192.0.2.7 192.0.2.8")
      try KernelFirewalls.run("nft", "flush ruleset")
      let drift = try gateway.run("status")
      #expect(drift.status == 5 && drift.sentences.contains("sekisho reconcile"), "\(drift)")
      let preview = try gateway.run("reconcile --dry-run")
      #expect(preview.status == 0, "\(preview)")
      #expect(try KernelFirewalls.run("nft", "list tables").isEmpty)
      #expect(try gateway.run("reconcile").status == 0)
      #expect(try gateway.statusBlocks().confirmed == ["192.0.2.7", "192.0.2.8"])
      let second = try gateway.run("reconcile")
      #expect(second.status == 0 && second.sentences.contains("exactly what is in force"), "\(second)")
    }

    // MARK: Refusals

    @Test func refusalsEndWithTwoAndChangeNothing() async throws {
      let gateway = try Installation()
      let untouched = try await RulesetSnapshot.read()
      let refusals = [
        ("block 127.0.0.1", "protected"), ("block 10.1.2.3", "10.0.0.0/8"),
        ("block 198.18.0.0/15", "/24"), ("block 2001:2::/32", "/48"),
      ]
      for (words, told) in refusals {
        let outcome = try gateway.run(words)
        #expect(outcome.status == 2, "\(words): \(outcome)")
        #expect(outcome.sentences.contains(told), "\(words): \(outcome)")
      }
      #expect(try await RulesetSnapshot.read() == untouched)
      let trial = try Installation(mode: "dry-run")
      let dry = try trial.run("block 192.0.2.7 --json")
      #expect(dry.status == 0, "\(dry)")
      let report = try #require(try Installation.objects(dry.output).first)
      let digest = try #require((report["plan"] as? [String: Any])?["digest"] as? String)
      #expect(report["outcome"] as? String == "previewed" && report["mode"] as? String == "dry-run")
      let apply = try trial.run("apply \(digest)")
      #expect(apply.status == 2 && apply.sentences.contains("mode: enforce"), "\(apply)")
      #expect(try await RulesetSnapshot.read() == untouched)
    }

    @Test func whatCannotBeUnderstoodEndsWith64() throws {
      let gateway = try Installation()
      for words in [
        "block", "block 300.1.1.1", "block 192.0.2.1/33", "block 192.0.2.1 --for never",
        "block 192.0.2.1 --colour",
        "rollback", "rollback 1 --all", "rollback --since yesterday", "status --firewall moon", "fly",
        "adapter describe moon", "adapter check moon", "block 192.0.2.1 --language fr",
        "audit verify --anchor seven",
      ] {
        let outcome = try gateway.run(words)
        #expect(outcome.status == 64, "\(words): \(outcome)")
        #expect(!outcome.complaint.isEmpty, "\(words)")
      }
      let unknown = try gateway.run("apply 0123456789ab")
      #expect(unknown.status == 1 && unknown.sentences.contains("sekisho plan block"), "\(unknown)")
      let none = try gateway.run("rollback 99")
      #expect(none.status == 1 && none.sentences.contains("sekisho audit"), "\(none)")
    }

    // MARK: What people and programs read

    @Test func everyLineForPeopleFitsATerminalInBothLanguages() throws {
      for language in ["en", "ja"] {
        try KernelFirewalls.empty()
        let gateway = try Installation()
        for words in [
          "plan block 192.0.2.7 2001:db8:1234:5678:9abc:def0:1234:5678",
          "block 192.0.2.7 198.51.100.0/24 2001:db8:1234:5678:9abc:def0:1234:5678",
          "block 192.0.2.7 --for 6h", "block 127.0.0.1 203.0.0.0/16", "allow 192.0.2.99", "status",
          "plan unblock 192.0.2.7",
          "unblock 192.0.2.7", "unblock 192.0.2.7", "rollback 1", "rollback 99", "reconcile", "audit",
          "audit verify", "config check",
          "adapter list", "adapter describe nftables", "adapter describe iptables", "apply 00000000",
          "rollback --all",
          "adapter describe moon", "status --firewall moon",
        ] {
          let outcome = try gateway.run(words + " --language \(language)")
          #expect(tooWide(outcome.output).isEmpty, "\(words): \(tooWide(outcome.output))")
          #expect(tooWide(outcome.complaint).isEmpty, "\(words): \(tooWide(outcome.complaint))")
          let isJapanese = outcome.sentences.unicodeScalars.contains { (0x3040...0x9FFF).contains($0.value) }
          #expect(isJapanese == (language == "ja"), "\(words): \(outcome)")
        }
      }
    }

    @Test func aConfigurationIsCheckedWithoutTouchingAFirewall() async throws {
      let untouched = try await RulesetSnapshot.read()
      let gateway = try Installation()
      let good = try gateway.run("config check")
      #expect(good.status == 0 && good.sentences.contains("is good"), "\(good)")
      let bad = try Installation(more: "polcy: strict\nreconcile-every: 3 moons")
      let outcome = try bad.run("config check")
      #expect(outcome.status == 64)
      let text = outcome.sentences
      #expect(text.contains("\(bad.configuration):5:1"), "\(outcome)")
      #expect(text.contains("“policy”"), "\(outcome)")
      #expect(text.contains("\(bad.configuration):6:"), "\(outcome)")
      let view = try #require(try bad.objects("config check").first)
      #expect(view["valid"] as? Bool == false && (view["problems"] as? [Any])?.count == 2)
      #expect(try await RulesetSnapshot.read() == untouched)
    }

    @Test func theAdaptersTellWhatTheyAreAndKeepTheirContract() throws {
      let gateway = try Installation()
      let manifests = try gateway.objects("adapter list")
      #expect(
        manifests.compactMap { $0["name"] as? String }
          == [
            "nftables", "iptables", "firewalld", "rpz", "lists", "aws-waf", "panos", "fortios", "opnsense",
            "routeros", "rest", "plugin",
          ])
      #expect(try gateway.objects("adapter describe nftables").first?["capabilities"] != nil)
      let check = try gateway.run("adapter check edge --language ja")
      #expect(check.status == 0, "\(check)")
      #expect(tooWide(check.output).isEmpty)
      #expect(try KernelFirewalls.run("nft", "list tables").isEmpty)
      try certificateIsWhatTheAuditLogSays(gateway)
    }

    private func certificateIsWhatTheAuditLogSays(_ gateway: Installation) throws {
      let folder = gateway.state + "/certificates"
      let files = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
      #expect(files.map { $0.drop { $0 != "." } } == [".en.md", ".ja.md", ".json"])
      let file = folder + "/" + (try #require(files.last))
      let certificate = try #require(
        try JSONSerialization.jsonObject(with: Data(contentsOf: URL(filePath: file))) as? [String: Any])
      #expect(certificate["holds"] as? Bool == true)
      let japanese = try String(contentsOfFile: folder + "/" + files[1], encoding: .utf8)
      #expect(japanese.contains("該当するすべての要件が成立しました") && japanese.contains("| 成立 |"))
      let hash = try KernelFirewalls.run("sha256sum", file).prefix(64)
      #expect(
        try RunningProgram.run(
          "sqlite3",
          [gateway.state + "/ledger.sqlite", "select payload from audit where kind = 'certificate'"]
        ).output.contains(hash))
      #expect(try gateway.run("audit verify").status == 0)
    }

    @Test func theTableOfAdaptersInTheDocumentationIsTheirOwn() throws {
      let gateway = try Installation()
      let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
      let page = try String(contentsOf: root.appending(path: "Docs/Adapters.md"), encoding: .utf8)
      for language in ["en", "ja"] {
        let table = try gateway.run("adapter list --markdown --language \(language)").output
        #expect(
          !table.isEmpty && page.contains(table), "sekisho adapter list --markdown --language \(language)")
      }
    }

    // MARK: Outcomes that need a faulty firewall

    @Test func aChangeThatFailsIsLedBackAndEndsWithThree() throws {
      let gateway = try Installation(
        firewalls: "  - { name: edge, adapter: iptables, settings: { prefix: e2ecli } }")
      try gateway.run("block 192.0.2.1")
      // The tool does its work and then says that it failed, once.
      let tools = try FaultyTool(
        "ipset", in: gateway.folder,
        script: """
          case "$*" in "-exist restore") if mkdir "$STATE/failed" 2>/dev/null; then "$REAL" "$@"; echo no >&2; exit 1; fi;; esac
          """)
      let outcome = try gateway.run("block 192.0.2.7", environment: tools.environment)
      #expect(outcome.status == 3, "\(outcome)")
      #expect(outcome.sentences.contains("led back to where it was"), "\(outcome)")
      #expect(try gateway.statusBlocks().confirmed == ["192.0.2.1"])
    }

    @Test func oneOfTwoFirewallsIsAStateOfItsOwn() throws {
      let gateway = try Installation(
        firewalls: """
            - { name: edge, adapter: nftables, settings: { table: e2e_cli } }
            - { name: inner, adapter: iptables, settings: { prefix: e2ecli } }
          """)
      let tools = try FaultyTool("ipset", in: gateway.folder, script: "echo no >&2; exit 1")
      let outcome = try gateway.run("block 192.0.2.7", environment: tools.environment)
      #expect(outcome.status == 1, "\(outcome)")
      #expect(outcome.sentences.contains("PARTIAL: in force on edge, not on inner"), "\(outcome)")
      #expect(tooWide(outcome.output).isEmpty)
      let japanese = try gateway.run("block 192.0.2.8 --language ja", environment: tools.environment)
      #expect(japanese.output.contains("一部のみ適用"), "\(japanese)")
      let lines = try gateway.run("block 192.0.2.9 --json", environment: tools.environment).output
      #expect(lines.contains(#"{"partial":{"applied":["edge"],"notApplied":["inner"]}}"#), "\(lines)")
      // Repeated where it failed, it is whole.
      #expect(try gateway.run("block 192.0.2.7 --firewall inner").status == 0)
      #expect(try gateway.run("rollback --all").status == 0)
    }

    @Test func aPolicyNamesTheFirewallsThatBlocksGoTo() throws {
      let policies = try TemporaryFolder()
      let policy = try policies.file("inner.yaml", "name: inner\nmode: enforce\nfirewalls: [inner]\n")
      let gateway = try Installation(
        firewalls: """
            - { name: edge, adapter: nftables, settings: { table: e2e_cli } }
            - { name: inner, adapter: nftables, settings: { table: e2e_inner } }
          """, policy: policy)
      #expect(try gateway.run("block 192.0.2.7").status == 0)
      #expect(try gateway.objects("audit --limit 5").allSatisfy { $0["firewall"] as? String == "inner" })
      #expect(try gateway.run("block 192.0.2.8 --firewall edge").status == 0)
      #expect(try gateway.run("rollback --all").status == 0)
      _ = try policies.file("inner.yaml", "name: inner\nmode: enforce\nfirewalls: [outer]\n")
      let wrong = try gateway.run("config check")
      #expect(wrong.status == 64 && (wrong.output + wrong.complaint).contains("outer"), "\(wrong)")
    }

    @Test func aChangeThatCannotBeLedBackEndsWithFour() throws {
      let gateway = try Installation(
        firewalls: "  - { name: edge, adapter: iptables, settings: { prefix: e2ecli } }")
      try gateway.run("block 192.0.2.1")
      let tools = try FaultyTool(
        "ipset", in: gateway.folder,
        script: """
          case "$*" in "-exist restore") if mkdir "$STATE/failed" 2>/dev/null; then "$REAL" "$@"; fi; echo no >&2; exit 1;; esac
          """)
      let outcome = try gateway.run("block 192.0.2.7", environment: tools.environment)
      #expect(outcome.status == 4, "\(outcome)")
      #expect(outcome.sentences.contains("STRANDED"), "\(outcome)")
      #expect(tooWide(outcome.output).isEmpty)
      let status = try gateway.run("status")
      #expect(status.status == 5, "\(status)")
      #expect(try gateway.run("reconcile").status == 0)
      #expect(try gateway.statusBlocks().confirmed == ["192.0.2.1"])
    }

    @Test func aChangeThatCannotBeReadEndsWithSixAndTheNextReadingDecides() throws {
      let gateway = try Installation(
        firewalls: "  - { name: edge, adapter: iptables, settings: { prefix: e2ecli } }")
      try gateway.run("block 192.0.2.1")
      let tools = try FaultyTool(
        "ipset", in: gateway.folder,
        script: """
          case "$*" in "-exist restore") mkdir "$STATE/done" 2>/dev/null;; *) [ -e "$STATE/done" ] && { echo no >&2; exit 1; };; esac
          """)
      let outcome = try gateway.run("block 192.0.2.7", environment: tools.environment)
      #expect(outcome.status == 6, "\(outcome)")
      #expect(outcome.sentences.contains("sekisho reconcile"), "\(outcome)")
      #expect(try gateway.run("reconcile").status == 0)
      #expect(try gateway.statusBlocks().confirmed == ["192.0.2.1", "192.0.2.7"])
    }
  }
}

/// A program of the system with a fault put before it.
struct FaultyTool {
  let environment: [String: String]

  /// - Parameter script: lines of a shell that run before the real program, which is `$REAL`.
  init(_ name: String, in folder: TemporaryFolder, script: String) throws {
    let tools = folder.path + "/tools-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: tools, withIntermediateDirectories: true)
    let real = try KernelFirewalls.run("which", name).trimmingCharacters(in: .whitespacesAndNewlines)
    let text = "#!/bin/sh\nREAL=\(real)\nSTATE=\(tools)\n\(script)\nexec \"$REAL\" \"$@\"\n"
    try Data(text.utf8).write(to: URL(filePath: "\(tools)/\(name)"))
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: "\(tools)/\(name)")
    environment = ["PATH": "\(tools):/usr/sbin:/usr/bin:/sbin:/bin"]
  }
}
