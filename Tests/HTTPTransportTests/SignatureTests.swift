import Crypto
import Foundation
import Testing

@testable import HTTPTransport

/// libcurl's signatures, held against the algorithm as AWS describes it ("Create a signed AWS API
/// request"), written here a second time.
@Suite struct SignatureTests {
  private func sha256(_ bytes: [UInt8]) -> String {
    SHA256.hash(data: bytes).map { String(format: "%02x", $0) }.joined()
  }

  private func mac(_ key: [UInt8], _ text: String) -> [UInt8] {
    Array(HMAC<SHA256>.authenticationCode(for: Array(text.utf8), using: SymmetricKey(data: key)))
  }

  private func signature(
    method: String, path: String, query: String, headers: [(name: String, value: String)], signed: [String],
    body: [UInt8], date: String, region: String, service: String, key: String
  ) -> String {
    let values = signed.map { name in "\(name):\(headers.first { $0.name == name }?.value ?? "?")\n" }
    let canonical =
      "\(method)\n\(path)\n\(query)\n\(values.joined())\n\(signed.joined(separator: ";"))\n\(sha256(body))"
    let scope = "\(date.prefix(8))/\(region)/\(service)/aws4_request"
    let text = "AWS4-HMAC-SHA256\n\(date)\n\(scope)\n\(sha256(Array(canonical.utf8)))"
    var derived = mac(Array("AWS4\(key)".utf8), String(date.prefix(8)))
    for part in [region, service, "aws4_request"] { derived = mac(derived, part) }
    return mac(derived, text).map { String(format: "%02x", $0) }.joined()
  }

  /// `get-vanilla` and `post-vanilla` of AWS's published test suite: our second writing is right.
  @Test func theAlgorithmHereGivesThePublishedSignatures() {
    for (method, expected) in [
      ("GET", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
      ("POST", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
    ] {
      #expect(
        signature(
          method: method, path: "/", query: "",
          headers: [("host", "example.amazonaws.com"), ("x-amz-date", "20150830T123600Z")],
          signed: ["host", "x-amz-date"], body: [], date: "20150830T123600Z", region: "us-east-1",
          service: "service", key: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY") == expected)
    }
  }

  @Test func aSignedRequestIsPreviewedAndVerifies() async throws {
    let server = RawServer.answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    let client = HTTPClient()
    let key = Secret(name: "aws", value: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
    for body in ["{\"Scope\":\"REGIONAL\",\"Limit\":100}", "", String(repeating: "a", count: 1 << 20)] {
      let request = HTTPRequest(
        .post, try server.url("/"),
        headers: [
          .init("Content-Type", "application/x-amz-json-1.1"),
          .init("X-Amz-Target", "AWSWAF_20190729.ListIPSets"),
          .init("X-Amz-Security-Token", "\(Secret(name: "session", value: "t0ken//=="))"),
        ], body: SensitiveText(body),
        signature: RequestSignature(
          keyIdentifier: "AKIDEXAMPLE", key: key, region: "eu-west-1", service: "wafv2"), transport: plainly()
      )
      _ = try await client.send(request)
      var tooLong = request
      tooLong.body = SensitiveText(String(repeating: "a", count: (1 << 20) + 1))
      var untyped = request
      untyped.headers.removeFirst()
      for refused in [tooLong, untyped] {
        #expect(try await failure(client, refused).code == .invalidRequest)
      }
      let text = String(decoding: try #require(server.requests.last), as: UTF8.self)
      let lines = text.split(separator: "\r\n", omittingEmptySubsequences: false)
      let headers = lines.dropFirst().prefix { !$0.isEmpty }.map { line in
        let colon = line.firstIndex(of: ":")!
        return (name: line[..<colon].lowercased(), value: String(line[line.index(colon, offsetBy: 2)...]))
      }
      func header(_ name: String) throws -> String { try #require(headers.first { $0.name == name }?.value) }
      let words = try header("authorization")
      let signed = try #require(words.firstMatch(of: /SignedHeaders=([^,]+)/)?.1)
      let names = signed.split(separator: ";").map(String.init)
      #expect(Set(["host", "x-amz-date", "x-amz-target", "x-amz-security-token"]).isSubset(of: names))
      let date = try header("x-amz-date")
      let expected = signature(
        method: "POST", path: "/", query: "", headers: headers, signed: names, body: Array(body.utf8),
        date: date,
        region: "eu-west-1", service: "wafv2", key: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
      #expect(words.hasSuffix("Signature=\(expected)"), "\(words)")
      #expect(
        words.hasPrefix(
          "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/\(date.prefix(8))/eu-west-1/wafv2/aws4_request"))

      // All but signature and date are as previewed, in the same order.
      let sent =
        text.replacing(words, with: "AWS4-HMAC-SHA256 ‹signature with ‹secret:aws››")
        .replacing(date, with: "‹time of sending›").replacing("t0ken//==", with: "‹secret:session›")
        .replacing("\r\n", with: "\n")
      #expect(request.preview == "→ \(request.url.origin)\n\(sent)")
    }
  }
}
