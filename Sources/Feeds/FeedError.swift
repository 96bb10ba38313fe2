import HTTPTransport
public import Language
public import Reputation

/// Why an update brought nothing. The last good list stays in force whenever there is one.
public struct FeedError: Error, Hashable, Sendable, Codable {
  public enum Code: String, Hashable, Sendable, Codable, CaseIterable {
    /// No complete answer came.
    case unreachable
    /// The server answered with another status than success.
    case httpStatus = "http-status"
    /// The server refused the credential, or there is none.
    case notAuthorized = "not-authorized"
    case tooLarge = "too-large"
    case tooLate = "too-late"
    /// A web page or another kind of document in the place of the list.
    case notAList = "not-a-list"
    case malformed
    /// The feed announces more entries than it has.
    case incomplete
    case empty
    /// Far fewer indicators than the last good list has.
    case shrunk
    /// The server breaks its own protocol.
    case `protocol`
    /// The list as a whole cannot be used.
    case unusable
    /// The file cannot be read, or the kept copy cannot be written.
    case storage
    /// Nothing was fetched so far.
    case absent
    /// Another process updates the same feed now.
    case busy
    /// The publisher asked not to come back yet.
    case notYet = "not-yet"
  }

  public var code: Code
  /// Identifier of the feed.
  public var feed: String
  /// What, where, why, and what to do.
  public var message: Phrase
  /// Seconds that the server asks to wait.
  public var retryAfter: Int64?

  init(_ code: Code, _ feed: String, en: String, ja: String, retryAfter: Int64? = nil) {
    self.code = code
    self.feed = feed
    self.retryAfter = retryAfter
    message = Phrase(en: "Feed “\(feed)”: \(en)", ja: "フィード「\(feed)」: \(ja)")
  }
}

extension FeedError: CustomStringConvertible {
  public var description: String { message.en }
}

extension FeedError {
  init(_ error: HTTPError, feed: String) {
    let code: Code =
      switch error.code {
      case .bodyTooLarge: .tooLarge
      case .timedOut, .stalled: .tooLate
      default: .unreachable
      }
    self.init(code, feed, en: error.message.en, ja: error.message.ja)
  }

  /// Why a list as a whole cannot be used.
  public init(_ error: ReputationError, feed: String) {
    let code: Code = error.code == .tooLarge || error.code == .tooManyIndicators ? .tooLarge : .unusable
    self.init(code, feed, en: error.message.en, ja: error.message.ja)
  }

  init(_ fault: JSONFault, feed: String, place: String) {
    let reason: Phrase =
      switch fault.reason {
      case .endsEarly: Phrase(en: "it ends early", ja: "途中で終わっています")
      case .syntax: Phrase(en: "it is not JSON as expected", ja: "想定した JSON ではありません")
      case .tooDeep: Phrase(en: "its values are nested too deep", ja: "値の入れ子が深すぎます")
      case .tooLarge: Phrase(en: "one value in it is too large", ja: "大きすぎる値があります")
      case .invalidText: Phrase(en: "a text in it is not UTF-8", ja: "UTF-8 でない文字列があります")
      }
    self.init(
      fault.reason == .endsEarly ? .incomplete : .malformed, feed,
      en:
        "\(place), line \(fault.line): \(reason.en). Check that the address and the format belong together.",
      ja: "\(place) の \(fault.line) 行目: \(reason.ja)。URL と形式の組み合わせを確認してください。")
  }

  static func status(_ status: Int, of url: HTTPURL, feed: String, retryAfter: Int64? = nil) -> FeedError {
    let place = url.withoutQuery
    switch status {
    case 401, 403, 407:
      return FeedError(
        .notAuthorized, feed,
        en: "\(place) refuses us (\(status)). Check user, password or key, and what they may read.",
        ja: "\(place) に拒否されました（\(status)）。ユーザー名・パスワード・キーと、その権限を確認してください。")
    case 404, 410:
      return FeedError(
        .httpStatus, feed, en: "\(place) is not there (\(status)). The publisher may have moved the list.",
        ja: "\(place) がありません（\(status)）。配布元がリストを移動した可能性があります。")
    case 429, 503:
      return FeedError(
        .httpStatus, feed,
        en: "\(place) is busy or was asked too often (\(status)). It is asked again later.",
        ja: "\(place) が混雑しているか、問い合わせが多すぎます（\(status)）。後で再試行します。", retryAfter: retryAfter)
    default:
      return FeedError(
        .httpStatus, feed, en: "\(place) answered with status \(status). It is asked again later.",
        ja: "\(place) が状態コード \(status) を返しました。後で再試行します。", retryAfter: retryAfter)
    }
  }

  static func notAList(_ feed: String) -> FeedError {
    FeedError(
      .notAList, feed,
      en: "a web page came in the place of the list: a login, an error or a portal on the way. "
        + "Check the address.",
      ja: "リストの代わりに Web ページが届きました（ログイン画面、エラー、途中の認証ポータルなど）。URL を確認してください。")
  }

  static func empty(_ feed: String) -> FeedError {
    FeedError(
      .empty, feed,
      en: "it has no usable indicator and is refused. If that is right: "
        + "sekisho feeds update \(feed) --accept-shrink",
      ja: "使える脅威指標が 1 件もないため、採用しません。正しい内容であれば: "
        + "sekisho feeds update \(feed) --accept-shrink")
  }

  static func shrunk(_ feed: String, from: Int, to: Int) -> FeedError {
    FeedError(
      .shrunk, feed,
      en: "only \(to) indicators came, the last good list has \(from): refused, the last good list stays. "
        + "If that is right: sekisho feeds update \(feed) --accept-shrink",
      ja: "脅威指標が \(to) 件しかありません（前回の正常なリストは \(from) 件）。採用せず、前回のリストを使い続けます。"
        + "正しい内容であれば: sekisho feeds update \(feed) --accept-shrink")
  }

  static func storage(_ feed: String, _ path: String, _ reason: Phrase) -> FeedError {
    FeedError(
      .storage, feed, en: "\(path): \(reason.en). Check the path, its permissions and the space left.",
      ja: "\(path): \(reason.ja)。パス・権限・空き容量を確認してください。")
  }

  static func breach(_ feed: String, _ what: Phrase) -> FeedError {
    FeedError(.protocol, feed, en: what.en, ja: what.ja)
  }

  static func tooLate(_ feed: String, limit: Duration) -> FeedError {
    FeedError(
      .tooLate, feed,
      en:
        "the update took longer than \(limit.components.seconds) s. Raise limits.time if the server is slow.",
      ja: "更新が \(limit.components.seconds) 秒以内に終わりませんでした。サーバーが遅い場合は limits.time を引き上げてください。")
  }

  static func tooLarge(_ feed: String, limit: Int) -> FeedError {
    FeedError(
      .tooLarge, feed, en: "it has more than \(limit) bytes. Raise limits.mebibytes if it should.",
      ja: "\(limit) バイトを超えています。正しい内容であれば limits.mebibytes を引き上げてください。")
  }
}
