public import Language

/// Why frames cannot be read: what, where, why and what to do.
public struct CaptureError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The kinds of failure, for programs.
  public enum Code: String, Sendable, CaseIterable {
    /// The file cannot be opened.
    case cannotOpenFile
    /// The file is neither pcap nor pcapng.
    case notACapture
    /// The file ends inside a packet.
    case truncatedFile
    /// The file contradicts itself.
    case damagedFile
    /// The link layer cannot be read.
    case unsupportedLinkType
    /// The right to capture (CAP_NET_RAW) is missing.
    case noPermission
    case noSuchInterface
    case interfaceDown
    /// The filter expression cannot be compiled.
    case badFilter
    /// The capture was already run once.
    case alreadyRun
    /// The operating system refused for another reason.
    case system
  }

  public let code: Code
  public let message: Phrase

  init(_ code: Code, _ message: Phrase) {
    self.code = code
    self.message = message
  }

  public var description: String { message.en }
}

extension CaptureError {
  static func cannotOpen(_ path: String, because reason: String) -> CaptureError {
    CaptureError(
      .cannotOpenFile,
      Phrase(
        en: "Cannot open the capture file \(path): \(reason). Check the path and that it may be read.",
        ja: "キャプチャーファイル \(path) を開けません: \(reason)。パスと読み取り権限を確認してください。"))
  }

  static func notACapture(_ path: String, because reason: String) -> CaptureError {
    CaptureError(
      .notACapture,
      Phrase(
        en: "\(path) is not a pcap or pcapng file: \(reason). "
          + "Decompress it first if it is packed, or convert it with editcap.",
        ja: "\(path) は pcap でも pcapng でもありません: \(reason)。"
          + "圧縮されている場合は先に展開し、別の形式なら editcap で変換してください。"))
  }

  /// `packet` counts from 1; 0 is the file's own header.
  static func truncated(_ path: String, packet: Int, size: Int?) -> CaptureError {
    let end = size.map { (en: " at byte \($0)", ja: " \($0) バイト目で") } ?? (en: "", ja: "")
    let place =
      packet == 0 ? (en: "its file header", ja: "ファイルヘッダー") : (en: "packet \(packet)", ja: "パケット \(packet)")
    return CaptureError(
      .truncatedFile,
      Phrase(
        en: "The capture file \(path) ends\(end.en), inside \(place.en). The packets before were read. "
          + "Copy the file again, or wait until the capture that writes it has ended.",
        ja: "キャプチャーファイル \(path) は\(end.ja)\(place.ja)の途中で終わっています。それより前のパケットは読み込みました。"
          + "ファイルをコピーし直すか、書き込み中のキャプチャーが終わるまで待ってください。"))
  }

  static func damaged(_ path: String, packet: Int, offset: Int?, because reason: String) -> CaptureError {
    let place = offset.map { (en: " near byte \($0)", ja: "（\($0) バイト目付近）") } ?? (en: "", ja: "")
    return CaptureError(
      .damagedFile,
      Phrase(
        en: "The capture file \(path) cannot be read at packet \(packet)\(place.en): \(reason). "
          + "The packets before were read. Capture again, or repair the file with pcapfix.",
        ja: "キャプチャーファイル \(path) のパケット \(packet)\(place.ja)を読み取れません: \(reason)。"
          + "それより前のパケットは読み込みました。取り直すか、pcapfix で修復してください。"))
  }

  static func unsupportedLinkType(_ number: Int32, name: String, in source: String) -> CaptureError {
    CaptureError(
      .unsupportedLinkType,
      Phrase(
        en: "\(source) has frames of link type \(name) (\(number)), which cannot be read. Capture on an "
          + "Ethernet, Linux cooked, raw IP or loopback interface.",
        ja: "\(source) のリンク層は \(name)（\(number)）で、対応していません。Ethernet、Linux cooked、"
          + "raw IP、ループバックのいずれかのインターフェースで取得してください。"))
  }

  static func noPermission(_ interface: String) -> CaptureError {
    CaptureError(
      .noPermission,
      Phrase(
        en: "No permission to capture on \(interface). It takes the capability CAP_NET_RAW: run as root, "
          + "or give it to the program with “setcap cap_net_raw+ep”.",
        ja: "\(interface) でキャプチャーする権限がありません。CAP_NET_RAW が必要です。root で実行するか、"
          + "「setcap cap_net_raw+ep」でプログラムに付与してください。"))
  }

  static func noSuchInterface(_ interface: String) -> CaptureError {
    CaptureError(
      .noSuchInterface,
      Phrase(
        en: "There is no network interface \(interface). “ip link” lists those there are; correct "
          + "“sensor: interface” in the configuration.",
        ja: "ネットワークインターフェース \(interface) がありません。「ip link」で一覧を確認し、"
          + "設定の「sensor: interface」を直してください。"))
  }

  static func interfaceDown(_ interface: String) -> CaptureError {
    CaptureError(
      .interfaceDown,
      Phrase(
        en: "The interface \(interface) is down. Bring it up with “ip link set \(interface) up”.",
        ja: "インターフェース \(interface) が停止しています。「ip link set \(interface) up」で有効にしてください。"))
  }

  static func badFilter(_ filter: String, because reason: String) -> CaptureError {
    CaptureError(
      .badFilter,
      Phrase(
        en: "The capture filter “\(filter)” is not valid: \(reason). The language is that of pcap-filter(7).",
        ja: "キャプチャーフィルター「\(filter)」が正しくありません: \(reason)。書式は pcap-filter(7) を参照してください。"))
  }

  static func alreadyRun(_ interface: String) -> CaptureError {
    CaptureError(
      .alreadyRun,
      Phrase(
        en: "The capture on \(interface) has been run already. Open it anew to capture again.",
        ja: "\(interface) のキャプチャーは既に実行されています。もう一度行うには開き直してください。"))
  }

  static func system(_ interface: String, because reason: String) -> CaptureError {
    CaptureError(
      .system,
      Phrase(
        en: "Capturing on \(interface) failed: \(reason). If it persists, see the kernel log (dmesg).",
        ja: "\(interface) でのキャプチャーに失敗しました: \(reason)。続く場合はカーネルログ（dmesg）を確認してください。"))
  }
}
