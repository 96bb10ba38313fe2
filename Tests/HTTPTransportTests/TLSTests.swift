import Foundation
import Language
import Testing

@testable import HTTPTransport

/// Servers with certificates of all kinds. Whatever TLS refuses was not sent.
@Suite struct TLSTests {
  private let client = HTTPClient()
  private let server: WebServer

  init() throws { server = try WebServer.shared.get() }

  private func request(_ port: UInt16, host: String = "localhost", _ tls: TLSSettings? = nil) throws
    -> HTTPRequest
  {
    HTTPRequest(
      .get, try HTTPURL("https://\(host):\(port)/"),
      transport: TransportSettings(
        tls: tls ?? TLSSettings(authorityFile: server.authority), limits: TransportLimits(total: .seconds(10))
      ))
  }

  private func certificate(_ name: String) throws -> ClientCertificate {
    ClientCertificate(
      certificateFile: "\(server.folder)/\(name).pem",
      key: try SecretReference.file(path: "\(server.folder)/\(name).key").load())
  }

  private func pin(_ name: String) throws -> PublicKeyPin {
    let digest = try server.file(name).split(separator: "\n")[0]
    return try #require(PublicKeyPin("sha256//\(digest)"))
  }

  @Test func aCertificateOfTheGivenAuthorityIsAccepted() async throws {
    for host in ["localhost", "127.0.0.1"] {
      #expect(try await client.send(request(server.good, host: host)).text == "ok\n")
    }
  }

  @Test func everyOtherCertificateIsRefusedForItsOwnReason() async throws {
    for (port, tls, code) in [
      (server.expired, nil, .tlsExpired), (server.wrongHost, nil, .tlsWrongHost),
      (server.selfSigned, nil, .tlsUntrusted),
      // The system's authorities do not know ours, and are not asked when ours is given.
      (server.good, TLSSettings(), .tlsUntrusted),
      (server.good, TLSSettings(authorityFile: "\(server.folder)/self.pem"), .tlsUntrusted),
      (server.good, TLSSettings(authorityFile: "\(server.folder)/absent.pem"), .tlsSettings),
      (server.plain, nil, .tlsFailed),
    ] as [(UInt16, TLSSettings?, HTTPError.Code)] {
      let error = try await failure(client, request(port, tls))
      #expect(error.code == code && error.fate == .notSent, "\(error)")
    }
  }

  /// A self-signed certificate is trusted when it is named, and its name is still verified.
  @Test func aSelfSignedCertificateCanBeNamed() async throws {
    let tls = TLSSettings(authorityFile: "\(server.folder)/self.pem")
    #expect(try await client.send(request(server.selfSigned, tls)).isSuccess)
    let error = try await failure(client, request(server.selfSigned, host: "127.0.0.1", tls))
    #expect(error.code == .tlsWrongHost && error.fate == .notSent, "\(error)")
  }

  @Test func aPinIsDemandedInAddition() async throws {
    let good = try pin("good.pin")
    let other = try pin("other.pin")
    func settings(_ pins: [PublicKeyPin]) -> TLSSettings {
      TLSSettings(authorityFile: server.authority, pins: pins)
    }
    #expect(try await client.send(request(server.good, settings([good]))).isSuccess)
    #expect(try await client.send(request(server.good, settings([other, good]))).isSuccess)
    // Connections that were opened without the pin, or with another, are not used again.
    let error = try await failure(client, request(server.good, settings([other])))
    #expect(error.code == .tlsPinMismatch && error.fate == .notSent, "\(error)")
    // A pin does not make up for a certificate that is not trusted.
    let untrusted = try await failure(client, request(server.good, TLSSettings(pins: [good])))
    #expect(untrusted.code == .tlsUntrusted && untrusted.fate == .notSent, "\(untrusted)")
  }

  @Test func pinsHaveOneForm() {
    let digest = String(repeating: "A", count: 43) + "="
    #expect(PublicKeyPin("sha256//\(digest)") != nil)
    for text in [
      "", digest, "sha1//\(digest)", "sha256//\(digest);sha256//\(digest)", "sha256//\(digest.dropLast())",
      "/tmp/key.pem",
    ] {
      #expect(PublicKeyPin(text) == nil, "\(text)")
    }
  }

  @Test func aClientCertificateIsShown() async throws {
    let tls = TLSSettings(authorityFile: server.authority, clientCertificate: try certificate("client"))
    #expect(try await client.send(request(server.mutual, tls)).status == 200)
    #expect(try await client.send(request(server.mutualByAlert, tls)).status == 200)
    // This nginx lets everyone in and answers.
    #expect(try await client.send(request(server.mutual)).status == 400)
  }

  /// In TLS 1.3 the refusal arrives after our request has left; it was never read.
  @Test func aServerThatDemandsACertificateReadNothing() async throws {
    let error = try await failure(client, request(server.mutualByAlert))
    #expect(error.code == .tlsClientCertificate && error.fate == .notSent, "\(error)")
  }

