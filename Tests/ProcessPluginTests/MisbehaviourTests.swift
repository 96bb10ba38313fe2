import FirewallKit
import Foundation
import HTTPTransport
import Language
import NetworkTypes
import Testing

@testable import ProcessPlugins

/// Plugins that do what no plugin should: each ends, is told with its reason, and the next use finds a
/// process that works.
@Suite(.serialized) struct MisbehaviourTests {
  private let folder: Folder
  private let log = LogLines()

  init() throws { folder = try Folder() }

  private func adapter(
    _ settings: String, deadline: Duration = .seconds(10), secrets: [String: SecretReference] = [:]
  ) throws -> PluginAdapter {
    PluginAdapter(
      settings: try .of(
        .device, in: folder, settings: "{file: \(folder.file("device.json")), \(settings)}",
        deadline: deadline, secrets: secrets),
      logger: log.logger)
  }

  /// An adapter whose plugin does this once.
  private func misbehaving(
    _ misdeed: String, when word: String, deadline: Duration = .seconds(10)
  ) throws -> PluginAdapter {
    try adapter(
      "misdeed: '\(misdeed)', when: \(word), once: \(folder.file("once"))", deadline: deadline)
  }

  private func goal(_ adapter: PluginAdapter, _ targets: String...) -> FirewallState {
    let now = Timestamp.now()
    return FirewallState(
      readAt: now, scaffold: adapter.scaffold,
      blocks: Dictionary(
        uniqueKeysWithValues: targets.compactMap { BlockTarget($0) }.map { ($0, now + .seconds(3600)) }))
  }

  private func lead(_ adapter: PluginAdapter, to goal: FirewallState) async throws {
    let current = try await adapter.state(in: .everything)
    for operation in try await adapter.operations(from: current, to: goal) {
      try await adapter.perform(operation)
    }
  }

  private func error(of body: () async throws -> Void) async -> AdapterError? {
    do {
      try await body()
      return nil
    } catch {
      return error as? AdapterError
    }
  }

  struct Misdeed: CustomTestStringConvertible, Sendable {
    let name: String
    /// How its process ends; and how else where it depends on which line is looked at first.
    let end: String
    var otherEnd: String?
    let reading: AdapterError.Code
    var deadline: Duration = .seconds(10)
    var testDescription: String { name }
  }

  static let misdeeds = [
    Misdeed(name: "hang", end: "late", reading: .timedOut, deadline: .milliseconds(500)),
    Misdeed(name: "drip", end: "late", reading: .timedOut, deadline: .milliseconds(500)),
    Misdeed(name: "unterminated", end: "late", reading: .timedOut, deadline: .milliseconds(500)),
    Misdeed(name: "child", end: "late", reading: .timedOut, deadline: .milliseconds(500)),
    Misdeed(name: "flood", end: "oversized", reading: .unreadable),
    Misdeed(name: "flood-lines", end: "misunderstood", otherEnd: "unasked", reading: .unreadable),
    Misdeed(name: "garbage", end: "misunderstood", reading: .unreadable),
    Misdeed(name: "foreign", end: "misunderstood", reading: .unreadable),
    Misdeed(name: "surplus", end: "misunderstood", reading: .unreadable),
    Misdeed(name: "[]", end: "misunderstood", reading: .unreadable),
    Misdeed(name: "die", end: "exited", reading: .unavailable),
    Misdeed(name: "die-after", end: "exited", reading: .unavailable),
    Misdeed(name: "raise", end: "exited", reading: .unavailable),
    Misdeed(name: "cut", end: "exited", reading: .unavailable),
    Misdeed(name: "mute", end: "exited", reading: .unavailable),
    Misdeed(name: "escaped-child", end: "exited", reading: .unavailable),
  ]

