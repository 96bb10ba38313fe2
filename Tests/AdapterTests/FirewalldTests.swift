import ConfigurationFile
import FirewallKit
import HostPrograms
import Language
import NetworkTypes
import Testing

@testable import Firewalld

@Suite struct FirewalldTests {
  private let frame = FirewalldFrame(settings: FirewalldSettings())
  private var dialect: FirewalldDialect { FirewalldDialect(frame: frame) }

  private func state(_ blocks: [String], allowed: [String] = []) -> FirewallState {
    var state = FirewallState(readAt: Timestamp(seconds: 1_800_000_000), scaffold: frame.parts)
    for text in blocks { state.blocks[BlockTarget(text)!] = .untimed }
    state.allowed = Set(allowed.map { IPPrefix($0)! })
    return state
  }

  private func commands(_ operations: [FirewallKit.Operation]) -> [String] {
    operations.map { operation in
      switch operation.step {
      case .process(let program, let arguments, let input):
        ([program] + arguments).joined(separator: " ") + (input.isEmpty ? "" : " < \(input.utf8.count)")
      case .message(let text): text
      case .nftables, .request: "?"
      }
    }
  }

  @Test(
    arguments: [
      ("192.0.2.7", "192.0.2.7", "192.0.2.7/32", "192.0.2.7,tcp:32"),
      ("0.0.0.0/1", nil, "0.0.0.0/1", "127.255.255.255,tcp:1"),
      ("2001:db8::/32", nil, "2001:db8::/32", "2001:db8::,tcp:32"),
      ("2001:db8:0:1:0:0:0:1", "2001:db8:0:1::1", "2001:db8:0:1::1/128", "2001:db8:0:1::1,tcp:128"),
      ("::1.2.3.4", "::102:304", "::102:304/128", "::102:304,tcp:128"),
      (
        "2001:db8:0:1:2:3:4:5", "2001:db8:0:1:2:3:4:5", "2001:db8:0:1:2:3:4:5/128",
        "2001:db8:0:1:2:3:4:5,tcp:128"
      ),
    ] as [(String, String?, String, String)])
  func prefixesAreSpeltAsFirewalldComparesThem(text: String, host: String?, net: String, note: String) throws
  {
    let prefix = try #require(IPPrefix(text))
    let family = FirewalldFrame.Family(prefix)
    if let host {
      #expect(SetEntry.host(prefix) == host)
      #expect(SetEntry.prefix(host, frame.set(.host, family)) == prefix)
    }
    #expect(SetEntry.net(prefix) == net)
    #expect(SetEntry.prefix(net, frame.set(.net, family)) == prefix)
    #expect(SetEntry.note(prefix, .allowed) == note)
    let read = try #require(SetEntry.note(note, frame.set(.note, family)))
    #expect(read.prefix == prefix && read.note == .allowed)
  }

  @Test(arguments: ["192.0.2.1-192.0.2.9", "192.0.2.0/24", "2001:db8::1", "x", ""])
  func whatWeDoNotWriteIsNoEntry(text: String) {
    #expect(SetEntry.prefix(text, frame.set(.host, .ipv4)) == nil)
    #expect(SetEntry.note(text, frame.set(.note, .ipv4)) == nil)
  }