  @Test func aKeyThatDoesNotFitIsOurFault() async throws {
    var mixed = try certificate("client")
    mixed.certificateFile = "\(server.folder)/good.pem"
    for certificate in [
      mixed,
      ClientCertificate(certificateFile: "\(server.folder)/client.pem", key: Secret(name: "k", value: "x")),
    ] {
      let tls = TLSSettings(authorityFile: server.authority, clientCertificate: certificate)
      let error = try await failure(client, request(server.mutual, tls))
      #expect(error.code == .tlsSettings && error.fate == .notSent, "\(error)")
    }
  }

  // MARK: - Redirects

  private func redirecting(_ target: String, limit: Int = 5) throws -> HTTPRequest {
    let key = Secret(name: "key", value: "t0p-secret")
    var request = try request(server.good, host: "127.0.0.1")
    request.url = try request.url.asking(target)
    request.headers = [
      .init("X-Key", "\(key)"), .init("Authorization", .bearer(key)), .init("X-Plain", "yes"),
    ]
    request.maximumRedirects = limit
    return request
  }

  @Test func redirectsAreNotFollowedUnlessAsked() async throws {
    let response = try await client.send(redirecting("/to-same", limit: 0))
    #expect(response.status == 302 && response.headers["Location"]?.hasSuffix("/echo") == true)
  }

  @Test func withinItsOriginARedirectKeepsWhatIsSecret() async throws {
    let response = try await client.send(redirecting("/to-same"))
    #expect(response.text == "key=t0p-secret auth=Bearer t0p-secret plain=yes\n")
    #expect(response.url.target == "/echo")
  }

  @Test func anotherOriginGetsNoSecret() async throws {
    let response = try await client.send(redirecting("/to-other"))
    #expect(response.text == "key= auth= plain=yes\n")
    #expect(response.url.port == server.other)
  }

  @Test func redirectsLeadToHTTPSOnly() async throws {
    for target in ["/to-file", "/to-plain", "/to-user", "/to-itself"] {
      var request = try redirecting(target)
      request.transport.permitsPlainText = true
      let error = try await failure(client, request)
      #expect(error.code == .redirectRefused && error.status == 302, "\(target): \(error)")
      #expect(!error.message.en.contains("user:word"))
    }
  }

  // MARK: - Conditional requests and files

  @Test func aListIsFetchedOnlyWhenItChanged() async throws {
    var request = try request(server.good)
    request.url = try request.url.asking("/data/list.txt")
    request.acceptsGzip = true
    guard case .content(let response, let validators) = try await client.fetch(request, unless: nil) else {
      Issue.record("no content")
      return
    }
    #expect(response.text == "one\ntwo\n")
    #expect(validators.entityTag != nil && validators.lastModified != nil)
    guard case .notModified = try await client.fetch(request, unless: validators) else {
      Issue.record("fetched again")
      return
    }
    let stale = CacheValidators(entityTag: "\"other\"")
    guard case .content = try await client.fetch(request, unless: stale) else {
      Issue.record("took an old one for current")
      return
    }
    request.url = try request.url.asking("/data/absent")
    guard case .other(let missing) = try await client.fetch(request, unless: validators) else {
      Issue.record("found what is not there")
      return
    }
    #expect(missing.status == 404)
  }

  @Test func aLargeListComesPackedAndCountsUnpacked() async throws {
    var request = try request(server.good)
    request.url = try request.url.asking("/data/large.txt")
    request.acceptsGzip = true
    let response = try await client.send(request)
    #expect(response.headers["Content-Encoding"] == "gzip" && response.body.count == 3_000_000)
    request.transport.limits.bodyBytes = 2_999_999
    #expect(try await failure(client, request).code == .bodyTooLarge)
  }
}

@Suite struct CacheValidatorsTests {
  @Test func whatAServerMisusesIsNotKept() {
    func validators(_ tag: String) -> CacheValidators {
      var headers = HTTPHeaders()
      headers.append(name: "etag", value: tag)
      return CacheValidators(headers)
    }
    #expect(validators("W/\"x\"").entityTag == "W/\"x\"")
    #expect(validators("").entityTag == nil)
    #expect(validators(String(repeating: "x", count: 1025)).entityTag == nil)
    #expect(validators("a\u{7F}").entityTag == nil)
  }

  /// 304 to a question that had no condition is not "unchanged".
  @Test func anUnaskedNotModifiedIsAnOddAnswer() async throws {
    let server = RawServer.answering("HTTP/1.1 304 Not Modified\r\n\r\n")
    let client = HTTPClient()
    let request = HTTPRequest(.get, try server.url(), transport: plainly())
    guard case .other = try await client.fetch(request, unless: nil) else {
      Issue.record("taken as not modified")
      return
    }
    guard case .notModified = try await client.fetch(request, unless: CacheValidators(lastModified: "x"))
    else {
      Issue.record("not taken as not modified")
      return
    }
  }
}
