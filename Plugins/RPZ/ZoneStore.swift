import FirewallKit
import FoundationEssentials
import Glibc
import Language

/// The zone file on disk: read whole, written aside and renamed into place, so that the resolver never
/// reads half of it.
struct ZoneStore: Sendable {
  let path: String

  /// The text of the file; `nil` when there is none.
  func read() throws(AdapterError) -> String? {
    var info = stat()
    guard stat(path, &info) == 0 else {
      if errno == ENOENT { return nil }
      throw failure(errno, writing: false)
    }
    guard info.st_mode & S_IFMT == S_IFREG, info.st_size <= PolicyZone.longestFile else {
      throw AdapterError(
        code: .foreign,
        message: Phrase(
          en:
            "\(path) is no regular file of at most \(PolicyZone.longestFile >> 20) MiB. Name a file that is ours "
            + "alone.",
          ja: "\(path) は \(PolicyZone.longestFile >> 20) MiB 以下の通常のファイルではありません。本製品専用のファイルを指定してください。"))
    }
    do {
      return String(decoding: try Data(contentsOf: URL(filePath: path)), as: UTF8.self)
    } catch {
      throw failure(errno, writing: false)
    }
  }

  /// Puts the text in the place of the file. Readable by all, because the resolver has an account of its own.
  func write(_ text: String) throws(AdapterError) {
    let draft = path + ".draft"
    let descriptor = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o644)
    guard descriptor >= 0 else { throw failure(errno, writing: true) }
    var rest = Array(text.utf8)[...]
    var code: CInt = 0
    while !rest.isEmpty, code == 0 {
      let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0 { code = errno } else { rest = rest.dropFirst(count) }
    }
    if code == 0, fchmod(descriptor, 0o644) != 0 || fsync(descriptor) != 0 { code = errno }
    close(descriptor)
    if code == 0, rename(draft, path) != 0 { code = errno }
    guard code == 0 else {
      unlink(draft)
      throw failure(code, writing: true)
    }
  }

  private func failure(_ code: CInt, writing: Bool) -> AdapterError {
    let words = String(cString: strerror(code))
    switch code {
    case EACCES, EPERM, EROFS:
      return AdapterError(
        code: .unauthorized,
        message: Phrase(
          en:
            "No right to \(writing ? "write" : "read") \(path). Give this account the file and its directory.",
          ja: "\(path) を\(writing ? "書き込む" : "読み取る")権限がありません。ファイルとディレクトリーの権限を与えてください。"),
        detail: words)
    case ENOSPC, EDQUOT:
      return AdapterError(
        code: .capacity,
        message: Phrase(
          en: "The disk of \(path) is full. Nothing was changed.", ja: "\(path) のディスクに空きがありません。変更は行われていません。"),
        detail: words)
    default:
      return AdapterError(
        code: .unavailable,
        message: Phrase(
          en: "\(path) cannot be \(writing ? "written" : "read"). Look at the path and the disk.",
          ja: "\(path) を\(writing ? "書き込め" : "読み取れ")ません。パスとディスクを確認してください。"),
        detail: words)
    }
  }
}
