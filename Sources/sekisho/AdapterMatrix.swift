import FirewallKit
import Gateway
import Language
import NetworkTypes

/// All adapters beside each other, from what each declares of itself: `Docs/Adapters.md`. One that can do
/// nothing by itself is left out: that of plugins, each of which declares its own.
enum AdapterMatrix {
  /// One column: its title and the cell of an adapter.
  private typealias Column = (title: Phrase, cell: @Sendable (AdapterManifest) -> Phrase)

  static func markdown(_ manifests: [AdapterManifest], in language: Language) -> String {
    let titles = columns.map { $0.title.text(in: language) }
    var lines = [row(titles), row(titles.map { _ in "---" })]
    for manifest in manifests where !manifest.capabilities.kinds.isEmpty {
      lines.append(row(columns.map { $0.cell(manifest).text(in: language) }))
    }
    return lines.joined(separator: "\n")
  }

  private static func row(_ cells: [String]) -> String { "| " + cells.joined(separator: " | ") + " |" }

  private static let columns: [Column] = [
    (
      Phrase(en: "adapter", ja: "アダプター"),
      { Phrase(en: "`\($0.name)`: \($0.summary.en)", ja: "`\($0.name)`: \($0.summary.ja)") }
    ),
    (
      Phrase(en: "blocks", ja: "遮断の対象"),
      { manifest in
        let kinds = manifest.capabilities.kinds.sorted().map(word)
        return Phrase(en: kinds.map(\.en).joined(separator: ", "), ja: kinds.map(\.ja).joined(separator: "、"))
      }
    ),
    (
      Phrase(en: "most", ja: "上限"),
      {
        $0.capabilities.maximumBlocks.map { Phrase(verbatim: "\($0)") } ?? Phrase(en: "memory", ja: "メモリー次第")
      }
    ),
    (
      Phrase(en: "ends by itself", ja: "機器側の期限"),
      {
        $0.capabilities.expiry == .device
          ? Phrase(en: "yes", ja: "あり") : Phrase(en: "no, the gateway ends it", ja: "なし（ゲートウェイが解除）")
      }
    ),
    (
      Phrase(en: "takes effect as one", ja: "一括適用の単位"),
      { manifest in
        switch manifest.capabilities.atomicity {
        case .plan: Phrase(en: "the whole plan", ja: "計画全体")
        case .operation: Phrase(en: "each operation", ja: "操作ごと")
        case .entry: Phrase(en: "each entry", ja: "エントリーごと")
        }
      }
    ),
    (
      Phrase(en: "checked beforehand by", ja: "事前検証"),
      {
        $0.capabilities.validation == .device
          ? Phrase(en: "the device", ja: "機器") : Phrase(en: "us", ja: "本製品")
      }
    ),
    (
      Phrase(en: "read back", ja: "読み戻し"),
      { manifest in
        switch manifest.capabilities.readBack {
        case .live: Phrase(en: "what is enforced", ja: "実際に効いている状態")
        case .configured: Phrase(en: "what is configured", ja: "設定内容")
        case .fetched: Phrase(en: "who fetched it", ja: "取得の記録")
        }
      }
    ),
    (
      Phrase(en: "changes by others are seen", ja: "他者による変更の検知"),
      {
        $0.capabilities.driftDetection == .notification
          ? Phrase(en: "at once", ja: "即時") : Phrase(en: "by interval", ja: "定期")
      }
    ),
    (
      Phrase(en: "after a restart of the device", ja: "機器の再起動後"),
      {
        $0.capabilities.survivesRestart
          ? Phrase(en: "still there", ja: "保持") : Phrase(en: "made anew", ja: "作り直し")
      }
    ),
    (
      Phrase(en: "tested against", ja: "試験の相手"),
      { manifest in
        let peers = manifest.testedAgainst.map(word)
        return Phrase(en: peers.map(\.en).joined(separator: "; "), ja: peers.map(\.ja).joined(separator: "、"))
      }
    ),
  ]

  private static func word(_ kind: TargetKind) -> Phrase {
    switch kind {
    case .address4: Phrase(verbatim: "IPv4")
    case .address6: Phrase(verbatim: "IPv6")
    case .prefix4: Phrase(en: "IPv4 prefixes", ja: "IPv4 プレフィックス")
    case .prefix6: Phrase(en: "IPv6 prefixes", ja: "IPv6 プレフィックス")
    case .name: Phrase(en: "names", ja: "ドメイン名")
    }
  }

  private static func word(_ peer: TestPeer) -> Phrase {
    switch peer.kind {
    case .real: Phrase(en: "the real \(peer.name)", ja: "実物の \(peer.name)")
    case .mock: Phrase(en: "\(peer.name), a stand-in by others", ja: "第三者の模擬サーバー \(peer.name)")
    case .simulatorWithClient:
      Phrase(en: "our simulator, which satisfies \(peer.name)", ja: "自作の模擬装置（\(peer.name) で確認済み）")
    case .simulator: Phrase(en: "our simulator", ja: "自作の模擬装置")
    }
  }
}
