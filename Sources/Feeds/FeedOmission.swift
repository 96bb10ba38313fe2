public import Language

/// What a feed holds that is understood, and lists nothing here on purpose. Counted by reason.
public enum FeedOmission: String, Hashable, Sendable, Codable, CaseIterable {
  case allowed
  case contradicted
  case otherTrigger = "other-trigger"
  case localData = "local-data"
  case tcpOnly = "tcp-only"
  case lowScore = "low-score"
  case otherCategory = "other-category"
  case otherType = "other-type"
  case notForDetection = "not-for-detection"
  case deleted
  case revoked
  case expired
  case notYetValid = "not-yet-valid"
  case superseded
  case benign
  case lowConfidence = "low-confidence"
  case observation
  case urlPath = "url-path"
  case partialRule = "partial-rule"
  case forwarding
  case otherScope = "other-scope"
  case simulated

  /// What was left out, for a sentence that begins with a number.
  public var phrase: Phrase {
    switch self {
    case .allowed: Phrase(en: "allow entries, kept apart", ja: "許可エントリ（別に保持）")
    case .contradicted:
      Phrase(
        en: "entries around something the same feed allows", ja: "同じ情報源が許可するものを含むエントリ")
    case .otherTrigger:
      Phrase(en: "triggers on clients or name servers", ja: "端末・ネームサーバーを条件とするトリガー")
    case .localData: Phrase(en: "entries with answers of their own", ja: "独自の応答を返すエントリ")
    case .tcpOnly:
      Phrase(en: "entries that ask for TCP only", ja: "TCP での再問い合わせを求めるだけのエントリ")
    case .lowScore: Phrase(en: "entries below the minimum score", ja: "スコアが下限に満たないエントリ")
    case .otherCategory: Phrase(en: "entries of other categories", ja: "対象外カテゴリのエントリ")
    case .otherType: Phrase(en: "entries of other types", ja: "対象外の種類のエントリ")
    case .notForDetection:
      Phrase(en: "attributes not meant for detection (to_ids)", ja: "検知用ではない属性（to_ids なし）")
    case .deleted: Phrase(en: "deleted attributes", ja: "削除済みの属性")
    case .revoked: Phrase(en: "revoked indicators", ja: "取り消された脅威指標")
    case .expired: Phrase(en: "expired entries", ja: "有効期間が終わったエントリ")
    case .notYetValid: Phrase(en: "indicators not valid yet", ja: "まだ有効でない脅威指標")
    case .superseded: Phrase(en: "older versions of indicators", ja: "脅威指標の古い版")
    case .benign: Phrase(en: "indicators of benign activity", ja: "無害とされる脅威指標")
    case .lowConfidence: Phrase(en: "entries below the minimum confidence", ja: "信頼度が下限に満たないエントリ")
    case .observation:
      Phrase(en: "objects that are no indicators", ja: "脅威指標ではないオブジェクト")
    case .urlPath:
      Phrase(en: "URLs of one page, whose host is not listed", ja: "特定のページの URL（ホストは対象外）")
    case .partialRule:
      Phrase(en: "rules about pages or parts of pages", ja: "ページやその一部だけに関する規則")
    case .forwarding: Phrase(en: "rules that answer normally", ja: "通常どおり応答する規則")
    case .otherScope: Phrase(en: "decisions of other scopes or types", ja: "対象外の範囲・種類の決定")
    case .simulated: Phrase(en: "simulated decisions", ja: "模擬の決定")
    }
  }
}
