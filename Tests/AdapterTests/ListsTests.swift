import ConfigurationFile
import FirewallConformance
import FirewallKit
import Foundation
import Language
import Logging
import NetworkTypes
import Testing

@testable import Lists

/// A directory of lists that goes with its value.
final class ListsFolder: Sendable {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "sekisho-lists-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func adapter(
    _ formats: [ListFormat] = ListFormat.allCases, largest: Int? = nil, server: ListsSettings.Server? = nil,
    clock: @escaping @Sendable () -> Timestamp = Timestamp.now
  ) -> ListsAdapter {
    ListsAdapter(
      settings: ListsSettings(directory: path, formats: formats, largest: largest, server: server),
      logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }), clock: clock)
  }

  /// A list as a web server would give it out.
  func list(_ name: String) throws -> String {
    try String(contentsOfFile: "\(path)/current/\(name)", encoding: .utf8)
  }

  /// All names in the directory.
  var names: [String] { (try? FileManager.default.contentsOfDirectory(atPath: path).sorted()) ?? [] }

  func write(_ name: String, _ text: String) throws {
    try Data(text.utf8).write(to: URL(filePath: "\(path)/\(name)"))
  }
}

extension ListsAdapter {
  func goal(_ targets: String..., allowed: [String] = []) -> FirewallState {
    var state = FirewallState(readAt: Timestamp.now(), scaffold: scaffold)
    for target in targets { state.blocks[BlockTarget(target)!] = .untimed }
    state.allowed = Set(allowed.map { IPPrefix($0)! })
    return state
  }

  func bring(to goal: FirewallState) async throws {
    for operation in try operations(from: try await state(in: .everything), to: goal) {
      try await perform(operation)
    }
    let found = try await state(in: .everything)
    #expect(found.holds(goal, at: Timestamp.now(), slack: .seconds(1)))
    #expect(found.scaffold == goal.scaffold)
  }
}

/// Files, settings, laws: all that needs no server.
@Suite struct ListsTests {
  private let folder: ListsFolder

  init() throws { folder = try ListsFolder() }

  // MARK: Files