  @Test(arguments: misdeeds)
  func aReadingThatGoesWrongIsAnErrorAndTheNextOneWorks(_ misdeed: Misdeed) async throws {
    let adapter = try misbehaving(misdeed.name, when: "state", deadline: misdeed.deadline)
    let pid = try #require(await adapter.readyProcess())
    let error = try #require(await error { _ = try await adapter.state(in: .everything) })
    #expect(error.code == misdeed.reading, "\(error)")
    try await eventually { !isAlive(pid) }
    if misdeed.name.hasSuffix("child") {
      let child = try #require(Int32(try folder.text("once.child")))
      if misdeed.name == "child" {
        try await eventually { !isAlive(child) }
      } else {
        kill(child, SIGKILL)
      }
    }
    #expect(try await adapter.state(in: .everything).isEmpty)
    let counters = await adapter.counters()
    #expect(counters.starts == 2 && counters.ends.count == 1, "\(counters)")
    #expect(counters.ends[misdeed.end] == 1 || misdeed.otherEnd.map { counters.ends[$0] == 1 } ?? false)
    #expect(log.text.contains("plugin ended"), "\(log.text)")
  }

  /// Nobody knows whether it took effect, whatever the reason.
  @Test(arguments: misdeeds)
  func anOperationThatGoesWrongIsUnknown(_ misdeed: Misdeed) async throws {
    let adapter = try misbehaving(misdeed.name, when: "perform", deadline: misdeed.deadline)
    let goal = goal(adapter, "192.0.2.1")
    let error = try #require(await error { try await lead(adapter, to: goal) })
    #expect(error.code == .timedOut && error.message.en.contains("decided by reading"), "\(error)")
    if misdeed.name == "escaped-child", let child = Int32(try folder.text("once.child")) {
      kill(child, SIGKILL)
    }
    let found = try await adapter.state(in: .everything)
    // Answers that went wrong came after the work was done.
    let isDone = ["die-after", "foreign", "surplus", "[]", "cut", "unterminated", "drip"].contains(
      misdeed.name)
    #expect(found.isEmpty != isDone, "\(found)")
    try await lead(adapter, to: goal)
    #expect(try await adapter.state(in: .everything).blocks.keys.sorted() == goal.blocks.keys.sorted())
  }

  @Test func anAnswerThatComesTwiceCountsOnceAndEndsTheProcess() async throws {
    let adapter = try misbehaving("twice", when: "state")
    let pid = try #require(await adapter.readyProcess())
    #expect(try await adapter.state(in: .everything).isEmpty)
    try await eventually { !isAlive(pid) }
    try await lead(adapter, to: goal(adapter, "192.0.2.1"))
    let counters = await adapter.counters()
    #expect(counters.starts == 2 && counters.ends == ["unasked": 1], "\(counters)")
  }

  /// Each is a state that no device can have.
  @Test(arguments: [
    #"{"scaffold":{},"allowed":[],"blocks":{"192.0.2.1":60}}"#,
    #"{"scaffold":{"a":"b"},"allowed":[],"blocks":{"192.0.2.1":60,"192.0.2.1/32":60}}"#,
    #"{"scaffold":{"a":"b"},"allowed":[],"blocks":{"192.0.2.300":60}}"#,
    #"{"scaffold":{"a":"b"},"allowed":[],"blocks":{"192.0.2.1":-1}}"#,
    #"{"scaffold":{"a":"b"},"allowed":[],"blocks":{"192.0.2.1":9000000000000000000}}"#,
    #"{"scaffold":{"a":"b"},"allowed":[],"blocks":{"192.0.2.1":1.5}}"#,
    #"{"scaffold":{"a":"b"},"allowed":["all"],"blocks":{}}"#,
    #"{"scaffold":{"a":1},"allowed":[],"blocks":{}}"#,
    #"{"scaffold":{"a":"b"},"blocks":{}}"#, "[]", "null", "7",
  ])
  func aStateThatCannotBeIsUnreadable(_ answer: String) async throws {
    let adapter = try misbehaving(answer, when: "state")
    let error = try #require(await error { _ = try await adapter.state(in: .everything) })
    #expect(error.code == .unreadable, "\(error)")
    #expect(await adapter.counters().ends == ["misunderstood": 1])
    #expect(try await adapter.state(in: .everything).isEmpty)
  }

