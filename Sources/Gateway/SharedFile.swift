import Foundation
public import Language

/// A file that comes with the program: the models and the tables of the guards.
public enum SharedFile: String, CaseIterable, Sendable {
  case nameModel = "names.model"
  case addressModel = "addresses.model"
  case popularNames = "popular-names.txt"
  case sharedNetworks = "shared-networks.txt"

  /// The places where it may lie, in the order in which they are looked at: beside the program's folder,
  /// where packages put it, and in the checkout that the program was built in.
  public var places: [String] {
    var folders: [URL] = []
    if let program = Self.program {
      let folder = program.deletingLastPathComponent()
      folders.append(folder.deletingLastPathComponent().appending(path: "share/sekisho"))
      var above = folder
      while above.path != "/" {
        if above.lastPathComponent == ".build" {
          folders.append(above.deletingLastPathComponent().appending(path: "Models"))
          break
        }
        above = above.deletingLastPathComponent()
      }
    }
    folders.insert(URL(filePath: "/usr/share/sekisho"), at: min(1, folders.count))
    var paths: [String] = []
    for folder in folders {
      let path = folder.appending(path: rawValue).standardizedFileURL.path
      if !paths.contains(path) { paths.append(path) }
    }
    return paths
  }

  /// The first place that has it.
  public func path() throws(SharedFileError) -> String {
    let places = places
    if let found = places.first(where: { FileManager.default.fileExists(atPath: $0) }) { return found }
    throw SharedFileError(
      code: .missing, file: rawValue, line: nil,
      message: Phrase(
        en: "\(rawValue), which comes with the program, is in none of \(places.joined(separator: ", ")). "
          + "Install it there, or name another under `detector:` in the configuration.",
        ja: "製品に付属する \(rawValue) が次のどこにもありません: \(places.joined(separator: "、"))。"
          + "いずれかに配置するか、設定の detector: で別のファイルを指定してください。"))
  }

  private static var program: URL? {
    (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")).map { URL(filePath: $0) }
  }
}

/// What is wrong with a file that the detector needs.
public struct SharedFileError: Error, Hashable, Sendable {
  public enum Code: String, Hashable, Sendable {
    case missing
    case unreadable
    /// A line does not follow the format, or the file is no model, or not a whole one.
    case malformed
    /// The file that tells the hash is absent or has no hash in it.
    case unhashed
    /// The content is not what its hash says.
    case wrongHash = "wrong-hash"
  }

  public let code: Code
  public let file: String
  /// Counted from 1; `nil` when it is about the whole file.
  public let line: Int?
  /// Names file and line.
  public let message: Phrase

  static func unreadable(_ path: String) -> SharedFileError {
    let missing = !FileManager.default.fileExists(atPath: path)
    return SharedFileError(
      code: missing ? .missing : .unreadable, file: path, line: nil,
      message: missing
        ? Phrase(en: "\(path): there is no such file.", ja: "\(path): ファイルが存在しません。")
        : Phrase(en: "\(path): the file cannot be read.", ja: "\(path): ファイルを読み込めません。"))
  }
}
