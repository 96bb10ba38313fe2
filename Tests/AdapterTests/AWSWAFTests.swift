import ConfigurationFile
import FirewallKit
import Foundation
import HTTPTransport
import Language
import NetworkTypes
import Randomness
import Testing

@testable import AWSWAF

/// Settings, operations, answers, without a server.
@Suite struct AWSWAFTests {
  private static func arn(_ name: String) -> String {
    "arn:aws:wafv2:eu-west-1:123456789012:regional/ipset/\(name)/a1b2c3d4-0000-4000-8000-\(name)"
  }

  private static let settings = AWSWAFSettings(
    blockIPv4: IPSetARN(arn("block4"))!, blockIPv6: IPSetARN(arn("block6"))!,
    allowIPv4: IPSetARN(arn("allow4"))!, allowIPv6: IPSetARN(arn("allow6"))!,
    accessKeyID: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: .environment(variable: "NOWHERE"),
    endpoint: AWSWAFSettings.standardEndpoint(IPSetARN(arn("block4"))!)!)

  private let dialect = AWSWAFDialect(settings: settings)
  private let reader = AWSWAFReader(settings: settings)

  private func state(_ blocks: String..., allowed: [String] = []) -> FirewallState {
    var state = FirewallState(readAt: Timestamp(seconds: 5), scaffold: AWSWAFDialect.scaffold)
    for block in blocks { state.blocks[BlockTarget(block)!] = .untimed }
    state.allowed = Set(allowed.map { IPPrefix($0)! })
    return state
  }

  // MARK: Settings

