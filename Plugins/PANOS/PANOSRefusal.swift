import DeviceRequests
import FirewallKit
import Language
import XMLText

/// An answer of the XML API that is no success.
///
/// The numbers are the vendor's (“XML API Error Codes”); where it has none, its words decide.
struct PANOSRefusal {
  let answer: DeviceAnswer
  /// 0 when there is none.
  let code: Int
  /// The device's own words, free of secrets.
  let words: String
  /// What it says about single entries of an update: address and message.
  let entries: [(address: String, message: String)]

  init(_ root: XMLNode, _ answer: DeviceAnswer) {
    self.answer = answer
    code = root.attribute("code").flatMap { Int($0) } ?? 0
    let payload = root.descendant("msg", "line", "uid-response", "payload")
    entries = (payload?.children ?? []).flatMap(\.children).filter { $0.name == "entry" }.map {
      ($0.attribute("ip") ?? "", $0.attribute("message") ?? $0.words)
    }
    let said = entries.isEmpty ? root.words : Self.telling(entries)
    words = answer.redact(String(said.prefix(1000)))
  }

  /// The refusals that matter, the first ten of them.
  private static func telling(_ entries: [(address: String, message: String)]) -> String {
    let serious = entries.filter { !isHarmless($0.message) }
    let shown = serious.prefix(10).map { "\($0.address): \($0.message)" }.joined(separator: "; ")
    return serious.count > 10 ? "\(shown); … \(serious.count) in all" : shown
  }

  /// The device calls a whole update an error when an entry was there, or absent, already; everything
  /// else of it is applied.
  static func isHarmless(_ message: String) -> Bool {
    message.hasSuffix("already exists, ignore") || message.hasSuffix("does not exist, ignore unreg")
  }

  /// Whether everything was done that was asked for.
  var isHarmless: Bool { !entries.isEmpty && entries.allSatisfy { Self.isHarmless($0.message) } }

  var error: AdapterError {
    let place = answer.isOfChange ? Phrase(en: "change", ja: "変更") : Phrase(en: "read", ja: "読み取り")
    let lower = words.lowercased()
    switch code {
    case 403, 16:
      return error(
        .unauthorized,
        Phrase(
          en: "PAN-OS does not accept the API key, or its role lacks a right. Make a new key, and give the "
            + "role “User-ID Agent” and “Operational Requests” of the XML API.",
          ja: "API キーが受け入れられないか、ロールの権限が不足しています。キーを作り直し、ロールに XML API の"
            + "「User-ID エージェント」と「操作要求」を許可してください。"))
    case 22:
      return error(
        .unauthorized,
        Phrase(en: "The session of the API timed out. Make a new key.", ja: "API のセッションが期限切れです。キーを作り直してください。")
      )
    case 2...5, 11:
      return answer.isOfChange
        ? error(
          .timedOut,
          Phrase(
            en: "PAN-OS failed inside while it worked. It may have been applied: reading decides.",
            ja: "PAN-OS の内部エラーです。適用された可能性があり、読み戻しで判断します。"))
        : error(
          .unavailable,
          Phrase(en: "PAN-OS failed inside and cannot answer now.", ja: "PAN-OS の内部エラーで、現在応答できません。"))
    default: break
    }
    if lower.contains("maximum number") || lower.contains("capacity") || lower.contains("is full") {
      return error(
        .capacity,
        Phrase(
          en: "PAN-OS holds no more registered addresses; what fits was applied. Block larger networks, or "
            + "for shorter times.",
          ja: "PAN-OS の登録アドレス数が上限に達しました。入る分だけが反映されています。より大きなネットワークにまとめるか、"
            + "遮断の期間を短くしてください。"))
    }
    if lower.contains("in progress") || lower.contains("locked") || lower.contains("timed out") {
      return error(
        .busy,
        Phrase(en: "PAN-OS is busy; try again in a moment.", ja: "PAN-OS が処理中です。しばらくしてから再試行してください。"))
    }
    return error(
      .rejected,
      Phrase(
        en:
          "PAN-OS refused to \(place.en)\(code == 0 ? "" : " (code \(code))"). Check vsys, target and "
          + "version.",
        ja: "PAN-OS が\(place.ja)を拒否しました\(code == 0 ? "" : "（コード \(code)）")。vsys、target、バージョンを確認してください。"))
  }

  private func error(_ code: AdapterError.Code, _ message: Phrase) -> AdapterError {
    AdapterError(code: code, message: message, detail: words)
  }
}
