import Feeds
import Foundation
import HTTPTransport
import Language
import NetworkTypes
import Reputation
import Testing

@Suite struct SecureFeedTests {
  /// A certificate for 127.0.0.1, signed by itself.
  private func certificate(in folder: Folder) throws -> (file: String, key: String) {
    let (file, key) = (folder.path + "/cert.pem", folder.path + "/key.pem")
    let status = try run(
      "/usr/bin/openssl",
      [
        "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key,
        "-out", file, "-days", "2", "-subj", "/CN=feeds.example.org", "-addext",
        "subjectAltName=IP:127.0.0.1",
      ])
    #expect(status == 0)
    return (file, key)
  }

  @Test func aFeedByHTTPSIsReadOnlyWhenItsCertificateIsTrusted() async throws {
    let folder = try Folder()
    let certificate = try certificate(in: folder)
    let trial = try FeedTrial(certificate: certificate)
    try trial.publish(names(5))
    let updater = trial.updater()
    let trusted = try trial.source { $0.tls.authorityFile = certificate.file }
    #expect(await updater.update(trusted).content?.list.count == 5)
    let unknown = try trial.source(id: "unknown")
    #expect(await updater.update(unknown).status.error?.code == .unreachable)
    let pin = try #require(PublicKeyPin("sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="))
    let pinned = try trial.source(id: "pinned") {
      $0.tls = TLSSettings(authorityFile: certificate.file, pins: [pin])
    }
    #expect(await updater.update(pinned).status.error?.code == .unreachable)
    #expect(trial.server.requests.count == 1)
  }
}
