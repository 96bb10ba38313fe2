import CCurl
import Language

/// What libcurl says about a transfer that ended, and what that means for the request.
struct TransferOutcome {
  var result: CURLcode
  /// OpenSSL's verdict on the certificate (X509_V_ERR_...), 0 when it had no objection.
  var verification: Int
  /// libcurl's words.
  var words: String
  /// How often a connection was ready to take the request.
  var chances: Int
  /// Bytes of the request that were written to the last connection.
  var bytesSent: Int
  var status: Int?
  /// libcurl wanted to send the request a second time, which was not permitted.
  var refusedToRepeat: Bool

  var code: HTTPError.Code {
    if refusedToRepeat { return .cut }
    if isHandshakeAlert { return .tlsClientCertificate }
    switch result {
    case CURLE_COULDNT_RESOLVE_HOST: return .nameNotResolved
    case CURLE_COULDNT_RESOLVE_PROXY, CURLE_PROXY: return .proxyFailed
    case CURLE_COULDNT_CONNECT: return .notConnected
    case CURLE_OPERATION_TIMEDOUT: return chances == 0 ? .connectTimedOut : .timedOut
    case CURLE_PEER_FAILED_VERIFICATION:
      switch verification {
      // No objection to the chain; 1 is where libcurl's memory of it begins.
      case 0, 1: return .tlsWrongHost
      // Not yet valid, expired (X509_V_ERR_CERT_NOT_YET_VALID, X509_V_ERR_CERT_HAS_EXPIRED).
      case 9, 10: return .tlsExpired
      default: return .tlsUntrusted
      }
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH: return .tlsPinMismatch
    case CURLE_SSL_CLIENTCERT: return .tlsClientCertificate
    case CURLE_SSL_CERTPROBLEM, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_ENGINE_NOTFOUND: return .tlsSettings
    case CURLE_SSL_CONNECT_ERROR, CURLE_SSL_CIPHER, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_INVALIDCERTSTATUS:
      return .tlsFailed
    case CURLE_GOT_NOTHING, CURLE_PARTIAL_FILE, CURLE_SEND_ERROR, CURLE_SEND_FAIL_REWIND:
      return chances == 0 ? .notConnected : .cut
    case CURLE_RECV_ERROR:
      // A tunnel that the proxy refuses to make ends in this code too.
      return chances == 0 ? (words.contains("CONNECT") ? .proxyFailed : .notConnected) : .cut
    case CURLE_WEIRD_SERVER_REPLY, CURLE_BAD_CONTENT_ENCODING, CURLE_UNSUPPORTED_PROTOCOL: return .malformed
    case CURLE_URL_MALFORMAT, CURLE_BAD_FUNCTION_ARGUMENT: return .invalidRequest
    default: return .other
    }
  }

  var fate: HTTPError.Fate {
    if chances == 0 { return .notSent }
    // Before a repetition an earlier connection may have taken the request.
    if chances > 1 || refusedToRepeat || status != nil { return .unknown }
    return bytesSent == 0 || isHandshakeAlert ? .notSent : .unknown
  }

  /// In TLS 1.3 a client is ready before the server has seen its certificate. A refusal comes as an
  /// alert where the answer should be; no server reads a request before it has verified the client
  /// (RFC 8446, section 4.4). Recognised by OpenSSL's words; if they should change, the request counts
  /// as unknown, which is the careful side.
  private var isHandshakeAlert: Bool {
    guard result == CURLE_RECV_ERROR || result == CURLE_SEND_ERROR, status == nil, chances == 1,
      words.contains("alert")
    else { return false }
    return [
      "certificate required", "bad certificate", "unknown ca", "certificate unknown", "certificate expired",
      "certificate revoked", "unsupported certificate",
    ].contains { words.contains("alert \($0)") }
  }
}
