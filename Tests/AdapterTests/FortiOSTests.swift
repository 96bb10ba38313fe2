import ConfigurationFile
import DeviceRequests
import FirewallKit
import HTTPTransport
import Language
import NetworkTypes
import Testing

@testable import FortiOS

/// What needs no device: settings, requests, versions.
@Suite struct FortiOSTests {
  private static let moment = Timestamp(seconds: 1_767_225_600)

  private func settings(
    _ way: FortiOSSettings.Way = .threatFeed, entriesPerRequest: Int = 10_000
  ) throws -> FortiOSSettings {
    FortiOSSettings(
      endpoint: DeviceEndpoint(
        url: try HTTPURL("https://fw.example.org"), secrets: ["api-token": .environment(variable: "NONE")]),
      way: way, entriesPerRequest: entriesPerRequest)
  }

  private func state(
    _ settings: FortiOSSettings, _ blocks: [String: Int64], allowed: [String] = [], ended: [String] = []
  ) -> FirewallState {
    FirewallState(
      readAt: Self.moment,
      scaffold: FortiOSDialect(settings: settings).scaffold(ended: Set(ended.compactMap { IPPrefix($0) })),
      allowed: Set(allowed.map { IPPrefix($0)! }),
      blocks: Dictionary(
        uniqueKeysWithValues: blocks.map { (BlockTarget($0.key)!, Self.moment + .seconds($0.value)) }))
  }

  private var empty: FirewallState { FirewallState(readAt: Self.moment) }

  /// The last word of each path, and the body.
  private func shapes(_ operations: [Operation]) -> [String] {
    operations.map { operation in
      guard case .request(_, let url, _, let body) = operation.step else { return operation.kind }
      return (url.split(separator: "?")[0].split(separator: "/").last ?? "") + " " + body
    }
  }

  private func problems(_ yaml: String) throws -> [String] {
    let problems = ConfigurationProblems()
    let document = try ConfigurationDocument(parsing: yaml, file: "test.yaml")
    _ = FortiOSSettings(from: ConfigurationSection(document.root, problems: problems))
    do throws(ConfigurationError) {
      try problems.throwIfAny()
      return []
    } catch {
      return error.problems.map { $0.text(in: .english) }
    }
  }