  @Test func eachFormatIsSpeltAsItsFirewallsReadIt() async throws {
    let adapter = folder.adapter()
    try await adapter.bring(
      to: adapter.goal(
        "192.0.2.7", "198.51.100.0/24", "2001:db8::7", "2001:db8:1::/48", "bad.example.org",
        allowed: ["198.51.100.128/25"]))
    #expect(
      try folder.list("addresses.txt") == "192.0.2.7\n198.51.100.0/25\n2001:db8::7\n2001:db8:1::/48\n")
    #expect(try folder.list("ipv4.txt") == "192.0.2.7\n198.51.100.0/25\n")
    #expect(try folder.list("ipv6.txt") == "2001:db8::7\n2001:db8:1::/48\n")
    #expect(try folder.list("domains.txt") == "bad.example.org\n")
    #expect(try folder.list("patterns.txt") == "bad.example.org\n*.bad.example.org\n")
    #expect(try folder.list("urls.txt") == "bad.example.org/\n*.bad.example.org/\n")
    #expect(
      try folder.list("check-point.csv") == """
        sekisho-192.0.2.7,192.0.2.7,IP,high,high,AB,
        sekisho-198.51.100.0-25,198.51.100.0-198.51.100.127,IP Range,high,high,AB,
        sekisho-2001:db8::7,2001:db8::7,IP,high,high,AB,
        sekisho-2001:db8:1::-48,2001:db8:1::-2001:db8:1:ffff:ffff:ffff:ffff:ffff,IP Range,high,high,AB,
        sekisho-bad.example.org,bad.example.org,Domain,high,high,AB,

        """)
  }

  /// Firewalls go on using the last copy of a list that is gone.
  @Test func afterTheLastBlockTheListsAreThereAndEmpty() async throws {
    let adapter = folder.adapter([.addresses, .domains])
    try await adapter.bring(to: adapter.goal("192.0.2.7"))
    try await adapter.bring(to: FirewallState(readAt: Timestamp.now()))
    #expect(try folder.list("addresses.txt") == "")
    #expect(try folder.list("domains.txt") == "")
    #expect(try await adapter.state(in: .everything).isEmpty)
  }

  @Test func onlyThisVersionAndTheLastStay() async throws {
    let adapter = folder.adapter([.addresses])
    for number in 1...6 { try await adapter.bring(to: adapter.goal("192.0.2.\(number)")) }
    #expect(folder.names.count == 3 && folder.names.first == "current", "\(folder.names)")
  }

  @Test func whatIsShownIsWhatIsDone() async throws {
    let adapter = folder.adapter([.addresses])
    try await adapter.bring(to: adapter.goal("192.0.2.9"))
    let operations = try adapter.operations(
      from: try await adapter.state(in: .everything),
      to: adapter.goal("192.0.2.7", "bad.example.org", allowed: ["198.51.100.0/24"]))
    #expect(
      operations.map(\.literal) == [
        """
        directory \(folder.path)
        edit addresses
        - block 192.0.2.9
        + allow 198.51.100.0/24
        + block 192.0.2.7
        + block bad.example.org
        """
      ])
    let text = try #require(operations.first?.literal)
    let edit = try #require(PublicationEdit(text))
    #expect(edit.text == text)
    // Every shorter text is another edit or none.
    for end in text.indices {
      #expect(PublicationEdit(String(text[..<end])).map(\.text) != text)
    }
  }

  @Test func anEditOfAnotherDirectoryIsRefused() async throws {
    let adapter = folder.adapter([.addresses])
    let operation = try #require(
      try adapter.operations(from: FirewallState(readAt: Timestamp.now()), to: adapter.goal("192.0.2.7"))
        .first)
    let other = try ListsFolder().adapter([.addresses])
    let error = await #expect(throws: AdapterError.self) { try await other.perform(operation) }
    #expect(error?.code == .unsupported)
  }

  // MARK: Behind its back

  @Test(arguments: ["addresses.txt", "record.txt"])
  func whatOthersEditIsSeenAndMadeAnew(_ name: String) async throws {
    let adapter = folder.adapter([.addresses])
    let goal = adapter.goal("192.0.2.7", "198.51.100.9")
    try await adapter.bring(to: goal)
    let file = "current/\(name)"
    let text = try folder.list(name)
    try folder.write(file, text.replacing("192.0.2.7", with: "203.0.113.7"))
    let found = try await adapter.state(in: .everything)
    #expect(found.scaffold != goal.scaffold)
    try await adapter.bring(to: goal)
    #expect(try folder.list("addresses.txt") == "192.0.2.7\n198.51.100.9\n")
  }

  @Test func aListThatWasTakenAwayIsSeen() async throws {
    let adapter = folder.adapter([.addresses])
    let goal = adapter.goal("192.0.2.7")
    try await adapter.bring(to: goal)
    try FileManager.default.removeItem(atPath: "\(folder.path)/current/addresses.txt")
    #expect(try await adapter.state(in: .everything).scaffold != goal.scaffold)
    try await adapter.bring(to: goal)
  }

  @Test func whatIsNotOursIsLeftAlone() async throws {
    try folder.write("notes.txt", "by hand")
    try FileManager.default.createDirectory(
      atPath: "\(folder.path)/v-by-hand", withIntermediateDirectories: true)
    let adapter = folder.adapter([.addresses])
    for number in 1...3 { try await adapter.bring(to: adapter.goal("192.0.2.\(number)")) }
    #expect(folder.names.contains("notes.txt") && folder.names.contains("v-by-hand"))
  }

  @Test func somebodyElsesCurrentIsNotTouched() async throws {
    try folder.write("current", "a file")
    let adapter = folder.adapter([.addresses])
    let error = await #expect(throws: AdapterError.self) { try await adapter.state(in: .everything) }
    #expect(error?.code == .foreign)
    #expect(try String(contentsOfFile: "\(folder.path)/current", encoding: .utf8) == "a file")
  }

  /// Whatever a kill leaves on the way to a new version, the old one is whole, and the next change succeeds.
  @Test func whatAKillLeavesBehindIsNoObstacle() async throws {
    let adapter = folder.adapter([.addresses])
    let first = adapter.goal("192.0.2.1")
    try await adapter.bring(to: first)
    let second = adapter.goal("192.0.2.2")
    try await adapter.bring(to: second)
    let version = try FileManager.default.destinationOfSymbolicLink(atPath: "\(folder.path)/current")
    try await adapter.bring(to: first)
    // The folder of the next version, half of it written; a link that was not moved.
    try FileManager.default.removeItem(atPath: "\(folder.path)/\(version)/addresses.txt")
    let draft = ".draft-\(version.dropFirst(2))"
    try FileManager.default.createDirectory(
      atPath: "\(folder.path)/\(draft)", withIntermediateDirectories: true)
    try folder.write("\(draft)/addresses.txt", "192.0")
    try FileManager.default.createSymbolicLink(
      atPath: "\(folder.path)/.current", withDestinationPath: version)
    #expect(try folder.list("addresses.txt") == "192.0.2.1\n")
    try await adapter.bring(to: second)
    #expect(try folder.list("addresses.txt") == "192.0.2.2\n")
    #expect(!folder.names.contains(draft) && !folder.names.contains(".current"))
  }

  @Test func aListLongerThanTheFirewallsTakeIsNotPublished() async throws {
    let adapter = folder.adapter([.addresses], largest: 2)
    try await adapter.bring(to: adapter.goal("192.0.2.1", "192.0.2.2"))
    let operations = try adapter.operations(
      from: try await adapter.state(in: .everything),
      to: adapter.goal("192.0.2.1", "192.0.2.2", "192.0.2.3"))
    let error = await #expect(throws: AdapterError.self) { try await adapter.perform(operations[0]) }
    #expect(error?.code == .capacity && error?.message.en.contains("3 lines") == true)
    #expect(try folder.list("addresses.txt") == "192.0.2.1\n192.0.2.2\n")
  }

  // MARK: Laws

  private func subject() -> ConformanceSubject {
    let clock = AdjustableClock()
    let adapter = folder.adapter(clock: { clock.now })
    let path = folder.path
    return ConformanceSubject(
      name: "lists", makeAdapter: { adapter }, clock: { clock.now }, wait: { clock.advance(by: $0) },
      lose: { try? FileManager.default.removeItem(atPath: path + "/current") })
  }

  @Test func itKeepsTheLaws() async throws {
    let report = try await Conformance.run(subject())
    for line in report.broken { Issue.record("\(line.law): \(line.finding)") }
    #expect(report.lines.count { $0.finding == .held } > 20)
  }

  @Test func itAgreesWithTheLedgerWhateverHappens() async throws {
    do throws(RandomWalk.Misstep) {
      try await RandomWalk(sequences: 100, seed: 1).run(subject())
    } catch {
      Issue.record("seed \(error.seed): \(error.because.en)\n\(error.trail.joined(separator: "\n"))")
    }
  }

  // MARK: Settings

  @Test(arguments: [
    ("{}", "directory"),
    ("{ directory: lists }", "absolute"),
    ("{ directory: /l, formats: [] }", "at least one"),
    ("{ directory: /l, formats: [addreses] }", "addresses"),
    ("{ directory: /l, largst: 5 }", "largest"),
    ("{ directory: /l, serve: {} }", "certificate"),
    ("{ directory: /l, serve: { certificate: /c, key: /k } }", "Nobody could fetch"),
    (
      "{ directory: /l, serve: { certificate: /c, key: /k, devices: [{ name: a, password: hunter2 }] } }",
      "reference"
    ),
    (
      "{ directory: /l, serve: { certificate: /c, key: /k, devices: [{ name: ../a, password: env:A }] } }",
      "letters"
    ),
    (
      "{ directory: /l, serve: { certificate: /c, key: /k, "
        + "devices: [{ name: a, password: env:A }, { name: a, password: env:B }] } }", "Another device"
    ),
    (
      "{ directory: /l, serve: { address: here, certificate: /c, key: /k, "
        + "devices: [{ name: a, password: env:A }] } }", "address of this host"
    ),
  ])
  func wrongSettingsAreToldWithWhatToDo(yaml: String, word: String) throws {
    let problems = ConfigurationProblems()
    let document = try ConfigurationDocument(parsing: yaml, file: "test.yaml")
    _ = ListsSettings(from: ConfigurationSection(document.root, problems: problems))
    do throws(ConfigurationError) {
      try problems.throwIfAny()
      Issue.record("nothing was wrong")
    } catch {
      let text = error.problems.map { $0.text(in: .english) }.joined(separator: "\n")
      #expect(text.contains(word), "\(text)")
      #expect(!text.contains("hunter2"))
    }
  }
}
