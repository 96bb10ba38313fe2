import ConfigurationFile
import DeviceRequests
import FirewallKit
import HTTPTransport
import Language
import NetworkTypes
import Testing

@testable import PANOS

/// What needs no device: settings, messages, deadlines, answers.
@Suite struct PANOSTests {
  private static let moment = Timestamp(seconds: 1_767_225_600)

  private func settings(
    networks: Bool = true, target: String? = nil
  ) throws -> PANOSSettings {
    PANOSSettings(
      endpoint: DeviceEndpoint(
        url: try HTTPURL("https://fw.example.org"), secrets: ["api-key": .environment(variable: "NONE")]),
      serial: target, holdsNetworks: networks)
  }

  private func state(_ settings: PANOSSettings, _ blocks: [String: Int64], allowed: [String] = [])
    -> FirewallState
  {
    FirewallState(
      readAt: Self.moment, scaffold: PANOSDialect(settings: settings).scaffold,
      allowed: Set(allowed.map { IPPrefix($0)! }),
      blocks: Dictionary(
        uniqueKeysWithValues: blocks.map { (BlockTarget($0.key)!, Self.moment + .seconds($0.value)) }))
  }

  /// The commands of the operations, unpacked.
  private func commands(_ operations: [Operation]) -> [String] {
    operations.map { String($0.readable.split(separator: "cmd = ").last ?? "").replacing("\n", with: "") }
  }

  private func problems(_ yaml: String) throws -> [String] {
    let problems = ConfigurationProblems()
    let document = try ConfigurationDocument(parsing: yaml, file: "test.yaml")
    _ = PANOSSettings(from: ConfigurationSection(document.root, problems: problems))
    do throws(ConfigurationError) {
      try problems.throwIfAny()
      return []
    } catch {
      return error.problems.map { $0.text(in: .english) }
    }
  }

