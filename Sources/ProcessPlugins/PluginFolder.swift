public import FirewallKit
import FoundationEssentials
import Glibc
public import Language

/// A plugin on disk: a folder with `plugin.json`, which declares what it is and can do, and the program.
///
/// What is declared is known before anything of the plugin runs: it is listed, planned by and shown, and
/// a plugin that says something else when it runs is refused.
public struct PluginFolder: Sendable, Equatable {
  public static let declarationName = "plugin.json"
  static let longestDeclaration = 64 << 10
  static let mostFiles = 1000

  /// Absolute.
  public let path: String
  /// The program, absolute.
  public let executable: String
  public let arguments: [String]
  public let manifest: AdapterManifest

  /// Whether a plugin may bear this name: it stands in plans, logs and paths.
  public static func permits(name: String) -> Bool {
    (1...40).contains(name.utf8.count)
      && name.utf8.allSatisfy { $0 == 0x2D || (0x30...0x39).contains($0) || (0x61...0x7A).contains($0) }
  }

  private struct Declaration: Decodable {
    let version: Int
    let executable: String
    let arguments: [String]
    let manifest: AdapterManifest

    private enum Key: String, CodingKey, CaseIterable {
      case version = "protocol"
      case executable, arguments, manifest
    }

    init(from decoder: any Decoder) throws {
      try decoder.refuseKeys(beside: Key.self)
      let container = try decoder.container(keyedBy: Key.self)
      version = try container.decode(Int.self, forKey: .version)
      executable = try container.decode(String.self, forKey: .executable)
      arguments = try container.decodeIfPresent([String].self, forKey: .arguments) ?? []
      manifest = try container.decode(PluginManifest.self, forKey: .manifest).manifest
    }
  }

  /// Reads and checks a folder. Nothing of it is run.
  public init(_ path: String) throws(PluginFolderError) {
    let problem = PluginFolderError.at(path)
    guard path.hasPrefix("/"), !path.utf8.contains(0) else {
      throw problem(.missing, Phrase(en: "the path is not absolute", ja: "絶対パスではありません"))
    }
    try Self.expectTrusted(path, .folder)
    let declaration = try Self.declaration(in: path)
    guard declaration.version == PluginProtocol.version else {
      throw problem(
        .otherVersion,
        Phrase(
          en: "it speaks protocol \(declaration.version), and this program \(PluginProtocol.version)",
          ja: "プロトコル \(declaration.version) のプラグインですが、本製品が対応するのは \(PluginProtocol.version) です"))
    }
    let parts = declaration.executable.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.allSatisfy({ !$0.isEmpty && $0 != "." && $0 != ".." }),
      !declaration.executable.utf8.contains(0),
      !declaration.arguments.contains(where: { $0.utf8.contains(0) })
    else {
      throw problem(
        .malformed,
        Phrase(
          en: "executable must be a path inside the folder, such as adapter.py",
          ja: "executable には adapter.py のようなフォルダー内のパスを指定してください"))
    }
    self.path = path
    executable = "\(path)/\(declaration.executable)"
    arguments = declaration.arguments
    manifest = declaration.manifest
    try Self.expectTrustedContent(of: path)
    try Self.expectTrusted(executable, .file)
    guard access(executable, X_OK) == 0 else {
      throw problem(
        .missing,
        Phrase(
          en: "\(declaration.executable) cannot be executed; run chmod +x on it",
          ja: "\(declaration.executable) を実行できません。chmod +x を実行してください"))
    }
  }

  private static func declaration(in path: String) throws(PluginFolderError) -> Declaration {
    let problem = PluginFolderError.at(path)
    let file = "\(path)/\(declarationName)"
    try expectTrusted(file, .file)
    guard let bytes = try? Data(contentsOf: URL(filePath: file)), bytes.count <= longestDeclaration else {
      throw problem(
        .missing,
        Phrase(
          en: "\(declarationName) cannot be read, or has more than \(longestDeclaration >> 10) KiB",
          ja: "\(declarationName) を読み取れないか、\(longestDeclaration >> 10) KiB を超えています"))
    }
    do {
      return try JSONDecoder().decode(Declaration.self, from: bytes)
    } catch {
      let words = reason(of: error)
      throw problem(
        .malformed,
        Phrase(en: "\(declarationName): \(words)", ja: "\(declarationName) の内容が正しくありません（\(words)）"))
    }
  }

  private enum Kind { case folder, file, any }

  /// Throws unless only root or this account could have written it: it runs with our rights.
  private static func expectTrusted(_ file: String, _ kind: Kind) throws(PluginFolderError) {
    let problem = PluginFolderError.at(file)
    var info = stat()
    guard stat(file, &info) == 0 else {
      let words = String(cString: strerror(errno))
      throw problem(
        .missing, Phrase(en: "it cannot be read (\(words))", ja: "読み取れません（\(words)）"))
    }
    switch kind {
    case .folder where info.st_mode & S_IFMT != S_IFDIR:
      throw problem(.missing, Phrase(en: "it is no folder", ja: "フォルダーではありません"))
    case .file where info.st_mode & S_IFMT != S_IFREG:
      throw problem(.missing, Phrase(en: "it is no regular file", ja: "通常のファイルではありません"))
    case .folder, .file, .any: break
    }
    guard info.st_uid == 0 || info.st_uid == geteuid() else {
      throw problem(
        .untrusted,
        Phrase(
          en:
            "it belongs to another account (uid \(info.st_uid)); it would run with our rights. Give it to root",
          ja: "別のアカウント（uid \(info.st_uid)）の所有です。本製品の権限で動作するため、所有者を root にしてください"))
    }
    guard info.st_mode & 0o002 == 0 else {
      throw problem(
        .untrusted,
        Phrase(
          en: "everybody can write it, and it would run with our rights. Run chmod o-w on it",
          ja: "誰でも書き込める状態です。本製品の権限で動作するため、chmod o-w を実行してください"))
    }
  }

  /// The program reads other files of its folder, so none of them may be anybody's.
  private static func expectTrustedContent(of path: String) throws(PluginFolderError) {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    guard names.count <= mostFiles else {
      throw PluginFolderError.at(path)(
        .untrusted,
        Phrase(en: "it holds more than \(mostFiles) files", ja: "ファイルが \(mostFiles) 個を超えています"))
    }
    for name in names { try expectTrusted("\(path)/\(name)", .any) }
  }
}

/// Why a folder is not a plugin that could be run.
public struct PluginFolderError: Error, Sendable, Equatable {
  public enum Code: String, Sendable, Codable, CaseIterable {
    case missing, malformed, otherVersion, untrusted
  }

  public var code: Code
  /// The folder, or the file in it.
  public var path: String
  /// What is wrong and what to do.
  public var message: Phrase

  public init(code: Code, path: String, message: Phrase) {
    self.code = code
    self.path = path
    self.message = message
  }

  static func at(_ path: String) -> (Code, Phrase) -> PluginFolderError {
    { code, reason in
      PluginFolderError(
        code: code, path: path,
        message: Phrase(
          en: "The plugin \(path) cannot be used: \(reason.en).", ja: "プラグイン \(path) は使用できません: \(reason.ja)。")
      )
    }
  }
}
