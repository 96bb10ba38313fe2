public import Detection
import Foundation
import Language

/// A model file, read, checked against the hash beside it, and understood.
public struct ModelFile<Model: ScoringModel>: Sendable {
  public let path: String
  public let bytes: [UInt8]
  public let model: Model

  /// Reads a model. A file that is absent, cut off or changed is an error that says so.
  public init(_ path: String) throws(SharedFileError) {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw SharedFileError.unreadable(path)
    }
    let content = [UInt8](data)
    let expected = try ModelHash.expected(path)
    let model: Model
    do throws(ModelFileError) {
      model = try Model(content.span)
    } catch {
      throw Self.malformed(path, error.line, error.message)
    }
    bytes = content
    self.path = path
    self.model = model
    guard model.digest == expected else { throw Self.wrongHash(path, bytes, expected, model.digest) }
  }

  private static func malformed(_ path: String, _ line: Int, _ reason: Phrase) -> SharedFileError {
    SharedFileError(
      code: .malformed, file: path, line: line > 0 ? line : nil,
      message: Phrase(
        en: "\(path):\(max(1, line)): \(reason.en)", ja: "\(path):\(max(1, line)): \(reason.ja)"))
  }

  private static func wrongHash(
    _ path: String, _ bytes: [UInt8], _ expected: String, _ actual: String
  ) -> SharedFileError {
    let lines = bytes.count { $0 == UInt8(ascii: "\n") }
    let isCut = bytes.last != UInt8(ascii: "\n")
    return SharedFileError(
      code: .wrongHash, file: path, line: isCut ? lines + 1 : lines,
      message: Phrase(
        en: "\(path):\(isCut ? lines + 1 : lines): the model ends here with \(bytes.count) bytes and "
          + "SHA-256 \(actual), but \(ModelHash.path(of: path)) says \(expected). It is not whole, or was changed. "
          + "Use the file as it was made, or train again.",
        ja: "\(path):\(isCut ? lines + 1 : lines): 評価モデルはここで終わり、\(bytes.count) バイト、SHA-256 は "
          + "\(actual) ですが、\(ModelHash.path(of: path)) の値は \(expected) です。途中で切れているか、変更されています。"
          + "作成時のままのファイルを使うか、再学習してください。"))
  }
}

/// The hash of a model file: it stands beside the file, in the form of `sha256sum`.
public enum ModelHash {
  public static func path(of model: String) -> String { model + ".sha256" }

  /// The line that `sha256sum -c` reads.
  public static func line(_ digest: String, of model: String) -> String {
    "\(digest)  \(URL(filePath: model).lastPathComponent)\n"
  }

  static func expected(_ model: String) throws(SharedFileError) -> String {
    let place = path(of: model)
    let text = (try? String(contentsOf: URL(filePath: place), encoding: .utf8)) ?? ""
    let digest = text.prefix { $0 != " " && $0 != "\n" }.lowercased()
    guard digest.utf8.count == 64, digest.allSatisfy(\.isHexDigit) else {
      throw SharedFileError(
        code: .unhashed, file: place, line: FileManager.default.fileExists(atPath: place) ? 1 : nil,
        message: Phrase(
          en: "\(place):1: the SHA-256 of the model is expected here. Where the model is trusted, make it "
            + "with: (cd FOLDER && sha256sum \(URL(filePath: model).lastPathComponent)) > \(place)",
          ja: "\(place):1: 評価モデルの SHA-256 が必要です。モデルが信頼できる場合は次のように作成してください: "
            + "(cd フォルダー && sha256sum \(URL(filePath: model).lastPathComponent)) > \(place)"))
    }
    return digest
  }
}
