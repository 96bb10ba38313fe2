public import Language

/// Why there is no complete answer. Holds no secret: where others' words go in, marks replace secrets.
public struct HTTPError: Error, Sendable, Equatable {
  public enum Code: String, Sendable, Codable, CaseIterable {
    /// The request contradicts itself or breaks the syntax of HTTP.
    case invalidRequest
    /// An `http://` address without permission.
    case plainTextRefused
    case nameNotResolved
    case notConnected
    case connectTimedOut
    case proxyFailed
    case tlsUntrusted
    case tlsExpired
    case tlsWrongHost
    case tlsPinMismatch
    case tlsClientCertificate
    case tlsFailed
    /// A file of the TLS settings cannot be used.
    case tlsSettings
    case timedOut
    case stalled
    /// The connection ended before the answer was complete.
    case cut
    case bodyTooLarge
    case headersTooLarge
    /// What came is not HTTP, or not what was announced.
    case malformed
    case redirectRefused
    /// The answer could not be written to its file.
    case destinationFailed
    case cancelled
    /// The client was shut down.
    case closed
    /// libcurl failed in a way that has no name here.
    case other
  }

  /// What became of the request.
  public enum Fate: String, Sendable, Codable {
    /// No byte of it left this host, or it was refused before anyone could read it.
    case notSent
    /// At least a part was sent, and no complete answer can be used: it may have been applied. Only
    /// reading the device back decides.
    case unknown
  }

  public var code: Code
  public var fate: Fate
  /// Method and address, without the query.
  public var place: String
  /// The status, when the head of an answer arrived.
  public var status: Int?
  /// More of it: our words, or libcurl's; may be empty.
  public var reason: Phrase

  public init(code: Code, fate: Fate, place: String, status: Int? = nil, reason: Phrase) {
    self.code = code
    self.fate = fate
    self.place = place
    self.status = status
    self.reason = reason
  }

  init(code: Code, fate: Fate, request: HTTPRequest, status: Int? = nil, reason: Phrase) {
    self.init(
      code: code, fate: fate, place: "\(request.method.rawValue) \(request.url.withoutQuery)",
      status: status,
      reason: Phrase(en: request.redact(reason.en), ja: request.redact(reason.ja)))
  }

  /// What happened where, what became of the request, and what to do.
  public var message: Phrase {
    let what = code.sentence
    let outcome = fate.sentence
    let english = reason.en.isEmpty ? "" : " (\(reason.en))"
    let japanese = reason.ja.isEmpty ? "" : "（\(reason.ja)）"
    return Phrase(
      en: "\(place): \(what.en)\(english). \(outcome.en)"
        + (code.advice.en.isEmpty ? "" : " \(code.advice.en)"),
      ja: "\(place)：\(what.ja)\(japanese)。\(outcome.ja)\(code.advice.ja)")
  }
}

extension HTTPError.Fate {
  fileprivate var sentence: Phrase {
    switch self {
    case .notSent: Phrase(en: "Nothing was sent.", ja: "リクエストは送信されていません。")
    case .unknown:
      Phrase(
        en: "The request may have been applied: read the device back before anything else.",
        ja: "リクエストは適用された可能性があります。まず読み戻して確認してください。")
    }
  }
}

