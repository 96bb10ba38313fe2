import FirewallKit
import Foundation
import HTTPTransport
import HostPrograms
import Language
import Logging
import NetworkTypes
import Synchronization
import Testing

@testable import FirewallSimulators
@testable import Lists

/// Our server on loopback, with a certificate of its own authority and two devices.
private final class ServedLists: Sendable {
  let folder: ListsFolder
  let adapter: ListsAdapter
  let port: Int
  private let work: Task<Void, Never>

  static let programs = HostPrograms(
    directories: HostPrograms.searchPath,
    meaning: { AdapterError(code: .unavailable, message: Phrase(verbatim: $0.program), detail: $0.complaint) }
  )

  init() async throws {
    let folder = try ListsFolder()
    self.folder = folder
    let authority = try SimulatorAuthority()
    let identity = try authority.identity(names: ["localhost"], addresses: [[127, 0, 0, 1]])
    try folder.write("ca.pem", authority.certificate)
    try folder.write("lists.pem", identity.certificate)
    try folder.write("lists.key", identity.key)
    for name in ["branch-1", "branch-2"] {
      let file = "\(folder.path)/\(name)"
      #expect(
        FileManager.default.createFile(
          atPath: file, contents: Data("secret of \(name)\n".utf8), attributes: [.posixPermissions: 0o600]))
    }
    let server = ListsSettings.Server(
      address: IPAddress("127.0.0.1")!, port: 0, certificateFile: folder.path + "/lists.pem",
      keyFile: folder.path + "/lists.key",
      devices: ["branch-1", "branch-2"].map {
        ListsSettings.Device(name: $0, password: .file(path: "\(folder.path)/\($0)"))
      })
    let adapter = folder.adapter([.addresses, .domains], server: server)
    self.adapter = adapter
    let (ports, found) = AsyncStream.makeStream(of: Int.self)
    work = Task {
      do {
        try await ListServer(
          server, of: adapter.settings,
          logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }),
          clock: Timestamp.now, onReady: { found.yield($0) }
        ).run()
      } catch {
        if !Task.isCancelled { Issue.record(error) }
      }
      found.finish()
    }
    port = try #require(await ports.first { _ in true })
  }

  deinit { work.cancel() }

  /// What curl says: status, and body.
  func fetch(_ path: String, as user: String? = "branch-1", _ more: [String] = []) async throws
    -> (status: String, body: String)
  {
    let credentials = user.map { ["-u", "\($0):secret of \($0)"] } ?? []
    let words = try await Self.programs.run(
      "curl",
      ["-s", "--cacert", folder.path + "/ca.pem", "-w", "\n%{http_code}", "https://localhost:\(port)\(path)"]
        + credentials + more)
    var lines = String(decoding: words, as: UTF8.self).split(
      separator: "\n", omittingEmptySubsequences: false)
    let status = lines.popLast().map(String.init) ?? ""
    return (status, lines.joined(separator: "\n"))
  }

  /// Who has what is published now. A fetch is recorded after its last byte was sent, so it may take a moment.
  func current(_ count: Int) async throws -> [String] {
    let end = ContinuousClock.now + .seconds(10)
    while true {
      let current = try await adapter.deliveries().filter(\.isCurrent).map(\.device)
      if current.count == count || ContinuousClock.now > end { return current }
      try await Task.sleep(for: .milliseconds(10))
    }
  }
}

/// The lists over real TLS, fetched by curl.
@Suite struct ListServerTests {
  @Test func aDeviceIsCurrentWhenItFetchedWhatIsPublished() async throws {
    let served = try await ServedLists()
    #expect(try await served.fetch("/lists/addresses.txt").status == "404")
    try await served.adapter.bring(to: served.adapter.goal("192.0.2.7", "bad.example.org"))
    #expect(try await served.current(0) == [])
    let first = try await served.fetch("/lists/addresses.txt")
    #expect(first == ("200", "192.0.2.7\n"))
    #expect(try await served.current(1) == ["branch-1"])
    #expect(try await served.fetch("/lists/domains.txt", as: "branch-2").body == "bad.example.org\n")
    #expect(try await served.current(2) == ["branch-1", "branch-2"])
    // What one of them fetches did not change; it has what is published.
    try await served.adapter.bring(to: served.adapter.goal("192.0.2.7", "198.51.100.8", "bad.example.org"))
    #expect(try await served.current(1) == ["branch-2"])
    #expect(try await served.adapter.deliveries().allSatisfy { $0.fetchedAt != nil })
    #expect(try await served.fetch("/lists/addresses.txt").body == "192.0.2.7\n198.51.100.8\n")
    #expect(try await served.current(2).count == 2)
  }

  @Test func whatDidNotChangeIsNotSentAgainAndCountsAsFetched() async throws {
    let served = try await ServedLists()
    try await served.adapter.bring(to: served.adapter.goal("192.0.2.7"))
    let tags = served.folder.path + "/tag"
    let options = ["--etag-save", tags, "--etag-compare", tags]
    try Data().write(to: URL(filePath: tags))
    #expect(try await served.fetch("/lists/addresses.txt", options).status == "200")
    #expect(try await served.fetch("/lists/addresses.txt", options) == ("304", ""))
    let before = try #require(try await served.adapter.deliveries().first?.fetchedAt)
    #expect(try await served.fetch("/lists/addresses.txt", options).status == "304")
    #expect(try #require(try await served.adapter.deliveries().first?.fetchedAt) >= before)
    try await served.adapter.bring(to: served.adapter.goal("192.0.2.8"))
    #expect(try await served.fetch("/lists/addresses.txt", options) == ("200", "192.0.2.8\n"))
  }

