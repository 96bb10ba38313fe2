import Feeds
import Foundation
import Gateway
import Language
import NetworkTypes
import Reputation
import Testing

/// The compiled index in the state directory: kept over a restart, compiled anew when it must be.
@Suite struct IndexFileTests {
  private let folder: TestFolder
  private let file: IndexFile

  init() throws {
    folder = try TestFolder()
    file = IndexFile(state: folder.path)
  }

  /// What a configuration reads of a list with these lines.
  private func contents(_ lines: String..., confidence: String = "0.95") async throws -> [FeedContent] {
    let list = try folder.file("list.txt", lines.joined(separator: "\n") + "\n")
    let configuration = try GatewayConfiguration(
      parsing: """
        firewalls: [{ name: edge, adapter: nftables }]
        reputation:
          sources: [{ id: own, file: \(list), category: malware, confidence: \(confidence) }]

        """, file: "\(folder.path)/sekisho.yaml")
    return try await configuration.readFeeds()
  }

  private func node() throws -> UInt64 {
    let attributes = try FileManager.default.attributesOfItem(atPath: file.path)
    return try #require(attributes[.systemFileNumber] as? NSNumber).uint64Value
  }

  private func remain() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasPrefix("reputation") }
  }

  @Test func aRestartOpensWhatWasCompiledFromTheSameLists() async throws {
    let contents = try await contents("bad.example.org", "203.0.113.7:8443", "198.51.100.0/24")
    let first = try file.open(for: contents)
    #expect(first.origin == .compiled && first.index.count == 3)
    let node = try node()
    let again = try file.open(
      for: try await self.contents("bad.example.org", "203.0.113.7:8443", "198.51.100.0/24"))
    #expect(again.origin == .kept && again.index.count == 3)
    #expect(try self.node() == node)
    #expect(try remain() == ["reputation.index"])
  }

  @Test func anythingElseInTheListsIsCompiledAnew() async throws {
    _ = try file.open(for: try await contents("bad.example.org", "203.0.113.7"))
    for changed in [
      try await contents("bad.example.org", "203.0.113.8"), try await contents("worse.example.org"),
      // The same indicators on other lines, and by a source of other confidence.
      try await contents("203.0.113.7", "bad.example.org"),
      try await contents("203.0.113.7", "bad.example.org", confidence: "0.5"), [],
    ] {
      let opened = try file.open(for: changed)
      #expect(opened.origin == .compiled)
      #expect(try file.open(for: changed).origin == .kept)
    }
  }

  @Test func aDamagedFileIsReplacedAndSaysWhy() async throws {
    let contents = try await contents("bad.example.org", "203.0.113.7")
    _ = try file.open(for: contents)
    let good = try Data(contentsOf: URL(filePath: file.path))
    var flipped = good
    flipped[good.count - 100] ^= 0x10
    var header = good
    header[20] ^= 1
    for (bytes, word) in [
      (flipped, "content"), (header, "header"), (good.dropLast(64), "size"),
      (Data("not an index".utf8), "index"),
      (Data(), "index"),
    ] {
      try bytes.write(to: URL(filePath: file.path))
      let opened = try file.open(for: contents)
      guard case .replaced(let reason) = opened.origin else {
        Issue.record("\(word): \(opened.origin)")
        continue
      }
      #expect(reason.en.contains(word) && reason.en.contains(file.path) && reason.ja.contains(file.path))
      #expect(opened.index.count == 2)
      #expect(try file.open(for: contents).origin == .kept)
    }
  }

  @Test func whoMapsTheFormerFileKeepsIt() async throws {
    let name = try #require(DomainName("bad.example.org"))
    let slot = ReputationIndexSlot(try file.open(for: try await contents("bad.example.org")).index)
    var view = slot.view()
    let other = try file.open(for: try await contents("worse.example.org")).index
    #expect(view.index.evidence(concerning: name).count == 1)
    slot.publish(other)
    #expect(view.refresh() && view.index.evidence(concerning: name).isEmpty)
  }

  @Test func whatAnInterruptedCompilationLeftIsRemoved() async throws {
    _ = try folder.file("reputation.index.17.new", "half an index")
    _ = try file.open(for: try await contents("bad.example.org"))
    #expect(try remain() == ["reputation.index"])
  }

  @Test func whoOnlyAsksChangesNothing() async throws {
    let contents = try await contents("bad.example.org")
    #expect(try file.openUnchanged(for: contents).count == 1)
    #expect(try remain().isEmpty)
    _ = try file.open(for: [])
    let node = try node()
    #expect(try file.openUnchanged(for: contents).count == 1)
    try Data("damaged".utf8).write(to: URL(filePath: file.path))
    #expect(try file.openUnchanged(for: contents).count == 1)
    #expect(try self.node() == node || Data(contentsOf: URL(filePath: file.path)) == Data("damaged".utf8))
  }

  @Test func aFolderThatCannotBeWrittenIsAnErrorThatNamesTheFile() async throws {
    let nowhere = IndexFile(state: folder.path + "/absent")
    let contents = try await contents("bad.example.org")
    let error = try #require(throws: ReputationError.self) { _ = try nowhere.open(for: contents) }
    #expect(error.code == .unwritableIndex && error.message.en.contains(nowhere.path))
    #expect(try nowhere.openUnchanged(for: contents).count == 1)
  }
}