  @Test func anARNSaysWhatARequestMustSay() throws {
    let arn = try #require(
      IPSetARN("arn:aws-cn:wafv2:cn-north-1:123456789012:regional/ipset/Bad_Ones-4/0a1b2c3d-1111"))
    #expect(arn.region == "cn-north-1" && arn.scope == "REGIONAL" && arn.name == "Bad_Ones-4")
    #expect(arn.id == "0a1b2c3d-1111")
    #expect(
      AWSWAFSettings.standardEndpoint(arn)?.description == "https://wafv2.cn-north-1.amazonaws.com.cn/")
    #expect(IPSetARN("arn:aws:wafv2:us-east-1:1:global/ipset/n/i")?.scope == "CLOUDFRONT")
  }

  @Test(arguments: [
    "", "sekisho", "arn:aws:wafv2:eu-west-1:1:regional/webacl/n/i",
    "arn:aws:waf:eu-west-1:1:regional/ipset/n/i",
    "arn:aws:wafv2:eu-west-1:1:regional/ipset/n", "arn:aws:wafv2:eu-west-1:1:regional/ipset/n/i/j",
    "arn:aws:wafv2:evil.example.org/:1:regional/ipset/n/i", "arn:aws:wafv2:eu-west-1:1:regional/ipset/n\"/i",
    "arn:aws:wafv2:eu_west:1:regional/ipset/n/i", "arn:aws:wafv2::1:regional/ipset/n/i",
  ])
  func nothingElseIsTakenForAnARN(text: String) {
    #expect(IPSetARN(text) == nil)
  }

  @Test func settingsAreReadAndMistakesNamed() throws {
    func read(_ yaml: String) throws -> (AWSWAFSettings?, [String], String) {
      let document = try ConfigurationDocument(parsing: yaml, file: "f.yaml")
      let problems = ConfigurationProblems()
      let settings = AWSWAFSettings(from: ConfigurationSection(document.root, problems: problems))
      do { try problems.throwIfAny() } catch {
        return (settings, error.problems.map(\.key), "\(error.problems)")
      }
      return (settings, [], "")
    }
    let whole = """
      block-ipv4: \(Self.arn("block4"))
      block-ipv6: \(Self.arn("block6"))
      allow-ipv4: \(Self.arn("allow4"))
      allow-ipv6: \(Self.arn("allow6"))
      access-key-id: AKIAIOSFODNN7EXAMPLE
      secret-access-key: env:NOWHERE

      """
    #expect(try read(whole).0 == Self.settings)
    let local = try read(whole + "endpoint: http://127.0.0.1:5000\nsession-token: env:T\n").0
    #expect(local?.isLoopback == true && local?.sessionToken == .environment(variable: "T"))
    #expect(
      try read("{}").1.sorted() == [
        "access-key-id", "allow-ipv4", "allow-ipv6", "block-ipv4", "block-ipv6", "secret-access-key",
      ])
    #expect(try read(whole + "block-ipv5: x\n").1 == ["block-ipv5"])
    #expect(try read(whole + "endpoint: http://waf.example.org/\n").1 == ["endpoint"])
    #expect(try read(whole + "updates-per-second: 0\n").1 == ["updates-per-second"])
    #expect(try read(whole.replacing(Self.arn("allow4"), with: Self.arn("block4"))).1 == ["allow-ipv4"])
    #expect(
      try read(
        whole.replacing(
          Self.arn("allow6"), with: Self.arn("allow6").replacing("eu-west-1", with: "us-east-1"))
      ).1 == ["allow-ipv6"])
    // A secret in the wrong place is not repeated.
    let slip = try read(
      whole.replacing("env:NOWHERE", with: MotoServer.key).replacing(
        "AKIAIOSFODNN7EXAMPLE", with: MotoServer.key))
    #expect(slip.0 == nil && slip.1.sorted() == ["access-key-id", "secret-access-key"])
    #expect(!slip.2.contains(MotoServer.key))
  }

  // MARK: Operations

  @Test func anOperationIsTheTwoRequestsToTheLetter() throws {
    var settings = Self.settings
    settings.sessionToken = .environment(variable: "T")
    let operations = try AWSWAFDialect(settings: settings).operations(
      from: state("192.0.2.1"), to: state("198.51.100.0/25", "192.0.2.7"))
    let head = """
      → https://wafv2.eu-west-1.amazonaws.com
      POST / HTTP/1.1
      Host: wafv2.eu-west-1.amazonaws.com
      Authorization: AWS4-HMAC-SHA256 ‹signature with ‹secret:secret-access-key››
      X-Amz-Date: ‹time of sending›
      User-Agent: sekisho
      Accept: */*
      Content-Type: application/x-amz-json-1.1
      """
    let identity = #""Name":"block4","Scope":"REGIONAL","Id":"a1b2c3d4-0000-4000-8000-block4""#
    #expect(
      operations.map(\.literal) == [
        """
        \(head)
        X-Amz-Target: AWSWAF_20190729.GetIPSet
        X-Amz-Security-Token: ‹secret:session-token›
        Content-Length: \(identity.utf8.count + 2)

        {\(identity)}

        \(head)
        X-Amz-Target: AWSWAF_20190729.UpdateIPSet
        X-Amz-Security-Token: ‹secret:session-token›
        Content-Length: ‹as the body›

        {\(identity),"Description":"kept by sekisho","Addresses":[‹as read, less ["192.0.2.1/32"], \
        plus ["192.0.2.7/32","198.51.100.0/25"]›],"LockToken":"‹as read›"}
        """
      ])
  }

  @Test func oneOperationForEachSetThatChanges() throws {
    func names(_ from: FirewallState, _ to: FirewallState) throws -> [String] {
      try dialect.operations(from: from, to: to).compactMap {
        IPSetEdit($0.literal, Self.settings)?.role.rawValue
      }
    }
    let empty = FirewallState(readAt: Timestamp(seconds: 5))
    #expect(try names(empty, empty).isEmpty)
    #expect(try names(empty, state("192.0.2.1")) == ["block-ipv4"])
    #expect(try names(state("192.0.2.1"), state("192.0.2.1", "2001:db8::1")) == ["block-ipv6"])
    #expect(
      try names(state("192.0.2.1"), empty) == ["block-ipv4", "block-ipv6", "allow-ipv4", "allow-ipv6"])
    // What is allowed is allowed before its prefix is blocked, and until it is blocked no longer.
    #expect(
      try names(empty, state("192.0.2.0/24", allowed: ["192.0.2.7"])) == ["allow-ipv4", "block-ipv4"])
    #expect(
      try names(state("192.0.2.0/24", "2001:db8::1", allowed: ["192.0.2.7"]), state("2001:db8::1"))
        == ["block-ipv4", "allow-ipv4"])
  }

  @Test func whatCannotBeHeldIsRefused() throws {
    for target in ["0.0.0.0/0", "::/0", "bad.example.org"] {
      let error = #expect(throws: AdapterError.self) {
        try dialect.operations(from: state(), to: state(target))
      }
      #expect(error?.code == .unsupported)
    }
  }

  @Test func onlyWhatTheseSettingsWriteIsRead() throws {
    var random = SplitMix64(seed: 4)
    let pool = (1..<40).map { IPPrefix("198.51.100.\($0)")! } + [IPPrefix("192.0.2.0/25")!]
    var texts: [String] = []
    for role in IPSetRole.allCases {
      let chosen = pool.shuffled(using: &random)
      for change: IPSetEdit.Change in [
        .empty, .edit(removed: [], added: Array(chosen[..<3])),
        .edit(removed: Array(chosen[3..<7]), added: []),
        .edit(removed: Array(chosen[7..<9]), added: Array(chosen[9..<12])),
      ] {
        let edit = IPSetEdit(role: role, change: change)
        let text = edit.text(Self.settings)
        #expect(IPSetEdit(text, Self.settings) == edit)
        texts.append(text)
      }
    }
    var other = Self.settings
    other.endpoint = try HTTPURL("https://waf.example.org/")
    for text in texts {
      #expect(IPSetEdit(text, other) == nil)
      for _ in 0..<60 {
        var bytes = Array(text.utf8)
        let place = Int.random(in: 0..<bytes.count, using: &random)
        if Bool.random(using: &random) { bytes.remove(at: place) } else { bytes[place] ^= 1 }
        let mutated = String(decoding: bytes, as: UTF8.self)
        // It is another operation that can be shown again, or none.
        if let edit = IPSetEdit(mutated, Self.settings) { #expect(edit.text(Self.settings) == mutated) }
      }
    }
  }

  // MARK: Answers

  private func answer(
    _ addresses: String, description: String = "\"kept by sekisho\"", version: String = "IPV6",
    token: String = "7ad1f6b2-5a0c-4a0e-9a3e-5f3f0c1d2e3f"
  ) -> [UInt8] {
    Array(
      """
      {"IPSet":{"ARN":"arn","Addresses":[\(addresses)],"Description":\(description),"IPAddressVersion":"\(version)",\
      "Id":"i","Name":"n"},"LockToken":"\(token)"}
      """.utf8)
  }

  /// AWS writes IPv6 in full.
  @Test func addressesAreReadHoweverTheyAreSpelt() throws {
    let found = try reader.content(
      answer(
        #""2001:0db8:0000:0000:0000:0000:0000:0001/128","2001:db8::1/128","2001:0DB8:0001:0000:0000:0000:0000:0000/48""#
      ), of: .blockIPv6)
    #expect(found.addresses == [IPPrefix("2001:db8::1")!, IPPrefix("2001:db8:1::/48")!])
    #expect(found.lockToken == "7ad1f6b2-5a0c-4a0e-9a3e-5f3f0c1d2e3f")
    let state = reader.state([.blockIPv6: found], at: Timestamp(seconds: 1))
    #expect(state.scaffold == AWSWAFDialect.scaffold && state.blocks.count == 2)
    let none = try reader.content(answer(""), of: .blockIPv6)
    #expect(reader.state([.blockIPv6: none, .allowIPv6: none], at: Timestamp(seconds: 1)).isEmpty)
  }

  @Test func whatIsNotOursOrNotUnderstoodIsSaid() {
    func code(_ body: [UInt8], _ role: IPSetRole = .blockIPv6) -> AdapterError.Code? {
      do throws(AdapterError) {
        _ = try reader.content(body, of: role)
        return nil
      } catch {
        return error.code
      }
    }
    #expect(code(answer("", description: "\"offices\"")) == .foreign)
    #expect(code(answer("", description: "null")) == .foreign)
    #expect(code(answer("", description: "\"kept by sekisho?\"")) == .foreign)
    #expect(code(answer(""), .blockIPv4) == .unsupported)
    #expect(code(answer(#""192.0.2.1/32""#)) == .unreadable)
    #expect(code(answer(#""2001:db8::1/129""#)) == .unreadable)
    #expect(code(answer("", token: #"a\",\"x"#)) == .unreadable)
    #expect(code(Array("<html></html>".utf8)) == .unreadable)
    var random = SplitMix64(seed: 9)
    let whole = answer(#""2001:db8::1/128","2001:db8::2/128""#)
    for length in whole.indices { #expect(code(Array(whole[..<length])) == .unreadable) }
    for _ in 0..<5000 {
      var bytes = whole
      bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
      _ = code(bytes)
    }
  }

  @Test(arguments: [
    ("WAFOptimisticLockException", 400, AdapterError.Code.conflict, AdapterError.Code.conflict),
    ("com.amazonaws.wafv2#WAFNonexistentItemException", 400, .unavailable, .unavailable),
    ("AccessDeniedException", 400, .unauthorized, .unauthorized),
    ("UnrecognizedClientException", 400, .unauthorized, .unauthorized),
    ("ExpiredTokenException:http://x/", 400, .unauthorized, .unauthorized),
    ("RequestTimeTooSkewed", 403, .unauthorized, .unauthorized),
    ("WAFLimitsExceededException", 400, .capacity, .capacity),
    ("ThrottlingException", 400, .busy, .busy), ("WAFInvalidParameterException", 400, .rejected, .rejected),
    // It may have been changed all the same.
    ("WAFInternalErrorException", 500, .unavailable, .timedOut), ("", 502, .unavailable, .timedOut),
    ("", 404, .unreadable, .unreadable), ("", 429, .busy, .busy),
  ])
  func aRefusalIsTold(type: String, status: Int, reading: AdapterError.Code, writing: AdapterError.Code) {
    let body = type.isEmpty ? "<html>" : #"{"__type":"\#(type)","Message":"in the vendor's words"}"#
    let refusal = WAFRefusal(
      HTTPResponse(status: status, body: Array(body.utf8), url: Self.settings.endpoint))
    #expect(refusal.words == (type.isEmpty ? "<html>" : "in the vendor's words"))
    let arn = Self.settings.blockIPv4
    #expect(refusal.error(arn, isWriting: false, detail: "").code == reading)
    #expect(refusal.error(arn, isWriting: true, detail: "").code == writing)
  }
}
