import ConfigurationFile
import DeviceRequests
import FirewallKit
import Foundation
import HTTPTransport
import Language
import NetworkTypes
import OPNsense
import Randomness
import RouterOS
import Testing

@testable import RESTPlugins

/// Descriptions: what is read, what is refused and where, and the literal requests that come out.
@Suite struct RESTDescriptionTests {
  private static let now = Timestamp("2026-01-01T00:00:00Z")!

  private func problems(_ text: String) -> [ConfigurationProblem] {
    do throws(ConfigurationError) {
      _ = try RESTDescription(parsing: text, file: "mine.yaml")
      return []
    } catch {
      return error.problems
    }
  }

  /// A description that is right, with one line replaced.
  private func changed(_ old: String, _ new: String, in text: String = OPNsense.yaml) -> [String] {
    #expect(text.contains(old), "\(old)")
    return problems(text.replacing(old, with: new, maxReplacements: 1)).map { $0.text(in: .english) }
  }

  @Test func whatComesWithTheProgramIsRight() throws {
    #expect(problems(OPNsense.yaml).isEmpty && problems(RouterOS.yaml).isEmpty)
    let router = try RESTDescription(parsing: RouterOS.yaml, file: RouterOS.file)
    #expect(router.manifest.capabilities.maximumTimeToLiveSeconds == 21_474_836)
    #expect(router.manifest.capabilities.kinds == [.address4, .address6, .prefix4, .prefix6])
    #expect(router.manifest.testedAgainst == [TestPeer(.simulator, "RouterOS")])
  }

  /// Each mistake with its line, its key, and what was probably meant.
  @Test func aMistakeIsToldWithItsLine() throws {
    func line(_ text: String, in yaml: String = OPNsense.yaml) -> Int {
      yaml.split(separator: "\n", omittingEmptySubsequences: false)
        .firstIndex { $0.contains(text) }.map { $0 + 1 } ?? 0
    }
    let misspelt = changed("  prefixes: overlapping", "  prefixs: overlapping")
    #expect(misspelt.contains { $0.hasPrefix("mine.yaml:\(line("prefixes:")):3: capabilities.prefixs: ") })
    #expect(misspelt.contains { $0.contains("Did you mean “prefixes”?") })
    let place = changed("alias_util/add/{list.name}", "alias_util/add/{list.nam}")
    #expect(place.count == 1, "\(place)")
    #expect(place.first?.contains("There is nothing to put at {list.nam}. Did you mean {list.name}?") == true)
    #expect(place.first?.hasPrefix("mine.yaml:\(line("alias_util/add/")):") == true, "\(place)")
    for (old, new, words) in [
      ("format: 1", "format: 2", "not a whole number from 1 to 1"),
      ("name: opnsense", "name: OPNsense", "lower-case letters"),
      ("  atomicity: entry\n", "", "This key is required"),
      ("  read-back: live", "  read-back: fetched", "one of live, configured"),
      ("  expiry: gateway", "  expiry: device", "“timer” is needed exactly when"),
      ("  alias: sekisho_block", "  alias: \"a b\"", "is no word of 1 to 64"),
      ("  alias: sekisho_block", "  url: sekisho_block", "none of the names"),
      ("secrets: [credentials]", "secrets: [alias]", "cannot be the name of a secret"),
      ("  Authorization: Basic", "  Host: Basic", "not permitted here"),
      ("{secret.credentials}", "{secret.other}", "nothing to put at {secret.other}"),
      ("  - role: allow", "  - role: block", "2 lists hold address4 to block"),
      ("    method: POST\n", "    method: BREW\n", "“BREW” is none of"),
      ("    path: /api/firewall/alias_util/list", "    path: api/list", "begins with “/”"),
      ("\"current\":{page},", "", "{page} must stand in the request"),
      ("  body: '{\"address\":\"{address}\"}'", "  body: '{\"address\":{address}}'", "this is no JSON"),
      ("  body: '{\"address\":\"{address}\"}'", "  body: '{\"address\":\"{address}0\"}'", "must follow"),
      ("  body: '{\"address\":\"{address}\"}'", "  body: '{\"address\":\"‹secret:credentials›\"}'", "‹"),
      ("    means: unauthorized", "    means: forbidden", "one of harmless, unavailable"),
      ("  - status: 401\n", "  - {}\n  - status: 401\n", "A rule needs a status"),
      ("  address: ip\n", "  address: ip..x\n", "is no path"),
      (
        "words: [status_msg,", "commit: {method: POST, path: /x}\nwords: [status_msg,",
        "commit: This key is not"
      ),
    ] as [(String, String, String)] {
      let found = changed(old, new)
      #expect(found.contains { $0.contains(words) }, "\(new): \(found)")
    }
    #expect(problems("").count > 5 && problems("- a\n").count > 0)
  }