extension HTTPError.Code {
  /// What happened, without a full stop.
  fileprivate var sentence: Phrase {
    switch self {
    case .invalidRequest: Phrase(en: "the request cannot be sent as it is", ja: "リクエストの内容が正しくないため送信できません")
    case .plainTextRefused: Phrase(en: "unencrypted HTTP is not permitted", ja: "暗号化されていない HTTP は許可されていません")
    case .nameNotResolved: Phrase(en: "the host's name has no address", ja: "ホスト名を解決できません")
    case .notConnected: Phrase(en: "no connection was made", ja: "接続できません")
    case .connectTimedOut: Phrase(en: "the connection took too long", ja: "制限時間内に接続できませんでした")
    case .proxyFailed: Phrase(en: "the proxy did not connect us", ja: "プロキシ経由で接続できません")
    case .tlsUntrusted: Phrase(en: "the certificate's issuer is not trusted", ja: "サーバー証明書の発行元を信頼できません")
    case .tlsExpired: Phrase(en: "the certificate is not valid at this time", ja: "サーバー証明書の有効期間外です")
    case .tlsWrongHost: Phrase(en: "the certificate is for another host", ja: "サーバー証明書のホスト名が一致しません")
    case .tlsPinMismatch:
      Phrase(en: "the server's public key is not the pinned one", ja: "サーバーの公開鍵がピン留めした値と一致しません")
    case .tlsClientCertificate: Phrase(en: "our certificate was not accepted", ja: "クライアント証明書が受け入れられませんでした")
    case .tlsFailed: Phrase(en: "TLS could not be established", ja: "TLS 接続を確立できません")
    case .tlsSettings: Phrase(en: "a certificate or key of ours cannot be used", ja: "設定された証明書または鍵を使用できません")
    case .timedOut: Phrase(en: "the answer was not complete in time", ja: "制限時間内に応答が完了しませんでした")
    case .stalled: Phrase(en: "the transfer stalled", ja: "転送が滞りました")
    case .cut: Phrase(en: "the connection ended before the answer was complete", ja: "応答が完了する前に接続が切れました")
    case .bodyTooLarge: Phrase(en: "the answer's body is above the limit", ja: "応答の本文が上限を超えています")
    case .headersTooLarge: Phrase(en: "the answer's head is above the limit", ja: "応答のヘッダーが上限を超えています")
    case .malformed: Phrase(en: "the answer cannot be understood", ja: "応答を解釈できません")
    case .redirectRefused: Phrase(en: "the redirect was not followed", ja: "リダイレクトを拒否しました")
    case .destinationFailed: Phrase(en: "the answer could not be written", ja: "応答をファイルに書き込めません")
    case .cancelled: Phrase(en: "the request was cancelled", ja: "リクエストは取り消されました")
    case .closed: Phrase(en: "the HTTP client was shut down", ja: "HTTP クライアントは終了しています")
    case .other: Phrase(en: "the transfer failed", ja: "転送に失敗しました")
    }
  }

  fileprivate var advice: Phrase {
    switch self {
    case .invalidRequest, .malformed, .redirectRefused:
      Phrase(en: "Check the address and the settings.", ja: "URL と設定を確認してください。")
    case .plainTextRefused:
      Phrase(
        en: "Use an https:// address, or permit plain text for this one.",
        ja: "https:// の URL を使うか、この接続に限り平文を許可してください。")
    case .nameNotResolved: Phrase(en: "Check the name and the resolver.", ja: "ホスト名と DNS の設定を確認してください。")
    case .notConnected, .connectTimedOut:
      Phrase(en: "Check address, port and the way there.", ja: "アドレス、ポート、経路を確認してください。")
    case .proxyFailed: Phrase(en: "Check the proxy.", ja: "プロキシの設定を確認してください。")
    case .tlsUntrusted:
      Phrase(en: "Set the authority's certificate file.", ja: "認証局の証明書ファイルを設定してください。")
    case .tlsExpired:
      Phrase(en: "Renew the certificate, or set the clock right.", ja: "証明書を更新するか、時計を合わせてください。")
    case .tlsWrongHost:
      Phrase(en: "Use a name that the certificate holds.", ja: "証明書に記載されたホスト名を使ってください。")
    case .tlsPinMismatch:
      Phrase(
        en: "Find out why the key changed before you change the pin.", ja: "ピンを変更する前に、鍵が変わった理由を確認してください。")
    case .tlsClientCertificate, .tlsSettings, .tlsFailed:
      Phrase(
        en: "Check certificates, keys and TLS versions on both sides.", ja: "双方の証明書、鍵、TLS のバージョンを確認してください。")
    case .timedOut, .stalled, .cut:
      Phrase(en: "Look at the device's load and log.", ja: "機器の負荷とログを確認してください。")
    case .bodyTooLarge, .headersTooLarge:
      Phrase(en: "Check that this is the right server, then the limit.", ja: "接続先が正しいことを確認し、その上で上限を見直してください。")
    case .destinationFailed: Phrase(en: "Check disk and rights.", ja: "ディスクの空きと権限を確認してください。")
    case .cancelled, .closed, .other: Phrase(en: "", ja: "")
    }
  }
}