  /// As the README shows it.
  @Test func aPushIsTheseBytes() throws {
    let settings = try settings()
    let operations = try FortiOSDialect(settings: settings).operations(
      from: empty, to: state(settings, ["203.0.113.7": 60, "192.0.2.0/24": 60]))
    #expect(operations.count == 1)
    #expect(
      operations[0].literal == """
        POST https://fw.example.org/api/v2/monitor/system/external-resource/dynamic?vdom=root
        Host: fw.example.org
        User-Agent: sekisho
        Accept: */*
        Authorization: Bearer ‹secret:api-token›
        Content-Type: application/json
        Content-Length: 96

        {"commands":[{"name":"sekisho-block","command":"add","entries":["192.0.2.0/24","203.0.113.7"]}]}
        """)
    #expect(operations[0].summary.en == "Push to feeds: add 2 to sekisho-block")
  }

  @Test func allChangesOfAFeedGoInOneRequest() throws {
    let settings = try settings()
    let full = state(settings, ["192.0.2.7": 60, "192.0.2.8": 60], allowed: ["192.0.2.9"])
    // A feed has no timers, so a new deadline is no change.
    let moved = state(settings, ["192.0.2.8": 600, "2001:db8::/48": 60], allowed: ["2001:db8::1"])
    let dialect = FortiOSDialect(settings: settings)
    #expect(
      shapes(try dialect.operations(from: full, to: moved)) == [
        "dynamic {\"commands\":["
          + "{\"name\":\"sekisho-allow\",\"command\":\"add\",\"entries\":[\"2001:db8::1\"]},"
          + "{\"name\":\"sekisho-block\",\"command\":\"remove\",\"entries\":[\"192.0.2.7\"]},"
          + "{\"name\":\"sekisho-block\",\"command\":\"add\",\"entries\":[\"2001:db8::/48\"]},"
          + "{\"name\":\"sekisho-allow\",\"command\":\"remove\",\"entries\":[\"192.0.2.9\"]}]}"
      ])
    #expect(try dialect.operations(from: full, to: full).isEmpty)
    #expect(try dialect.operations(from: full, to: empty).count == 1)
  }

  @Test func whatDoesNotFitInOneRequestGoesInMore() throws {
    let settings = try settings(entriesPerRequest: 3)
    let goal = state(
      settings, Dictionary(uniqueKeysWithValues: (1...7).map { ("192.0.2.\($0)", 60) }),
      allowed: ["198.51.100.1", "198.51.100.2"])
    let operations = try FortiOSDialect(settings: settings).operations(from: empty, to: goal)
    #expect(
      operations.map(\.summary.en) == [
        "Push to feeds: add 2 to sekisho-allow, add 1 to sekisho-block",
        "Push to feeds: add 3 to sekisho-block", "Push to feeds: add 3 to sekisho-block",
      ])
  }

  /// Written down before it is banned, and struck out when it is free; one request for each timer.
  @Test func aBanIsNeverWithoutOurMark() throws {
    let settings = try settings(.bannedList)
    let dialect = FortiOSDialect(settings: settings)
    let full = state(settings, ["192.0.2.7": 60, "192.0.2.8": 60], allowed: ["192.0.2.9"])
    let moved = state(settings, ["192.0.2.8": 600, "192.0.2.1": 600, "2001:db8::1": 30])
    #expect(
      shapes(try dialect.operations(from: full, to: moved)) == [
        "dynamic {\"commands\":[{\"name\":\"sekisho-block\",\"command\":\"add\","
          + "\"entries\":[\"192.0.2.1\",\"2001:db8::1\"]}]}",
        "clear_users {\"ip_addresses\":[\"192.0.2.7\"]}",
        "add_users {\"ip_addresses\":[\"2001:db8::1\"],\"expiry\":90}",
        "add_users {\"ip_addresses\":[\"192.0.2.1\",\"192.0.2.8\"],\"expiry\":660}",
        "dynamic {\"commands\":[{\"name\":\"sekisho-block\",\"command\":\"remove\",\"entries\":[\"192.0.2.7\"]},"
          + "{\"name\":\"sekisho-allow\",\"command\":\"remove\",\"entries\":[\"192.0.2.9\"]}]}",
      ])
    #expect(try dialect.operations(from: full, to: full).isEmpty)
    // What is written down only is struck out, or banned without being written down again; and it can
    // be led back to.
    let stale = state(settings, ["192.0.2.8": 60], ended: ["192.0.2.1", "192.0.2.2"])
    let goal = state(settings, ["192.0.2.8": 60, "192.0.2.1": 60])
    #expect(
      shapes(try dialect.operations(from: stale, to: goal)) == [
        "add_users {\"ip_addresses\":[\"192.0.2.1\"],\"expiry\":120}",
        "dynamic {\"commands\":[{\"name\":\"sekisho-block\",\"command\":\"remove\",\"entries\":[\"192.0.2.2\"]}]}",
      ])
    #expect(
      shapes(try dialect.operations(from: goal, to: stale)) == [
        "dynamic {\"commands\":[{\"name\":\"sekisho-block\",\"command\":\"add\",\"entries\":[\"192.0.2.2\"]}]}",
        "clear_users {\"ip_addresses\":[\"192.0.2.1\"]}",
      ])
  }

  @Test func aBanWithoutEndHasNoTimerAndALongOneTheLongest() throws {
    let settings = try settings(.bannedList)
    var goal = state(settings, ["192.0.2.1": 400 * 86_400])
    goal.blocks[BlockTarget("192.0.2.2")!] = .untimed
    let found = shapes(try FortiOSDialect(settings: settings).operations(from: empty, to: goal))
    #expect(
      found.dropFirst() == [
        "add_users {\"ip_addresses\":[\"192.0.2.2\"],\"expiry\":0}",
        "add_users {\"ip_addresses\":[\"192.0.2.1\"],\"expiry\":31449600}",
      ])
  }

  /// The device counts whole seconds, so a reading wavers.
  @Test func aDeadlineThatOnlyWaversIsNoChange() throws {
    let settings = try settings(.bannedList)
    let dialect = FortiOSDialect(settings: settings)
    let current = state(settings, ["192.0.2.1": 600])
    #expect(try dialect.operations(from: current, to: state(settings, ["192.0.2.1": 602])).isEmpty)
    #expect(try dialect.operations(from: current, to: state(settings, ["192.0.2.1": 598])).isEmpty)
    for seconds: Int64 in [597, 603] {
      let goal = state(settings, ["192.0.2.1": seconds])
      #expect(try dialect.operations(from: current, to: goal).count == 1)
    }
    var unending = current
    unending.blocks[BlockTarget("192.0.2.1")!] = .untimed
    #expect(try dialect.operations(from: current, to: unending).count == 1)
    #expect(try dialect.operations(from: unending, to: current).count == 1)
    #expect(try dialect.operations(from: unending, to: unending).isEmpty)
  }

  @Test func whatCannotBeBlockedIsRefused() throws {
    func refusal(_ target: String, _ way: FortiOSSettings.Way) throws -> AdapterError? {
      let settings = try self.settings(way)
      do throws(AdapterError) {
        _ = try FortiOSDialect(settings: settings).operations(from: empty, to: state(settings, [target: 60]))
        return nil
      } catch {
        return error
      }
    }
    for target in ["192.0.2.1", "2001:db8::1", "192.0.2.0/24", "2001:db8::/48"] {
      #expect(try refusal(target, .threatFeed) == nil)
    }
    #expect(try refusal("bad.example.org", .threatFeed)?.code == .unsupported)
    #expect(try refusal("2001:db8::1", .bannedList) == nil)
    #expect(try refusal("192.0.2.0/24", .bannedList)?.message.en.contains("way: threat-feed") == true)
    let foreign = FirewallState(readAt: Self.moment, scaffold: ["table": "inet sekisho"])
    for way in FortiOSSettings.Way.allCases {
      let dialect = FortiOSDialect(settings: try settings(way))
      #expect(throws: AdapterError.self) { try dialect.operations(from: foreign, to: foreign) }
    }
    // What a banned list writes down is nothing that a threat feed knows.
    let written = state(try settings(), [:], ended: ["192.0.2.1"])
    let plain = FortiOSDialect(settings: try settings())
    #expect(throws: AdapterError.self) { try plain.operations(from: written, to: written) }
  }

  @Test func theManifestIsThatOfTheWay() throws {
    let feed = FortiOSAdapter(settings: try settings()).manifest
    #expect(feed == FortiOSAdapter.manifest && feed.capabilities.expiry == .gateway)
    let banned = FortiOSAdapter(settings: try settings(.bannedList)).manifest
    #expect(banned.name == feed.name && banned.testedAgainst == feed.testedAgainst)
    #expect(banned.capabilities.kinds == [.address4, .address6] && banned.capabilities.expiry == .device)
  }

  @Test func versionsBeforePushedFeedsAreKnown() {
    for text in ["v7.2.0", "v7.0.15", "v6.4.9", "6.0.4"] { #expect(FortiOSReader.isTooOld(text), "\(text)") }
    for text in ["v7.2.1", "v7.4.4", "v8.0.0", "v7.10.0", "7.6", "", "vX"] {
      #expect(!FortiOSReader.isTooOld(text), "\(text)")
    }
  }

  @Test func theSettingsSayWhatIsWrong() throws {
    let good = "url: https://fw.example.org\napi-token: file:/etc/sekisho/fortios.token\n"
    #expect(try problems(good) == [])
    #expect(
      try problems(
        good + "way: banned-list\nvdom: edge_1\nfeed: a-b\nallow-feed: c_d\nentries-per-request: 500\n"
          + "ca: /etc/ca.pem\nrequests-per-second: 5\nclient-certificate: /etc/c.pem\nclient-key: env:KEY\n"
      ) == [])
    let bad: [(String, String)] = [
      ("api-token: file:/k", "url"), ("url: https://fw.example.org", "api-token"),
      ("url: http://fw.example.org\napi-token: file:/k", "https"),
      ("url: https://fw.example.org\napi-token: f5Hk7cGz0Qm", "never the secret"),
      (good + "way: quarantine", "banned-list"), (good + "vdom: \"a b\"", "virtual domain"),
      (good + "vdom: root&global=1", "virtual domain"), (good + "feed: \"x\\\"y\"", "feed"),
      (good + "feed: \(String(repeating: "a", count: 36))", "35"),
      (good + "allow-feed: sekisho-block", "differ"), (good + "entries-per-request: 0", "131072"),
      (good + "vdon: root", "vdom"),
    ]
    for (yaml, word) in bad {
      let found = try problems(yaml)
      #expect(found.contains { $0.contains(word) }, "\(yaml): \(found)")
      #expect(!found.contains { $0.contains("f5Hk7cGz0Qm") })
    }
  }
}
