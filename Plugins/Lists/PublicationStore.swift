import FirewallKit
import Foundation
import Glibc
import Language

/// The directory that is published: a folder for each version, and `current`, a link to one of them. Moving
/// the link is one step, so nobody fetches lists of two versions or half of one.
struct PublicationStore: Sendable {
  let directory: String

  static let link = "current"

  /// What is published now.
  struct Content {
    /// What the record's version must be.
    var version: String
    var record: String
    /// The lists by file name.
    var lists: [String: String]
  }

  /// What is published now; `nil` when nothing ever was.
  func read(_ names: [String]) throws(AdapterError) -> Content? {
    guard let folder = try currentFolder() else { return nil }
    guard let record = try text(of: "\(folder)/\(Publication.recordName)") else {
      throw foreign("\(directory)/\(folder)")
    }
    var lists: [String: String] = [:]
    for name in names { lists[name] = try text(of: "\(folder)/\(name)") }
    return Content(version: String(folder.dropFirst(2)), record: record, lists: lists)
  }

  /// One list as it is published now, for whoever fetches it; `nil` when there is none of this name.
  func list(_ name: String) throws(AdapterError) -> (version: String, list: [UInt8])? {
    guard ListFormat.allCases.contains(where: { $0.fileName == name }), let folder = try currentFolder(),
      let text = try text(of: "\(folder)/\(name)")
    else { return nil }
    return (String(folder.dropFirst(2)), Array(text.utf8))
  }

  /// Publishes lists; what was published before is removed, except the last, which somebody may be fetching.
  func publish(_ lists: [String: String], record: String, version: String) throws(AdapterError) {
    let former = try currentFolder()
    let folder = "v-\(version)"
    guard folder != former || !isWhole(folder, lists, record) else { return }
    // Where the published version itself was edited, its folder must not change under those who fetch.
    let draft = ".draft-\(version)"
    remove(draft)
    try attempt(mkdir(path(draft), 0o755))
    try attempt(chmod(path(draft), 0o755))
    for (name, text) in lists { try write(text, to: "\(draft)/\(name)") }
    try write(record, to: "\(draft)/\(Publication.recordName)")
    let damaged = ".damaged-\(version)"
    remove(damaged)
    if access(path(folder), F_OK) == 0 { try attempt(rename(path(folder), path(damaged))) }
    try attempt(rename(path(draft), path(folder)))
    remove(damaged)
    let link = ".\(Self.link)"
    unlink(path(link))
    try attempt(symlink(folder, path(link)))
    try attempt(rename(path(link), path(Self.link)))
    try forceToDisk()
    let keep = [folder, former].compactMap { $0 }
    for name in (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
    where Self.isVersion(name) && !keep.contains(name) {
      remove(name)
    }
  }

  private func path(_ name: String) -> String { "\(directory)/\(name)" }

  private static func isVersion(_ name: String) -> Bool {
    name.hasPrefix("v-") && name.utf8.count == 34
      && name.utf8.dropFirst(2).allSatisfy { isxdigit(CInt($0)) != 0 }
  }

  /// The folder that `current` leads to; `nil` when there is none.
  private func currentFolder() throws(AdapterError) -> String? {
    var info = stat()
    guard lstat(path(Self.link), &info) == 0 else {
      if errno == ENOENT { return nil }
      throw failure(errno)
    }
    guard info.st_mode & S_IFMT == S_IFLNK,
      let folder = try? FileManager.default.destinationOfSymbolicLink(atPath: path(Self.link)),
      Self.isVersion(folder)
    else { throw foreign(path(Self.link)) }
    return folder
  }

  private func isWhole(_ folder: String, _ lists: [String: String], _ record: String) -> Bool {
    guard (try? text(of: "\(folder)/\(Publication.recordName)")) == record else { return false }
    return lists.allSatisfy { (try? text(of: "\(folder)/\($0.key)")) == $0.value }
  }

  /// The text of a file; `nil` when there is none.
  private func text(of name: String) throws(AdapterError) -> String? {
    var info = stat()
    guard lstat(path(name), &info) == 0 else {
      if errno == ENOENT { return nil }
      throw failure(errno)
    }
    guard info.st_mode & S_IFMT == S_IFREG, info.st_size <= Publication.longestRecord else {
      throw foreign(path(name))
    }
    do {
      return String(decoding: try Data(contentsOf: URL(filePath: path(name))), as: UTF8.self)
    } catch {
      throw failure(errno)
    }
  }

  /// Readable by all, because the web server has an account of its own.
  private func write(_ text: String, to name: String) throws(AdapterError) {
    let descriptor = open(path(name), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o644)
    guard descriptor >= 0 else { throw failure(errno) }
    defer { close(descriptor) }
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      guard count >= 0 else { throw failure(errno) }
      rest = rest.dropFirst(count)
    }
    try attempt(fchmod(descriptor, 0o644))
    try attempt(fsync(descriptor))
  }

  private func forceToDisk() throws(AdapterError) {
    let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw failure(errno) }
    defer { close(descriptor) }
    try attempt(fsync(descriptor))
  }

  private func remove(_ name: String) { try? FileManager.default.removeItem(atPath: path(name)) }

  private func attempt(_ result: CInt) throws(AdapterError) {
    if result != 0 { throw failure(errno) }
  }

  private func foreign(_ path: String) -> AdapterError {
    AdapterError(
      code: .foreign,
      message: Phrase(
        en: "\(path) is not as we write it: it is somebody else's. Name a directory that is ours alone.",
        ja: "\(path) は本製品が作成したものではないようです。本製品専用のディレクトリーを指定してください。"))
  }

  private func failure(_ code: CInt) -> AdapterError {
    let words = String(cString: strerror(code))
    switch code {
    case EACCES, EPERM, EROFS:
      return AdapterError(
        code: .unauthorized,
        message: Phrase(
          en: "No right to read and write in \(directory). Give this account the directory.",
          ja: "\(directory) を読み書きする権限がありません。このアカウントにディレクトリーの権限を与えてください。"),
        detail: words)
    case ENOSPC, EDQUOT:
      return AdapterError(
        code: .capacity,
        message: Phrase(
          en: "The disk of \(directory) is full. The lists published before are still in force.",
          ja: "\(directory) のディスクに空きがありません。以前に公開したリストがそのまま有効です。"),
        detail: words)
    default:
      return AdapterError(
        code: .unavailable,
        message: Phrase(
          en: "\(directory) cannot be used. Look at the path and the disk: the directory must exist.",
          ja: "\(directory) を使用できません。パスとディスクを確認してください。ディレクトリーはあらかじめ必要です。"),
        detail: words)
    }
  }
}
