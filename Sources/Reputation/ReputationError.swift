import Glibc
public import Language

/// Why a list as a whole, or a compiled index, cannot be used. Faults of single lines are
/// `IndicatorProblem`s instead.
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
    /// The file is no compiled index.
    case notAnIndex = "not-an-index"
    /// A compiled index of another version of the format.
    case otherIndexVersion = "other-index-version"
    /// A compiled index that was cut or damaged.
    case corruptIndex = "corrupt-index"
    /// A compiled index could not be written.
    case unwritableIndex = "unwritable-index"
  }

  public let code: Code
  /// Identifier of the source; empty for a compiled index.
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

extension ReputationError {
  /// What does not fit in a damaged index.
  enum IndexDamage { case size, headerChecksum, sections, sources, contentChecksum }

  static func unreadableIndex(_ file: String, errno: Int32) -> ReputationError {
    index(
      .unreadable, file, en: "cannot be read: \(reason(errno)). Check the path and its permissions.",
      ja: "を読み込めません（\(reason(errno))）。パスと権限を確認してください。")
  }

  static func indexNotRegularFile(_ file: String) -> ReputationError {
    index(
      .notRegularFile, file, en: "is not a regular file. Name the index itself.",
      ja: "は通常のファイルではありません。索引のファイルを指定してください。")
  }

  static func notAnIndex(_ file: String) -> ReputationError {
    index(
      .notAnIndex, file, en: "is no compiled index. Check the path, or compile the lists anew.",
      ja: "はコンパイル済み索引ではありません。パスを確認するか、リストから作り直してください。")
  }

  static func otherIndexVersion(_ file: String, found: UInt64, expected: UInt64) -> ReputationError {
    index(
      .otherIndexVersion, file,
      en: "has version \(found) of the format; this program reads version \(expected). "
        + "Compile the lists anew.",
      ja: "の形式はバージョン \(found) です。このプログラムが読めるのはバージョン \(expected) です。"
        + "リストから作り直してください。")
  }

  static func corruptIndex(_ file: String, _ damage: IndexDamage) -> ReputationError {
    let what: Phrase =
      switch damage {
      case .size: .init(en: "its size is not the one it was written with", ja: "書き込み時とサイズが異なります")
      case .headerChecksum: .init(en: "the checksum of its header differs", ja: "ヘッダーのチェックサムが合いません")
      case .sections: .init(en: "its sections do not fit together", ja: "セクションの構成に矛盾があります")
      case .sources: .init(en: "its sources cannot be read", ja: "情報源の一覧を読み取れません")
      case .contentChecksum: .init(en: "the checksum of its content differs", ja: "内容のチェックサムが合いません")
      }
    return index(
      .corruptIndex, file, en: "is damaged: \(what.en). Compile the lists anew.",
      ja: "は破損しています（\(what.ja)）。リストから作り直してください。")
  }

  static func unwritableIndex(_ file: String, errno: Int32) -> ReputationError {
    index(
      .unwritableIndex, file,
      en: "cannot be written: \(reason(errno)). Check the folder, its permissions and the free space.",
      ja: "を書き込めません（\(reason(errno))）。フォルダー、権限、空き容量を確認してください。")
  }

  private static func index(_ code: Code, _ file: String, en: String, ja: String) -> ReputationError {
    ReputationError(
      code: code, source: "", file: file,
      message: Phrase(en: "The compiled index “\(file)” \(en)", ja: "コンパイル済み索引「\(file)」\(ja)"))
  }

  private static func reason(_ errno: Int32) -> String { String(cString: strerror(errno)) }
}
