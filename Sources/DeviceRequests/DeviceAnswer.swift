public import FirewallKit
public import HTTPTransport
public import Language

/// What a device said. Its words can be quoted: secrets of the request are taken out of them.
public struct DeviceAnswer: Sendable {
  public let status: Int
  public let headers: HTTPHeaders
  public let body: [UInt8]
  /// Whether the request was one that changes something.
  public let isOfChange: Bool
  private let request: HTTPRequest

  init(_ response: HTTPResponse, to request: HTTPRequest, isOfChange: Bool) {
    status = response.status
    headers = response.headers
    body = response.body
    self.isOfChange = isOfChange
    self.request = request
  }

  public var isSuccess: Bool { (200..<300).contains(status) }

  /// Others' words from this answer, fit to be shown.
  public func redact(_ words: String) -> String { request.redact(words) }

  /// The beginning of the body, fit to be shown: one line, no control characters.
  public var quotation: String {
    let text = String(decoding: body.prefix(600), as: UTF8.self).unicodeScalars.map {
      $0.properties.generalCategory == .control ? " " : Character($0)
    }
    return redact(String(String(text).split(separator: " ").joined(separator: " ").prefix(300)))
  }

  /// What a status that is no success means where the device says nothing more exact.
  ///
  /// - Parameter words: the device's own, fit to be shown; its answer's beginning where it has none.
  public func refusal(words: String? = nil) -> AdapterError {
    let place = request.url.origin
    let detail = "\(status): \(words ?? quotation)"
    switch status {
    case 401, 403:
      return AdapterError(
        code: .unauthorized,
        message: Phrase(
          en: "\(place) does not accept our credentials, or they lack a right. Check the key and its role.",
          ja: "\(place) に認証情報が受け入れられないか、権限が不足しています。キーとその権限を確認してください。"),
        detail: detail)
    case 429:
      return AdapterError(
        code: .busy,
        message: Phrase(
          en: "\(place) asks to come back later. Nothing was changed. Lower requests-per-second if it stays.",
          ja: "\(place) から後で再試行するよう求められました。変更は行われていません。続く場合は requests-per-second を小さくしてください。"),
        detail: detail)
    case 500... where isOfChange:
      return AdapterError(
        code: .timedOut,
        message: Phrase(
          en: "\(place) failed while it worked on our request. It may have been applied: reading decides.",
          ja: "\(place) が要求の処理中に失敗しました。適用された可能性があり、読み戻しで判断します。"), detail: detail)
    case 500...:
      return AdapterError(
        code: .unavailable,
        message: Phrase(
          en: "\(place) cannot answer now. Look at its load and log.",
          ja: "\(place) が現在応答できません。機器の負荷とログを確認してください。"), detail: detail)
    case 300..<400:
      return AdapterError(
        code: .unreadable,
        message: Phrase(
          en: "\(place) sends us elsewhere, which is not followed. Check the url in the settings.",
          ja: "\(place) から別の URL へ転送されましたが、たどりません。設定の url を確認してください。"), detail: detail)
    default:
      return AdapterError(
        code: .rejected,
        message: Phrase(en: "\(place) refused our request.", ja: "\(place) が要求を拒否しました。"), detail: detail)
    }
  }

  /// For an answer that is not what the device's API promises.
  public func unreadable(_ reason: Phrase) -> AdapterError {
    let place = request.url.origin
    return AdapterError(
      code: isOfChange ? .timedOut : .unreadable,
      message: Phrase(
        en: "The answer of \(place) cannot be understood: \(reason.en). Check that the url is its API."
          + (isOfChange ? " What was asked for may have been applied: reading decides." : ""),
        ja: "\(place) の応答を解釈できません（\(reason.ja)）。url がその API を指しているか確認してください。"
          + (isOfChange ? "要求は適用された可能性があり、読み戻しで判断します。" : "")),
      detail: "\(status): \(quotation)")
  }
}