  @Test func aMessageNamesAddressTagsAndTimer() throws {
    let settings = try settings(target: "0123")
    let operations = try PANOSDialect(settings: settings).operations(
      from: FirewallState(readAt: Self.moment), to: state(settings, ["192.0.2.7": 3600]))
    #expect(
      commands(operations) == [
        "<uid-message><version>1.0</version><type>update</type><payload><register>"
          + "<entry ip=\"192.0.2.7\"><tag><member timeout=\"3660\">sekisho-block</member>"
          + "<member timeout=\"3660\">sekisho-block-until-20260101T010000Z</member></tag></entry>"
          + "</register></payload></uid-message>"
      ])
    #expect(operations[0].readable.contains("\ntype = user-id\nvsys = vsys1\ntarget = 0123\ncmd = <uid"))
    #expect(operations[0].kind == "request")
    #expect(operations[0].summary.en == "Register 1 address with the tag sekisho-block")
  }

  @Test func exceptionsComeFirstAndGoLast() throws {
    let settings = try settings()
    let full = state(settings, ["192.0.2.7": 60, "192.0.2.8": 60], allowed: ["192.0.2.9"])
    let moved = state(settings, ["192.0.2.8": 600], allowed: ["2001:db8::1"])
    let there = commands(try PANOSDialect(settings: settings).operations(from: full, to: moved))
    let shapes = there.map { text in
      (text.contains("<register>") ? "+" : "-") + (text.contains("sekisho-allow<") ? "allow" : "block")
    }
    #expect(shapes == ["+allow", "-block", "-block", "+block", "-allow"])
    let back = try PANOSDialect(settings: settings).operations(
      from: full, to: FirewallState(readAt: Self.moment))
    #expect(commands(back).count == 2 && commands(back)[1].contains("192.0.2.9"))
    #expect(try PANOSDialect(settings: settings).operations(from: full, to: full).isEmpty)
  }

  @Test func aThousandGoInOneMessageAndANewDeadlineComesAtOnce() throws {
    let settings = try settings()
    var current = state(settings, [:])
    var goal = current
    for number in 0..<UInt32(2500) {
      let target = BlockTarget.prefix(IPPrefix(IPAddress(ipv4: 0x0A00_0000 + number)))
      current.blocks[target] = Self.moment + .seconds(60)
      goal.blocks[target] = Self.moment + .seconds(600)
    }
    let operations = commands(try PANOSDialect(settings: settings).operations(from: current, to: goal))
    #expect(operations.map { $0.contains("<register>") } == [false, true, false, true, false, true])
    #expect(
      operations.map { $0.split(separator: "<entry ").count - 1 } == [1000, 1000, 1000, 1000, 500, 500])
  }

  @Test func whatCannotBeRegisteredIsRefused() throws {
    func refusal(_ target: String, networks: Bool = true) throws -> AdapterError? {
      let settings = try self.settings(networks: networks)
      do throws(AdapterError) {
        _ = try PANOSDialect(settings: settings).operations(
          from: FirewallState(readAt: Self.moment), to: state(settings, [target: 60]))
        return nil
      } catch {
        return error
      }
    }
    for target in ["192.0.2.1", "2001:db8::1", "192.0.2.0/24"] { #expect(try refusal(target) == nil) }
    for target in ["2001:db8::/48", "bad.example.org"] {
      #expect(try refusal(target)?.code == .unsupported, "\(target)")
    }
    #expect(try refusal("192.0.2.1", networks: false) == nil)
    #expect(try refusal("192.0.2.0/24", networks: false)?.message.en.contains("PAN-OS 10.0") == true)
    let foreign = FirewallState(readAt: Self.moment, scaffold: ["table": "inet sekisho"])
    let plain = try settings()
    #expect(throws: AdapterError.self) {
      try PANOSDialect(settings: plain).operations(from: foreign, to: foreign)
    }
  }

  @Test func aDeadlineIsReadAsItWasWritten() throws {
    for seconds: Int64 in [0, 1_767_225_600, 1_767_225_599, 4_102_444_799] {
      let moment = Timestamp(seconds: seconds)
      let tag = try #require(DeadlineTag.text(moment, after: "sekisho-block"))
      #expect(DeadlineTag.deadline(tag, after: "sekisho-block") == moment)
      #expect(DeadlineTag.deadline(tag, after: "sekisho") == nil)
    }
    #expect(DeadlineTag.text(DeadlineTag.none, after: "t") == nil)
    #expect(DeadlineTag.text(.untimed, after: "t") == nil)
    for text in ["t-until-", "t-until-20261301T000000Z", "t-until-20260101T000000", "t-until-2026-01-01T00Z"]
    {
      #expect(DeadlineTag.deadline(text, after: "t") == nil)
    }
  }

  @Test func aFilterIsOfOneTagOrNot() {
    for filter in ["'sekisho-block'", "sekisho-block", "\"sekisho-block\"", "('sekisho-block')"] {
      #expect(PANOSReader.matches(filter, only: "sekisho-block"))
    }
    for filter in ["'sekisho'", "'sekisho-block' or 'a'", "'sekisho-block' and 'b'", ""] {
      #expect(!PANOSReader.matches(filter, only: "sekisho-block"))
    }
  }

  @Test func theSettingsSayWhatIsWrong() throws {
    let good = "url: https://fw.example.org\napi-key: file:/etc/sekisho/panos.key\n"
    #expect(try problems(good) == [])
    #expect(
      try problems(
        good + "vsys: vsys12\ntarget: '0070'\ntag: a.b\nallow-tag: c_d\ngroup: G\nallow-group: H\n"
          + "check-groups: false\nnetworks: false\nca: /etc/ca.pem\nrequests-per-second: 5\n"
          + "pin: [\"sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"]\n"
          + "client-certificate: /etc/c.pem\nclient-key: env:KEY\n") == [])
    let bad: [(String, String)] = [
      ("api-key: file:/k", "url"), ("url: https://fw.example.org", "api-key"),
      ("url: http://fw.example.org\napi-key: file:/k", "https"),
      ("url: https://fw.example.org/?a=b\napi-key: file:/k", "query"),
      ("url: https://u:p@fw.example.org\napi-key: file:/k", "password"),
      ("url: https://fw.example.org\napi-key: LUFRPT1key==", "never the secret"),
      (good + "vsys: \"1\"", "vsys1"), (good + "target: a b", "serial"), (good + "tag: a'b", "tag"),
      (good + "allow-tag: sekisho-block-2", "begin"), (good + "pin: [abc]", "sha256//"),
      (good + "client-key: env:KEY", "client-certificate"), (good + "client-certificate: /c", "client-key"),
      (good + "vsis: vsys1", "vsys"), (good + "requests-per-second: 0", "0.1"),
    ]
    for (yaml, word) in bad {
      let found = try problems(yaml)
      #expect(found.contains { $0.contains(word) }, "\(yaml): \(found)")
      #expect(!found.contains { $0.contains("LUFRPT1key") })
    }
  }
}
