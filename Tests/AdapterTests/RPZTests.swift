import ConfigurationFile
import FirewallKit
import Foundation
import Language
import NetworkTypes
import Testing

@testable import RPZ

/// The zone, its edits and the settings, without a resolver.
@Suite struct RPZTests {
  static let versionName = DomainName("version.sekisho.example")!

  private func zone(_ entries: String..., allowed: [String] = []) -> PolicyZone {
    var zone = PolicyZone()
    zone.serial = 7
    zone.action = .nxdomain
    zone.blocks = Set(entries.compactMap { BlockTarget($0) })
    zone.allowed = Set(allowed.compactMap { IPPrefix($0) })
    return zone
  }

  /// Spellings that BIND 9.18 and Unbound 1.17 take.
  @Test(arguments: [
    ("192.0.2.7", "32.7.2.0.192.rpz-ip"), ("192.0.2.0/24", "24.0.2.0.192.rpz-ip"),
    ("2001:db8:1::/48", "48.zz.1.db8.2001.rpz-ip"), ("2001:db8:1::7", "128.7.zz.1.db8.2001.rpz-ip"),
    ("2001:db8:1:2:3:4:5:6", "128.6.5.4.3.2.1.db8.2001.rpz-ip"), ("::1", "128.1.zz.rpz-ip"),
    ("2001:db8:0:1:0:1:0:1", "128.1.0.1.0.1.0.db8.2001.rpz-ip"),
    ("2001:db8:0:0:1:0:0:1", "128.1.0.0.1.zz.db8.2001.rpz-ip"),
  ])
  func aPrefixIsSpeltFromItsEnd(prefix: String, owner: String) throws {
    let prefix = try #require(IPPrefix(prefix))
    #expect(PolicyAddress.owner(of: prefix) == owner)
    #expect(PolicyAddress.prefix(owner: owner[...]) == prefix)
  }

  @Test(arguments: [
    "33.7.2.0.192.rpz-ip", "32.07.2.0.192.rpz-ip", "24.7.2.0.192.rpz-ip", "rpz-ip", ".rpz-ip", "32.rpz-ip",
    "128.1.0.0.0.0.0.0.0.rpz-ip", "128.zz.1.zz.rpz-ip", "bad.example.org",
  ])
  func noOtherSpellingIsTaken(owner: String) {
    #expect(PolicyAddress.prefix(owner: owner[...]) == nil)
  }

  @Test func whatIsWrittenIsRead() throws {
    let written = zone(
      "bad.example.org", "192.0.2.7", "192.0.2.0/24", "2001:db8:1::/48", "203.0.113.0/24",
      allowed: ["192.0.2.0/25", "203.0.113.0/24"])
    let text = written.text(Self.versionName)
    #expect(PolicyZone(text) == written)
    #expect(text.contains("\n32.7.2.0.192.rpz-ip CNAME rpz-passthru. ; block, within what is allowed\n"))
    #expect(text.contains("\n24.0.113.0.203.rpz-ip CNAME rpz-passthru. ; allow, and block\n"))
    #expect(text.contains("\n24.0.2.0.192.rpz-ip CNAME . ; block\n"))
    // No owner twice: a name server refuses a zone with two CNAMEs of one owner.
    let owners = text.split(separator: "\n").compactMap { $0.split(separator: " ").first }.filter {
      $0 != "@"
    }
    #expect(Set(owners).count == owners.count - 1, "two remarks begin alike, nothing else")
  }

  @Test func aZoneThatAsksForNothingIsReadAsThat() {
    var empty = PolicyZone()
    empty.serial = 9
    let text = empty.text(Self.versionName)
    #expect(!text.contains(Self.versionName.text))
    #expect(PolicyZone(text) == empty)
    #expect(PolicyZone("@ SOA a. b. 1 1 1 1 1\n") == nil)
    #expect(PolicyZone("") == nil)
  }

  @Test func everyEditByOthersIsSeen() throws {
    let text = zone("bad.example.org", "192.0.2.7").text(Self.versionName)
    let reader = RPZReader(settings: Self.settings)
    let lines = text.split(separator: "\n").map(String.init)
    for place in lines.indices.dropFirst() {
      for edited in [
        lines[..<place] + lines[(place + 1)...],
        lines[...place] + ["mine A 192.0.2.1"] + lines[(place + 1)...],
      ] {
        let found = try reader.zone(edited.joined(separator: "\n") + "\n")
        #expect(found?.isUntouched == false, "\(edited)")
      }
    }
    #expect(try reader.zone(text)?.isUntouched == true)
    #expect(throws: AdapterError.self) { try reader.zone("; somebody else's\n") }
  }

