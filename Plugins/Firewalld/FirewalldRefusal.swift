import FirewallKit
import HostPrograms
import Language

extension HostPrograms {
  /// The programs of firewalld, and `nft` to see what is in the kernel.
  /// - Parameter bus: the address of another bus than the system's.
  static func firewalld(directories: [String] = searchPath, bus: String? = nil) -> HostPrograms {
    HostPrograms(
      directories: directories,
      // One process may take as long as the engine waits for an operation.
      deadline: .seconds(25), environment: bus.map { ["DBUS_SYSTEM_BUS_ADDRESS": $0] } ?? [:],
      packages: ["firewall-cmd": "firewalld", "busctl": "systemd", "nft": "nftables"],
      meaning: { $0.firewalldError })
  }
}

extension HostPrograms.Refusal {
  /// Why `firewall-cmd`, `busctl` or `nft` ended with an error. firewalld's own errors begin with their
  /// names, the same through both; `firewall-cmd` also has an exit code for each.
  var firewalldError: AdapterError { AdapterError(code: code, message: message, detail: detail) }

  private var code: AdapterError.Code {
    Self.signs.first { complaint.contains($0.text) || status.contains($0.text) }?.code ?? .rejected
  }

  /// In the order of looking.
  private static let signs: [(text: String, code: AdapterError.Code)] = [
    ("NotAuthorized", .unauthorized),
    ("Authorization failed", .unauthorized),
    ("(253)", .unauthorized),
    ("Interactive authentication required", .unauthorized),
    ("Access denied", .unauthorized),
    ("Permission denied", .unauthorized),
    ("Operation not permitted", .unauthorized),
    ("ACCESS_DENIED", .unauthorized),
    ("not running", .unavailable),
    ("(252)", .unavailable),
    ("was not provided by any", .unavailable),
    ("does not exist", .unavailable),
    ("The name is not activatable", .unavailable),
    ("Name has no owner", .unavailable),
    ("Failed to connect", .unavailable),
    ("Failed to open", .unavailable),
    ("Failed to set bus", .unavailable),
    ("Connection refused", .unavailable),
    ("Connection reset", .timedOut),
    ("timed out", .timedOut),
    ("NoReply", .timedOut),
    ("disconnected from message bus", .timedOut),
    ("Remote peer disconnected", .timedOut),
    ("No space left", .capacity),
    ("Set is full", .capacity),
    ("Too many open files in system", .capacity),
    ("Cannot allocate memory", .capacity),
    ("INVALID_IPSET", .conflict),
    ("INVALID_POLICY", .conflict),
    ("NAME_CONFLICT", .conflict),
    ("overlaps", .conflict),
    ("NOT_APPLIED", .conflict),
    ("No such file or directory", .conflict),
  ]

  private var message: Phrase {
    switch code {
    case .unauthorized where program == "nft":
      Phrase(
        en: "nft may not read the kernel's rules. Run the service with CAP_NET_ADMIN.",
        ja: "nft でカーネルのルールを読み取る権限がありません。サービスに CAP_NET_ADMIN を与えてください。")
    case .unauthorized:
      Phrase(
        en:
          "firewalld does not let this account do that. Run the service as root, or permit the account by a polkit rule (see the README of the adapter).",
        ja:
          "firewalld がこのアカウントによる操作を許可していません。サービスを root で実行するか、polkit のルールで許可してください（アダプターの README を参照）。")
    case .unavailable:
      Phrase(
        en:
          "firewalld does not answer on the system bus: it is not running or not installed. Start it: systemctl start firewalld (install it: apt install firewalld)",
        ja:
          "firewalld がシステムバスで応答しません。起動していないか、インストールされていません。起動: systemctl start firewalld（インストール: apt install firewalld）"
      )
    case .timedOut:
      Phrase(
        en: "firewalld broke off before it answered; it may have done its work. Only reading tells.",
        ja: "firewalld が応答の前に切断しました。処理済みの可能性があり、読み戻しでしか判断できません。")
    case .capacity:
      Phrase(
        en: "There is no room for more entries. Raise set-size, or block fewer addresses.",
        ja: "これ以上登録できません。set-size を大きくするか、遮断するアドレスを減らしてください。")
    case .conflict:
      Phrase(
        en: "firewalld is not as the plan assumed. Read it again and plan anew.",
        ja: "firewalld の状態が計画の前提と異なります。読み戻してから計画し直してください。")
    default:
      Phrase(
        en: "\(program) refused what it was asked for (\(status)).",
        ja: "\(program) が要求を拒否しました（\(status)）。")
    }
  }

  private var detail: String {
    complaint.split(separator: "\n").filter { !$0.hasPrefix("usage:") && !$0.contains("JSON blob") }
      .joined(separator: "\n")
  }
}