  /// No line may be cut, doubled or mangled into a crash.
  @Test func aBrokenDescriptionIsNeverMoreThanAnError() {
    var random = SplitMix64(seed: 7)
    for text in [OPNsense.yaml, RouterOS.yaml] {
      let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
      for _ in 0..<150 {
        var broken = lines
        for _ in 0..<Int.random(in: 1...3, using: &random) {
          let index = Int.random(in: 0..<broken.count, using: &random)
          switch Int.random(in: 0..<4, using: &random) {
          case 0: broken.remove(at: index)
          case 1: broken.insert(broken[index], at: index)
          case 2: broken[index] = broken[index].prefix(Int.random(in: 0..<20, using: &random))
          default: broken.swapAt(index, Int.random(in: 0..<broken.count, using: &random))
          }
        }
        _ = problems(broken.joined(separator: "\n"))
      }
    }
  }

  // MARK: The configuration

  private func settings(_ text: String, _ description: RESTDescription) throws -> (RESTSettings?, [String]) {
    let problems = ConfigurationProblems()
    let document = try ConfigurationDocument(parsing: text, file: "sekisho.yaml")
    let settings = RESTSettings(
      from: ConfigurationSection(document.root, problems: problems), description: description)
    return (settings, problems.found.map { $0.text(in: .english) })
  }

  @Test func theConfigurationSaysTheDescriptionsOwnSettings() throws {
    let description = try RESTDescription(parsing: OPNsense.yaml, file: OPNsense.file)
    let base = "url: https://fw.example.org\ncredentials: file:/etc/sekisho/key\n"
    let (usual, none) = try settings(base, description)
    #expect(none.isEmpty && usual?.words == ["alias": "sekisho_block", "allow-alias": "sekisho_allow"])
    #expect(try settings(base + "alias: mine\n", description).0?.words["alias"] == "mine")
    for (line, words) in [
      ("alias: 'a\";b'\n", "is no word"), ("alais: mine\n", "Did you mean “alias”?"),
      (
        "allow-alias: sekisho_block\n",
        "allow-alias: What is blocked and what is allowed would be kept in one list"
      ),
      ("alias: sekisho_allow\n", "Use two"), ("alias: \"‹secret:credentials›\"\n", "is no word"),
    ] {
      let (found, problems) = try settings(base + line, description)
      #expect(problems.contains { $0.contains(words) }, "\(line) \(problems)")
      #expect(found == nil || line.hasPrefix("alais"))
    }
    let bare = try settings("", description)
    #expect(bare.0 == nil && bare.1.count == 2)
  }