  @Test func whoGivesUpEndsTheProcess() async throws {
    let adapter = try misbehaving("hang", when: "state")
    let pid = try #require(await adapter.readyProcess())
    let reading = Task { try await adapter.state(in: .everything) }
    try await eventually { FileManager.default.fileExists(atPath: folder.file("once")) }
    reading.cancel()
    let error = await error { _ = try await reading.value }
    #expect(error?.code == .timedOut, "\(String(describing: error))")
    try await eventually { !isAlive(pid) }
    #expect(try await adapter.state(in: .everything).isEmpty)
    #expect(await adapter.counters().ends == ["cancelled": 1])
  }

  @Test func aPluginThatEndsAtOnceIsStartedAgainAfterAPauseThatGrows() async throws {
    let adapter = try adapter("")
    try folder.write("plugin/device.py", "#!/bin/sh\necho cannot find my device >&2\nexit 3\n", mode: 0o755)
    for _ in 0..<2 {
      let error = try #require(await error { try await adapter.checkReadiness() })
      #expect(error.code == .unavailable && error.detail.contains("cannot find my device"), "\(error)")
      #expect(error.message.en.contains("exited(3)"), "\(error)")
    }
    for _ in 0..<5 {
      let error = try #require(await error { try await adapter.checkReadiness() })
      #expect(error.code == .unavailable && error.message.en.contains("2 times in a row"), "\(error)")
    }
    let counters = await adapter.counters()
    #expect(counters.starts == 2 && counters.putOff == 5, "\(counters)")
  }

  @Test func aProgramThatCannotBeStartedIsToldWithWhatToDo() async throws {
    let adapter = try adapter("")
    try folder.write("plugin/device.py", "#!/nonexistent/interpreter\n", mode: 0o755)
    let error = try #require(await error { try await adapter.checkReadiness() })
    #expect(error.code == .unavailable && error.message.en.contains("its first line"), "\(error)")
  }

  @Test func settingsThatThePluginRefusesAreToldInItsWords() async throws {
    let adapter = try adapter("refuse: because of the moon")
    let error = try #require(await error { try await adapter.checkReadiness() })
    #expect(error.code == .unsupported && error.message.ja == "この設定は使えません。")
    #expect(error.detail == "because of the moon")
  }

  @Test func aPluginThatSaysSomethingElseThanItsDeclarationIsRefused() async throws {
    let adapter = try adapter("")
    let declared = try folder.text("plugin/plugin.json")
    try folder.write("plugin/plugin.json", declared.replacing("\"live\"", with: "\"configured\""))
    let error = try #require(await error { try await adapter.checkReadiness() })
    #expect(error.message.en.contains("another manifest than in plugin.json"), "\(error)")
  }

  @Test func aPluginThatIgnoresItsEndIsEnded() async throws {
    var adapter: PluginAdapter? = try misbehaving("deaf", when: "never")
    let pid = try #require(await adapter?.readyProcess())
    _ = try await adapter?.state(in: .everything)
    adapter = nil
    try await eventually { !isAlive(pid) }
  }

  @Test func aPluginEndsByItselfWhenNobodyNeedsIt() async throws {
    var adapter: PluginAdapter? = try adapter("")
    let pid = try #require(await adapter?.readyProcess())
    adapter = nil
    try await eventually { log.text.contains("line=goodbye") && !isAlive(pid) }
    #expect(!log.text.contains("plugin ended"), "\(log.text)")
  }

  // MARK: What it gets, and what it must not tell

