import Feeds
import Foundation
import Language
import NetworkTypes
import Reputation
import Testing

@Suite struct MISPTests {
  static let first = "00000000-0000-4000-8000-000000000001"
  static let second = "00000000-0000-4000-8000-000000000002"

  static func attribute(_ type: String, _ value: String, _ more: String = #""to_ids":true"#) -> String {
    #"{"type":"\#(type)","category":"Network activity","uuid":"a-\#(value)","value":"\#(value)","timestamp":"1767225600",\#(more)}"#
  }

  static func event(_ attributes: [String], object: [String] = []) -> String {
    """
    {"Event":{"info":"Example","Attribute":[\(attributes.joined(separator: ","))],
      "Object":[{"name":"x","Attribute":[\(object.joined(separator: ","))]}]}}
    """
  }

  private func publish(_ trial: FeedTrial, _ events: [(uuid: String, timestamp: Int, content: String)]) throws
  {
    let manifest = events.map { "\"\($0.uuid)\":{\"timestamp\":\"\($0.timestamp)\",\"info\":\"x\"}" }
    try trial.server.folder.write("{" + manifest.joined(separator: ",") + "}", to: "misp/manifest.json")
    for event in events { try trial.server.folder.write(event.content, to: "misp/\(event.uuid).json") }
  }

  @Test func attributesForDetectionAreListedAndTheOthersCounted() async throws {
    let trial = try FeedTrial()
    try publish(
      trial,
      [
        (
          Self.first, 1_780_000_000,
          Self.event(
            [
              Self.attribute("ip-dst", "203.0.113.7"), Self.attribute("ip-src", "198.51.100.0/24"),
              Self.attribute("ip-dst|port", "203.0.113.8|443"), Self.attribute("domain", "bad.example.org"),
              Self.attribute("domain|ip", "pair.example.org|203.0.113.9"),
              Self.attribute("url", "http://whole.example.org/"),
              Self.attribute("url", "http://shared.example.org/page"),
              Self.attribute("ip-dst", "203.0.113.99", #""to_ids":false"#),
              Self.attribute("ip-dst", "203.0.113.98", #""to_ids":true,"deleted":true"#),
              Self.attribute("md5", "d41d8cd98f00b204e9800998ecf8427e"),
              Self.attribute("ip-dst", "nonsense"),
            ], object: [Self.attribute("hostname", "host.example.org")])
        )
      ])
    let source = try trial.source("/misp/", format: .misp(maximumAge: nil))
    let content = try #require(await trial.updater().update(source).content)
    #expect(
      content.texts == [
        "203.0.113.7", "198.51.100.0/24", "203.0.113.8:443", "bad.example.org", "pair.example.org",
        "203.0.113.9", "whole.example.org", "host.example.org",
      ])
    #expect(content.omissions == [.notForDetection: 1, .deleted: 1, .otherType: 1, .urlPath: 1])
    #expect(
      content.faults.count == 1 && content.faults[0].contains("not-an-indicator")
        && content.faults[0].contains("a-nonsense"))
    #expect(content.list[0].since == Timestamp("2026-01-01T00:00:00Z"))
  }

  @Test func onlyEventsThatChangedAreFetchedAgain() async throws {
    let trial = try FeedTrial()
    func one(_ name: String) -> String { Self.event([Self.attribute("domain", name)]) }
    try publish(trial, [(Self.first, 10, one("a.example.org")), (Self.second, 20, one("b.example.org"))])
    let source = try trial.source("/misp/manifest.json", format: .misp(maximumAge: nil))
    let updater = trial.updater()
    #expect(await updater.update(source).content?.texts == ["a.example.org", "b.example.org"])
    #expect(await updater.update(source).content == nil)
    #expect(
      trial.server.requests.count == 4 && trial.server.requests.last == "/misp/manifest.json match - 304")
    try publish(trial, [(Self.first, 10, one("a.example.org")), (Self.second, 21, one("c.example.org"))])
    #expect(await trial.updater().update(source).content?.texts == ["a.example.org", "c.example.org"])
    #expect(
      trial.server.requests.count == 6 && trial.server.requests.last == "/misp/\(Self.second).json - - 200")
    try publish(trial, [(Self.second, 21, one("c.example.org"))])
    #expect(await trial.updater().update(source).content?.texts == ["c.example.org"])
    #expect(trial.server.requests.count == 7)
  }

  @Test func oldEventsAreLeftOutAndMissingOnesComeLater() async throws {
    let trial = try FeedTrial()
    let recent = Int((june - .seconds(86_400)).seconds)
    let event = Self.event([Self.attribute("domain", "a.example.org")])
    try publish(trial, [(Self.first, recent, event), (Self.second, 20, event)])
    let source = try trial.source("/misp/", format: .misp(maximumAge: .seconds(7 * 86_400)))
    #expect(await trial.updater().update(source).content?.list.count == 1)
    #expect(trial.server.requests.count == 2)
    try publish(trial, [(Self.first, recent, event), (Self.second, recent, event)])
    try FileManager.default.removeItem(atPath: trial.server.folder.path + "/misp/\(Self.second).json")
    #expect(await trial.updater().update(source).status.health == .current)
  }

  @Test func aManifestThatLeadsElsewhereIsRefused() async throws {
    let trial = try FeedTrial()
    try trial.server.folder.write(#"{"../../etc/passwd":{"timestamp":"1"}}"#, to: "misp/manifest.json")
    let update = await trial.updater().update(try trial.source("/misp/", format: .misp(maximumAge: nil)))
    #expect(update.status.error?.code == .malformed)
    #expect(trial.server.requests.count == 1)
  }

  @Test func aFeedInADirectoryIsReadTheSameWay() async throws {
    let trial = try FeedTrial()
    try publish(trial, [(Self.first, 10, Self.event([Self.attribute("domain", "a.example.org")]))])
    var source = try trial.source("/misp/", format: .misp(maximumAge: nil))
    source.origin = .file(trial.server.folder.path + "/misp")
    #expect(await trial.updater().update(source).content?.texts == ["a.example.org"])
    #expect(trial.server.requests == [])
  }
}
