import FirewallKit
import HostPrograms
import Language

extension HostPrograms.Refusal {
  /// Why iptables or ipset ended with an error, from what it wrote.
  ///
  /// The exit codes tell little: 4 is "busy", "no permission" and "the kernel refused" alike.
  var iptablesError: AdapterError {
    AdapterError(code: code, message: message, detail: detail)
  }

  private var code: AdapterError.Code { Self.signs.first { complaint.contains($0.text) }?.code ?? .rejected }

  /// In the order of looking: a lock that we may not open is a matter of rights, not of waiting.
  private static let signs: [(text: String, code: AdapterError.Code)] = [
    ("Permission denied", .unauthorized),
    ("Operation not permitted", .unauthorized),
    ("you must be root", .unauthorized),
    ("Read-only file system", .unauthorized),
    ("holding the xtables lock", .busy),
    ("Resource temporarily unavailable", .busy),
    ("is full", .capacity),
    ("Cannot allocate memory", .capacity),
    ("Memory allocation problem", .capacity),
    ("Out of memory", .capacity),
    ("do you need to insmod", .unavailable),
    ("Table does not exist", .unavailable),
    ("Cannot open session to kernel", .unavailable),
    ("Kernel and userspace incompatible", .unavailable),
    ("Protocol not supported", .unavailable),
    ("in use by a kernel component", .conflict),
    ("set with the same name already exists", .conflict),
    ("set with the given name does not exist", .conflict),
    ("their type does not match", .conflict),
    ("not added", .conflict),
    ("already added", .conflict),
    ("Chain already exists", .conflict),
    ("File exists", .conflict),
    ("Device or resource busy", .conflict),
    ("Directory not empty", .conflict),
    ("Too many links", .conflict),
    ("does not exist", .conflict),
    ("doesn't exist", .conflict),
    ("No such file or directory", .conflict),
    ("No chain/target/match by that name", .conflict),
    ("does a matching rule exist", .conflict),
    ("Index of insertion too big", .conflict),
  ]

  private var message: Phrase {
    switch code {
    case .unauthorized where complaint.contains("lock file"):
      Phrase(
        en:
          "\(program) may not open its lock file. Let the service write /run/xtables.lock, or set lock-file to a path that it may write.",
        ja:
          "\(program) がロックファイルを開けません。サービスに /run/xtables.lock への書き込みを許可するか、書き込めるパスを lock-file に設定してください。"
      )
    case .unauthorized:
      Phrase(
        en: "\(program) lacks the right to do this. Run the service with CAP_NET_ADMIN and CAP_NET_RAW.",
        ja: "\(program) に必要な権限がありません。サービスに CAP_NET_ADMIN と CAP_NET_RAW を与えてください。")
    case .busy:
      Phrase(
        en: "Another program holds the lock of iptables. Nothing was changed; try again later.",
        ja: "別のプログラムが iptables のロックを保持しています。変更は行われていません。しばらくしてからやり直してください。")
    case .capacity:
      Phrase(
        en: "The kernel has no room for more entries. Raise set-size, or block fewer addresses.",
        ja: "これ以上登録できません。set-size を大きくするか、遮断するアドレスを減らしてください。")
    case .unavailable:
      Phrase(
        en:
          "The kernel of this host does not offer what \(program) needs. Load ip_set and xt_set (modprobe).",
        ja: "このホストのカーネルに \(program) に必要な機能がありません。ip_set と xt_set を読み込んでください（modprobe）。")
    case .conflict:
      Phrase(
        en:
          "\(program) found the host different from what the plan assumed, or something else uses our set or chain. Read it again and plan anew.",
        ja: "\(program) の対象が計画の前提と異なるか、ほかから使用されています。読み戻してから計画し直してください。")
    default:
      Phrase(
        en: "\(program) refused its input (\(status)).", ja: "\(program) が入力を拒否しました（\(status)）。")
    }
  }

  /// Its own words without remarks about the other back end.
  private var detail: String {
    complaint.split(separator: "\n")
      .filter { !$0.hasPrefix("#") && !$0.hasPrefix("Try `") }
      .joined(separator: "\n")
  }
}
