import Enforcement
internal import GRDB
import Language

extension JournalError {
  static func unwritable(en: String, ja: String) -> JournalError {
    JournalError(code: .unwritable, message: Phrase(en: en, ja: ja))
  }

  static func unreadable(en: String, ja: String) -> JournalError {
    JournalError(code: .unreadable, message: Phrase(en: en, ja: ja))
  }

  static func missing(en: String, ja: String) -> JournalError {
    JournalError(code: .missing, message: Phrase(en: en, ja: ja))
  }

  static func full(_ path: String) -> JournalError {
    .unwritable(
      en: """
        The disk is full: nothing was recorded in \(path), and no change is made to a firewall without \
        a record. Free space, then repeat.
        """,
      ja: """
        ディスクに空きがないため、\(path) に何も記録できませんでした。記録のない変更はファイアウォールに\
        加えません。空きを作ってから、もう一度実行してください。
        """)
  }

  static func readOnly(_ path: String) -> JournalError {
    .unwritable(
      en: """
        The ledger \(path) is on a read-only file system or is write-protected. Make it writable; until \
        then no change is made to a firewall.
        """,
      ja: """
        台帳 \(path) は読み取り専用のファイルシステム上にあるか、書き込みが禁止されています。書き込める\
        ようにしてください。それまでファイアウォールは変更しません。
        """)
  }

  static func damaged(_ path: String, detail: String) -> JournalError {
    .unreadable(
      en: """
        The ledger \(path) is damaged (\(detail)). Stop the service, keep a copy of the file, and restore \
        it from a backup or begin a new one; then reconcile.
        """,
      ja: """
        台帳 \(path) が壊れています（\(detail)）。サービスを止め、ファイルの写しを残したうえで、バックアップ\
        から戻すか新しい台帳を始め、突き合わせと修復を実行してください。
        """)
  }

  /// What SQLite, GRDB or our own reading of rows said, as a sentence with what to do.
  init(_ error: any Error, at path: String, writing: Bool) {
    switch error {
    case let error as JournalError:
      self = error
    case let error as DamagedRow:
      self = .damaged(path, detail: error.detail)
    case let error as DatabaseError:
      self.init(error, at: path, writing: writing)
    default:
      self =
        writing
        ? .unwritable(
          en: "The ledger \(path) could not be written: \(error).",
          ja: "台帳 \(path) に書き込めませんでした: \(error)")
        : .unreadable(
          en: "The ledger \(path) could not be read: \(error).",
          ja: "台帳 \(path) を読めませんでした: \(error)")
    }
  }

  private init(_ error: DatabaseError, at path: String, writing: Bool) {
    let detail = "SQLite \(error.extendedResultCode.rawValue): \(error.message ?? "")"
    switch error.resultCode {
    case .SQLITE_FULL:
      self = .full(path)
    case .SQLITE_READONLY:
      self = .readOnly(path)
    case .SQLITE_NOTADB:
      self = .unreadable(
        en: "\(path) is no SQLite database, so it is not a ledger. Name another file.",
        ja: "\(path) は SQLite データベースではなく、台帳ではありません。別のファイルを指定してください。")
    case .SQLITE_CORRUPT:
      self = .damaged(path, detail: detail)
    case .SQLITE_BUSY, .SQLITE_LOCKED:
      self = JournalError(
        code: writing ? .unwritable : .unreadable,
        message: Phrase(
          en: """
            Another process has kept the ledger \(path) locked for \(Int(Ledger.busyTimeout)) seconds. \
            End it or wait for it, then repeat.
            """,
          ja: """
            別のプロセスが台帳 \(path) を \(Int(Ledger.busyTimeout)) 秒以上ロックしています。その終了を\
            待つか、終了させてから、もう一度実行してください。
            """))
    case .SQLITE_CANTOPEN, .SQLITE_PERM, .SQLITE_AUTH:
      self = .unwritable(
        en: "The ledger \(path) cannot be opened (\(detail)). Check the path and its permissions.",
        ja: "台帳 \(path) を開けません（\(detail)）。パスと権限を確認してください。")
    case .SQLITE_CONSTRAINT:
      self = .unwritable(
        en: "The ledger \(path) refused a record that breaks its rules (\(detail)). Nothing was recorded.",
        ja: "台帳 \(path) は規則に反する記録を拒みました（\(detail)）。何も記録していません。")
    default:
      self = JournalError(
        code: writing ? .unwritable : .unreadable,
        message: Phrase(
          en: "The ledger \(path) cannot be \(writing ? "written" : "read") (\(detail)). Check the disk.",
          ja: """
            台帳 \(path) \(writing ? "に書き込めません" : "を読めません")（\(detail)）。ディスクを確認して\
            ください。
            """))
    }
  }
}

/// A row that no program of ours can have written.
struct DamagedRow: Error {
  var detail: String

  init(_ detail: String) { self.detail = detail }
}