  @Test func aPluginGetsNothingButWhatItIsGiven() async throws {
    setenv("SEKISHO_TEST_TOKEN", "hunter2-and-more", 1)
    defer { unsetenv("SEKISHO_TEST_TOKEN") }
    let adapter = try adapter(
      "report: \(folder.file("report")), number: 7, flag: true, word: '7', list: [a, null], map: {b: 1.5}",
      secrets: ["token": .environment(variable: "SEKISHO_TEST_TOKEN")])
    try await adapter.checkReadiness()
    let text = try folder.text("report")
    let report = try #require(
      try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    // Standard input, output and error with the program's own copies of two, and the list itself.
    let descriptors = try #require(report["descriptors"] as? [String])
    #expect(
      descriptors.allSatisfy {
        $0.hasSuffix("/pipe") || $0.hasSuffix("/report") || $0.contains("/fd/") && Int($0.suffix(1)) != nil
      }, "\(descriptors)")
    #expect(descriptors.count <= 7, "\(descriptors)")
    let environment = try #require(report["environment"] as? [String: String])
    #expect(Set(environment.keys).isSubset(of: ["PATH", "LANG", "LC_ALL", "LC_CTYPE"]))
    #expect(report["leads"] as? Bool == true)
    #expect(report["folder"] as? String == folder.file("plugin"))
    #expect(report["arguments"] as? [String] == ["one", "two words"])
    #expect(report["direction"] as? String == "both")
    #expect(report["secrets"] as? [String: Int] == ["token": 16])
    let settings = try #require(report["settings"] as? [String: Any])
    #expect(settings["number"] as? Int == 7 && settings["flag"] as? Bool == true)
    #expect(settings["word"] as? String == "7")
    #expect((settings["list"] as? [Any])?.count == 2)
    #expect((settings["map"] as? [String: Any])?["b"] as? String == "1.5")
    #expect(!text.contains("hunter2"))
  }

  @Test func aSecretReachesNoLogAndNoErrorAndNoPlan() async throws {
    let secret = #"hunter2 "and" \more"#
    let file = try folder.write("token", secret + "\n", mode: 0o600)
    let adapter = try adapter("misdeed: tell-secret", secrets: ["token": .file(path: file)])
    try folder.write(
      "plugin/device.py",
      try folder.text("plugin/device.py").replacing(
        "        self.path, self.secrets",
        with: "        print('got', secrets, secrets['token'], file=sys.stderr)\n"
          + "        self.path, self.secrets"), mode: 0o755)
    let current = try await adapter.state(in: .everything)
    let error = try #require(
      await error { _ = try await adapter.operations(from: current, to: goal(adapter, "192.0.2.1")) })
    #expect(error.code == .unreadable && error.message.en.contains("holds a secret"), "\(error)")
    try await eventually { log.text.contains("got") }
    #expect(log.text.contains("‹secret:token›"), "\(log.text)")
    #expect(!log.text.contains("hunter2") && !"\(error)".contains("hunter2"), "\(log.text) \(error)")
  }

  @Test func aSecretThatCannotBeHadOrHiddenIsAnErrorBeforeTheStart() async throws {
    for (name, text, mode) in [("short", "abc", 0o600), ("open", "long enough", 0o644)] {
      let file = try folder.write(name, text, mode: mode)
      try? FileManager.default.removeItem(atPath: folder.file("plugin"))
      let adapter = try adapter("", secrets: ["token": .file(path: file)])
      #expect(await error { try await adapter.checkReadiness() } != nil)
      #expect(await adapter.counters().starts == 0)
    }
  }

  @Test func aChatteringPluginFillsNoLog() async throws {
    let adapter = try misbehaving("chatter", when: "state")
    #expect(try await adapter.state(in: .everything).isEmpty)
    try await adapter.checkReadiness()
    let said = log.all.filter { $0.hasPrefix("plugin says") }
    #expect(said.count <= PluginLog.mostLines && said.allSatisfy { $0.count < 2200 }, "\(said.count)")
    #expect(said.count > 10)
    #expect(await adapter.counters().ends.isEmpty)
  }

  /// Many at once are answered one after the other by one process.
  @Test func questionsAtOnceAreAskedOneAfterTheOther() async throws {
    let adapter = try adapter("")
    try await lead(adapter, to: goal(adapter, "192.0.2.1", "bad.example.org"))
    let sum = try await withThrowingTaskGroup(of: Int.self) { group in
      for number in 0..<40 {
        group.addTask {
          let scope: Scope = number.isMultiple(of: 2) ? .everything : .targets([BlockTarget("192.0.2.1")!])
          return try await adapter.state(in: scope).blocks.count
        }
      }
      return try await group.reduce(0, +)
    }
    #expect(sum == 60)
    let counters = await adapter.counters()
    #expect(counters.starts == 1 && counters.ends.isEmpty, "\(counters)")
  }
}

extension PluginAdapter {
  /// The process, once it was greeted.
  fileprivate func readyProcess() async throws -> Int32? {
    try await checkReadiness()
    return await session.processIdentifier
  }
}
