import FirewallKit
import FoundationEssentials
import HTTPTransport
import Language

/// An answer of the API that is no success.
struct WAFRefusal {
  /// The exception's name, without the namespace some answers have before it; empty when there is none.
  let type: String
  /// The answer's own words.
  let words: String
  let status: Int

  private struct Answer: Decodable {
    var type: String?
    var message: String?
    var otherMessage: String?

    enum CodingKeys: String, CodingKey {
      case type = "__type"
      case message
      case otherMessage = "Message"
    }
  }

  init(_ response: HTTPResponse) {
    status = response.status
    let answer = try? JSONDecoder().decode(Answer.self, from: Data(response.body))
    let name = answer?.type ?? response.headers["x-amzn-ErrorType"] ?? ""
    type = String(name.prefix { $0 != ":" }.split(separator: "#").last ?? "")
    let message = answer?.message ?? answer?.otherMessage
    words = message ?? (answer == nil ? String(response.text.prefix(200)) : "")
  }

  /// It did nothing, and can be asked again in a moment.
  var asksToWait: Bool {
    switch type {
    case "ThrottlingException", "Throttling", "TooManyRequestsException", "RequestLimitExceeded",
      "WAFUnavailableEntityException":
      true
    default: false
    }
  }

  /// - Parameter detail: the device's words, free of secrets.
  func error(_ arn: IPSetARN, isWriting: Bool, detail: String) -> AdapterError {
    let (code, message) = meaning(arn, isWriting: isWriting)
    return AdapterError(code: code, message: message, detail: detail)
  }

  private func meaning(_ arn: IPSetARN, isWriting: Bool) -> (AdapterError.Code, Phrase) {
    switch type {
    case "WAFOptimisticLockException":
      return (
        .conflict,
        Phrase(
          en: "Somebody else keeps changing the IP set \(arn.name). Nothing was changed by us. Find out who: "
            + "the set must be ours alone.",
          ja: "IP セット \(arn.name) がほかから変更され続けています。本製品による変更は行われていません。"
            + "本製品専用のセットです。変更元を確認してください。")
      )
    case "WAFNonexistentItemException":
      return (
        .unavailable,
        Phrase(
          en:
            "There is no IP set \(arn.name) with the id \(arn.id) in \(arn.region) (\(arn.scope)). Make it, "
            + "put it into a rule, and give its ARN.",
          ja: "\(arn.region)（\(arn.scope)）に、ID が \(arn.id) の IP セット \(arn.name) がありません。"
            + "作成してルールに組み込み、その ARN を指定してください。")
      )
    case "AccessDeniedException", "AccessDenied":
      return (
        .unauthorized,
        Phrase(
          en: "This key may not \(isWriting ? "change" : "read") the IP set \(arn.name). Give it "
            + "wafv2:GetIPSet and wafv2:UpdateIPSet on the set.",
          ja: "このキーには IP セット \(arn.name) を\(isWriting ? "変更" : "参照")する権限がありません。セットに対する "
            + "wafv2:GetIPSet と wafv2:UpdateIPSet を許可してください。")
      )
    case "RequestTimeTooSkewed", "RequestExpired":
      return (
        .unauthorized,
        Phrase(en: "The clock of this host is wrong. Set it.", ja: "このホストの時計がずれています。時刻を合わせてください。")
      )
    case "ExpiredTokenException", "ExpiredToken":
      return (
        .unauthorized,
        Phrase(
          en: "The temporary credentials have expired. Renew key and session-token.",
          ja: "一時的な認証情報の期限が切れています。キーと session-token を更新してください。")
      )
    case "UnrecognizedClientException", "InvalidSignatureException", "SignatureDoesNotMatch",
      "IncompleteSignature", "IncompleteSignatureException", "InvalidClientTokenId",
      "MissingAuthenticationToken", "MissingAuthenticationTokenException", "OptInRequired":
      return (
        .unauthorized,
        Phrase(
          en:
            "AWS does not accept the key. Check access-key-id, secret-access-key, session-token, the region "
            + "and the clock.",
          ja: "AWS がキーを受け付けません。access-key-id、secret-access-key、session-token、リージョン、時計を確認してください。")
      )
    case "WAFLimitsExceededException":
      return (.capacity, Self.full(arn))
    case _ where asksToWait:
      return (
        .busy,
        Phrase(
          en: "AWS asks to come back later. Nothing was changed. Where others change IP sets too, lower "
            + "updates-per-second.",
          ja: "AWS から後で再試行するよう求められました。変更は行われていません。ほかにも IP セットを変更するものがある場合は、"
            + "updates-per-second を小さくしてください。")
      )
    default:
      return byStatus(arn, isWriting: isWriting)
    }
  }

  private func byStatus(_ arn: IPSetARN, isWriting: Bool) -> (AdapterError.Code, Phrase) {
    if status == 429 {
      return (
        .busy,
        Phrase(
          en: "Somebody on the way to AWS asks to come back later. Nothing was changed.",
          ja: "AWS への経路上で、後で再試行するよう求められました。変更は行われていません。")
      )
    }
    if status >= 500 {
      return isWriting
        ? (
          .timedOut,
          Phrase(
            en:
              "AWS failed while it changed the IP set \(arn.name) (\(status)). It may be changed: reading decides.",
            ja: "IP セット \(arn.name) の変更中に AWS 側で障害が起きました（\(status)）。変更された可能性があり、読み戻しで判断します。")
        )
        : (
          .unavailable,
          Phrase(
            en: "AWS cannot read the IP set \(arn.name) now (\(status)).",
            ja: "AWS が現在 IP セット \(arn.name) を読み取れません（\(status)）。")
        )
    }
    if type.isEmpty {
      return (
        .unreadable,
        Phrase(
          en: "The answer (\(status)) is not one of AWS WAF. Check endpoint and proxy.",
          ja: "応答（\(status)）が AWS WAF のものではありません。endpoint とプロキシを確認してください。")
      )
    }
    return (
      .rejected,
      Phrase(
        en: "AWS refused to \(isWriting ? "change" : "read") the IP set \(arn.name) (\(type)).",
        ja: "AWS が IP セット \(arn.name) の\(isWriting ? "変更" : "読み取り")を拒否しました（\(type)）。")
    )
  }

  static func full(_ arn: IPSetARN) -> Phrase {
    Phrase(
      en:
        "The IP set \(arn.name) would hold more than \(IPSetRole.capacity) entries, which AWS does not take. "
        + "Nothing was changed. Block larger prefixes, or for shorter times.",
      ja: "IP セット \(arn.name) の項目が AWS の上限 \(IPSetRole.capacity) 件を超えます。変更は行われていません。"
        + "より大きなプレフィックスにまとめるか、遮断の期間を短くしてください。")
  }
}