  private static let settings = RPZSettings(
    zone: DomainName("rpz.sekisho.example")!, file: "/nowhere/rpz.zone",
    reload: ["rndc", "reload", "rpz.sekisho.example"], resolver: IPAddress("127.0.0.1")!,
    versionName: versionName)

  @Test func anEditIsReadAsItWasWritten() throws {
    let dialect = RPZDialect(settings: Self.settings)
    var current = FirewallState(readAt: Timestamp(seconds: 5), scaffold: dialect.scaffold)
    current.allowed = [IPPrefix("192.0.2.0/24")!]
    current.blocks = [BlockTarget("old.example.org")!: .untimed]
    var goal = current
    goal.allowed = [IPPrefix("198.51.100.0/24")!]
    goal.blocks = [BlockTarget("bad.example.org")!: .untimed, BlockTarget("203.0.113.9")!: .untimed]
    let operations = try dialect.operations(from: current, to: goal)
    #expect(
      operations.map(\.literal) == [
        """
        file /nowhere/rpz.zone
        edit nxdomain
        - allow 192.0.2.0/24
        - block old.example.org
        + allow 198.51.100.0/24
        + block 203.0.113.9
        + block bad.example.org
        run rndc reload rpz.sekisho.example
        """
      ])
    let edit = try #require(ZoneEdit(operations[0].literal))
    #expect(edit.text == operations[0].literal)
    #expect(try dialect.operations(from: goal, to: goal).isEmpty)
    // Cut anywhere, it is no edit, or one that is other than it was.
    for length in operations[0].literal.indices {
      let part = String(operations[0].literal[..<length])
      #expect(ZoneEdit(part).map(\.text) ?? "" != operations[0].literal)
    }
  }

  /// Answers as BIND gives them, whole and cut anywhere: the text, no text, or no answer; never a trap.
  @Test func anAnswerIsReadWithinItsBounds() {
    let question: [UInt8] = [0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0x61, 0, 0, 16, 0, 1]
    var answer = question
    answer[2] = 0x85
    answer[7] = 1
    answer += [0xC0, 12, 0, 16, 0, 1, 0, 0, 0, 5, 0, 4, 3] + Array("abc".utf8)
    #expect(ResolverQuestion.read(answer[...], 0x1234, question.count)?.text == "abc")
    #expect(ResolverQuestion.read(answer[...], 0x1235, question.count) == nil)
    #expect(ResolverQuestion.read(question[...], 0x1234, question.count) == nil)
    for length in answer.indices {
      #expect(ResolverQuestion.read(answer[..<length], 0x1234, question.count)?.text == nil)
    }
    var random = SystemRandomNumberGenerator()
    for _ in 0..<20_000 {
      var mutated = answer
      mutated[Int.random(in: 4..<mutated.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
      _ = ResolverQuestion.read(mutated[...], 0x1234, question.count)
    }
    var refusal = answer
    refusal[3] = 3
    #expect(ResolverQuestion.read(refusal[...], 0x1234, question.count) == .init(text: nil))
  }

  @Test func settingsAreReadAndMistakesNamed() throws {
    func read(_ yaml: String) throws -> (RPZSettings?, [String]) {
      let document = try ConfigurationDocument(parsing: yaml, file: "f.yaml")
      let problems = ConfigurationProblems()
      let settings = RPZSettings(from: ConfigurationSection(document.root, problems: problems))
      do { try problems.throwIfAny() } catch { return (settings, error.problems.map(\.key)) }
      return (settings, [])
    }
    let whole = "zone: rpz.example\nfile: /x/y\nreload: [rndc, reload]\nresolver: \"::1\"\n"
    #expect(try read(whole).0?.port == 53)
    #expect(try read(whole + "action: drop\nport: 5353\n").0?.action == .drop)
    #expect(try read("{}").1.sorted() == ["file", "reload", "resolver", "zone"])
    #expect(try read(whole + "acton: drop\n").1 == ["acton"])
    #expect(try read(whole.replacing("/x/y", with: "x/y")).1 == ["file"])
    #expect(try read(whole.replacing("\"::1\"", with: "localhost")).1 == ["resolver"])
    #expect(try read(whole.replacing("rpz.example", with: "a..b")).1 == ["zone"])
  }
}
