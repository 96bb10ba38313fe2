import ConfigurationFile
import FirewallKit
import Foundation
import HTTPTransport
import Language
import NetworkTypes
import Randomness
import Testing

@testable import ProcessPlugins

/// The lines of the protocol, the declaration and the settings, without a process.
@Suite struct PluginMessageTests {
  private func line(_ request: PluginRequest) throws -> String {
    String(decoding: try request.line(id: 7), as: UTF8.self)
  }

  @Test func requestsAreWrittenAsSpecified() throws {
    let at = Timestamp("2026-01-02T03:04:05Z")!
    #expect(
      try line(.state(scope: .everything, at: at))
        == #"{"at":"2026-01-02T03:04:05.000000Z","id":7,"request":"state"}"#)
    #expect(
      try line(.state(scope: .targets([BlockTarget("192.0.2.10")!, BlockTarget("192.0.2.9")!]), at: at))
        == #"{"at":"2026-01-02T03:04:05.000000Z","id":7,"request":"state","targets":["192.0.2.9","192.0.2.10"]}"#
    )
    var state = FirewallState(readAt: at, scaffold: ["a": "b"], allowed: [IPPrefix("198.51.100.0/24")!])
    state.blocks = [
      BlockTarget("192.0.2.1")!: at + .seconds(60), BlockTarget("192.0.2.0/24")!: .untimed,
      BlockTarget("bad.example.org")!: at + .milliseconds(1500),
    ]
    func wire(timed: Bool) -> WireState { WireState(state, scaffold: state.scaffold, at: at, timed: timed) }
    #expect(
      try line(.operations(from: wire(timed: false), to: wire(timed: true), at: at)) == """
        {"at":"2026-01-02T03:04:05.000000Z","from":{"allowed":["198.51.100.0/24"],"blocks":\
        {"192.0.2.0/24":null,"192.0.2.1":null,"bad.example.org":null},"scaffold":{"a":"b"}},"id":7,\
        "request":"operations","to":{"allowed":["198.51.100.0/24"],"blocks":{"192.0.2.0/24":null,\
        "192.0.2.1":120,"bad.example.org":62},"scaffold":{"a":"b"}}}
        """)
    #expect(
      try line(.perform(message: "one\n\"two\"/\u{1}"))
        == #"{"id":7,"message":"one\n\"two\"/\u0001","request":"perform"}"#)
    #expect(
      try line(.validate(messages: ["a", "b"])) == #"{"id":7,"messages":["a","b"],"request":"validate"}"#)
  }

  @Test func aTimerThatIsAsGoodAsTheSameGetsTheSameNumber() throws {
    let at = Timestamp(seconds: 1_000_000)
    let target = BlockTarget("192.0.2.1")!
    for (moved, seconds) in [(0, 160), (1900, 160), (-1900, 160), (2100, 163), (-2100, 158)] as [(Int, Int64)]
    {
      let state = FirewallState(
        readAt: at, blocks: [target: at + .seconds(100) + .milliseconds(moved)])
      let wire = WireState(
        state, scaffold: [:], at: at, timed: true, comparedWith: [target: at + .seconds(100)])
      #expect(wire.blocks["192.0.2.1"] == seconds)
    }
  }

  @Test(arguments: [
    #"{"id":1}"#, #"{"id":1,"answer":{},"error":{"code":"busy","message":"a"}}"#, #"{"answer":{}}"#,
    #"{"id":"1","answer":{}}"#, #"{"id":1,"answer":{"x":1}}"#, #"{"id":1,"answer":{},"x":1}"#,
    #"{"id":1,"answer":[]}"#, #"{"id":1,"error":{"code":"unheard","message":"a"}}"#,
    #"{"id":1,"error":{"code":"busy"}}"#, #"{"id":1,"error":{"code":"busy","message":""}}"#,
    #"{"id":1,"error":{"code":"busy","message":{"en":"a"}}}"#,
    #"{"id":1,"error":{"code":"busy","message":{"en":"a","ja":"b","fr":"c"}}}"#, "", "{", "1e999",
    String(repeating: "[", count: 100_000),
  ])
  func noOtherAnswerIsUnderstood(_ text: String) {
    #expect(throws: (any Error).self) {
      try JSONDecoder().decode(PluginAnswer<NothingToTell>.self, from: Data(text.utf8))
    }
  }

  /// Whatever the bytes, they are a state that can be or an error.
  @Test func mutatedAnswersAreUnderstoodOrRefused() throws {
    let able = Capabilities(
      kinds: Set(TargetKind.allCases), atomicity: .plan, readBack: .live, expiry: .device,
      validation: .local, prefixes: .overlapping, driftDetection: .interval)
    let whole = Array(
      #"{"id":1,"answer":{"scaffold":{"a":"b"},"allowed":["198.51.100.0/24"],"blocks":{"192.0.2.1":60,"2001:db8::/32":null}}}"#
        .utf8)
    var random = SplitMix64(seed: 5)
    var understood = 0
    for _ in 0..<4000 {
      var bytes = whole
      for _ in 0..<Int.random(in: 0...3, using: &random) {
        let place = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
        case 1: bytes.remove(at: place)
        case 2: bytes.insert(whole[Int.random(in: 0..<whole.count, using: &random)], at: place)
        default: bytes.swapAt(place, Int.random(in: 0..<bytes.count, using: &random))
        }
      }
      guard let answer = try? JSONDecoder().decode(PluginAnswer<StateAnswer>.self, from: Data(bytes)),
        case .success(let state) = answer.result,
        let deadlines = try? state.deadlines(at: Timestamp(seconds: 1_000_000), by: able)
      else { continue }
      understood += 1
      #expect(!state.scaffold.isEmpty || (deadlines.isEmpty && state.allowed.isEmpty))
    }
    #expect((1000..<3500).contains(understood), "\(understood)")
  }

  @Test func anErrorIsToldInBothLanguagesAndSteersNoTerminal() throws {
    let text =
      #"{"id":1,"error":{"code":"busy","message":{"en":"wait\u001b[2J\nmore","ja":"待つ"},"detail":"\u202eabc"}}"#
    let answer = try JSONDecoder().decode(PluginAnswer<NothingToTell>.self, from: Data(text.utf8))
    guard case .failure(let error) = answer.result else {
      Issue.record("no error")
      return
    }
    #expect(
      error.code == .busy && error.message == Phrase(en: "wait [2J more", ja: "待つ") && error.detail == " abc")
  }

  /// However the bytes are cut, the same lines come out.
  @Test func linesAreTheSameHoweverTheyArrive() {
    var random = SplitMix64(seed: 3)
    for _ in 0..<500 {
      let bytes = (0..<Int.random(in: 0..<200, using: &random)).map { _ in
        UInt8([10, 65, 66, 0].randomElement(using: &random) ?? 10)
      }
      var splitter = LineSplitter(longest: 1000)
      var lines: [[UInt8]] = []
      var index = 0
      while index < bytes.count {
        let end = min(bytes.count, index + Int.random(in: 1..<20, using: &random))
        lines += splitter.append(bytes[index..<end])
        index = end
      }
      let expected = bytes.split(separator: 10, omittingEmptySubsequences: false).map(Array.init)
      #expect(lines == Array(expected.dropLast()) && splitter.rest == (expected.last ?? []))
      #expect(!splitter.isOverlong)
    }
  }

  @Test func aLineThatIsTooLongIsNoticedBeforeItsEnd() {
    for end in [[], [10]] as [[UInt8]] {
      var splitter = LineSplitter(longest: 10)
      #expect(splitter.append([65, 10] + [UInt8](repeating: 66, count: 11) + end) == [[65]])
      #expect(splitter.isOverlong)
    }
    var splitter = LineSplitter(longest: 10)
    #expect(splitter.append([UInt8](repeating: 66, count: 10) + [10]).count == 1)
  }

  // MARK: The declaration

  private func refusal(_ change: (Folder) throws -> Void) throws -> PluginFolderError? {
    let folder = try Folder()
    _ = try PluginSource.nginxDeny.copy(to: folder)
    try change(folder)
    do throws(PluginFolderError) {
      _ = try PluginFolder(folder.file("plugin"))
      return nil
    } catch {
      return error
    }
  }

  @Test func theExampleIsDeclaredAsItIs() throws {
    #expect(try refusal { _ in } == nil)
  }

  @Test(arguments: [
    (#""protocol": 1"#, #""protocol": 2"#, PluginFolderError.Code.otherVersion),
    (#""contract": 1"#, #""contract": 7"#, .malformed),
    (#""name": "nginx-deny""#, #""name": "Nginx Deny""#, .malformed),
    (#""interval""#, #""notification""#, .malformed),
    (#""survivesRestart""#, #""survivesReboot""#, .malformed),
    (#""kinds": ["address4", "address6", "prefix4", "prefix6"]"#, #""kinds": []"#, .malformed),
    ("nginx_deny.py", "../plugin/nginx_deny.py", .malformed), ("nginx_deny.py", "/bin/sh", .malformed),
    ("nginx_deny.py", "nothing.py", .missing), ("nginx_deny.py", "README.md", .missing),
    ("{", "[", .malformed),
  ])
  func aDeclarationThatCannotBeIsRefused(_ old: String, _ new: String, _ code: PluginFolderError.Code) throws
  {
    let error = try refusal { folder in
      let text = try folder.text("plugin/plugin.json")
      #expect(text.contains(old))
      try folder.write("plugin/plugin.json", text.replacing(old, with: new))
    }
    #expect(error?.code == code, "\(String(describing: error))")
  }

  @Test func whatOthersCouldHaveWrittenIsNotRun() throws {
    for name in ["plugin/plugin.json", "plugin/nginx_deny.py", "plugin/sekisho_plugin.py", "plugin"] {
      let error = try refusal { folder in
        try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: folder.file(name))
      }
      #expect(error?.code == .untrusted && error?.message.en.contains("chmod o-w") == true, "\(name)")
    }
  }

  // MARK: Settings

  private func settings(_ yaml: String, in folder: Folder) throws -> (PluginSettings?, [ConfigurationProblem])
  {
    let document = try ConfigurationDocument(parsing: yaml, file: folder.file("sekisho.yaml"))
    let problems = ConfigurationProblems()
    let section = ConfigurationSection(document.root, problems: problems)
    return (
      PluginSettings(from: section, direction: .inbound, taken: ["nftables", "device"]), problems.found
    )
  }

  @Test func settingsAreReadBesideTheirConfiguration() throws {
    let folder = try Folder()
    _ = try PluginSource.nginxDeny.copy(to: folder)
    let (settings, problems) = try settings(
      "{folder: plugin, deadline: 3s, settings: {file: /x, n: 3}, secrets: {token: 'env:TOKEN'}}", in: folder)
    #expect(problems.isEmpty, "\(problems)")
    #expect(settings?.folder.path == folder.file("plugin") && settings?.deadline == .seconds(3))
    #expect(settings?.settings == .map(["file": .text("/x"), "n": .integer(3)]))
    #expect(settings?.secrets == ["token": .environment(variable: "TOKEN")])
    #expect(settings?.direction == .inbound)
  }

  @Test func whatIsWrongWithSettingsIsToldAllAtOnceAndShowsNoSecret() throws {
    let folder = try Folder()
    _ = try PluginSource.device.copy(to: folder)
    let (settings, problems) = try settings(
      "{folder: nowhere, deadline: 5m, settings: 3, secrets: {token: hunter2-itself}, fodler: x}", in: folder)
    #expect(settings == nil)
    #expect(
      problems.map(\.key).sorted() == ["deadline", "fodler", "folder", "secrets.token", "settings"],
      "\(problems)")
    #expect(!"\(problems)".contains("hunter2"))
    let taken = try folder.text("plugin/plugin.json").replacing("test-device", with: "nftables")
    try folder.write("plugin/plugin.json", taken)
    let (none, found) = try self.settings("folder: plugin", in: folder)
    #expect(none == nil && found.map(\.code) == [.duplicate])
  }
}
