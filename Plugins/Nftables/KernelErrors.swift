import FirewallKit
import Glibc
import Language

extension AdapterError {
  /// What was being done when the kernel refused.
  enum KernelStep {
    case opening, asking, changing

    var phrase: Phrase {
      switch self {
      case .opening:
        Phrase(en: "nftables could not be reached", ja: "nftables に接続できませんでした")
      case .asking:
        Phrase(en: "The nftables rules could not be read", ja: "nftables のルールを読み取れませんでした")
      case .changing:
        Phrase(en: "The kernel refused the change", ja: "カーネルが変更を拒否しました")
      }
    }
  }

  /// The kernel's error number as an error of the contract.
  init(kernel error: Int32, during step: KernelStep, detail: String? = nil) {
    let (code, reason) = Self.meaning(of: error)
    self.init(
      code: code,
      message: Phrase(
        en: "\(step.phrase.en): \(reason.en)", ja: "\(step.phrase.ja): \(reason.ja)"),
      detail: detail ?? String(cString: strerror(error)))
  }

  private static func meaning(of error: Int32) -> (Code, Phrase) {
    switch error {
    case EPERM, EACCES:
      (
        .unauthorized,
        Phrase(
          en:
            "it takes CAP_NET_ADMIN. Run as root or with that capability, or in a namespace of your own (unshare --user --map-root-user --net).",
          ja: "CAP_NET_ADMIN が必要です。root またはその権限で実行するか、専用の名前空間（unshare --user --map-root-user --net）で実行してください。"
        )
      )
    // A prefix that would overlap with one that is there is among them.
    case ENOENT, EEXIST, ENOTEMPTY:
      (
        .conflict,
        Phrase(
          en: "the rules are not as the plan assumed. Nothing was changed; read again and plan anew.",
          ja: "ルールが計画の前提と異なります。何も変更していません。読み直して計画を作り直してください。")
      )
    case EBUSY:
      (
        .busy,
        Phrase(
          en: "part of our table is in use by rules of others, or the rules change all the time. Try again.",
          ja: "テーブルの一部が他者のルールから使われているか、ルールが絶えず変更されています。再試行してください。")
      )
    case ENOMEM, EMSGSIZE, ENFILE, EMFILE, ENOSPC, ENOBUFS:
      (
        .capacity,
        Phrase(
          en: "memory or a buffer does not suffice. Block fewer at a time, or raise net.core.wmem_max.",
          ja: "メモリまたはバッファが足りません。一度の遮断数を減らすか、net.core.wmem_max を増やしてください。")
      )
    case EOPNOTSUPP, EPROTONOSUPPORT, EAFNOSUPPORT:
      (
        .unavailable,
        Phrase(
          en:
            "this kernel lacks nf_tables or a part of it. Load the module nf_tables, or use a kernel that has it.",
          ja: "このカーネルには nf_tables またはその一部がありません。nf_tables モジュールを読み込むか、対応カーネルを使ってください。")
      )
    default:
      (
        .rejected,
        Phrase(
          en: "its own words follow.", ja: "以下はカーネルまたはライブラリの説明です。")
      )
    }
  }
}
