import Foundation
import Language
import NetworkTypes
import Randomness
import Testing

@testable import Reputation

/// The file that is compiled once, mapped by whoever looks up, and replaced while it is in use.
@Suite struct CompiledIndexFileTests {
  static func inFolder(_ body: (URL) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "sekisho-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try body(folder)
  }

  static let text = """
    bad.example.org
    203.0.113.7
    203.0.113.9:8443
    198.51.100.0/24
    2001:db8::7
    2001:db8:1::/48
    t13d1516h2_8daaf6152771_02713d6af862
    00112233445566778899aabbccddeeff01234567
    """

  /// Lists with everything that a listing can say.
  static func lists() throws -> [IndicatorList] {
    var builder = try IndicatorListBuilder(source: source("other", confidence: 0.4, file: "other.json"))
    let since = try #require(Timestamp("2026-01-02T03:04:05Z"))
    for (number, line) in text.split(separator: "\n").enumerated() {
      builder.add(String(line), line: 70_000 + number, since: since, confidence: 0.85)
    }
    return [try read(text), try builder.finish()]
  }

  @Test func aMappedFileAnswersAsTheIndexInMemory() throws {
    try Self.inFolder { folder in
      let file = folder.appending(path: "lists.index").path
      let lists = try Self.lists()
      try ReputationIndex.compile(lists, to: file, seed: 7)
      try ReputationIndex.verify(file)
      let mapped = try ReputationIndex(mapping: file)
      let memory = try ReputationIndex(lists, seed: 7)
      #expect(mapped.sources == lists.map(\.source) && mapped.byteCount == memory.byteCount)
      #expect(mapped.count == 8 && memory.count == 8)
      #expect(
        try Data(contentsOf: URL(filePath: file)) == Data(memory.bytes.copy(at: 0, count: memory.byteCount)))
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["lists.index"])

