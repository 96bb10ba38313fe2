public import Language

/// Why a list as a whole cannot be used. Faults of single lines are `IndicatorProblem`s instead.
public struct ReputationError: Error, Hashable, Sendable {
  public enum Code: String, Hashable, Sendable, Codable {
    /// The file is absent, not permitted, or could not be read.
    case unreadable
    /// A directory, a pipe or a device.
    case notRegularFile = "not-a-regular-file"
    case tooLarge = "too-large"
    case tooManyIndicators = "too-many-indicators"
    /// UTF-16, which no list format here uses.
    case encoding
    /// A CSV column that the header does not have.
    case missingColumn = "missing-column"
    /// The description of the source contradicts itself.
    case invalidSource = "invalid-source"
  }

  public let code: Code
  /// Identifier of the source.
  public let source: String
  public let file: String
  /// What, where, why, and what to do.
  public let message: Phrase
}

extension ReputationError: CustomStringConvertible {
  public var description: String { message.en }
}

extension ReputationError {
  static func unreadable(_ source: ReputationSource, reason: Phrase) -> ReputationError {
    ReputationError(
      code: .unreadable, source: source.id, file: source.file,
      message: Phrase(
        en: "The list “\(source.file)” of source “\(source.id)” cannot be read: \(reason.en). "
          + "Check the path and its permissions.",
        ja: "情報源「\(source.id)」のリスト「\(source.file)」を読み込めません（\(reason.ja)）。"
          + "パスと権限を確認してください。"))
  }

  static func notRegularFile(_ source: ReputationSource) -> ReputationError {
    ReputationError(
      code: .notRegularFile, source: source.id, file: source.file,
      message: Phrase(
        en: "“\(source.file)” of source “\(source.id)” is not a regular file. Name the list itself.",
        ja: "情報源「\(source.id)」の「\(source.file)」は通常のファイルではありません。"
          + "リストのファイルを指定してください。"))
  }

  static func tooLarge(_ source: ReputationSource, bytes: Int, limit: Int) -> ReputationError {
    ReputationError(
      code: .tooLarge, source: source.id, file: source.file,
      message: Phrase(
        en: "The list “\(source.file)” of source “\(source.id)” has \(bytes) bytes; at most \(limit) are "
          + "read. Check that it is the intended file, or split it.",
        ja: "情報源「\(source.id)」のリスト「\(source.file)」は \(bytes) バイトで、上限の \(limit) "
          + "バイトを超えています。ファイルが正しいか確認するか、分割してください。"))
  }

  static func tooManyIndicators(_ source: ReputationSource, limit: Int) -> ReputationError {
    ReputationError(
      code: .tooManyIndicators, source: source.id, file: source.file,
      message: Phrase(
        en: "The list “\(source.file)” of source “\(source.id)” brings more than the limit of \(limit) "
          + "indicators. Check that it is the intended file, or raise the limit.",
        ja: "情報源「\(source.id)」のリスト「\(source.file)」により、脅威指標が上限の \(limit) "
          + "件を超えます。ファイルが正しいか確認するか、上限を引き上げてください。"))
  }

  static func encoding(_ source: ReputationSource) -> ReputationError {
    ReputationError(
      code: .encoding, source: source.id, file: source.file,
      message: Phrase(
        en: "The list “\(source.file)” of source “\(source.id)” is UTF-16. Convert it to UTF-8.",
        ja: "情報源「\(source.id)」のリスト「\(source.file)」は UTF-16 です。UTF-8 に変換してください。"))
  }

  static func missingColumn(_ source: ReputationSource, column: String) -> ReputationError {
    ReputationError(
      code: .missingColumn, source: source.id, file: source.file,
      message: Phrase(
        en: "The list “\(source.file)” of source “\(source.id)” has no header with the column "
          + "“\(column)”. Correct the column's name or give its number.",
        ja: "情報源「\(source.id)」のリスト「\(source.file)」の見出しに列「\(column)」がありません。"
          + "列名を直すか、列番号で指定してください。"))
  }

  static func invalidSource(_ source: ReputationSource, reason: Phrase) -> ReputationError {
    ReputationError(
      code: .invalidSource, source: source.id, file: source.file,
      message: Phrase(
        en: "The description of source “\(source.id)” is wrong: \(reason.en).",
        ja: "情報源「\(source.id)」の設定に誤りがあります: \(reason.ja)。"))
  }
}