  @Test func whoHasNoCredentialsGetsNothingAndIsNotRecorded() async throws {
    let served = try await ServedLists()
    try await served.adapter.bring(to: served.adapter.goal("192.0.2.7"))
    #expect(try await served.fetch("/lists/addresses.txt", as: nil) == ("401", ""))
    for credentials in [
      "branch-1:secret of branch-2", "branch-1:", ":", "x:y", "branch-1:secret of branch-1x",
    ] {
      #expect(try await served.fetch("/lists/addresses.txt", as: nil, ["-u", credentials]).status == "401")
    }
    for field in ["Basic", "Basic ****", "Bearer abc", "basic  "] {
      #expect(
        try await served.fetch("/lists/addresses.txt", as: nil, ["-H", "Authorization: \(field)"]).status
          == "401")
    }
    #expect(try await served.adapter.deliveries().allSatisfy { $0.fetchedAt == nil })
  }

  @Test(arguments: [
    "/lists/record.txt", "/lists/../branch-1", "/lists/%2e%2e%2fbranch-1", "/lists/", "/", "/lists/ca.pem",
    "/lists/addresses.txt/x", "/lists/%00", "/lists/patterns.txt",
  ])
  func nothingButListsIsGivenOut(path: String) async throws {
    let served = try await ServedLists()
    try await served.adapter.bring(to: served.adapter.goal("192.0.2.7"))
    let answer = try await served.fetch(path, ["--path-as-is"])
    #expect(["400", "404"].contains(answer.status), "\(answer)")
    #expect(!answer.body.contains("secret") && !answer.body.contains("CERTIFICATE"))
  }

  @Test func aHeadAloneIsNoFetch() async throws {
    let served = try await ServedLists()
    try await served.adapter.bring(to: served.adapter.goal("192.0.2.7"))
    let head = try await served.fetch("/lists/addresses.txt", ["-I"])
    #expect(head.status == "200" && head.body.lowercased().contains("content-length: 10"))
    #expect(try await served.adapter.deliveries().allSatisfy { $0.fetchedAt == nil })
  }

  @Test func manyFetchWhileTheListsChangeAndEachGetsOneVersion() async throws {
    let served = try await ServedLists()
    let small = served.adapter.goal("192.0.2.1", "192.0.2.2")
    let large = served.adapter.goal("192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4")
    try await served.adapter.bring(to: small)
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        for round in 0..<40 { try await served.adapter.bring(to: round.isMultiple(of: 2) ? large : small) }
      }
      for device in ["branch-1", "branch-2"] {
        group.addTask {
          for _ in 0..<20 {
            let answer = try await served.fetch("/lists/addresses.txt", as: device)
            let lines = answer.body.split(separator: "\n").count
            #expect(answer.status == "200" && (lines == 2 || lines == 4), "\(answer)")
          }
        }
      }
      try await group.waitForAll()
    }
  }

  @Test func aServerWithoutItsKeyOrPasswordSaysWhichFile() async throws {
    let folder = try ListsFolder()
    var server = ListsSettings.Server(
      address: IPAddress("127.0.0.1")!, port: 0, certificateFile: folder.path + "/none.pem",
      keyFile: folder.path + "/none.key",
      devices: [ListsSettings.Device(name: "a", password: .environment(variable: "SEKISHO_TEST_NONE"))])
    let first = await #expect(throws: AdapterError.self) { try await folder.adapter(server: server).work() }
    #expect(first?.message.en.contains("SEKISHO_TEST_NONE") == true)
    server.devices[0].password = .environment(variable: "PATH")
    let second = await #expect(throws: AdapterError.self) { try await folder.adapter(server: server).work() }
    #expect(second?.message.en.contains("none.pem") == true)
  }

  /// A web server of somebody else, as the README tells.
  @Test(.enabled(if: ServedLists.programs.path(of: "nginx") != nil, "needs nginx"))
  func nginxGivesOutWhatIsPublished() async throws {
    let folder = try ListsFolder()
    let adapter = folder.adapter([.addresses])
    try await adapter.bring(to: adapter.goal("192.0.2.7"))
    try folder.write(
      "nginx.conf",
      """
      daemon off; master_process off; pid \(folder.path)/nginx.pid; error_log \(folder.path)/error.log;
      events {}
      http {
        access_log off; client_body_temp_path \(folder.path); proxy_temp_path \(folder.path);
        fastcgi_temp_path \(folder.path); uwsgi_temp_path \(folder.path); scgi_temp_path \(folder.path);
        server {
          listen unix:\(folder.path)/socket;
          location /lists/ { alias \(folder.path)/current/; }
        }
      }
      """)
    let nginx = Process()
    nginx.executableURL = URL(filePath: try #require(ServedLists.programs.path(of: "nginx")))
    nginx.arguments = ["-c", folder.path + "/nginx.conf"]
    nginx.standardError = FileHandle.nullDevice
    try nginx.run()
    defer { kill(nginx.processIdentifier, SIGKILL) }
    let end = ContinuousClock.now + .seconds(20)
    func fetch() async throws -> String {
      let words = try? await ServedLists.programs.run(
        "curl", ["-s", "--unix-socket", folder.path + "/socket", "http://lists/lists/addresses.txt"])
      return String(decoding: words ?? [], as: UTF8.self)
    }
    while try await fetch() != "192.0.2.7\n" {
      try #require(ContinuousClock.now < end, "nginx does not answer")
      try await Task.sleep(for: .milliseconds(20))
    }
    try await adapter.bring(to: adapter.goal("192.0.2.8"))
    #expect(try await fetch() == "192.0.2.8\n")
  }
}