      let name = try #require(DomainName("www.bad.example.org"))
      let address = try #require(IPAddress("203.0.113.9"))
      for index in [mapped, memory] {
        let parents = index.evidence(concerning: name)
        #expect(parents.map(\.source) == ["feed", "other"])
        #expect(parents.map(\.line) == [1, 70_000] && parents.map(\.confidence) == [0.9, 0.85])
        #expect(parents.map(\.since) == [nil, Timestamp("2026-01-02T03:04:05Z")])
        #expect(index.lookUp(address) == nil && index.lookUp(address, port: 443) == nil)
        let hit = try #require(index.lookUp(address, port: 8443))
        #expect(hit.match == .itself)
        #expect(index.evidence(of: hit).map(\.indicator.text) == ["203.0.113.9:8443", "203.0.113.9:8443"])
      }
    }
  }

  @Test func whatIsNoIndexIsRefusedWithItsReason() throws {
    try Self.inFolder { folder in
      let good = folder.appending(path: "good").path
      try ReputationIndex.compile(try Self.lists(), to: good, seed: 7)
      let content = [UInt8](try Data(contentsOf: URL(filePath: good)))
      func file(_ name: String, _ change: (inout [UInt8]) -> Void) throws -> String {
        var bytes = content
        change(&bytes)
        let url = folder.appending(path: name)
        try Data(bytes).write(to: url)
        return url.path
      }
      let cases: [(String, ReputationError.Code, String)] = [
        (folder.appending(path: "absent").path, .unreadable, "No such file"),
        (folder.path, .notRegularFile, "regular file"),
        ("/dev/zero", .notRegularFile, "regular file"),
        (try file("empty") { $0 = [] }, .notAnIndex, "no compiled index"),
        (try file("magic") { $0[0] ^= 1 }, .notAnIndex, "no compiled index"),
        (try file("list") { $0 = Array(repeating: 0x61, count: 5000) }, .notAnIndex, "no compiled index"),
        (try file("version") { $0[8] = 99 }, .otherIndexVersion, "version 99"),
        (try file("seed") { $0[24] ^= 1 }, .corruptIndex, "checksum of its header"),
        (try file("short") { $0.removeLast() }, .corruptIndex, "size"),
        (try file("shorter") { $0.removeLast($0.count - 700) }, .corruptIndex, "size"),
        (try file("long") { $0.append(0) }, .corruptIndex, "size"),
        (try file("sources") { $0[IndexHeader.byteCount] = 0xFF }, .corruptIndex, "sources"),
      ]
      for (path, code, words) in cases {
        #expect("\(path) is refused as \(code)") { _ = try ReputationIndex(mapping: path) } throws: {
          guard let error = $0 as? ReputationError else { return false }
          return error.code == code && error.file == path && error.message.en.contains(words)
            && error.message.en.contains(path) && error.message.ja.contains(path)
        }
      }
    }
  }

  @Test func verifyingFindsEveryFlippedBitThatOpeningDoesNot() throws {
    try Self.inFolder { folder in
      let file = folder.appending(path: "index")
      try ReputationIndex.compile(try Self.lists(), to: file.path, seed: 7)
      let content = try Data(contentsOf: file)
      var random = SplitMix64(seed: 5)
      for _ in 0..<200 {
        var damaged = content
        let place = Int.random(in: IndexHeader.byteCount..<content.count, using: &random)
        damaged[place] ^= 1 << UInt8.random(in: 0...7, using: &random)
        try damaged.write(to: file)
        #expect { try ReputationIndex.verify(file.path) } throws: {
          ($0 as? ReputationError)?.code == .corruptIndex
        }
      }
      try content.write(to: file)
      try ReputationIndex.verify(file.path)
    }
  }

  @Test func aFileIsReplacedWholeAndItsReadersKeepTheirs() throws {
    try Self.inFolder { folder in
      let file = folder.appending(path: "index").path
      try ReputationIndex.compile([try read("one.example.org\n")], to: file)
      let first = try ReputationIndex(mapping: file)
      try ReputationIndex.compile([try read("two.example.org\n")], to: file)
      let second = try ReputationIndex(mapping: file)
      #expect(first.finds("one.example.org") && !first.finds("two.example.org"))
      #expect(second.finds("two.example.org") && !second.finds("one.example.org"))
      // A compilation that fails leaves what is there.
      let list = try read("three.example.org\n")
      #expect(throws: ReputationError.self) { try ReputationIndex.compile([list, list], to: file) }
      #expect(try ReputationIndex(mapping: file).finds("two.example.org"))
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["index"])
    }
  }

  @Test func whereNothingCanBeWrittenIsAnErrorThatNamesThePlace() throws {
    let file = "/proc/sekisho/index"
    let list = try read("bad.example.org\n")
    #expect { try ReputationIndex.compile([list], to: file) } throws: {
      let error = $0 as? ReputationError
      return error?.code == .unwritableIndex && error?.message.en.contains(file) == true
    }
  }

  @Test func indexesFromFilesAreExchangedWhileOthersLookUp() async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "sekisho-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appending(path: "index").path
    let lists = try ["one.example", "two.example"].map { try read($0) }
    try ReputationIndex.compile([lists[0]], to: file)
    let slot = ReputationIndexSlot(try ReputationIndex(mapping: file))
    try await withThrowingTaskGroup(of: Bool.self) { group in
      group.addTask {
        for round in 1...100 {
          try ReputationIndex.compile([lists[round % 2]], to: file)
          slot.publish(try ReputationIndex(mapping: file))
        }
        return true
      }
      for _ in 0..<2 {
        group.addTask {
          var view = slot.view()
          var sound = true
          while view.generation < 100 {
            _ = view.refresh()
            sound = sound && view.index.finds("one.example") != view.index.finds("two.example")
          }
          return sound
        }
      }
      for try await sound in group { #expect(sound) }
    }
  }
}
