internal import Crypto
import Foundation
internal import SwiftASN1
internal import X509

/// A certificate authority that lives as long as a simulator, and the certificates that it issues.
struct SimulatorAuthority {
  /// Certificate and private key, PEM.
  struct Identity {
    var certificate: String
    var key: String
  }

  /// The authority's own certificate, PEM.
  let certificate: String
  private let issuer: DistinguishedName
  private let key: Certificate.PrivateKey

  init() throws {
    key = Certificate.PrivateKey(P256.Signing.PrivateKey())
    issuer = try DistinguishedName { CommonName("Sekisho simulator authority") }
    let own = try Certificate(
      version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: key.publicKey,
      notValidBefore: Date() - 3600, notValidAfter: Date() + 30 * 86_400, issuer: issuer, subject: issuer,
      signatureAlgorithm: .ecdsaWithSHA256,
      extensions: Certificate.Extensions {
        Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
        Critical(KeyUsage(keyCertSign: true))
      }, issuerPrivateKey: key)
    certificate = try own.serializeAsPEM().pemString
  }

  /// A certificate for a server at these names and IPv4 addresses.
  func identity(names: [String], addresses: [[UInt8]]) throws -> Identity {
    let secret = P256.Signing.PrivateKey()
    let alternatives =
      names.map { GeneralName.dnsName($0) }
      + addresses.map { GeneralName.ipAddress(ASN1OctetString(contentBytes: $0[...])) }
    let issued = try Certificate(
      version: .v3, serialNumber: Certificate.SerialNumber(),
      publicKey: Certificate.PublicKey(secret.publicKey), notValidBefore: Date() - 3600,
      notValidAfter: Date() + 30 * 86_400, issuer: issuer,
      subject: try DistinguishedName { CommonName("Sekisho simulator") },
      signatureAlgorithm: .ecdsaWithSHA256,
      extensions: Certificate.Extensions {
        Critical(BasicConstraints.notCertificateAuthority)
        try ExtendedKeyUsage([.serverAuth])
        SubjectAlternativeNames(alternatives)
      }, issuerPrivateKey: key)
    return Identity(certificate: try issued.serializeAsPEM().pemString, key: secret.pemRepresentation)
  }
}
