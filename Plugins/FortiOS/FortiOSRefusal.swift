import DeviceRequests
import FirewallKit
import FoundationEssentials
import Language

/// An answer of the REST API that is no success. The numbers are those of the device's command line.
struct FortiOSRefusal {
  /// What every answer has, whatever it is about.
  struct Envelope: Decodable {
    var status: String
    var error: Int?
    var commandLineError: String?
    var version: String?

    enum CodingKeys: String, CodingKey {
      case status, error, version
      case commandLineError = "cli_error"
    }
  }

  let answer: DeviceAnswer
  /// 0 when there is none.
  let code: Int
  private let words: String

  init(_ envelope: Envelope, _ answer: DeviceAnswer) {
    self.answer = answer
    code = envelope.error ?? 0
    let said = envelope.commandLineError ?? ""
    let number = code == 0 ? "\(answer.status)" : "\(answer.status), error \(code)"
    words = said.isEmpty ? number : "\(number): \(answer.redact(String(said.prefix(1000))))"
  }

  /// What was to be taken away is not there.
  var saysMissing: Bool { code == -3 }

  var error: AdapterError {
    switch code {
    case -14, -37: return unauthorized
    case -4:
      return error(
        .capacity,
        Phrase(
          en: "The FortiGate takes no more entries: the most that its model holds is reached. Block larger "
            + "networks, or for shorter times.",
          ja: "FortiGate のエントリー数がモデルの上限に達しました。より大きなネットワークにまとめるか、遮断の期間を短くしてください。"))
    case -23:
      return error(
        .conflict,
        Phrase(en: "The FortiGate says that the entry is in use.", ja: "FortiGate がエントリーを使用中と応答しました。"))
    case -57: return failed
    case 0: break
    default: return rejected
    }
    switch answer.status {
    case 401, 403: return unauthorized
    case 413:
      return error(
        .rejected,
        Phrase(
          en: "The request is too large for the FortiGate, which did nothing. Lower entries-per-request.",
          ja: "リクエストが大きすぎるため、FortiGate は何も行いませんでした。entries-per-request を小さくしてください。"))
    case 429: return answer.refusal(words: words)
    case 500...: return failed
    default: return rejected
    }
  }

  private var unauthorized: AdapterError {
    error(
      .unauthorized,
      Phrase(
        en: "The FortiGate does not accept the token, our address is none of its trusted hosts, or its "
          + "profile lacks a right or the VDOM. Check config system api-user.",
        ja: "トークンが受け入れられないか、接続元が信頼ホストに含まれていないか、権限または VDOM の割り当てが不足しています。"
          + "config system api-user を確認してください。"))
  }

  private var failed: AdapterError {
    answer.isOfChange
      ? error(
        .timedOut,
        Phrase(
          en: "The FortiGate failed inside while it worked. It may have been applied: reading decides.",
          ja: "FortiGate の内部エラーです。適用された可能性があり、読み戻しで判断します。"))
      : error(
        .unavailable,
        Phrase(
          en: "The FortiGate failed inside and cannot answer now.",
          ja: "FortiGate の内部エラーで、現在応答できません。"))
  }

  private var rejected: AdapterError {
    let place = answer.isOfChange ? Phrase(en: "change", ja: "変更") : Phrase(en: "read", ja: "読み取り")
    return error(
      .rejected,
      Phrase(
        en: "The FortiGate refused to \(place.en). Check vdom, feed and the version of FortiOS.",
        ja: "FortiGate が\(place.ja)を拒否しました。vdom、feed、FortiOS のバージョンを確認してください。"))
  }

  private func error(_ code: AdapterError.Code, _ message: Phrase) -> AdapterError {
    AdapterError(code: code, message: message, detail: words)
  }
}
