import ConfigurationFile
import Feeds
import HTTPTransport
import Language
import Reputation
import Testing

@Suite struct FeedConfigurationTests {
  private func load(_ yaml: String) throws -> (FeedSource?, [ConfigurationProblem]) {
    let document = try ConfigurationDocument(parsing: yaml, file: "sekisho.yaml")
    let problems = ConfigurationProblems()
    let source = FeedSource(ConfigurationSection(document.root, problems: problems), folder: "/etc/sekisho")
    return (source, problems.found)
  }

  @Test func everyKeyIsRead() throws {
    let (read, problems) = try load(
      """
      id: c2
      name: C2 list
      url: https://feeds.example.org/c2.csv?x=1
      format: csv
      csv: { column: ioc, port-column: port, since-column: 1 }
      category: command-and-control
      confidence: 0.95
      licence: CC0
      sub-domains: false
      url-hosts: true
      every: 15m
      minimum-interval: 5m
      stale-after: 2h
      shrink-guard-percent: 70
      limits: { mebibytes: 8, indicators: 1000, line-bytes: 512, time: 30s }
      api-key: env:FEED_KEY
      api-key-field: Auth-Key
      ca: tls/ca.pem
      pin: sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=
      """)
    #expect(problems.isEmpty)
    let source = try #require(read)
    #expect(source.id == "c2" && source.reputation.confidence == 0.95 && source.reputation.licence == "CC0")
    #expect(
      source.format
        == .list(.csv(CSVLayout(indicator: .name("ioc"), port: .name("port"), since: .number(1)))))
    #expect(source.every == .seconds(900) && source.minimumInterval == .seconds(300))
    #expect(source.staleAfter == .seconds(7200) && source.smallestShare == 0.7)
    #expect(source.limits.list.bytes == 8 << 20 && source.limits.time == .seconds(30))
    guard case .web(let address) = source.origin else {
      Issue.record("no address")
      return
    }
    #expect(address.credential == .key(field: "Auth-Key", .environment(variable: "FEED_KEY")))
    #expect(address.tls.authorityFile == "/etc/sekisho/tls/ca.pem" && address.tls.pins.count == 1)
    #expect(!address.permitsPlainText)
    #expect(source.origin.text == "https://feeds.example.org/c2.csv")
  }

  @Test(arguments: [
    ("taxii: { collection: indicators, api-root: /api1/ }\nformat: taxii", FeedFormatWord.taxii),
    ("crowdsec: { types: [ban, captcha] }\nformat: crowdsec", .crowdsec),
    ("misp: { maximum-age: 90d }\nformat: misp", .misp),
    ("format: stix\nstix: { minimum-confidence: 50 }", .stix),
    ("format: rpz\nrpz: { local-data: true }", .rpz),
    ("format: suricata-iprep\nsuricata: { minimum-score: 50, categories: [1, 4] }", .suricataReputation),
    ("format: suricata-dataset\nsuricata: { type: ip }", .suricataDataset), ("format: adblock", .adblock),
    ("format: dnsmasq", .dnsmasq), ("format: unbound", .unbound), ("format: spamhaus-json", .spamhaus),
    ("format: hosts", .hosts), ("", .plain),
  ])
  func everyFormatHasItsWord(yaml: String, word: FeedFormatWord) throws {
    let (source, problems) = try load("id: x\nurl: https://feeds.example.org/\n" + yaml)
    #expect(problems.isEmpty)
    #expect(source?.format.word == word)
  }

  @Test(arguments: [
    ("id: x", "missingKey file"), ("id: x\nfile: a\nurl: https://example.org/", "invalid url"),
    ("id: x\nfile: a\nevry: 1h", "unknownKey evry"), ("id: x\nfile: a\nformat: stx", "invalid format"),
    ("id: x\nfile: a\ncsv: { column: 2 }", "invalid csv"),
    ("id: x\nfile: a\nformat: crowdsec", "invalid file"),
    ("id: x\nurl: http://feeds.example.org/", "invalid url"),
    ("id: x\nurl: http://feeds.example.org/\nplain-text: true\napi-key: env:K", "invalid url"),
    ("id: x\nurl: https://me:secret@feeds.example.org/", "invalid url"),
    ("id: x\nurl: https://feeds.example.org/\npassword: hunter2", "invalid password"),
    ("id: x\nurl: https://feeds.example.org/\nuser: me", "missingKey password"),
    ("id: x\nurl: https://feeds.example.org/\npin: abc", "invalid pin"),
    ("id: x\nfile: a\nca: ca.pem", "invalid ca"), ("id: x\nfile: a\nevery: 1s", "outOfRange every"),
    ("id: x\nurl: https://e.example.org/\nformat: taxii", "missingKey taxii.collection"),
    (
      "id: x\nfile: a\nformat: suricata-iprep\nsuricata: { categories: [BadHosts] }",
      "invalid suricata.categories"
    ),
  ])
  func everyMistakeIsToldAtItsKey(yaml: String, expected: String) throws {
    let (_, problems) = try load(yaml)
    #expect(problems.map { "\($0.code.rawValue) \($0.key)" }.contains(expected), "\(problems)")
    #expect(!problems.contains { ($0.message.en + $0.message.ja).contains("hunter2") })
    #expect(!problems.contains { ($0.message.en + $0.message.ja).contains("secret@") })
  }

  @Test func unencryptedHTTPIsFineOnLoopback() throws {
    let (source, problems) = try load("id: x\nurl: http://127.0.0.1:8080/\nformat: crowdsec\napi-key: env:K")
    #expect(problems.isEmpty && source != nil)
    #expect(source?.every == .seconds(10))
  }
}
