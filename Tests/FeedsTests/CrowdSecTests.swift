import Feeds
import Foundation
import HTTPTransport
import Language
import NetworkTypes
import Reputation
import Testing

@Suite struct CrowdSecTests {
  private let format = FeedFormat.crowdsec(types: ["ban"])

  private func decision(
    _ id: Int, _ value: String, scope: String = "Ip", type: String = "ban", left: String = "4h0m0.5s",
    _ more: String = ""
  ) -> String {
    #"{"id":\#(id),"origin":"cscli","type":"\#(type)","scope":"\#(scope)","value":"\#(value)","duration":"\#(left)","scenario":"manual"\#(more)}"#
  }

  private func answer(_ trial: FeedTrial, startup: Bool, new: [String]?, deleted: [String] = []) throws {
    let new = new.map { "[" + $0.joined(separator: ",") + "]" } ?? "null"
    let text = "{\"deleted\":[\(deleted.joined(separator: ","))],\"new\":\(new)}"
    try trial.server.folder.write(text, to: "v1/decisions/stream@startup=\(startup)")
  }

  @Test func aStreamIsReadWholeThenByItsChanges() async throws {
    let trial = try FeedTrial()
    let source = try trial.source("/", format: format)
    let updater = trial.updater()
    try answer(
      trial, startup: true,
      new: [
        decision(1, "203.0.113.7"), decision(2, "198.51.100.0/24", scope: "range"),
        decision(3, "203.0.113.7", left: "1h"), decision(4, "NL", scope: "Country"),
        decision(5, "203.0.113.9", type: "captcha"), decision(6, "203.0.113.10", #","simulated":true"#),
        decision(7, "203.0.113.11", left: "-3s"),
      ], deleted: [decision(1, "203.0.113.7", left: "-1h")])
    let first = try #require(await updater.update(source).content)
    #expect(first.texts == ["203.0.113.7", "198.51.100.0/24", "203.0.113.7"])
    #expect(first.omissions == [.otherScope: 2, .simulated: 1])

    try answer(
      trial, startup: false, new: [decision(8, "203.0.113.12")],
      deleted: [decision(1, "203.0.113.7", left: "-1s"), decision(99, "203.0.113.200", left: "-1s")])
    trial.pass(.seconds(10))
    let second = try #require(await updater.update(source).content)
    #expect(second.texts == ["198.51.100.0/24", "203.0.113.7", "203.0.113.12"], "another decision lives")

    try answer(trial, startup: false, new: nil)
    trial.pass(.seconds(3600))
    // A whole reading is due again by now; the server still has everything.
    try answer(trial, startup: true, new: [decision(2, "198.51.100.0/24", scope: "Range")])
    let third = await updater.update(source)
    #expect(third.status.error == nil, "\(third.status.error?.message.en ?? "")")
    #expect(third.content?.texts == ["198.51.100.0/24"])
    #expect(trial.server.requests.map { $0.contains("startup=true") } == [true, false, true])
  }

  @Test func aSuddenlyEmptyBeginningUnblocksNothing() async throws {
    let trial = try FeedTrial()
    let source = try trial.source("/", format: format)
    try answer(trial, startup: true, new: (1...10).map { decision($0, "203.0.113.\($0)") })
    #expect(await trial.updater().update(source).content?.list.count == 10)
    for new in [nil, [], [decision(1, "203.0.113.1")]] as [[String]?] {
      try answer(trial, startup: true, new: new)
      let restarted = trial.updater()
      #expect(await restarted.update(source).status.health == .refused)
      #expect(await restarted.lastGood(of: source)?.list.count == 10)
    }
    // What has ended meanwhile is not missing.
    trial.pass(.seconds(5 * 3600))
    try answer(trial, startup: true, new: [])
    let later = await trial.updater().update(source)
    #expect(later.status.error == nil && later.content?.list.count == 0)
  }

  @Test func aFailedRequestIsFollowedByAWholeReading() async throws {
    let trial = try FeedTrial()
    let source = try trial.source("/v1/", format: format)
    let updater = trial.updater()
    try answer(trial, startup: true, new: [decision(1, "203.0.113.7")])
    _ = await updater.update(source)
    try trial.server.folder.write(
      "{\"deleted\":[],\"new\":[{\"id\":", to: "v1/decisions/stream@startup=false")
    #expect(await updater.update(source).status.error?.code == .incomplete)
    #expect(await updater.update(source).status.error == nil)
    #expect(trial.server.requests.map { $0.contains("startup=true") } == [true, false, true])
  }

  /// The real thing, on loopback.
  @Test(.enabled(if: Peers.hasCrowdSec, "Scripts/feed-peers fetches CrowdSec's local API"))
  func theRealLocalAPIIsFollowed() async throws {
    let trial = try FeedTrial()
    let folder = try Folder()
    let port = try Peers.freePort()
    let root = folder.path
    for name in ["data", "hub", "plugins", "notifications", "patterns"] {
      try FileManager.default.createDirectory(atPath: root + "/" + name, withIntermediateDirectories: true)
    }
    try folder.write("{}", to: "hub/.index.json")
    try folder.write("simulation: off\n", to: "simulation.yaml")
    try folder.write("", to: "credentials.yaml")
    try folder.write("name: own\nfilters: [\"false\"]\non_success: break\n", to: "profiles.yaml")
    try folder.write(
      """
      common: {daemonize: false, log_media: stdout, log_level: info, log_dir: \(root), working_dir: \(root)}
      config_paths: {config_dir: \(root), data_dir: \(root)/data, simulation_path: \(root)/simulation.yaml, hub_dir: \(root)/hub, index_path: \(root)/hub/.index.json, notification_dir: \(root)/notifications, plugin_dir: \(root)/plugins}
      crowdsec_service: {enable: false}
      db_config: {log_level: info, type: sqlite, db_path: \(root)/data/crowdsec.db, use_wal: true}
      api:
        client: {credentials_path: \(root)/credentials.yaml}
        server: {log_level: info, listen_uri: "127.0.0.1:\(port)", profiles_path: \(root)/profiles.yaml}
      prometheus: {enabled: false}
      """, to: "config.yaml")
    try folder.write("testkey123456\n", to: "key")
    #expect(chmod(root + "/key", 0o600) == 0)
    let tool = Peers.folder + "/crowdsec/usr/bin/cscli"
    func cscli(_ arguments: String...) throws {
      #expect(try run(tool, ["-c", root + "/config.yaml"] + arguments) == 0)
    }
    let address = "http://127.0.0.1:\(port)/"
    try cscli(
      "machines", "add", "test", "--password", "secretpass", "-f", root + "/credentials.yaml", "-u", address)
    try cscli("bouncers", "add", "sekisho", "-k", "testkey123456")
    let api = try ServerProcess(Peers.crowdsec, ["-c", root + "/config.yaml", "-no-cs"], log: root + "/log")
    defer { api.stop() }

    var source = try trial.source("/", format: format) {
      $0.credential = .key(field: "X-Api-Key", .file(path: root + "/key"))
    }
    guard case .web(var web) = source.origin else { return }
    web.url = try HTTPURL(address)
    source.origin = .web(web)
    // Durations count from the real time.
    let updater = FeedUpdater(store: trial.store, sender: trial.client)
    #expect(
      await eventually { await updater.update(source).status.error == nil }, "\(folder.text("log") ?? "")")

    try cscli("decisions", "add", "--ip", "203.0.113.7", "--duration", "4h")
    try cscli("decisions", "add", "--range", "198.51.100.0/24", "--duration", "4h")
    #expect(await updater.update(source).content?.texts.sorted() == ["198.51.100.0/24", "203.0.113.7"])
    try cscli("decisions", "delete", "--ip", "203.0.113.7")
    #expect(
      await eventually { await updater.update(source).content?.texts == ["198.51.100.0/24"] },
      "the API tells of a deletion within two seconds")
    let restarted = FeedUpdater(store: trial.store, sender: trial.client)
    #expect(await restarted.update(source).status.health == .current)
    #expect(await restarted.lastGood(of: source)?.texts == ["198.51.100.0/24"])
    try folder.write("wrong-key-9999", to: "key")
    #expect(await restarted.update(source).status.error?.code == .notAuthorized)
  }
}
