import Feeds
import Foundation
import HTTPTransport
import Language
import NetworkTypes
import Reputation
import Testing

/// Against medallion, the TAXII 2.1 server of OASIS.
@Suite(.enabled(if: Peers.hasMedallion, "Scripts/feed-peers installs medallion from PyPI"))
struct TAXIITests {
  private static let collection = "91a7b528-80eb-42ed-a74d-c6fbd5a26116"
  private static let hidden = "64993447-4d7e-4f70-b94d-d7f33742ee63"

  private static func indicator(_ number: Int, _ address: String, modified: String, _ more: String = "")
    -> String
  {
    let id =
      "indicator--00000000-0000-4000-8000-" + String(repeating: "0", count: 12 - "\(number)".count)
      + "\(number)"
    return """
      {"type":"indicator","spec_version":"2.1","id":"\(id)","created":"2026-01-01T00:00:00.000Z",\
      "modified":"\(modified)","pattern":"[ipv4-addr:value = '\(address)']","pattern_type":"stix",\
      "valid_from":"2026-01-01T00:00:00Z"\(more)}
      """
  }

  private static func manifest(_ number: Int, modified: String) -> String {
    let id =
      "indicator--00000000-0000-4000-8000-" + String(repeating: "0", count: 12 - "\(number)".count)
      + "\(number)"
    let second = String(number % 60 + 100).dropFirst()
    let minute = String(number / 60 + 100).dropFirst()
    return """
      {"id":"\(id)","date_added":"2026-02-01T00:\(minute):\(second).000000Z","version":"\(modified)",\
      "media_type":"application/stix+json;version=2.1"}
      """
  }

  /// A server with a collection of 250 indicators, which gives at most 100 at a time.
  private final class Server {
    let folder: Folder
    let origin: String
    private let process: ServerProcess

    init() async throws {
      folder = try Folder()
      let port = try Peers.freePort()
      origin = "http://127.0.0.1:\(port)"
      let modified = "2026-01-01T00:00:00.000Z"
      let objects = (1...250).map { TAXIITests.indicator($0, "203.0.113.\($0)", modified: modified) }
      let manifest = (1...250).map { TAXIITests.manifest($0, modified: modified) }
      func entry(_ id: String, _ title: String, readable: Bool, _ objects: [String], _ manifest: [String])
        -> String
      {
        """
        {"id":"\(id)","title":"\(title)","can_read":\(readable),"can_write":true,
         "media_types":["application/stix+json;version=2.1"],
         "objects":[\(objects.joined(separator: ","))],"manifest":[\(manifest.joined(separator: ","))]}
        """
      }
      try folder.write(
        """
        {"/discovery":{"title":"Own","default":"\(origin)/root/","api_roots":["\(origin)/root/"]},
         "root":{"information":{"title":"Root","versions":["application/taxii+json;version=2.1"],"max_content_length":9765625},
          "status":[],"collections":[
           \(entry(TAXIITests.collection, "Own indicators", readable: true, objects, manifest)),
           \(entry(TAXIITests.hidden, "Hidden", readable: false, [], []))]}}
        """, to: "data.json")
      try folder.write(
        """
        {"backend":{"module":"medallion.backends.memory_backend","module_class":"MemoryBackend","filename":"\(folder.path)/data.json"},
         "users":{"sekisho":"secretpass"},"taxii":{"max_page_size":100}}
        """, to: "config.json")
      try folder.write("secretpass\n", to: "password")
      guard chmod(folder.path + "/password", 0o600) == 0 else { throw CocoaError(.fileWriteUnknown) }
      process = try ServerProcess(
        Peers.medallion, ["--port", "\(port)", folder.path + "/config.json"], log: folder.path + "/log")
    }

    /// Adds objects by the protocol.
    func post(_ objects: [String], by client: HTTPClient) async throws -> Int {
      let url = try HTTPURL("\(origin)/root/collections/\(TAXIITests.collection)/objects/")
      let request = HTTPRequest(
        .post, url,
        headers: [
          .init("Authorization", .basic(user: "sekisho", password: Secret(name: "p", value: "secretpass"))),
          .init("Accept", "application/taxii+json;version=2.1"),
          .init("Content-Type", "application/taxii+json;version=2.1"),
        ], body: SensitiveText("{\"objects\":[\(objects.joined(separator: ","))]}"),
        transport: TransportSettings(permitsPlainText: true))
      return try await client.send(request).status
    }

    func stop() { process.stop() }
  }

  @Test func aCollectionIsReadByPagesAndThenByWhatWasAdded() async throws {
    let server = try await Server()
    defer { server.stop() }
    let trial = try FeedTrial()
    func source(
      _ name: String = "Own indicators", id: String = "feed", path: String = "/taxii2/", root: String? = nil,
      user: String = "sekisho"
    ) throws -> FeedSource {
      var source = try trial.source(
        format: .taxii(TAXIICollection(root: root, name: name), minimumConfidence: 0), id: id)
      source.origin = .web(
        FeedAddress(
          url: try HTTPURL(server.origin + path),
          credential: .basic(user: user, password: .file(path: server.folder.path + "/password")),
          proxy: .none, permitsPlainText: true))
      return source
    }
    let updater = trial.updater()
    let feed = try source()
    var first: FeedUpdate?
    _ = await eventually {
      let update = await updater.update(feed)
      if update.status.error?.code != .unreachable { first = update }
      return first != nil
    }
    #expect(
      first?.status.error == nil, "\(first?.status.error?.message.en ?? server.folder.text("log") ?? "")")
    let texts = Set(first?.content?.texts ?? [])
    #expect(texts.count == 250 && texts.contains("203.0.113.1") && texts.contains("203.0.113.250"))
    #expect(await updater.update(feed).content == nil, "nothing was added")

    let changes = [
      Self.indicator(1, "198.51.100.1", modified: "2026-03-01T00:00:00.000Z"),
      Self.indicator(2, "203.0.113.2", modified: "2026-03-01T00:00:00.000Z", #","revoked":true"#),
      Self.indicator(999, "198.51.100.99", modified: "2026-03-01T00:00:00.000Z"),
    ]
    #expect(try await server.post(changes, by: trial.client) == 202)
    // As after a restart: where to go on is on the disk.
    let second = try #require(await trial.updater().update(feed).content)
    let now = Set(second.texts)
    #expect(now.subtracting(texts) == ["198.51.100.1", "198.51.100.99"])
    #expect(texts.subtracting(now) == ["203.0.113.1", "203.0.113.2"])
    #expect(second.omissions[.revoked] == 1)
    let log = server.folder.text("log") ?? ""
    #expect(log.contains("next=") && log.contains("added_after="))

    let byRoot = try source(Self.collection, id: "root", root: "/root/")
    #expect(await updater.update(byRoot).content?.list.count == 250)
    #expect(await updater.update(try source("Hidden", id: "hidden")).status.error?.code == .notAuthorized)
    #expect(await updater.update(try source("None", id: "none")).status.error?.code == .protocol)
    #expect(await updater.update(try source(id: "user", user: "other")).status.error?.code == .notAuthorized)
    #expect(
      await updater.update(try source(id: "path", path: "/elsewhere/")).status.error?.code == .httpStatus)
    let away = try source(id: "away", root: "https://other.example.org/root/")
    #expect(await updater.update(away).status.error?.code == .protocol, "no password goes to another host")
  }
}