  @Test func aBlockIsOneCommandForEachConfiguration() throws {
    let operations = try dialect.operations(
      from: state(["192.0.2.1"]), to: state(["192.0.2.1", "192.0.2.7"]))
    #expect(
      commands(operations) == [
        "firewall-cmd --ipset=sekisho-host4 --add-entry=192.0.2.7",
        "firewall-cmd --permanent --ipset=sekisho-host4 --add-entry=192.0.2.7",
      ])
  }

  @Test func manyAreOneFileAndWhatGoesGoesFirst() throws {
    let many = (1...100).map { "203.0.113.\($0)" }
    let operations = try dialect.operations(
      from: state(["198.51.100.0/24"]), to: state(many + ["198.51.100.0/25"]))
    let input = many.joined(separator: "\n").utf8.count + 1
    #expect(
      commands(operations) == [
        "firewall-cmd --ipset=sekisho-net4 --remove-entry=198.51.100.0/24",
        "firewall-cmd --permanent --ipset=sekisho-net4 --remove-entry=198.51.100.0/24",
        "firewall-cmd --ipset=sekisho-host4 --add-entries-from-file=/dev/stdin < \(input)",
        "firewall-cmd --permanent --ipset=sekisho-host4 --add-entries-from-file=/dev/stdin < \(input)",
        "firewall-cmd --ipset=sekisho-net4 --add-entry=198.51.100.0/25",
        "firewall-cmd --permanent --ipset=sekisho-net4 --add-entry=198.51.100.0/25",
      ])
  }

  @Test func whatIsAllowedIsCutOutOfWhatIsBlocked() throws {
    let contents = SetContents(
      try dialect.content(
        state(["198.51.100.0/30", "203.0.113.7"], allowed: ["198.51.100.1", "203.0.113.0/24"])),
      frame)
    #expect(contents.entries[frame.set(.net, .ipv4)] == ["198.51.100.0/32", "198.51.100.2/31"])
    #expect(contents.entries[frame.set(.host, .ipv4)] == nil)
    #expect(
      contents.entries[frame.set(.note, .ipv4)] == [
        "198.51.100.1,tcp:32", "198.51.100.3,udp:30", "203.0.113.255,tcp:24", "203.0.113.7,udp:32",
      ])
  }

  @Test func aChangeOfTheAllowListIsAnEditThatReadsBackAsItself() throws {
    let operations = try dialect.operations(
      from: state(["198.51.100.0/24"], allowed: ["192.0.2.1"]),
      to: state(["203.0.113.7"], allowed: ["2001:db8::/64"]))
    let text = try #require(commands(operations).first)
    #expect(
      text == """
        Edit, and cut what is blocked by what is allowed:
        - allow 192.0.2.1
        - block 198.51.100.0/24
        + allow 2001:db8::/64
        + block 203.0.113.7

        """)
    #expect(FirewalldEdit(text)?.text == text)
    #expect(FirewalldEdit(text + "+ run x\n") == nil)
  }

  @Test func theFirstBlockBringsTheSetUp() throws {
    let operations = try dialect.operations(
      from: FirewallState(readAt: Timestamp(seconds: 1)), to: state(["192.0.2.7"]))
    let texts = commands(operations)
    #expect(texts.count == 3)
    #expect(texts[0].contains("addIPSet 's(ssssa{ss}as)' sekisho-host4 '' '' 'Kept by sekisho."))
    #expect(texts[0].contains("addPolicy 'sa{sv}' sekisho-fwd"))
    #expect(texts[0].contains("\nfirewall-cmd --reload\n"))
  }

  @Test(arguments: [
    (["firewall-cmd", "--ipset=sekisho-host4", "--add-entry=192.0.2.7"], true),
    (["firewall-cmd", "--permanent", "--ipset=sekisho-net6", "--remove-entries-from-file=/dev/stdin"], true),
    (["firewall-cmd", "--ipset=others", "--add-entry=192.0.2.7"], false),
    (["firewall-cmd", "--ipset=sekisho-host4", "--add-entries-from-file=/etc/passwd"], false),
    (["firewall-cmd", "--ipset=sekisho-host4", "--add-entry=192.0.2.7", "--panic-on"], false),
    (["firewall-cmd", "--reload"], false), (["sh", "-c", "id"], false),
  ])
  func onlyOurOwnCommandsAreRun(words: [String], isOurs: Bool) {
    #expect(dialect.owns(words[0], Array(words.dropFirst())) == isOurs)
  }

  @Test func theListingOfTheKernelIsRead() {
    let table = KernelTable(
      listing: Array(
        """
        table inet firewalld { # progname firewalld
        \tset sekisho-host4 {
        \t\ttype ipv4_addr
        \t\tsize 1000000
        \t}

        \tchain filter_INPUT_POLICIES_pre {
        \t\tjump filter_IN_policy_sekisho-in
        \t}

        \tchain filter_IN_policy_sekisho-in_pre {
        \t\tip saddr @sekisho-host4 drop
        \t}
        }
        """.utf8))
    #expect(table.sets == ["sekisho-host4"])
    #expect(table.missing(["ip saddr @sekisho-host4 drop"], ofPolicy: "sekisho-in").isEmpty)
    #expect(
      table.missing(["ip daddr @sekisho-host4 drop"], ofPolicy: "sekisho-in") == [
        "ip daddr @sekisho-host4 drop"
      ])
    #expect(table.missing([], ofPolicy: "sekisho-fwd") == ["jump"])
    let listing =
      "table inet firewalld {\n\tset a {\n\t\telements = { 192.0.2.1, 192.0.2.2,\n\t\t\t     198.51.100.0/24 }\n\t}\n}\n"
    #expect(
      KernelTable.elements(inListing: Array(listing.utf8)) == ["192.0.2.1", "192.0.2.2", "198.51.100.0/24"])
    #expect(KernelTable.elements(inListing: Array("table inet firewalld {\n}\n".utf8)).isEmpty)
  }

  @Test(arguments: [
    (
      "Call failed: The name org.fedoraproject.FirewallD1 was not provided by any .service files",
      AdapterError.Code.unavailable
    ),
    ("Failed to connect to system scope bus via local transport: No such file or directory", .unavailable),
    ("FirewallD is not running", .unavailable),
    ("Authorization failed.\n    Make sure polkit agent is running", .unauthorized),
    ("Call failed: Interactive authentication required.", .unauthorized),
    ("Error: INVALID_IPSET: sekisho-host4", .conflict),
    ("Error: INVALID_ENTRY: Entry '192.0.2.7' overlaps with existing entry '192.0.2.7'", .conflict),
    ("Error: COMMAND_FAILED: 'python-nftables' failed: No space left on device", .capacity),
    ("Error: Message recipient disconnected from message bus without replying", .timedOut),
    ("Error: INVALID_ENTRY: x", .rejected),
  ])
  func theWordsOfFirewalldDecideTheCode(complaint: String, code: AdapterError.Code) {
    let refusal = HostPrograms.Refusal(program: "firewall-cmd", status: "exited(1)", complaint: complaint)
    #expect(refusal.firewalldError.code == code)
    #expect(refusal.firewalldError.detail == complaint)
  }

  @Test func withoutFirewalldTheErrorSaysWhatToInstall() async {
    let adapter = FirewalldAdapter(
      settings: FirewalldSettings(), programs: .firewalld(directories: ["/nonexistent"]))
    let error = await #expect(throws: AdapterError.self) { try await adapter.state(in: .everything) }
    #expect(error?.code == .unavailable)
    #expect(error?.message.en.contains("apt install firewalld") == true)
  }

  private func settings(_ yaml: String) throws -> (FirewalldSettings, [ConfigurationProblem]) {
    let problems = ConfigurationProblems()
    let document = try ConfigurationDocument(parsing: yaml, file: "sekisho.yaml")
    return (
      FirewalldSettings(from: ConfigurationSection(document.root, problems: problems)), problems.found
    )
  }

  @Test func everyKeyIsRead() throws {
    #expect(try settings("").0 == FirewalldSettings())
    let (settings, problems) = try settings(
      """
      hooks: [forward]
      direction: inbound
      set-size: 50000
      prefix: edge1
      """)
    #expect(problems.isEmpty)
    #expect(
      settings == FirewalldSettings(hooks: [.forward], direction: .inbound, setSize: 50_000, prefix: "edge1"))
  }

  @Test(arguments: [
    ("hooks: [prerouting]", "hooks"), ("hooks: []", "hooks"), ("direction: out", "direction"),
    ("set-size: 12", "set-size"), ("prefix: Sekisho", "prefix"), ("prefix: toolong1", "prefix"),
    ("zone: public", "zone"),
  ])
  func whatIsWrongIsReportedAtItsKey(yaml: String, key: String) throws {
    #expect(try settings(yaml).1.map(\.key) == [key])
  }
}