  /// A stranger's file works without building anything anew; one that is wrong is told by its own line.
  @Test func aDescriptionOfAStrangerIsAFileBesideTheConfiguration() throws {
    let folder = NSTemporaryDirectory() + "sekisho-description-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    func read(_ yaml: String?, taken: [String] = []) throws -> (RESTSettings?, [String]) {
      try? FileManager.default.removeItem(atPath: folder + "/mine.yaml")
      if let yaml { try Data(yaml.utf8).write(to: URL(filePath: folder + "/mine.yaml")) }
      let problems = ConfigurationProblems()
      let document = try ConfigurationDocument(
        parsing: "description: mine.yaml\nurl: https://fw.example.org\ncredentials: env:KEY\n",
        file: folder + "/sekisho.yaml")
      let settings = RESTSettings(
        from: ConfigurationSection(document.root, problems: problems), taken: taken)
      return (settings, problems.found.map { $0.text(in: .english) })
    }
    let mine = OPNsense.yaml.replacing("name: opnsense", with: "name: mine")
    let (settings, none) = try read(mine)
    #expect(none.isEmpty && settings?.description.manifest.name == "mine")
    #expect(try read(mine, taken: ["mine"]).1.contains { $0.contains("calls itself “mine”") })
    #expect(try read(nil).1.contains { $0.contains("/mine.yaml cannot be read as text") })
    let wrong = try read(mine.replacing("expiry: gateway", with: "expiry: never"))
    #expect(wrong.0 == nil && wrong.1.contains { $0.contains("/mine.yaml:") && $0.contains("“never”") })
  }

  // MARK: Literal requests

  private func adapter(_ yaml: String, _ file: String) throws -> RESTAdapter {
    RESTAdapter(
      settings: RESTSettings(
        description: try RESTDescription(parsing: yaml, file: file),
        endpoint: DeviceEndpoint(
          url: try HTTPURL("https://fw.example.org"),
          secrets: ["credentials": .environment(variable: "NONE")])))
  }

  private func literals(
    _ adapter: RESTAdapter, from: [String: Int64], to: [String: Int64], allowed: [String] = []
  ) throws -> [String] {
    func state(_ blocks: [String: Int64], _ allowed: [String]) -> FirewallState {
      FirewallState(
        readAt: Self.now, scaffold: blocks.isEmpty ? [:] : adapter.scaffold,
        allowed: Set(allowed.map { IPPrefix($0)! }),
        blocks: Dictionary(
          uniqueKeysWithValues: blocks.map { (BlockTarget($0.key)!, Self.now + .seconds($0.value)) }))
    }
    return try adapter.operations(from: state(from, []), to: state(to, allowed)).map { operation in
      guard case .request(let method, let url, _, let body) = operation.step else { return operation.kind }
      return "\(method) \(url.dropFirst("https://fw.example.org".count)) \(body)"
    }
  }

  @Test func theRequestsToOPNsenseAreLiteral() throws {
    let adapter = try adapter(OPNsense.yaml, OPNsense.file)
    #expect(
      try literals(
        adapter, from: ["192.0.2.1": 60, "192.0.2.2": 60],
        to: ["192.0.2.2": 3600, "2001:db8::/32": 60, "198.51.100.0/24": 60], allowed: ["198.51.100.7"])
        == [
          #"POST /api/firewall/alias_util/add/sekisho_allow {"address":"198.51.100.7"}"#,
          #"POST /api/firewall/alias_util/delete/sekisho_block {"address":"192.0.2.1"}"#,
          #"POST /api/firewall/alias_util/add/sekisho_block {"address":"198.51.100.0/24"}"#,
          #"POST /api/firewall/alias_util/add/sekisho_block {"address":"2001:db8::/32"}"#,
        ])
    let goal = FirewallState(
      readAt: Self.now, scaffold: adapter.scaffold, blocks: [BlockTarget("192.0.2.1")!: Self.now])
    let operation = try #require(
      try adapter.operations(from: FirewallState(readAt: Self.now), to: goal).first)
    #expect(
      operation.literal == """
        POST https://fw.example.org/api/firewall/alias_util/add/sekisho_block
        Host: fw.example.org
        User-Agent: sekisho
        Accept: */*
        Authorization: Basic ‹secret:credentials›
        Content-Type: application/json
        Content-Length: 23

        {"address":"192.0.2.1"}
        """)
  }

  @Test func theRequestsToRouterOSAreLiteral() throws {
    let adapter = try adapter(RouterOS.yaml, RouterOS.file)
    let found = try literals(
      adapter, from: ["192.0.2.1": 60, "2001:db8::2": 60],
      to: ["2001:db8::2": 3600, "192.0.2.3": 60, "192.0.2.4": 7200, "2001:db8::/32": 60],
      allowed: ["198.51.100.7"])
    let body = { #"POST /rest/execute {"script":""# + $0 + #"","as-string":"true"}"# }
    let ip = "/ip/firewall/address-list"
    let ipv6 = "/ipv6/firewall/address-list"
    #expect(
      found == [
        body(
          #":do {\#(ip)/add list=sekisho-allow address=198.51.100.7 comment=sekisho} on-error={:put \"198.51.100.7\"};"#
        ),
        body(
          #":do {\#(ip)/remove [find list=sekisho-block address=192.0.2.1 comment=sekisho]} on-error={:put \"192.0.2.1\"};"#
        ),
        body(
          #":do {\#(ipv6)/remove [find list=sekisho-block address=2001:db8::2/128 comment=sekisho];"#
            + #"\#(ipv6)/add list=sekisho-block address=2001:db8::2/128 timeout=3660s comment=sekisho} on-error={:put \"2001:db8::2/128\"};"#
        ),
        body(
          #":do {\#(ip)/add list=sekisho-block address=192.0.2.3 timeout=120s comment=sekisho} on-error={:put \"192.0.2.3\"};"#
            + #":do {\#(ip)/add list=sekisho-block address=192.0.2.4 timeout=7260s comment=sekisho} on-error={:put \"192.0.2.4\"};"#
        ),
        body(
          #":do {\#(ipv6)/add list=sekisho-block address=2001:db8::/32 timeout=120s comment=sekisho} on-error={:put \"2001:db8::/32\"};"#
        ),
      ])
  }

  /// Two readings of one timer differ by a second and what the readings take; that is no change.
  @Test func aTimerThatWasReadTwiceIsOne() throws {
    let adapter = try adapter(RouterOS.yaml, RouterOS.file)
    #expect(try literals(adapter, from: ["192.0.2.1": 600], to: ["192.0.2.1": 602]).isEmpty)
    #expect(try literals(adapter, from: ["192.0.2.1": 602], to: ["192.0.2.1": 600]).isEmpty)
    #expect(try literals(adapter, from: ["192.0.2.1": 600], to: ["192.0.2.1": 603]).count == 1)
  }

  /// A hundred in a script, and no request for each entry.
  @Test func manyEntriesAreFewRequests() throws {
    let adapter = try adapter(RouterOS.yaml, RouterOS.file)
    var goal = FirewallState(readAt: Self.now, scaffold: adapter.scaffold)
    for number in 0..<UInt32(1001) {
      goal.blocks[.prefix(IPPrefix(IPAddress(ipv4: 0x0A00_0000 + number)))] = Self.now + .seconds(60)
    }
    let operations = try adapter.operations(from: FirewallState(readAt: Self.now), to: goal)
    #expect(operations.count == 11)
    #expect(operations.allSatisfy { $0.literal.utf8.count < 32_000 })
    #expect(operations.first?.summary.en == "Add 100 addresses to sekisho-block")
    // The longest that there can be: a new timer for addresses of 39 characters in a list of 64.
    var settings = adapter.settings
    settings.words["list"] = String(repeating: "l", count: 64)
    let longest = RESTAdapter(settings: settings)
    var old = FirewallState(readAt: Self.now, scaffold: longest.scaffold)
    for number in 0..<UInt32(60) {
      let address = IPPrefix("2001:db8:aaaa:bbbb:cccc:dddd:eeee:\(1000 + number)")!
      old.blocks[.prefix(address)] = Self.now + .seconds(60)
    }
    var later = old
    for target in old.blocks.keys { later.blocks[target] = Self.now + .seconds(20_000_000) }
    let renewals = try longest.operations(from: old, to: later)
    #expect(renewals.count == 2)
    #expect(renewals.allSatisfy { $0.literal.utf8.count < 32_000 })
    #expect(try adapter.operations(from: FirewallState(readAt: Self.now), to: goal) == operations)
  }

  @Test func manyEntriesMayStandInAnArray() throws {
    let yaml = OPNsense.yaml.replacing(
      "  body: '{\"address\":\"{address}\"}'\n",
      with: """
          body: '{"addresses":[{each}]}'
          each: '"{address}"'
          separator: ","
          most: 2

        """)
    let adapter = try adapter(yaml, "array.yaml")
    #expect(
      try literals(adapter, from: [:], to: ["192.0.2.1": 60, "192.0.2.2": 60, "2001:db8::3": 60]) == [
        #"POST /api/firewall/alias_util/add/sekisho_block {"addresses":["192.0.2.1","192.0.2.2"]}"#,
        #"POST /api/firewall/alias_util/add/sekisho_block {"addresses":["2001:db8::3"]}"#,
      ])
    let dialect = RESTDialect(settings: adapter.settings)
    for (body, isOurs) in [
      (#"{"addresses":["192.0.2.1","192.0.2.2"]}"#, true), (#"{"addresses":["192.0.2.0/24"]}"#, true),
      (#"{"addresses":["192.0.2.1","192.0.2.2","192.0.2.3"]}"#, false), (#"{"addresses":[]}"#, false),
      (#"{"addresses":["192.0.2.1",]}"#, false), (#"{"addresses":["192.0.2.1"],"all":true}"#, false),
      (#"{"addresses":["0.0.0.0/0 "]}"#, false), (#"{"addresses":["a.example.org"]}"#, false),
    ] {
      let step = try adapter.settings.endpoint.step(
        DeviceRequest(
          .post, "/api/firewall/alias_util/add/sekisho_block",
          headers: [
            .init("Authorization", "Basic ‹secret:credentials›"), .init("Content-Type", "application/json"),
          ], body: body))
      let operation = FirewallKit.Operation(summary: Phrase(verbatim: ""), step: step)
      #expect((dialect.change(of: operation) != nil) == isOurs, "\(body)")
    }
  }

  // MARK: Answers

  @Test func jsonIsReadStrictly() {
    #expect(JSONValue(Array(#" {"a":[1,-2.5e3,"x\u00e9\ud83d\ude00\n",true,null,{}]} "#.utf8)) != nil)
    #expect(
      JSONValue(Array(#"{"a":{"b":"c"}}"#.utf8))?.value(at: FieldPath("a.b")!)?.scalar == "c")
    for text in [
      "", "{", "[1,]", "[1 2]", "{\"a\":1,\"a\":2}", "{\"a\"}", "\"\u{1}\"", "\"\\x\"", "\"\\ud83d\"", "nul",
      "1 1", "+1", "\"a", "[\"a\"", "{a:1}", String(repeating: "[", count: 100_000),
    ] {
      #expect(JSONValue(Array(text.utf8)) == nil, "\(text.prefix(40))")
    }
    #expect(JSONValue([0x22, 0xFF, 0x22]) == nil)
  }

  @Test(
    arguments: [
      ("59m58s", 3598), ("1w2d3h4m5s", 788_645), ("35w3d13h13m56s", 21_474_836), ("00:10:00", 600),
      ("1d00:00:05", 86_405), ("0s", 0), ("12h", 43_200),
      ("", nil), ("1x", nil), ("5s3m", nil), ("1m1m", nil), ("-5s", nil), ("1:2", nil), ("never", nil),
      ("99999999999999999999s", nil), ("s", nil),
    ] as [(String, Int64?)])
  func theTimeThatIsLeftIsRead(text: String, seconds: Int64?) {
    #expect(RemainingTime.units.duration(text) == seconds.map { .seconds($0) })
    #expect(RemainingTime.seconds.duration("3600") == .seconds(3600))
    #expect(RemainingTime.seconds.duration(text) == nil)
  }

  /// Braces of scripts and of JSON are no places.
  @Test func onlyNamesInBracesArePlaces() {
    let template = TextTemplate(#"{"a":{b} {:put} {list.name}{ x}{"#)
    #expect(template.names == ["b", "list.name"])
    #expect(template.filled(["b": "1", "list.name": "n"]) == #"{"a":1 {:put} n{ x}{"#)
    let address = TextTemplate("a={address} ")
    #expect(address.makes("a=192.0.2.1 ", ["address": .address(isEncoded: false)]))
    for text in ["a=x ", "a=192.0.2.1", "a=192.0.2.1;b ", "a=192.0.2.1 c", "a=999.0.2.1 ", "a= "] {
      #expect(!address.makes(text, ["address": .address(isEncoded: false)]), "\(text)")
    }
  }
}
