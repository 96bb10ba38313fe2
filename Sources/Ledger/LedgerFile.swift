import Enforcement
import Glibc
import Language

/// The place of the file: its directories, its mode and who may use it.
enum LedgerFile {
  /// Sees to it that SQLite finds a file that it can write, or says why it cannot.
  static func prepare(_ path: String) throws(JournalError) {
    let directory = Self.directory(of: path)
    try makeDirectory(directory)
    var info = stat()
    if stat(path, &info) == 0 {
      guard info.st_mode & S_IFMT == S_IFREG else {
        throw JournalError.unwritable(
          en: "\(path) is no regular file. Name a file for the ledger.",
          ja: "\(path) は通常のファイルではありません。台帳にはファイルを指定してください。")
      }
    } else {
      // SQLite would make the file readable by all that the umask lets in. `mknod` rather than `open`,
      // because closing a descriptor drops the locks that this process holds on the file by another.
      guard mknod(path, S_IFREG | 0o600, 0) == 0 || errno == EEXIST else {
        throw failure(errno, path: path)
      }
      try giveToOwner(of: directory, path)
    }
    // The log and its index stand beside the file, so the directory must be writable as well.
    guard access(directory, W_OK | X_OK) == 0 else { throw failure(errno, path: directory) }
    guard access(path, R_OK | W_OK) == 0 else { throw failure(errno, path: path) }
  }

  /// Root at the command line must not lock out the account that the service runs under.
  private static func giveToOwner(of directory: String, _ path: String) throws(JournalError) {
    var info = stat()
    guard geteuid() == 0, stat(directory, &info) == 0, info.st_uid != 0 else { return }
    guard lchown(path, info.st_uid, info.st_gid) == 0 else { throw failure(errno, path: path) }
  }

  private static func makeDirectory(_ path: String) throws(JournalError) {
    var info = stat()
    if stat(path, &info) == 0 {
      guard info.st_mode & S_IFMT == S_IFDIR else { throw failure(ENOTDIR, path: path) }
      return
    }
    guard errno == ENOENT else { throw failure(errno, path: path) }
    let parent = directory(of: path)
    if parent != path { try makeDirectory(parent) }
    guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw failure(errno, path: path) }
  }

  private static func directory(of path: String) -> String {
    let trimmed = path.count > 1 && path.hasSuffix("/") ? path.dropLast() : Substring(path)
    guard let slash = trimmed.lastIndex(of: "/") else { return "." }
    return slash == trimmed.startIndex ? "/" : String(trimmed[..<slash])
  }

  private static func failure(_ code: CInt, path: String) -> JournalError {
    switch code {
    case EACCES, EPERM:
      .unwritable(
        en: """
          No permission to write the ledger at \(path). Run as the account that owns it, or give this \
          account the file and its directory.
          """,
        ja: """
          台帳 \(path) に書き込む権限がありません。所有するアカウントで実行するか、ファイルとディレクトリの\
          権限をこのアカウントに与えてください。
          """)
    case EROFS:
      .readOnly(path)
    case ENOTDIR:
      .unwritable(
        en: "\(path) is not a directory, so no ledger can be kept in it. Name another place.",
        ja: "\(path) はディレクトリではないため、台帳を置けません。別の場所を指定してください。")
    case ENOSPC, EDQUOT:
      .full(path)
    default:
      .unwritable(
        en: "The ledger cannot be kept at \(path) (system error \(code)). Check the path and the disk.",
        ja: "台帳を \(path) に置けません（システムエラー \(code)）。パスとディスクを確認してください。")
    }
  }
}
