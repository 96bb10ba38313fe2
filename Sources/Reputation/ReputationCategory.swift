public import Language

/// What a source says its indicators do.
public enum ReputationCategory: String, Hashable, Sendable, Codable, CaseIterable {
  case malware
  case commandAndControl = "command-and-control"
  case phishing
  case botnet
  case scanner
  case spam
  case anonymizer
  case suspicious

  /// The category as it stands in sentences.
  public var phrase: Phrase {
    switch self {
    case .malware: Phrase(en: "malware", ja: "マルウェア配布")
    case .commandAndControl: Phrase(en: "command and control", ja: "遠隔操作（C2）")
    case .phishing: Phrase(en: "phishing", ja: "フィッシング")
    case .botnet: Phrase(en: "botnet", ja: "ボットネット")
    case .scanner: Phrase(en: "scanning and attacks", ja: "探索・攻撃")
    case .spam: Phrase(en: "spam", ja: "迷惑メール")
    case .anonymizer: Phrase(en: "anonymizing service", ja: "匿名化サービス")
    case .suspicious: Phrase(en: "suspicious", ja: "不審")
    }
  }
}
